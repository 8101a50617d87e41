"""Laws of reading a page: what must not change an offer, and what may only make it doubtful."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from babel.numbers import format_currency
from hypothesis import given, settings
from hypothesis import strategies as st

from pricevane.model import Offer, Status
from spiders.read.page import PageHints, read_page

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
URL = "https://shop.example/p/kettle"
LOCALES = [("de_DE", "EUR"), ("fr_FR", "EUR"), ("en_GB", "GBP"), ("en_US", "USD"), ("pl_PL", "PLN"), ("sv_SE", "SEK")]
LD = (
    '<script type="application/ld+json">{{"@type":"Product","name":"Kettle",'
    '"offers":{{"price":"{}","priceCurrency":"{}"}}}}</script>'
)
PAGE = (
    '<html lang="{}"><head>{}</head><body><h1>Kettle</h1> '
    '<p class="price" id="p">{}</p> <button type="submit">Add to basket</button>{}</body></html>'
)
BLOCKS = (
    "<section class=related><h2>You may also like</h2>"
    + "".join(
        f"<div class=tile><a href=/p/x{i}><img src=x.jpg>Pan {i}</a><span class=price>{i + 3},49 €</span></div>"
        for i in range(4)
    )
    + "</section>",
    "<footer>Free shipping over 50,00 €. Shop 12, 1010 Wien, +43 1 234 567</footer>",
    "<section class=reviews><h3>4,5 of 5 stars, 231 reviews</h3><p>I paid 12,99 € for my last one.</p></section>",
    "<div id=cookie-banner>We and 843 partners keep cookies for 365 days <button>Accept</button></div>",
    "<p class=shipping-note>Versandkostenfrei ab 50 €, sonst 4,95 € Versand</p>",
    "<p class=instalments>or 3 payments of 9,99 € with Klarna</p>",
    '<script type="application/ld+json">{"@type":"ItemList","itemListElement":[{"@type":"Product","name":"Pan",'
    '"url":"/p/pan","offers":{"price":"7.77","priceCurrency":"EUR"}}]}</script>',
    '<template><p class="price">1,11 €</p></template>',
    '<div style="display:none"><p class="price">2,22 €</p></div>',
)
AMOUNTS = st.decimals(min_value=Decimal("0.50"), max_value=Decimal("9999.99"), places=2)


def read(html: str) -> list[Offer]:
    """The offers of a page of a shop about which nothing is known."""
    return read_page(html, URL, AT, PageHints())


def good(offers: list[Offer]) -> set[Decimal]:
    """The amounts that may be priced on."""
    return {one.price.amount for one in offers if one.price and one.status is Status.GOOD}


def made(amount: Decimal, blocks: str = "", linked: bool = True) -> str:
    """A German product page."""
    ld = LD.format(amount, "EUR") if linked else ""
    return PAGE.format("de", ld, format_currency(amount, "EUR", locale="de_DE"), blocks)


def outcome(offers: list[Offer]) -> list[object]:
    """What must stay where only the page's writing changes."""
    return [(one.price, one.regular_price, one.status, one.name, one.availability, one.key) for one in offers]


@settings(max_examples=60, deadline=None)
@given(AMOUNTS, st.sampled_from(LOCALES))
def test_price_written_by_the_locale_is_read_back_from_a_page(amount: Decimal, locale: tuple[str, str]) -> None:
    language, currency = locale
    text = format_currency(amount, currency, locale=language)
    offers = read(PAGE.format(language[:2], LD.format(amount, currency), text, ""))
    assert [(one.price.amount, one.price.currency) for one in offers if one.price] == [(amount, currency)]


@settings(max_examples=80, deadline=None)
@given(AMOUNTS, st.lists(st.sampled_from(BLOCKS), max_size=6), st.booleans())
def test_unrelated_blocks_make_no_good_price_wrong(amount: Decimal, blocks: list[str], linked: bool) -> None:
    assert good(read(made(amount, "".join(blocks), linked))) <= {amount}


@settings(max_examples=40, deadline=None)
@given(AMOUNTS, st.lists(st.sampled_from(BLOCKS), max_size=4))
def test_without_structured_data_a_good_price_stays_or_becomes_doubtful(amount: Decimal, blocks: list[str]) -> None:
    assert good(read(made(amount, "".join(blocks), linked=False))) <= good(read(made(amount, "".join(blocks)))) | {
        amount
    }


@pytest.mark.parametrize("linked", [True, False])
@pytest.mark.parametrize("blocks", ["", *BLOCKS])
def test_writing_of_the_markup_changes_no_offer(blocks: str, linked: bool) -> None:
    html = made(Decimal("19.90"), blocks, linked)
    ways = [
        html.replace('class="price" id="p"', 'id="p" class="price"'),
        html.replace("> <", "><"),
        re.sub(r"(?<=[^\s>])?><(?=[a-z/])", ">\n    <", html),
        re.sub(r"</?\w+", lambda tag: tag[0].upper(), html),
    ]
    expected = outcome(read(html))
    for way in ways:
        assert outcome(read(way)) == expected


@settings(max_examples=20, deadline=None)
@given(AMOUNTS, st.lists(st.sampled_from(BLOCKS), max_size=4))
def test_same_bytes_give_the_same_offers_whatever_was_read_before(amount: Decimal, blocks: list[str]) -> None:
    body = made(amount, "".join(blocks))
    first = read(body)
    read(made(amount + 1, "".join(reversed(blocks))))
    assert read(body) == first
