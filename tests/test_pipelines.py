"""What the steps between a page and the database let through, change, doubt and count."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest
from scrapy.exceptions import DropItem
from sqlalchemy import Engine, text

from pipelines.clean import clean
from pipelines.deduplicate import DeduplicatePipeline
from pipelines.store import BATCH, StorePipeline
from pipelines.validate import ValidatePipeline, flaw, validate
from pricevane.model import CrawlReport, Evidence, Money, Offer, PriceKind, Status
from pricevane.storage import history
from pricevane.storage.engine import open_engine
from pricevane.storage.tables import Listing, Observation
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
    "": "",
}
DOUBTED: dict[str, tuple[dict[str, Any], str]] = {
    "no price": ({"price": None}, "no price"),
    "from": ({"kind": PriceKind.FROM}, "price kind from"),
    "member": ({"kind": PriceKind.MEMBER}, "price kind member"),
    "coupon": ({"kind": PriceKind.COUPON}, "price kind coupon"),
    "instalment": ({"kind": PriceKind.INSTALMENT}, "price kind instalment"),
    "free": ({"price": None, "kind": PriceKind.FREE}, "no price"),
    "free with a number": ({"kind": PriceKind.FREE}, "price kind free"),
}
CURRENCIES = {"eur": "EUR", " EUR ": "EUR", "EURO": "", "€": "", "E R": "", "": ""}
ADDRESSES = {
    "no address": "",
    "address with control characters": "https://rival.example/p/1\x00",
    "address too long": "https://rival.example/p/" + "é" * 1000,
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
