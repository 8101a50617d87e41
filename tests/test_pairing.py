"""Matching in the house: identifiers, names, what people decided, and when listings are judged anew."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select, update

from pricevane import jobs
from pricevane.config import build
from pricevane.house import House
from pricevane.storage import frames, matches
from pricevane.storage.delisting import DELISTED
from pricevane.storage.tables import Decision, Listing, Match, Product, State
from tests.house_rows import AT, GTIN, add_product, add_site, crawl, offer, rows

DAY = timedelta(days=1)
CAMERA, RED = "Sony Cyber-shot DSC-W170 camera", "Sony DSC-W170 digital camera red"


@dataclass
class Desk:
    """A house with one site and what its listings are matched to."""

    house: House
    site: int

    def match(self, at: datetime = AT) -> jobs.Matched:
        return jobs.match(self.house, at)

    def said(self) -> list[tuple[str, ...]]:
        """(listing's name, product's sku, method, state) of all pairs, rejected and abstained ones left out."""
        query = (
            select(Listing.name, Product.sku, Match.method, Match.state)
            .join(Listing, Listing.id == Match.listing_id)
            .join(Product, Product.id == Match.product_id)
            .where(Match.state.in_(["confirmed", "candidate"]))
            .order_by(Listing.name, Product.sku)
        )
        with self.house.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(query)]

    def decide(self, verdict: str, number: int = 0, at: datetime = AT) -> int:
        """A person's word on the pair with this number."""
        pair = rows(self.house, Match)[number]
        with self.house.engine.begin() as connection:
            assert matches.decide_match(connection, pair.id, verdict, "ana", "looked", at)
        return int(pair.id)

    def undo(self, match_id: int, at: datetime = AT) -> bool:
        with self.house.engine.begin() as connection:
            return matches.undo_match(connection, match_id, "ana", "a slip", at)

    def crawl(self, *offers: Any, at: datetime = AT) -> None:
        crawl(self.house.engine, self.site, [replace(one, at=at) for one in offers], at)


@pytest.fixture
def desk(engine: Engine) -> Desk:
    site = {"name": "rival-fr", "url": "https://rival.example/"}
    config = build({"competitors": [{"name": "Rival", "sites": [site]}]}, Path(), {})
    return Desk(House(config, engine), add_site(engine))


def product(desk: Desk, sku: str, name: str, **changed: Any) -> int:
    return add_product(desk.house.engine, sku, **{"name": name, "gtin": "", **changed})


def test_identifiers_come_first_and_names_find_the_rest(desk: Desk) -> None:
    desk.crawl(offer(1, name="Kettle", gtin=GTIN), offer(2, name=f"{CAMERA} rot"), offer(3, name="Vase"))
    product(desk, "K", "Kettle", gtin=GTIN)
    product(desk, "RED", RED)
    product(desk, "BLUE", RED.replace("red", "blue"))
    done = desk.match()
    assert (done.listings, done.matched, done.new) == (3, 2, 2)
    assert desk.said() == [
        ("Kettle", "K", "gtin", "confirmed"),
        (f"{CAMERA} rot", "RED", "text", "confirmed"),
    ]
    again = desk.match(AT + DAY)
    assert (again.matched, again.new) == (2, 0)


def test_what_attributes_and_pack_add_to_a_name_counts(desk: Desk) -> None:
    desk.crawl(offer(1, name=CAMERA, attributes={"colour": "red"}), offer(2, name="Moka", gtin=GTIN, pack="500 g"))
    product(desk, "BLUE", RED.replace("red", "blue"))
    product(desk, "MOKA", "Moka 1 kg", gtin=GTIN)
    desk.match()
    assert desk.said() == [("Moka", "MOKA", "gtin", "candidate")]
    assert "size" in next(row.flag for row in rows(desk.house, Match) if row.method == "gtin")


def test_a_listing_is_judged_anew_when_anything_about_it_changes(desk: Desk) -> None:
    desk.crawl(offer(1, name=f"{CAMERA} red"), offer(2, name="Vase"))
    product(desk, "RED", RED)
    desk.match()
    assert not desk.match().found.judged
    desk.crawl(offer(1, name="Sony LCS-CSL camera case"), offer(2, name="Vase"), at=AT + DAY)
    changed = desk.match(AT + DAY)
    assert len(changed.found.judged) == 2
    assert desk.said() == []
    assert (rows(desk.house, Match)[0].state, rows(desk.house, Match)[0].veto) == ("rejected", "accessory")
    product(desk, "CASE", "Sony LCS-CSL case for cameras")
    assert len(desk.match(AT + DAY).found.judged) == 2
    with desk.house.engine.begin() as connection:
        connection.execute(update(State).where(State.listing_id == 2).values(reading=DELISTED))
    assert len(desk.match(AT + DAY).found.judged) == 2
    assert not desk.match(AT + DAY).found.judged


def test_a_second_listing_with_the_code_of_a_first_makes_both_doubtful(desk: Desk) -> None:
    desk.crawl(offer(1, name=f"{CAMERA} red"))
    product(desk, "RED", RED)
    desk.match()
    assert [row[3] for row in desk.said()] == ["confirmed"]
    desk.crawl(offer(1, name=f"{CAMERA} red"), offer(2, name=f"{CAMERA} in red", price="29.90"), at=AT + DAY)
    desk.match(AT + DAY)
    assert [row[3] for row in desk.said()] == ["candidate", "candidate"]


def test_what_a_person_confirmed_stays_and_what_one_rejected_never_returns(desk: Desk) -> None:
    desk.crawl(offer(1, name=f"{CAMERA} red"))
    product(desk, "RED", RED)
    product(desk, "RED-2", f"{RED} ")
    desk.match()
    desk.decide("rejected")
    desk.match(AT + DAY)
    assert [row[1:] for row in desk.said()] == [("RED-2", "text", "confirmed")]
    with desk.house.engine.begin() as connection:
        pair = matches.pair_id(connection, rows(desk.house, Listing)[0].id, rows(desk.house, Product)[1].id, AT)
        matches.decide_match(connection, pair, "confirmed", "ana", "", AT)
    desk.crawl(offer(1, name="Something else", gtin=GTIN), at=AT + 2 * DAY)
    product(desk, "K", "Kettle", gtin=GTIN)
    desk.match(AT + 2 * DAY)
    assert [row[1:] for row in desk.said()] == [("RED-2", "manual", "confirmed")]


def test_a_decision_can_be_taken_back_and_all_of_it_is_kept(desk: Desk) -> None:
    desk.crawl(offer(1, name=f"{CAMERA} red"))
    product(desk, "RED", RED)
    product(desk, "OTHER", "Sony DSC-W180 digital camera red")
    desk.match()
    (before,) = desk.said()
    with desk.house.engine.begin() as connection:
        listing_id, other = rows(desk.house, Listing)[0].id, rows(desk.house, Product)[1].id
        pair = matches.pair_id(connection, listing_id, other, AT)
        assert matches.decide_match(connection, pair, "confirmed", "ana", "sure", AT)
    assert [row[1:] for row in desk.said()] == [("OTHER", "manual", "confirmed")]
    assert desk.undo(pair)
    assert not desk.undo(pair)
    assert before in desk.said()
    desk.match(AT + DAY)
    assert desk.said() == [before]
    told = [(row.verdict, row.who, row.why) for row in rows(desk.house, Decision)]
    assert told == [("confirmed", "ana", "sure"), ("undone", "ana", "a slip")]


def test_only_other_packs_may_be_called_comparable(desk: Desk) -> None:
    desk.crawl(offer(1, name="Moka Coffee MK-2000X, pack of 6"))
    product(desk, "MOKA", "Moka Coffee MK-2000X")
    product(desk, "TEA", "Green Tea")
    desk.match()
    (pair,) = [row for row in rows(desk.house, Match) if row.veto]
    assert (pair.veto, pair.state, pair.factor) == ("pack count", "candidate", 6)
    with desk.house.engine.begin() as connection:
        matches.decide_match(connection, pair.id, "comparable", "ana", "", AT)
        other = matches.pair_id(connection, pair.listing_id, rows(desk.house, Product)[1].id, AT)
        with pytest.raises(ValueError, match="no factor"):
            matches.decide_match(connection, other, "comparable", "ana", "", AT)
    desk.match(AT + DAY)
    assert [(row.comparable, row.state, row.factor) for row in rows(desk.house, Match)] == [(True, "rejected", 6)]


def test_a_price_that_stands_far_from_the_usual_takes_a_match_out_until_it_returns(desk: Desk) -> None:
    gtins = [f"05901234{number:06d}" for number in range(10)]
    for number, gtin in enumerate(gtins):
        product(desk, f"P{number}", f"Kettle {number}", gtin=gtin)
    shown = [offer(n, name=f"Kettle {n}", gtin=gtin, price="19.00") for n, gtin in enumerate(gtins)]
    desk.crawl(*shown)
    assert desk.match().matched == 10
    for day, price, matched in ((1, "95.00", 10), (2, "95.00", 10), (4, "95.00", 9), (5, "96.00", 9), (8, "19.00", 10)):
        at = AT + day * DAY
        desk.crawl(offer(0, name="Kettle 0", gtin=gtins[0], price=price), at=at)
        assert desk.match(at).matched == matched, day
        (pair,) = [row for row in rows(desk.house, Match) if row.product_id == 1]
        assert ("usual for this site" in pair.flag) == (matched == 9)


def test_decisions_reach_the_scores_of_others_and_only_confirmed_matches_reach_pricing(desk: Desk) -> None:
    names = [f"Kestrel Flux Tablet {word}" for word in ("black", "white", "green", "pink", "grey", "lilac")]
    desk.crawl(*(offer(number, name=name) for number, name in enumerate(names)))
    for number, name in enumerate(names):
        product(desk, f"T{number}", name)
    desk.match()
    pairs = [row for row in rows(desk.house, Match) if row.state == "candidate"]
    assert len(pairs) == len(names)
    with desk.house.engine.begin() as connection:
        assert frames.observations(connection, AT - DAY, AT + DAY, 0.0).empty
        for pair in pairs[:5]:
            matches.decide_match(connection, pair.id, "rejected", "ana", "", AT)
    desk.match(AT + DAY)
    (left,) = [row for row in rows(desk.house, Match) if row.id == pairs[5].id]
    assert left.score < pairs[5].score
    desk.decide("confirmed", number=rows(desk.house, Match).index(left))
    with desk.house.engine.begin() as connection:
        assert frames.observations(connection, AT - DAY, AT + DAY, 0.95)["product_id"].tolist() == [left.product_id]


def test_one_gtin_and_name_on_hundreds_of_products_and_listings_confirms_nothing_and_ends_soon(desk: Desk) -> None:
    many = 500
    with desk.house.engine.begin() as connection:
        same = {"name": f"{RED} {GTIN}", "gtin": GTIN, "currency": "EUR"}
        connection.execute(insert(Product), [{"sku": f"S{number}", **same} for number in range(many)])
    desk.crawl(*(offer(number, name=RED, gtin=GTIN, price=f"{number + 1}.00") for number in range(many)))
    done = desk.match()
    assert (done.listings, done.matched) == (many, 0)
    assert len(rows(desk.house, Match)) <= many * 3


def test_a_person_who_decides_while_matching_runs_is_not_overruled(desk: Desk) -> None:
    desk.crawl(offer(1, name=f"{CAMERA} red"))
    product(desk, "RED", RED)
    desk.match()
    found = [
        {
            "listing_id": row.listing_id,
            "product_id": row.product_id,
            "state": "confirmed",
            "method": "text",
            "score": 1.0,
        }
        | {"veto": "", "flag": "", "factor": None, "evidence": {}}
        for row in rows(desk.house, Match)
    ]
    desk.decide("rejected")
    with desk.house.engine.begin() as connection:
        assert matches.save_matches(connection, {found[0]["listing_id"]: "x"}, found, AT) == 0
    assert desk.said() == []


def test_more_matches_than_a_statement_takes_can_vanish(sqlite_engine: Engine) -> None:
    crawl(sqlite_engine, add_site(sqlite_engine), [offer(number) for number in range(1200)])
    ids = [row.id for row in rows(sqlite_engine, Listing)]
    ours = add_product(sqlite_engine)
    row = {"state": "confirmed", "method": "gtin", "score": 1.0, "veto": "", "flag": "", "factor": None, "evidence": {}}
    found = [{"listing_id": key, "product_id": ours, **row} for key in ids]
    for pairs, new in ((found, 1200), (found, 0), ([], 0)):
        with sqlite_engine.begin() as connection:
            assert matches.save_matches(connection, dict.fromkeys(ids, "x"), pairs, AT) == new
    assert {(pair.state, pair.flag) for pair in rows(sqlite_engine, Match)} == {("candidate", matches.NOT_FOUND)}
