"""What a digest says, and that nothing a stranger wrote can change its shape."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from pricevane.alerts import wording
from pricevane.alerts.digest import LONGEST_HTML, Digest, render
from pricevane.model import Money
from tests.alerts_digests import AS_OF, digest, euros, line, rival

FILE = Path(__file__).parent / "alerts" / "hostile.txt"
HOSTILE = [text.encode("latin-1").decode("unicode_escape") for text in FILE.read_text("ascii").splitlines()]


def told_by(text: str) -> Digest:
    """A digest in which every text that could be a stranger's is this one."""
    evil = rival(text, availability=text, url="https://fine.example/")
    return digest(
        line(
            name=text,
            sku=text,
            category="c" + text,
            rule=text,
            reason=text,
            binding="b" + text,
            rivals=(evil,),
            series=(),
        ),
        blocked={text: 1},
        not_comparable={text: 1},
        notices=(text,),
        runs=(text,),
    )


def shape(html: str) -> list[tuple[str, tuple[str, ...]]]:
    """Every element with its attributes' names, in order."""
    return [(node.tag or "", tuple(node.attributes)) for node in LexborHTMLParser(html).css("*")]


def words(html: str) -> str:
    """The visible text on one line."""
    return " ".join(LexborHTMLParser(html).body.text(separator=" ").split())  # type: ignore[union-attr]


USUAL = render(told_by("usual"))


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_from_a_shop_adds_an_element_an_attribute_a_line_or_a_header(text: str) -> None:
    rendered = render(told_by(text))
    assert shape(rendered.html) == shape(USUAL.html)
    assert len(rendered.text.splitlines()) == len(USUAL.text.splitlines())
    assert len(rendered.subject.splitlines()) == 1
    assert all(ord(letter) not in range(0x202A, 0x202F) for letter in rendered.html + rendered.text + rendered.subject)
    rendered.html.encode()


@settings(max_examples=60, deadline=None)
@given(st.text(min_size=1))
def test_any_text_at_all_keeps_the_shape_of_the_mail(text: str) -> None:
    rendered = render(told_by("x" + text))
    assert shape(rendered.html) == shape(USUAL.html)
    assert len(rendered.text.splitlines()) == len(USUAL.text.splitlines())


def test_a_name_with_markup_is_shown_letter_for_letter() -> None:
    rendered = render(digest(line(name="Fish & <b>Chips</b> {{ 1 }}", series=())))
    assert "Fish & <b>Chips</b> {{ 1 }}" in words(rendered.html)
    assert "Fish & <b>Chips</b> {{ 1 }}" in rendered.text


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://shop.example/p?a=1&b=2", "https://shop.example/p?a=1&b=2"),
        ("http://shop.example:8080/ä b", "http://shop.example:8080/ä%20b"),
        ("https://shop.example/?mail=a@b.example", "https://shop.example/?mail=a@b.example"),
        ("javascript:alert(1)", ""),
        ("java\nscript:alert(1)", ""),
        ("JavaScript://shop.example/%0aalert(1)", ""),
        ("data:text/html,<script>", ""),
        ("//shop.example/p", ""),
        ("/p", ""),
        ("https://bank.example@evil.example/", ""),
        ("https://bank.example\\@evil.example/", ""),
        ("https://shop.example:port/", ""),
        ("https://[::1", ""),
        ("https://shop.example/" + "a" * 2000, ""),
        ("", ""),
    ],
)
def test_only_plain_http_and_https_addresses_become_links(url: str, kept: str) -> None:
    assert wording.link(url) == kept
    links = LexborHTMLParser(render(digest(line(rivals=(rival(url=url),), series=()))).html).css("a")
    assert [node.attributes["href"] for node in links] == ([kept] if kept else [])


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        ("1299.9", "EUR", "€1,299.90"),
        ("0.05", "GBP", "£0.05"),
        ("1299", "JPY", "¥1,299"),
        ("1.234", "KWD", "KWD\u00a01.234"),
        ("1234.567", "IQD", "IQD\u00a01,234.567"),
        ("24.90", "CHF", "CHF\u00a024.90"),
        ("1E+3", "EUR", "€1,000.00"),
        ("9.999", "EUR", "€9.999"),
    ],
)
def test_money_has_its_currencys_decimals_and_is_never_rounded(amount: str, currency: str, shown: str) -> None:
    assert wording.money(Money(Decimal(amount), currency)) == shown


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (euros("24.90"), euros("22.49"), "−9.7%"),
        (euros("3.49"), euros("3.79"), "+8.6%"),
        (euros("3.49"), euros("3.49"), "0.0%"),
        (euros("0.00"), euros("3.79"), ""),
        (euros("3.49"), Money(Decimal("3.79"), "CHF"), ""),
    ],
)
def test_a_change_is_computed_from_the_two_prices_shown(before: Money, after: Money, shown: str) -> None:
    assert wording.signed_pct(before, after) == shown


@pytest.mark.parametrize(
    ("effect", "shown"),
    [
        ({}, []),
        ({"margin_rate_before": 0.312, "margin_rate_after": 0.244}, [("Margin", "31.2% → 24.4%")]),
        ({"margin_rate_before": 0.312, "margin_rate_after": None}, []),
        ({"margin_rate_before": 0.312}, []),
        ({"index_before": float("nan"), "index_after": 98.0}, []),
        ({"break_even_volume_pct": float("inf")}, []),
        ({"break_even_volume_pct": 43.1}, [("Same profit with", "43.1% more units sold")]),
        ({"break_even_volume_pct": -22.0}, [("Same profit with", "22.0% fewer units sold")]),
        ({"units_28d": 1}, [("Sold in 28 days", "1 unit")]),
        ({"units_28d": 0}, [("Sold in 28 days", "0 units")]),
    ],
)
def test_facts_that_are_not_known_are_left_out(effect: dict[str, float | None], shown: list[tuple[str, str]]) -> None:
    assert wording.facts(effect) == shown


def test_a_proposal_is_told_with_its_prices_reason_rivals_guardrail_facts_and_commands() -> None:
    rendered = render(digest(line()))
    assert rendered.subject == "1 price proposal: €24.90 → €22.49 Qualità Oro whole beans 1 kg"
    shown = words(rendered.html)
    for part in (
        "1 price proposal to decide",
        "Tuesday 3 March 2026, 07:00 (Europe/Paris)",
        "€24.90 → €22.49 −9.7%",
        "rival-fr cut its price from 24.90 to 21.90 EUR (-12.0 %) on 3 March.",
        "Guardrail: greatest change, from €21.90 to €22.41. Rule: match the median.",
        "rival-fr €21.90 was €24.90 2 hr ago",
        "café-24 low stock €22.80 2 hr ago",
        "Margin 31.2% → 24.4%",
        "Sold in 28 days 1,143 units",
        "pricevane proposals approve 17",
        "pricevane proposals reject 17",
        "5 rivals’ prices are in quarantine",
        "3 products: cost is missing",
        "12 rivals’ prices: other currency",
        "Watching 1,240 listings.",
        "café-24: the crawl is incomplete",
    ):
        assert part in shown
    assert "Approve: pricevane proposals approve 17\n" in rendered.text
    assert "3 products cannot move: cost is missing\n" in rendered.text


def test_a_held_run_says_so_first_and_offers_no_command_that_approves() -> None:
    rendered = render(digest(line(), more=30, held="31 proposals for 600 products are more than 20"))
    assert rendered.subject == "Prices held: have a look before anything is approved"
    assert rendered.text.startswith("HELD: approve nothing before you have had a look.\n31 proposals for 600")
    for part in (words(rendered.html), rendered.text):
        assert "31 price proposals held" in part
        assert "proposals approve" not in part
        assert "proposals show 17" in part


def test_a_digest_without_proposals_still_tells_its_notices() -> None:
    rendered = render(digest())
    assert rendered.subject == "No price proposals, 1 notice"
    assert not rendered.pictures
    for part in (words(rendered.html), rendered.text):
        assert "Nothing to decide" in part
        assert "14 of its 210 listings are in quarantine today." in part


def test_an_empty_digest_has_no_empty_headings() -> None:
    bare = digest(blocked={}, quarantined=0, not_comparable={}, notices=(), runs=())
    headings = [node.text(strip=True) for node in LexborHTMLParser(render(bare).html).css("h1, h2")]
    assert headings == ["Nothing to decide", "Crawls"]


def test_proposals_that_do_not_fit_are_counted_and_the_mail_stays_below_what_clients_show() -> None:
    long = [line(number, reason="ä" * 400, rivals=line().rivals * 4, series=()) for number in range(1, 49)]
    many = digest(line(98), *long, line(99), more=2)
    rendered = render(many)
    tree = LexborHTMLParser(rendered.html)
    cards = len(tree.css("div.card"))
    assert 3 < cards < 50
    assert len(rendered.html.encode()) <= LONGEST_HTML
    assert f"+ {52 - cards} more: pricevane proposals list" in rendered.text
    assert "52 price proposals to decide" in words(rendered.html)
    assert list(rendered.pictures) == ["chart-98@pricevane"]
    assert "approve 99" not in rendered.text


def test_rivals_that_moved_are_always_among_the_six_shown() -> None:
    rivals = (*(rival(f"shop-{n}", f"2{n}.00") for n in range(8)), rival("mover", "99.00", was=euros("109.00")))
    shown = [one.site for one in line(rivals=rivals).shown]
    assert shown == ["shop-0", "shop-1", "shop-2", "shop-3", "shop-4", "mover"]
    assert "and 3 other rivals" in render(digest(line(rivals=rivals, series=()))).text


def test_every_picture_is_named_in_the_html_and_has_words_instead() -> None:
    rendered = render(digest(line(17), line(18, series=()), line(19)))
    pictures = LexborHTMLParser(rendered.html).css("img")
    assert [node.attributes["src"] for node in pictures] == [f"cid:{cid}" for cid in rendered.pictures]
    assert list(rendered.pictures) == ["chart-17@pricevane", "chart-19@pricevane"]
    assert all("our price and 2 rivals" in (node.attributes["alt"] or "") for node in pictures)


def test_a_price_from_a_clock_ahead_of_ours_is_not_older_than_now() -> None:
    assert wording.age(AS_OF + timedelta(hours=3), AS_OF) == "0 min ago"


def test_the_same_digest_gives_the_same_mail() -> None:
    one = digest(line())
    assert render(one) == render(replace(one))
