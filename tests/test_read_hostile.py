"""Pages that mean harm neither raise nor cost seconds, and nothing dangerous leaves them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.hostile import outcomes
from spiders.read import jsonld
from spiders.read.crowds import refusal
from spiders.read.page import PageHints, read_page
from spiders.read.selectors import BadSelector
from spiders.read.text import URL_LENGTH, clean, gtin, http_url
from tests.hostile_pages import PAGES

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
URL = "https://shop.example/p/1"
CPU_SECONDS = 4.0
MOST_MEGABYTES = 500
LD = '<script type="application/ld+json">{}</script>'
REFERENCES = ",".join('{"@id":"#o"}' for _ in range(3000))
BOMBS = {
    "json of brackets": LD.format("[" * 200_000),
    "json of objects": LD.format('{"a":' * 100_000),
    "names within names": LD.format('{"@type":"Product","name":' + '{"@value":' * 400 + "1" + "}" * 401),
    "elements within elements": "<div>" * 200_000,
    "closed elements": "<div>" * 200_000 + "</div>" * 200_000,
    "scopes within scopes": '<div itemscope itemprop="offers" itemtype="http://schema.org/Product">' * 2900,
    "values within values": '<div itemscope itemtype="http://schema.org/Product">'
    + '<span itemprop="name">' * 2000
    + "x" * 1_000_000,
    "references to references": LD.format(
        '{"@graph":[{"@type":"ProductGroup","name":"a","hasVariant":['
        + ",".join('{"@type":"Product","name":"v","offers":[' + REFERENCES + "]}" for _ in range(30))
        + ']},{"@id":"#o","@type":"Offer","price":"1","sku":"s","offers":{"@id":"#o"}}]}'
    ),
    "many products": LD.format(
        "[" + ",".join(['{"@type":"Product","name":"a","offers":{"price":"1"}}'] * 20_000) + "]"
    ),
    "many commas": LD.format("{" + ", " * 500_000),
    "many endings": LD.format("]]>" * 300_000),
    "endless number": LD.format('{"@type":"Product","name":"a","offers":{"price":' + "9" * 1_000_000 + "}}"),
    "endless price text": f'<p class="price">{"1 " * 1_000_000}€</p>',
    "zero bytes": "\0" * 1_000_000,
    "surrogates": '<h1>\ud800</h1><p class="price">1 €</p>',
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_bomb_is_read_in_bounded_time_and_gives_no_good_price_from_nonsense(bomb: str) -> None:
    started = time.process_time()
    found = read_page(bomb, URL, AT, PageHints(currency="EUR"), {"price": ".price"})
    assert time.process_time() - started < CPU_SECONDS
    assert len(found) <= 300


def leaves(value: Any) -> Iterator[Any]:
    """Every plain value within a dataclass and its tuples."""
    if is_dataclass(value):
        for one in fields(value):
            yield from leaves(getattr(value, one.name))
    elif isinstance(value, tuple):
        for inner in value:
            yield from leaves(inner)
    else:
        yield value


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_hostile_page_ends_with_a_kind_a_reason_and_nothing_harmful(name: str) -> None:
    found = next(iter(outcomes([name])))
    assert found.seconds < CPU_SECONDS
    assert found.peak_mb < MOST_MEGABYTES
    assert found.seen.why
    for leaf in leaves(found.seen):
        if isinstance(leaf, Decimal):
            assert leaf.is_finite()
            assert leaf > 0
        elif isinstance(leaf, str):
            assert len(leaf) <= URL_LENGTH
            assert leaf == clean(leaf, URL_LENGTH)
    for offer in found.seen.offers:
        assert max(map(len, (offer.name, offer.brand, offer.evidence.raw, offer.evidence.path))) <= 300


def test_price_that_is_turned_round_for_the_eye_is_no_price() -> None:
    found = read_page(PAGES["bidi in the name"](), URL, AT, PageHints(currency="EUR"))
    assert not any(one.price for one in found)


def test_linked_data_past_a_bound_for_the_whole_page_are_left_out() -> None:
    product = '{"@type":"Product","name":"Kettle","offers":{"price":"19.90","priceCurrency":"EUR"}}'
    filler = LD.format(f'{{"name":"{"x" * (jsonld.LONGEST // 2)}"}}')
    page = f"<title>Kettle</title><h1>Kettle</h1><p>19.90 €</p>{LD.format(product)}"
    [before] = read_page(page + filler + filler, URL, AT, PageHints())
    assert "jsonld" in before.evidence.layers
    after = read_page(page.replace("<p>", f"{filler}{filler}<p>"), URL, AT, PageHints())
    assert not any("jsonld" in one.evidence.layers for one in after)


def test_page_of_ordinary_depth_is_no_bomb_and_a_deep_one_is() -> None:
    assert refusal(b"<div><p>x</div>" * 20_000) == ""
    assert "deeper" in refusal(b"<section>" * 20_000)
    assert "attributes" in refusal(b"<p a b=1 c='2' d e f g></p>" * 60_000)
    assert "attributes" in refusal(b"<p/a/b/c/d/e/f/g></p>" * 60_000)
    assert refusal(b"<p>A kettle / that boils water.</p>\n" * 60_000) == ""
    assert "deeper" in refusal(b"<b>x</b>" * 9000 + b"<section>" * 3100 + b"</section>" * 3100)


def texts(html: str) -> Iterator[str]:
    """Every text of every offer of a page."""
    for offer in read_page(html, URL, AT, PageHints()):
        yield from (offer.name, offer.brand, offer.sku, offer.mpn, offer.seller, offer.category, offer.key)
        yield from (*offer.doubts, offer.evidence.raw, offer.evidence.path)


@settings(max_examples=150)
@given(st.text(max_size=400), st.text(max_size=400))
def test_no_text_leaves_with_controls_or_bidi_overrides_or_without_bound(one: str, other: str) -> None:
    props = "".join(f'<meta itemprop="{field}" content="{one}">' for field in ("name", "sku", "brand", "mpn"))
    offers = (
        f'<div itemprop="offers" itemscope itemtype="https://schema.org/Offer"><b itemprop="price">{other}</b></div>'
    )
    for text in texts(f'<div itemscope itemtype="https://schema.org/Product">{props}{offers}</div>'):
        assert len(text) <= 300
        assert text == clean(text)


@given(st.text(max_size=60))
def test_gtin_is_fourteen_digits_with_the_right_check_digit_or_nothing(text: str) -> None:
    found = gtin(text)
    assert found == "" or (len(found) == 14 and found.isdigit())


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("4006381333931", "04006381333931"),
        ("036000291452", "00036000291452"),
        ("96385074", "00000096385074"),
        ("978-3-16-148410-0", "09783161484100"),
        ("4006381333932", ""),
        ("2000000043333", ""),
        ("0000000000000", ""),
        ("400638133393١", ""),
        ("12", ""),
    ],
)
def test_gtin_is_padded_checked_and_worldwide(written: str, read: str) -> None:
    assert gtin(written) == read


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "data:image/png;base64,AA",
        "file:///etc/passwd",
        "http://",
        "http://[::1",
        "//",
        "http://h:99999/",
    ],
)
def test_address_that_is_not_http_is_dropped(address: str) -> None:
    assert http_url(address, "ftp://shop.example/") == ""


def test_wrong_selector_of_a_site_file_is_named() -> None:
    with pytest.raises(BadSelector, match="pricee"):
        read_page("<p>", URL, AT, PageHints(), {"pricee": ".x"})
    with pytest.raises(BadSelector, match="not a CSS selector"):
        read_page("<p>", URL, AT, PageHints(), {"price": "p["})


def test_same_page_gives_the_same_hash_as_text_and_as_bytes() -> None:
    html = '<meta property="og:price:amount" content="5"><meta property="og:price:currency" content="EUR"><p>ä'
    one, other = (read_page(page, URL, AT, PageHints())[0] for page in (html, html.encode()))
    assert one.evidence.page_hash == other.evidence.page_hash
    assert len(one.evidence.page_hash) == 32
