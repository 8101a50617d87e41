"""What the steps between a page and the database let through, change, doubt and count."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from scrapy.exceptions import DropItem
from sqlalchemy import Engine, text

from pipelines.clean import clean
from pipelines.deduplicate import DeduplicatePipeline
from pipelines.store import BATCH, StorePipeline
from pipelines.validate import ValidatePipeline, flaw, validate
from pricevane.model import Condition, CrawlReport, Evidence, Money, Offer, PriceKind, Quantity, Status
from pricevane.storage import history
from pricevane.storage.engine import open_engine
from pricevane.storage.tables import Listing, Observation
from pricevane.wire import encode, offer_row
from tests.house_rows import AT, add_site, euros, offer, rows

DROPPED = {
    "zero": (euros("0"), "price not above zero"),
    "negative": (euros("-19.90"), "price not above zero"),
    "not a number": (euros("NaN"), "price not above zero"),
    "signalling not a number": (euros("sNaN"), "price not above zero"),
    "endless": (euros("Infinity"), "price not above zero"),
    "huge": (euros("10000000000.01"), "price too large"),
    "beyond every exponent": (euros("1e999999"), "price too large"),
    "three decimals of euros": (euros("19.999"), "more decimals than the currency has"),
    "one decimal of yen": (Money(Decimal("1990.5"), "JPY"), "more decimals than the currency has"),
    "four decimals of dinars": (Money(Decimal("1.2345"), "KWD"), "more decimals than the currency has"),
    "more digits than arithmetic keeps": (euros("19." + "0" * 40 + "1"), "more decimals than the currency has"),
}
KEPT_MINOR = {
    "19.90 EUR": (euros("19.90"), 1990),
    "19.9 EUR": (euros("19.9"), 1990),
    "1990 JPY": (Money(Decimal(1990), "JPY"), 1990),
    "1.234 KWD": (Money(Decimal("1.234"), "KWD"), 1234),
    "1e3 EUR": (euros("1e3"), 100_000),
    "greatest": (euros("10000000000.00"), 10**12),
}
REGULAR = {
    "higher": (euros("24.90"), euros("24.90")),
    "equal": (euros("19.90"), None),
    "lower": (euros("9.90"), None),
    "other currency": (Money(Decimal("24.90"), "USD"), None),
    "not a number": (euros("NaN"), None),
    "endless": (euros("Infinity"), None),
    "absent": (None, None),
}
TEXTS = {
    "Kettle\x00 1\n\tred": "Kettle 1 red",
    "Kettle\u202e 1": "Kettle 1",
    "\ufeffKettle\u200b\u2066 1\u2069": "Kettle 1",
    "Kettle \ud83d 1": "Kettle 1",
    "Kettle\x1b[2J 1": "Kettle [2J 1",
    "Wasserkocher\xa01,7 l": "Wasserkocher 1,7 l",
    "ケトル 1": "ケトル 1",
}
GTINS = {
    "4006381333931": "04006381333931",
    "40 06381 333931": "04006381333931",
    "96385074": "00000096385074",
    "614141000036": "00614141000036",
    "4006381333932": "",
    "0000000000000": "",
    "400638133393": "",
    "abc": "",
    "2012345678903": "",
    "9812345678902": "",
    "": "",
}
DOUBTED: dict[str, tuple[dict[str, Any], str]] = {
    "no price": ({"price": None}, "no price"),
    "from": ({"kind": PriceKind.FROM}, "price kind from"),
    "member": ({"kind": PriceKind.MEMBER}, "price kind member"),
    "coupon": ({"kind": PriceKind.COUPON}, "price kind coupon"),
    "instalment": ({"kind": PriceKind.INSTALMENT}, "price kind instalment"),
    "unit": ({"kind": PriceKind.UNIT}, "price kind unit"),
    "used": ({"kind": PriceKind.USED}, "price kind used"),
    "free": ({"price": None, "kind": PriceKind.FREE}, "no price"),
    "free with a number": ({"kind": PriceKind.FREE}, "price kind free"),
}
CURRENCIES = {"eur": "EUR", " EUR ": "EUR", "EURO": "", "€": "", "E R": "", "": ""}
ADDRESSES = {
    "no address": "",
    "address with control characters": "https://rival.example/p/1\x00",
    "address too long": "https://rival.example/p/" + "é" * 1000,
}
EASTER = date(2026, 4, 5)


def per(amount: str, unit: str) -> Quantity:
    """A quantity."""
    return Quantity(Decimal(amount), unit)


NO_UNIT_PRICE = {"unit_price": None, "unit_base": None}
HUNDRED = per("100", "ml")
TERMS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "unit price below a cent": (
        {"unit_price": euros("0.0123"), "unit_base": HUNDRED},
        {"unit_price": euros("0.0123"), "unit_base": HUNDRED},
    ),
    "unit price without base": ({"unit_price": euros("1")}, NO_UNIT_PRICE),
    "base without unit price": ({"unit_base": HUNDRED}, NO_UNIT_PRICE),
    "unit price of nothing": ({"unit_price": euros("1"), "unit_base": per("0", "g")}, NO_UNIT_PRICE),
    "unit price of an unknown unit": ({"unit_price": euros("1"), "unit_base": per("1", "<b>")}, NO_UNIT_PRICE),
    "unit price in another currency": (
        {"unit_price": Money(Decimal(1), "USD"), "unit_base": HUNDRED},
        NO_UNIT_PRICE,
    ),
    "unit price with seven decimals": ({"unit_price": euros("0.0000001"), "unit_base": HUNDRED}, NO_UNIT_PRICE),
    "unit price that is no number": ({"unit_price": euros("sNaN"), "unit_base": HUNDRED}, NO_UNIT_PRICE),
    "pack": ({"pack": per("500.000", "g")}, {"pack": per("500", "g")}),
    "pack of a billion": ({"pack": per("1e9", "g")}, {"pack": None}),
    "pack below zero": ({"pack": per("-1", "g")}, {"pack": None}),
    "endless pack": ({"pack": per("Infinity", "g")}, {"pack": None}),
    "pack with endless decimals": ({"pack": per("1e-400", "g")}, {"pack": None}),
    "free shipping": ({"shipping": euros("0")}, {"shipping": euros("0.00")}),
    "shipping below zero": ({"shipping": euros("-1")}, {"shipping": None}),
    "shipping with three decimals": ({"shipping": euros("4.999")}, {"shipping": None}),
    "shipping in another currency": ({"shipping": Money(Decimal(1), "USD")}, {"shipping": None}),
    "endless shipping": ({"shipping": euros("Infinity")}, {"shipping": None}),
    "none in stock": ({"stock": 0}, {"stock": 0}),
    "most in stock": ({"stock": 10**7}, {"stock": 10**7}),
    "too many in stock": ({"stock": 10**7 + 1}, {"stock": None}),
    "fewer than none in stock": ({"stock": -1}, {"stock": None}),
    "near date": ({"promotion_ends_on": EASTER}, {"promotion_ends_on": EASTER}),
    "far date": ({"promotion_ends_on": date(2099, 1, 1)}, {"promotion_ends_on": None}),
    "first of all dates": ({"promotion_ends_on": date.min}, {"promotion_ends_on": None}),
    "long promotion": ({"promotion": "Sale\x1b " * 5000}, {"promotion": ("Sale " * 60).rstrip()}),
    "long currency": ({"currency_raw": "€\u202e" * 500}, {"currency_raw": ("€ " * 10).rstrip()}),
    "attributes": ({"attributes": (("size\x00", " XL "), ("", "x"), ("y", ""))}, {"attributes": (("size", "XL"),)}),
    "many attributes": (
        {"attributes": tuple((f"n{number}", "x" * 999) for number in range(99))},
        {"attributes": tuple((f"n{number}", "x" * 200) for number in range(30))},
    ),
}
BREAK = "ALTER TABLE observation RENAME TO observation_away"
MEND = "ALTER TABLE observation_away RENAME TO observation"


@pytest.mark.parametrize("name", DROPPED)
def test_a_number_that_is_no_price_is_dropped_and_counted(name: str) -> None:
    price, reason = DROPPED[name]
    report = CrawlReport()
    with pytest.raises(DropItem, match=reason):
        ValidatePipeline(report).process_item(clean(replace(offer(), price=price)))
    assert report.dropped == {reason: 1}


@pytest.mark.parametrize("name", KEPT_MINOR)
def test_an_exact_amount_passes_in_minor_units(name: str) -> None:
    price, minor = KEPT_MINOR[name]
    passed = ValidatePipeline(CrawlReport()).process_item(clean(replace(offer(), price=price)))
    assert passed.price is not None
    assert (passed.price.minor, passed.status) == (minor, Status.GOOD)
    assert Money.from_minor(minor, price.currency) == price


@pytest.mark.parametrize("name", REGULAR)
def test_a_regular_price_is_above_the_price_or_absent(name: str) -> None:
    given, kept = REGULAR[name]
    cleaned = clean(offer(regular_price=given))
    assert cleaned.regular_price == kept
    assert cleaned.kind is (PriceKind.SALE if kept else PriceKind.STANDARD)
    assert cleaned.price == euros("19.90")


def test_a_regular_price_without_a_price_is_dropped() -> None:
    assert clean(offer(price=None, regular_price=euros("24.90"))).regular_price is None


@pytest.mark.parametrize(("given", "kept"), TEXTS.items())
def test_texts_lose_control_and_direction_marks(given: str, kept: str) -> None:
    proof = Evidence(given, given, ("text",), "0" * 32)
    cleaned = clean(offer(name=given, brand=given, seller=given, image=given, evidence=proof))
    assert {cleaned.name, cleaned.brand, cleaned.seller, cleaned.image} == {kept}
    assert (cleaned.evidence.raw, cleaned.evidence.path) == (kept, kept)


@pytest.mark.parametrize(("given", "kept"), GTINS.items())
def test_a_gtin_is_14_checked_digits_or_empty(given: str, kept: str) -> None:
    assert clean(offer(gtin=given)).gtin == kept


@pytest.mark.parametrize(("given", "kept"), CURRENCIES.items())
def test_a_currency_is_a_code_in_capitals_or_doubtful(given: str, kept: str) -> None:
    passed = validate(clean(offer(price=Money(Decimal("19.90"), given))))
    assert passed.price == Money(Decimal("19.90"), kept)
    assert (passed.status, passed.doubts) == ((Status.GOOD, ()) if kept else (Status.DOUBTFUL, ("no currency",)))


@pytest.mark.parametrize("name", DOUBTED)
def test_what_is_no_plain_price_is_doubtful_with_a_reason(name: str) -> None:
    changed, reason = DOUBTED[name]
    passed = ValidatePipeline(CrawlReport()).process_item(clean(offer(**changed)))
    assert (passed.status, passed.doubts) == (Status.DOUBTFUL, (reason,))
    assert passed.confidence < 0.5


@pytest.mark.parametrize("kind", [PriceKind.STANDARD, PriceKind.SALE, PriceKind.EX_TAX])
def test_standard_sale_and_net_prices_are_good(kind: PriceKind) -> None:
    assert validate(clean(offer(kind=kind))).status is Status.GOOD


def test_a_free_product_is_never_stored_as_a_price() -> None:
    assert flaw(clean(offer(price=euros("0"), kind=PriceKind.FREE))) == "price not above zero"


@pytest.mark.parametrize("reason", ADDRESSES)
def test_an_address_that_no_index_takes_is_dropped(reason: str) -> None:
    assert flaw(offer(url=ADDRESSES[reason])) == flaw(offer(key=ADDRESSES[reason])) == reason


@pytest.mark.parametrize("name", TERMS)
def test_a_term_is_kept_exactly_or_dropped_without_the_offer(name: str) -> None:
    given, kept = TERMS[name]
    cleaned = clean(offer(**given))
    assert {key: getattr(cleaned, key) for key in kept} == kept
    passed = ValidatePipeline(CrawlReport()).process_item(cleaned)
    assert (passed.price, passed.status) == (euros("19.90"), Status.GOOD)


@pytest.mark.parametrize("condition", [Condition.USED, Condition.REFURBISHED])
@pytest.mark.parametrize("kind", [PriceKind.STANDARD, PriceKind.SALE, PriceKind.EX_TAX])
def test_a_plain_price_of_used_goods_is_a_used_one_and_doubtful(condition: Condition, kind: PriceKind) -> None:
    passed = validate(clean(offer(condition=condition, kind=kind, regular_price=euros("24.90"))))
    assert (passed.kind, passed.status, passed.doubts) == (PriceKind.USED, Status.DOUBTFUL, ("price kind used",))


def test_a_row_for_programs_is_flat_and_exact() -> None:
    said: dict[str, Any] = {"unit_base": per("100", "ml"), "pack": per("0.750", "l"), "attributes": (("size", "=1+1"),)}
    row = offer_row(clean(offer(unit_price=euros("0.00001"), shipping=euros("0"), promotion_ends_on=EASTER, **said)))
    wanted = {
        "unit_price": "0.00001", "unit_base": "100 ml", "pack": "0.75 l", "shipping": "0.00", "price": "19.90",
        "promotion_ends_on": "2026-04-05", "attributes": {"size": "=1+1"}, "stock": None, "seller_is_shop": None,
    }  # fmt: skip
    assert {name: row[name] for name in wanted} == wanted
    assert json.loads(encode("offer", row))["offer"] == row


def test_an_offer_without_price_and_name_is_dropped() -> None:
    assert flaw(offer(price=None, name="")) == "nothing read"


def test_a_listing_read_twice_is_passed_on_once() -> None:
    report, contradicted = CrawlReport(), set[tuple[str, str]]()
    step = DeduplicatePipeline(report, contradicted)
    assert step.process_item(offer(1)) == offer(1)
    assert step.process_item(offer(1, region="FR")).region == "FR"
    with pytest.raises(DropItem):
        step.process_item(offer(1))
    assert (report.dropped, contradicted) == ({"duplicate": 1}, set())


def test_two_prices_of_one_listing_in_one_crawl_are_a_contradiction() -> None:
    report, contradicted = CrawlReport(), set[tuple[str, str]]()
    step = DeduplicatePipeline(report, contradicted)
    step.process_item(offer(1))
    for price in ("18.90", None):
        with pytest.raises(DropItem):
            step.process_item(offer(1, price=price))
    assert report.dropped == {"contradicts another reading of this crawl": 2}
    assert contradicted == {("", "rival.example/p/1")}


@dataclass
class Storing:
    """A store step on a running crawl, as Scrapy would build it, and how often it stopped the crawl."""

    step: StorePipeline
    run_id: int
    stops: list[str]

    def take(self, offers: Iterable[Offer]) -> None:
        """Pass offers through the step."""
        for one in offers:
            self.step.process_item(one)


@pytest.fixture
def storing(engine: Engine) -> Storing:
    """A store step on a new run."""
    site_id = add_site(engine)
    with engine.begin() as connection:
        run_id = history.start_run(connection, site_id, AT)
    stops: list[str] = []
    own = open_engine(engine.url)
    return Storing(StorePipeline(own, run_id, CrawlReport(), set(), lambda: stops.append("stop")), run_id, stops)


def change(engine: Engine, statement: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement))


def test_a_database_error_stops_the_crawl_and_keeps_what_was_stored_and_the_batch(
    engine: Engine, storing: Storing
) -> None:
    storing.take(offer(number) for number in range(BATCH))
    change(engine, BREAK)
    storing.take(offer(number) for number in range(BATCH, 2 * BATCH + 9))
    assert storing.stops == ["stop"]
    assert storing.step.report.reason == "database"
    change(engine, MEND)
    assert len(rows(engine, Observation)) == BATCH
    storing.step.close_spider()
    assert len(rows(engine, Observation)) == storing.step.report.stored == 2 * BATCH + 9
    assert storing.step.report.failed == {"database": 1}


def test_a_database_that_stays_away_loses_no_earlier_batch(engine: Engine, storing: Storing) -> None:
    storing.take(offer(number) for number in range(BATCH + 3))
    change(engine, BREAK)
    storing.step.close_spider()
    change(engine, MEND)
    assert len(rows(engine, Observation)) == storing.step.report.stored == BATCH
    assert storing.step.report.reason == "database"
    assert storing.step.report.exit_code == 3


def test_contradictory_offers_of_one_crawl_end_up_doubtful(engine: Engine, storing: Storing) -> None:
    storing.take([offer(1), offer(2), offer(3, price=None).doubt("no price")])
    storing.step.contradicted |= {("", offer(1).key), ("", offer(3).key)}
    storing.step.close_spider()
    assert [row.status for row in rows(engine, Observation)] == ["doubtful", "good", "doubtful"]
    assert storing.step.report.doubtful == 2


def test_no_text_of_a_page_breaks_the_database(engine: Engine, storing: Storing) -> None:
    fields = ("name", "brand", "mpn", "sku", "image", "category", "seller", "gtin")
    for number, words in enumerate([*TEXTS, "x" * 100_000]):
        said: dict[str, Any] = dict.fromkeys(fields, words)
        proof = Evidence(words, words, ("dom",), "0" * 32)
        hostile = offer(number, Money(Decimal(5), words), evidence=proof, **said)
        storing.take([ValidatePipeline(storing.step.report).process_item(clean(hostile))])
    storing.step.close_spider()
    assert storing.step.report.reason == ""
    assert {row.name for row in rows(engine, Listing)} == {*TEXTS.values(), "x" * 100_000}
    assert {row.currency for row in rows(engine, Observation)} == {""}
