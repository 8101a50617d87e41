"""What a crawl leaves in the database: facts are only added, and nothing bad replaces the last good price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, insert

from pricevane.health import judge
from pricevane.model import Availability, CrawlReport, Evidence, Money, Offer, Publication, Quantity, Status
from pricevane.storage import frames, history, memory
from pricevane.storage.figures import RunFigures, figures
from pricevane.storage.history import READING
from pricevane.storage.tables import CrawlRun, Listing, Match, Observation, Site, State
from pricevane.storage.tables import Evidence as Proof
from tests.house_rows import AT, add_product, add_site, crawl, euros, offer, rows

DAY = timedelta(days=1)
FACTS = (Listing, Proof, Observation, State)
CHANGED: dict[str, dict[str, Any]] = {
    "price": {"price": euros("18.90")},
    "regular price": {"regular_price": euros("24.90")},
    "currency": {"price": replace(euros("19.90"), currency="CHF")},
    "availability": {"availability": Availability.OUT_OF_STOCK},
    "tax": {"tax_included": False},
    "seller": {"seller": "Somebody Else"},
    "unit price": {"unit_price": euros("0.0123"), "unit_base": Quantity(Decimal(100), "ml")},
    "shipping": {"shipping": euros("4.90")},
    "promotion": {"promotion": "3 for 2"},
    "end of a promotion": {"promotion_ends_on": date(2026, 3, 9)},
    "who sells": {"seller_is_shop": False},
    "place on the page": {"evidence": Evidence("19.90 €", "meta", ("meta",), "1" * 32)},
}
BAD: dict[str, Offer] = {
    "doubtful": offer(1, "1.99", AT + DAY).doubt("several prices"),
    "without price": offer(1, None, AT + DAY).doubt("no price"),
}


def price_now(engine: Engine) -> list[tuple[int | None, Any]]:
    """(price, since when) of every listing."""
    return [(row.price_minor, row.good_at) for row in rows(engine, State)]


def start(engine: Engine, site_id: int) -> int:
    """A new run at AT."""
    with engine.begin() as connection:
        return history.start_run(connection, site_id, AT)


def keep(engine: Engine, run_id: int, offers: Sequence[Offer]) -> history.Kept:
    """Store one batch."""
    with engine.begin() as connection:
        return history.keep(connection, run_id, offers)


def end(engine: Engine, run_id: int, publication: Publication = Publication.PUBLISHED, finished: bool = True) -> None:
    """Close a run."""
    with engine.begin() as connection:
        history.end_run(connection, run_id, AT, CrawlReport(finished=finished), publication, "")


def test_delivering_a_batch_again_adds_nothing(engine: Engine) -> None:
    run_id, batch = start(engine, add_site(engine)), [offer(number) for number in range(5)]
    assert keep(engine, run_id, batch) == history.Kept(5, 5)
    before = [rows(engine, table) for table in FACTS]
    assert keep(engine, run_id, batch) == history.Kept(0, 0)
    assert keep(engine, run_id, [offer(9), *batch]) == history.Kept(1, 1)
    after = [rows(engine, table) for table in FACTS]
    assert [len(rest) - len(first) for first, rest in zip(before, after, strict=True)] == [1, 1, 1, 1]
    assert all(first == rest[:5] for first, rest in zip(before, after, strict=True))


PRICES = st.lists(st.sampled_from(["9.90", "19.90", "29.90", None]), min_size=1, max_size=6)


@given(prices=PRICES, order=st.randoms(use_true_random=False), cuts=st.sets(st.integers(0, 12), max_size=4))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_batches_in_any_order_and_any_number_of_times_give_the_same_observations(
    sqlite_engine: Engine, prices: list[str | None], order: Any, cuts: set[int]
) -> None:
    offers = [offer(number, price) for number, price in enumerate(prices)]
    delivered = offers + offers
    order.shuffle(delivered)
    places = [0, *sorted(cuts), len(delivered)]
    batches = [distinct(delivered[first:last]) for first, last in pairwise(places)]
    run_id = start(sqlite_engine, add_site(sqlite_engine, uuid4().hex))
    for batch in batches:
        keep(sqlite_engine, run_id, batch)
    keys = {row.id: row.key for row in rows(sqlite_engine, Listing)}
    seen = [row for row in rows(sqlite_engine, Observation) if row.run_id == run_id]
    stored = {keys[row.listing_id]: row.price_minor for row in seen}
    assert stored == {one.key: one.price.minor if one.price else None for one in offers}
    assert len({row.evidence_id for row in seen}) == len(seen) == len(offers)


def distinct(offers: list[Offer]) -> list[Offer]:
    """Offers of one batch, each listing once."""
    return list({one.key: one for one in offers}.values())


def test_the_same_prices_a_day_later_add_observations_and_nothing_else(engine: Engine) -> None:
    site_id = add_site(engine)
    crawl(engine, site_id, [offer(1), offer(2)])
    before = rows(engine, State)
    crawl(engine, site_id, [offer(1, at=AT + DAY), offer(2, at=AT + DAY)], AT + DAY)
    assert len(rows(engine, Observation)) == 4
    assert len(rows(engine, Proof)) == len(rows(engine, Listing)) == 2
    for was, now in zip(before, rows(engine, State), strict=True):
        assert [getattr(was, name) for name in (*READING, "evidence_id", "reading")] == [
            getattr(now, name) for name in (*READING, "evidence_id", "reading")
        ]
        assert (now.seen_at, now.good_at) == (AT + DAY, AT + DAY)


@pytest.mark.parametrize("what", CHANGED)
def test_a_reading_that_changed_brings_one_new_proof(sqlite_engine: Engine, what: str) -> None:
    site_id = add_site(sqlite_engine)
    crawl(sqlite_engine, site_id, [offer(1), offer(2)])
    crawl(sqlite_engine, site_id, [offer(1, at=AT + DAY, **CHANGED[what]), offer(2, at=AT + DAY)], AT + DAY)
    proofs = rows(sqlite_engine, Proof)
    assert [row.at for row in proofs] == [AT, AT, AT + DAY]
    last = {row.listing_id: row.evidence_id for row in rows(sqlite_engine, Observation) if row.at == AT + DAY}
    assert last == {proofs[0].listing_id: proofs[2].id, proofs[1].listing_id: proofs[1].id}


TERMS: dict[str, Any] = {
    "unit_price": euros("0.0123"),
    "unit_base": Quantity(Decimal(100), "ml"),
    "shipping": euros("0"),
    "promotion": "3 for 2",
    "promotion_ends_on": date(2026, 3, 9),
    "seller_is_shop": True,
    "stock": 7,
}


def test_a_new_stock_count_is_kept_and_is_no_new_reading(engine: Engine) -> None:
    site_id = add_site(engine)
    crawl(engine, site_id, [offer(1, stock=7)])
    crawl(engine, site_id, [offer(1, at=AT + DAY, stock=5)], AT + DAY)
    assert [row.stock for row in rows(engine, Observation)] == [7, 5]
    assert [row.stock for row in rows(engine, State)] == [5]
    assert len(rows(engine, Proof)) == 1


def test_what_a_page_says_beside_its_price_is_kept_exactly(engine: Engine) -> None:
    described: dict[str, Any] = {
        "pack": Quantity(Decimal("0.75"), "l"),
        "attributes": (("colour", "red"), ("size", "XL")),
    }
    crawl(engine, add_site(engine), [offer(1, currency_raw="€", **TERMS, **described)])
    for row in (*rows(engine, Observation), *rows(engine, State)):
        assert (row.unit_price_micro, row.unit_base, row.shipping_minor) == (12_300, "100 ml", 0)
        assert (row.promotion, row.promotion_ends_on, row.seller_is_shop) == ("3 for 2", date(2026, 3, 9), True)
    (listing,) = rows(engine, Listing)
    assert (listing.pack, listing.attributes) == ("0.75 l", {"colour": "red", "size": "XL"})
    assert [row.currency_raw for row in rows(engine, Proof)] == ["€"]


def test_a_page_that_shows_no_price_leaves_the_last_terms_standing_with_the_last_price(engine: Engine) -> None:
    site_id = add_site(engine)
    crawl(engine, site_id, [offer(1, **TERMS)])
    crawl(engine, site_id, [offer(1, None, AT + DAY, availability=Availability.OUT_OF_STOCK, stock=0)], AT + DAY)
    (row,) = rows(engine, State)
    assert (row.price_minor, row.unit_price_micro, row.unit_base, row.promotion) == (1990, 12_300, "100 ml", "3 for 2")
    assert (row.availability, row.stock) == ("out_of_stock", 0)


@given(micro=st.integers(1, 10**15))
def test_a_unit_price_comes_back_from_millionths_as_it_was(micro: int) -> None:
    assert Money(Decimal(micro).scaleb(-6), "EUR").micro == micro


@pytest.mark.parametrize("kind", BAD)
def test_a_doubtful_or_missing_reading_never_overwrites_the_last_good_price(engine: Engine, kind: str) -> None:
    site_id = add_site(engine)
    crawl(engine, site_id, [offer(1)])
    crawl(engine, site_id, [BAD[kind]], AT + DAY)
    assert price_now(engine) == [(1990, AT)]
    assert rows(engine, State)[0].seen_at == AT + DAY
    assert [row.status for row in rows(engine, Observation)] == [Status.GOOD, Status.DOUBTFUL]


def test_a_doubtful_reading_does_not_rename_a_listing(engine: Engine) -> None:
    site_id = add_site(engine)
    crawl(engine, site_id, [offer(1, gtin="04006381333931")])
    crawl(engine, site_id, [offer(1, at=AT + DAY, name="Access denied", gtin="00000096385074").doubt("?")], AT + DAY)
    crawl(engine, site_id, [offer(1, at=AT + 2 * DAY, name="Kettle 1 l", gtin="")], AT + 2 * DAY)
    assert [(row.name, row.gtin) for row in rows(engine, Listing)] == [("Kettle 1 l", "04006381333931")]


def test_a_suspect_run_touches_no_price_and_is_not_priced_on(engine: Engine) -> None:
    site_id = add_site(engine)
    crawl(engine, site_id, [offer(1)])
    crawl(engine, site_id, [offer(1, "1.99", AT + DAY), offer(2, "1.99", AT + DAY)], AT + DAY, Publication.SUSPECT)
    assert price_now(engine) == [(1990, AT), (None, None)]
    product_id = add_product(engine)
    match = {"product_id": product_id, "state": "confirmed", "method": "manual", "score": 1.0, "made_at": AT}
    with engine.begin() as connection:
        connection.execute(insert(Match), [{"listing_id": row.id, **match} for row in rows(engine, Listing)])
        seen = frames.observations(connection, AT - DAY, AT + 2 * DAY, 0.95)
        told = frames.history(connection, [product_id], AT - DAY)
    assert seen["price_minor"].tolist() == told["price_minor"].tolist() == [1990]


def test_a_held_run_counts_once_a_person_released_it(engine: Engine) -> None:
    site_id = add_site(engine)
    crawl(engine, site_id, [offer(1)])
    crawl(engine, site_id, [offer(1, "1.99", AT + DAY)], AT + DAY, Publication.SUSPECT)
    held = max(run.id for run in rows(engine, CrawlRun))
    with engine.begin() as connection:
        assert history.release(connection, held, "released by ana: their sale")
        assert not history.release(connection, held, "again")
    assert price_now(engine) == [(199, AT + DAY)]
    assert rows(engine, CrawlRun)[-1].reason.endswith("; released by ana: their sale")


def test_a_run_that_still_goes_on_is_not_priced_on(engine: Engine) -> None:
    run_id = start(engine, add_site(engine))
    keep(engine, run_id, [offer(1)])
    assert price_now(engine) == [(None, None)]
    end(engine, run_id)
    assert price_now(engine) == [(1990, AT)]


def test_publishing_an_older_run_keeps_the_later_price(engine: Engine) -> None:
    site_id = add_site(engine)
    older = start(engine, site_id)
    keep(engine, older, [offer(1)])
    crawl(engine, site_id, [offer(1, "17.90", AT + DAY)], AT + DAY)
    end(engine, older)
    assert price_now(engine) == [(1790, AT + DAY)]
    late = start(engine, site_id)
    keep(engine, late, [offer(1, "15.90", AT + DAY / 2)])
    end(engine, late)
    assert price_now(engine) == [(1790, AT + DAY)]
    assert rows(engine, State)[0].seen_at == AT + DAY


def test_a_crawl_that_breaks_off_keeps_what_it_stored(engine: Engine) -> None:
    site_id = add_site(engine)
    crawl(engine, site_id, [offer(number) for number in range(4)])
    crawl(engine, site_id, [offer(1, "18.90", AT + DAY)], AT + DAY, finished=False)
    assert [row.state for row in rows(engine, CrawlRun)] == ["complete", "incomplete"]
    assert [price for price, _ in price_now(engine)] == [1990, 1890, 1990, 1990]


def test_a_region_and_a_site_each_have_their_own_listing(engine: Engine) -> None:
    for name in ("rival-fr", "rival-de"):
        crawl(engine, add_site(engine, name), [offer(1), offer(1, "21.90", region="CH")])
    assert len(rows(engine, Listing)) == 4
    assert [price for price, _ in price_now(engine)] == [1990, 2190, 1990, 2190]


def test_more_contradictions_than_a_statement_takes_are_marked(sqlite_engine: Engine) -> None:
    site_id = add_site(sqlite_engine)
    run_id = start(sqlite_engine, site_id)
    keep(sqlite_engine, run_id, [offer(number) for number in range(20)])
    keys = [("", offer(number).key) for number in range(40_000)]
    with sqlite_engine.begin() as connection:
        assert history.doubt(connection, run_id, keys) == 20
    assert {row.status for row in rows(sqlite_engine, Observation)} == {"doubtful"}


def test_the_addresses_of_a_site_are_known_to_its_next_crawl(engine: Engine) -> None:
    first, second = add_site(engine), add_site(engine, "rival-de")
    crawl(engine, first, [offer(1), offer(2)])
    with engine.connect() as connection:
        assert history.known_addresses(connection, first) == {offer(n).url: offer(n).at for n in (1, 2)}
        assert history.known_addresses(connection, second) == {}


def test_what_was_not_read_for_longest_is_asked_for_first(engine: Engine) -> None:
    site_id = add_site(engine)
    crawl(engine, site_id, [offer(1), offer(2), offer(3)])
    crawl(engine, site_id, [replace(offer(1), at=offer(1).at + timedelta(days=1))])
    with engine.connect() as connection:
        assert list(history.known_addresses(connection, site_id)) == [offer(n).url for n in (2, 3, 1)]


def test_a_run_is_measured_against_the_published_prices_before_it(engine: Engine) -> None:
    site_id = add_site(engine)
    crawl(engine, site_id, [offer(number, "10.00") for number in range(6)])
    crawl(engine, site_id, [offer(0, "77.00", AT + DAY)], AT + DAY, Publication.SUSPECT)
    run_id = start(engine, site_id)
    later = AT + 2 * DAY
    frank = replace(euros("10.00"), currency="CHF")
    prices: dict[int, Any] = {0: "10.00", 1: "10.05", 2: "9.90", 3: "1000.00", 4: frank, 9: "10.00"}
    keep(engine, run_id, [offer(number, price, later) for number, price in prices.items()])
    keep(engine, run_id, [offer(5, None, later).doubt("no price")])
    with engine.connect() as connection:
        assert figures(connection, run_id) == RunFigures(
            observed=7,
            pages=7,
            good=6,
            priced=6,
            stocked=0,
            known_before=6,
            priced_before=6,
            stocked_before=0,
            compared=5,
            currency_changed=1,
            up=2,
            down=1,
            hundredfold=1,
        )


def shirts(sizes: int, price: str, at: Any = AT, pages: int = 12) -> list[Offer]:
    """Shirts on some pages of their own; the first page shows so many sizes without an address."""
    sized = [offer(0, price, at, key=f"{offer(0).key}#variant=EU {number}") for number in range(sizes)]
    return [*sized, *(offer(number, "10.00", at) for number in range(1, pages))]


def test_a_page_counts_once_however_many_variants_it_shows(engine: Engine) -> None:
    site_id = add_site(engine)
    crawl(engine, site_id, shirts(40, "10.00"))
    run_id = start(engine, site_id)
    keep(engine, run_id, shirts(3, "12.00", AT + DAY))
    with engine.connect() as connection:
        found = figures(connection, run_id)
    assert found == RunFigures(
        observed=14,
        pages=12,
        good=12,
        priced=12,
        stocked=0,
        known_before=12,
        priced_before=12,
        stocked_before=0,
        compared=12,
        currency_changed=0,
        up=1,
        down=0,
        hundredfold=0,
    )
    assert judge(DONE, found) == (Publication.PUBLISHED, "")


def finish(engine: Engine, site_id: int, publication: Publication, report: CrawlReport) -> dict[str, Any]:
    """A run that read nothing and ended so; the site's memory afterwards."""
    run_id = start(engine, site_id)
    with engine.begin() as connection:
        history.end_run(connection, run_id, AT, report, publication, "")
        return memory.learned(connection, site_id)


UNTAUGHT: dict[str, tuple[Publication, CrawlReport]] = {
    "held": (Publication.SUSPECT, CrawlReport(finished=True, learned={"place": "new"})),
    "incomplete": (Publication.PUBLISHED, CrawlReport(reason="nothing answers", learned={"place": "new"})),
    "nothing learned": (Publication.PUBLISHED, CrawlReport(finished=True)),
    "too large": (Publication.PUBLISHED, CrawlReport(finished=True, learned={"place": "x" * memory.MOST_BYTES})),
    "not JSON": (Publication.PUBLISHED, CrawlReport(finished=True, learned={"place": float("nan")})),
}


@pytest.mark.parametrize("why", UNTAUGHT)
def test_a_crawl_that_is_not_believed_teaches_its_site_nothing(sqlite_engine: Engine, why: str) -> None:
    site_id = add_site(sqlite_engine)
    assert finish(sqlite_engine, site_id, Publication.PUBLISHED, CrawlReport(finished=True)) == {}
    before = {"place": {"path": ".price", "seen": 3}}
    taught = CrawlReport(finished=True, learned=before)
    assert finish(sqlite_engine, site_id, Publication.PUBLISHED, taught) == before
    assert finish(sqlite_engine, site_id, *UNTAUGHT[why]) == before


@pytest.mark.parametrize("bound", sorted(history.BOUNDS))
def test_a_crawl_that_ends_at_a_bound_that_was_set_for_it_teaches_its_site(sqlite_engine: Engine, bound: str) -> None:
    report = CrawlReport(reason=bound, learned={"place": "new"})
    assert finish(sqlite_engine, add_site(sqlite_engine), Publication.PUBLISHED, report) == report.learned


def test_a_site_remembers_for_itself_and_the_run_keeps_only_what_was_repaired(engine: Engine) -> None:
    first, second = add_site(engine), add_site(engine, "rival-de")
    report = CrawlReport(finished=True, learned={"a": "\x00\ud800"}, repairs=["-.old\n+.new", "x" * 9999] * 200)
    assert finish(engine, first, Publication.PUBLISHED, report) == report.learned
    with engine.connect() as connection:
        assert memory.learned(connection, second) == {}
    (run,) = rows(engine, CrawlRun)
    assert "learned" not in run.report
    assert [len(text) for text in run.report["repairs"]] == [11, history.LONGEST_REPAIR] * 50
    assert [row.learned for row in rows(engine, Site)] == [report.learned, {}]


CALM = RunFigures(
    observed=140,
    pages=100,
    good=99,
    priced=100,
    stocked=90,
    known_before=100,
    priced_before=100,
    stocked_before=95,
    compared=95,
    currency_changed=0,
    up=10,
    down=10,
    hundredfold=0,
)
DONE = CrawlReport(pages=120, offers=100, finished=True)
HELD: dict[str, tuple[CrawlReport, RunFigures, str]] = {
    "nothing read": (DONE, replace(CALM, observed=0, known_before=0), "nothing was read"),
    "blocked": (replace(DONE, blocked=30), CALM, "the shop blocked the crawl"),
    "half the catalogue gone": (
        DONE,
        replace(CALM, pages=49),
        "only 49 pages with listings were read, 100 the last time",
    ),
    "mostly doubtful": (DONE, replace(CALM, good=49), "only 49 of 100 pages were read clearly"),
    "another currency": (DONE, replace(CALM, currency_changed=5), "5 of 95 pages changed their currency"),
    "shifted decimal point": (DONE, replace(CALM, hundredfold=2), "2 of 95 prices changed more than fiftyfold"),
    "all up": (DONE, replace(CALM, up=29), "29 of 95 prices moved up at once"),
    "zero prices": (
        replace(DONE, dropped={"price not above zero": 4}),
        CALM,
        "4 of 144 prices are zero",
    ),
    "prices gone": (DONE, replace(CALM, priced=69), "only 69 of 100 pages show a price"),
    "availability gone": (DONE, replace(CALM, stocked=64), "only 64 of 100 pages say what is in stock"),
    "all down": (DONE, replace(CALM, down=40), "40 of 95 prices moved down at once"),
}
BELIEVED: dict[str, tuple[CrawlReport, RunFigures]] = {
    "calm": (DONE, CALM),
    "first crawl": (DONE, replace(CALM, known_before=0, compared=0, up=0, down=0)),
    "stopped early": (replace(DONE, finished=False), replace(CALM, pages=3, good=3, compared=3, up=0, down=0)),
    "a few listings that all moved": (
        DONE,
        replace(CALM, observed=9, pages=9, good=9, compared=9, known_before=9, up=9),
    ),
    "all of a small plan": (replace(DONE, asked=20), replace(CALM, pages=20, good=20, priced=20, stocked=19)),
    "one zero price": (replace(DONE, dropped={"price not above zero": 1}), CALM),
    "just enough moved": (DONE, replace(CALM, up=28)),
}


@pytest.mark.parametrize("why", HELD)
def test_a_crawl_that_looks_wrong_is_held_with_the_reason(why: str) -> None:
    report, figures, reason = HELD[why]
    assert judge(report, figures) == (Publication.SUSPECT, reason)


@pytest.mark.parametrize("why", BELIEVED)
def test_a_crawl_that_looks_right_is_published(why: str) -> None:
    assert judge(*BELIEVED[why]) == (Publication.PUBLISHED, "")
