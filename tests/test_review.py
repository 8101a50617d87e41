"""The review asks for what teaches most and risks most money first, and keeps, guards and takes back answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, insert, update

from pricevane.intake.sheet import BadFile
from pricevane.review.answers import Overtaken, answer, choices, take_back, verdicts
from pricevane.review.differences import Piece, differences
from pricevane.review.queue import Question, price_ratio, queue, side_by_side, value_of_answer
from pricevane.review.verdicts import VerdictRow, import_verdicts
from pricevane.storage.matches import decide_match
from pricevane.storage.tables import Decision, Match, OwnPrice, Product, Site
from tests.house_rows import AT, add_site, crawl, offer, rows
from tests.waiting_pairs import list_goods, pair, sell

# One text, another, and both with what is marked in brackets.
DIFFERENCES = [
    ("Kettle black", "KETTLE Black", "Kettle black", "KETTLE Black"),
    ("Grün Söhne café", "grun sohne CAFÉ", "Grün Söhne café", "grun sohne CAFÉ"),
    ("Drill 18V two", "two 18 V drill", "Drill 18V two", "two 18 V drill"),
    ("Coffee 500g", "Coffee 250 g", "Coffee [500]g", "Coffee [250] g"),
    ("WH-1000XM4", "WH-1000XM5", "[WH-1000XM4]", "[WH-1000XM5]"),
    ("AB-12-21", "AB-21-12", "[AB-12-21]", "[AB-21-12]"),
    ("Model X100", "Model X1000", "Model [X100]", "Model [X1000]"),
    ("1,5 l", "1.5 l", "1,5 l", "1.5 l"),
    ("1.5 l", "15 l", "[1.5] l", "[15] l"),
    ("Lego 4 x 4", "Lego 4", "Lego 4 [x 4]", "Lego 4"),
    ("red, blue", "blue", "[red], blue", "blue"),
    ("", "new", "", "[new]"),
]
LONG = st.text(max_size=60)
SHARE = st.floats(0, 1)
MONEY = st.integers(0, 10**12)
MEAN = st.just(0.0) | st.floats(0.01, 1e12)


def marked(pieces: tuple[Piece, ...]) -> str:
    return "".join(piece.text if piece.shared else f"[{piece.text}]" for piece in pieces)


@pytest.mark.parametrize(("one", "other", "left", "right"), DIFFERENCES)
def test_a_word_is_marked_when_the_other_text_has_it_not(one: str, other: str, left: str, right: str) -> None:
    assert tuple(map(marked, differences(one, other))) == (left, right)
    assert tuple(map(marked, differences(other, one))) == (right, left)


@given(LONG, LONG)
def test_pieces_make_up_their_text_and_nothing_differs_from_itself(one: str, other: str) -> None:
    assert tuple("".join(piece.text for piece in side) for side in differences(one, other)) == (one, other)
    assert all(piece.shared for side in differences(one, one) for piece in side)


@given(SHARE, MONEY, MONEY, MEAN, st.booleans())
def test_more_money_never_lowers_a_row(score: float, less: int, more: int, mean: float, flagged: bool) -> None:
    less, more = sorted((less, more))
    assert value_of_answer(score, less, mean, flagged) <= value_of_answer(score, more, mean, flagged)


@given(SHARE, MONEY, MEAN)
def test_what_is_uncertain_ranks_over_what_is_sure_and_a_flag_over_both(score: float, money: int, mean: float) -> None:
    half, sure = value_of_answer(0.5, money, mean), value_of_answer(0.95, money, mean)
    assert half > sure
    assert half >= value_of_answer(score, money, mean)
    assert value_of_answer(score, money, mean, flagged=True) >= half


def ask(engine: Engine, **asked: Any) -> list[Question]:
    with engine.connect() as connection:
        return queue(connection, AT, **asked)


def test_the_queue_asks_for_the_most_valuable_answer_first(engine: Engine) -> None:
    goods = list_goods(engine, add_site(engine), *["19.90"] * 5)
    rich, poor = sell(engine, "RICH", 90_000), sell(engine, "POOR", 1_000)
    pair(engine, goods[0], poor, 0.95)
    pair(engine, goods[1], poor, 0.5)
    pair(engine, goods[2], rich, 0.5)
    pair(engine, goods[3], poor, 0.99, flag="the price is far off", state="confirmed", method="gtin")
    pair(engine, goods[4], rich, 0.95)
    assert [question.listing_id for question in ask(engine)] == [goods[place] for place in (2, 3, 1, 4, 0)]
    assert [question.listing_id for question in ask(engine, limit=2)] == [goods[2], goods[3]]
    values = [question.value for question in ask(engine)]
    assert values == sorted(values, reverse=True)


def test_revenue_is_weighed_within_its_currency(engine: Engine) -> None:
    first, second = list_goods(engine, add_site(engine), "19.90", "19.90")
    yen = sell(engine, "YEN", 200, currency="JPY", price=None)
    pair(engine, first, sell(engine, "EUR", 90_000))
    pair(engine, second, yen)
    assert [question.value for question in ask(engine)] == [2.0, 2.0]


def test_a_listing_that_is_settled_or_not_watched_is_not_asked_about(engine: Engine) -> None:
    other = add_site(engine, "other")
    confirmed, rejected, disabled, open_one = list_goods(engine, add_site(engine), *["19.90"] * 4)
    ours, gone = sell(engine, "K-1"), sell(engine, "K-2")
    pair(engine, confirmed, ours, 0.99, state="confirmed", method="gtin")
    pair(engine, confirmed, gone, 0.5)
    pair(engine, rejected, ours, state="rejected", method="manual")
    pair(engine, disabled, gone)
    waiting = pair(engine, open_one, ours)
    with engine.begin() as connection:
        connection.execute(update(Product).where(Product.id == gone).values(enabled=False))
    (question,) = ask(engine)
    assert [one.match_id for one in question.pairs] == [waiting]
    assert question.pairs[0].already == ("Kettle 1",)
    assert ask(engine, site="other") == []
    with engine.begin() as connection:
        connection.execute(update(Site).where(Site.id != other).values(enabled=False))
    assert ask(engine) == []


def test_a_question_shows_its_three_best_pairs_and_both_sides(engine: Engine) -> None:
    (listing,) = list_goods(
        *(engine, add_site(engine), "9.95"),
        name="Kettle 1",
        mpn="M-1",
        attributes=(("colour", "red"),),
        category="Home",
    )
    pairs = [pair(engine, listing, sell(engine, f"K-{place}", 100 * place), place / 10) for place in range(1, 5)]
    with engine.begin() as connection:
        fresh = {"product_id": 4, "valid_from": AT - timedelta(days=1), "currency": "EUR", "source": "till"}
        connection.execute(insert(OwnPrice).values({**fresh, "price_minor": 1000}))
    (question,) = ask(engine)
    assert [one.match_id for one in question.pairs] == pairs[::-1]
    assert [one.ours.sku for one in question.shown] == ["K-4", "K-3", "K-2"]
    best = question.pairs[0]
    assert (str(question.theirs.price), str(best.ours.price), best.revenue_minor) == ("9.95 EUR", "10.00 EUR", 400)
    assert price_ratio(question.theirs, best.ours) == pytest.approx(0.995)
    told = {line.label: (marked(line.theirs), marked(line.ours)) for line in side_by_side(question.theirs, best.ours)}
    assert told["name"] == ("Kettle [1]", "Kettle [K-4]")
    assert (told["mpn"], told["attributes"], told["category"]) == (("M-1", ""), ("colour red", ""), ("Home", ""))
    assert "pack" not in told


def test_texts_of_a_shop_are_bounded(engine: Engine) -> None:
    (listing,) = list_goods(engine, add_site(engine), "9.95", name="very long " * 900)
    pair(engine, listing, sell(engine, "K-1"))
    assert len(ask(engine)[0].theirs.name) == 400


def test_prices_of_two_currencies_have_no_ratio(engine: Engine) -> None:
    (listing,) = list_goods(engine, add_site(engine), "9.95")
    pair(engine, listing, sell(engine, "K-1"))
    (question,) = ask(engine)
    theirs, ours = question.theirs, question.pairs[0].ours
    assert price_ratio(theirs, ours) is not None
    assert price_ratio(theirs, replace(ours, price=None)) is None
    assert ours.price
    assert price_ratio(theirs, replace(ours, price=replace(ours.price, currency="CHF"))) is None


# What is known of a pair, why it is asked about, and how many packs it holds.
REASONS: list[tuple[dict[str, Any], str, str]] = [
    ({"veto": "pack count", "factor": 6.0}, "differs in pack count; their texts are alike", "holds 6 of ours"),
    ({"veto": "size", "factor": 0.25}, "differs in size; their texts are alike", "ours holds 4 of it"),
    ({"veto": "accessory"}, "one of the two is an accessory; their texts are alike", ""),
    ({"flag": "far off", "method": "gtin"}, "far off; the GTIN is the same", ""),
]


@pytest.mark.parametrize(("known", "reason", "holds"), REASONS)
def test_a_pair_says_in_plain_words_why_it_waits(
    sqlite_engine: Engine, known: dict[str, Any], reason: str, holds: str
) -> None:
    (listing,) = list_goods(sqlite_engine, add_site(sqlite_engine), "9.95")
    pair(sqlite_engine, listing, sell(sqlite_engine, "K-1"), **known)
    (one,) = ask(sqlite_engine)[0].pairs
    assert (one.reason, one.holds) == (reason, holds)


@pytest.fixture
def question(engine: Engine) -> Question:
    """Two pairs, numbers 1 and 2; the second one's pack differs."""
    (listing,) = list_goods(engine, add_site(engine), "9.95")
    pair(engine, listing, sell(engine, "K-1"), 0.6)
    pair(engine, listing, sell(engine, "K-2"), 0.4, veto="pack count", factor=6.0)
    return ask(engine)[0]


SAID: dict[str, Mapping[int, str]] = {
    "y": {1: "confirmed"},
    "1": {1: "confirmed"},
    "2": {2: "confirmed"},
    "n": {1: "rejected", 2: "rejected"},
    "c": {2: "comparable"},
    "3": {},
    "s": {},
}


@pytest.mark.parametrize("key", SAID)
def test_each_key_means_a_verdict_on_the_pairs_that_are_shown(question: Question, engine: Engine, key: str) -> None:
    assert verdicts(question, key) == SAID[key]
    assert (key in choices(question)) == bool(SAID[key])
    if key == "c":
        assert choices(question)["c"] == "comparable by unit with 2: holds 6 of ours"


def test_an_answer_is_kept_with_who_and_why_and_ends_the_question(question: Question, engine: Engine) -> None:
    with engine.begin() as connection:
        answer(connection, question, verdicts(question, "n"), "ana", "another kettle", AT)
    assert {(row.state, row.method) for row in rows(engine, Match)} == {("rejected", "manual")}
    kept = [(row.match_id, row.verdict, row.who, row.why, row.at) for row in rows(engine, Decision)]
    assert kept == [(number, "rejected", "ana", "another kettle", AT) for number in (1, 2)]
    assert ask(engine) == []


def test_an_answer_is_taken_back_as_if_it_had_not_been_and_noted(question: Question, engine: Engine) -> None:
    before = [(row.state, row.method, row.flag) for row in rows(engine, Match)]
    with engine.begin() as connection:
        given = answer(connection, question, verdicts(question, "n"), "ana", "", AT)
    with engine.begin() as connection:
        take_back(connection, given, "a slip", AT + timedelta(seconds=1))
    assert [(row.state, row.method, row.flag) for row in rows(engine, Match)] == before
    assert [row.verdict for row in rows(engine, Decision)] == ["rejected", "rejected", "undone", "undone"]
    assert ask(engine) == [question]


def test_what_another_person_decided_meanwhile_is_not_decided_again(question: Question, engine: Engine) -> None:
    with engine.begin() as connection:
        decide_match(connection, 2, "confirmed", "bob", "", AT)
    with engine.begin() as connection, pytest.raises(Overtaken, match="bob decided it meanwhile: confirmed as K-2"):
        answer(connection, question, {1: "confirmed"}, "ana", "", AT)
    assert [row.state for row in rows(engine, Match)] == ["candidate", "confirmed"]
    assert len(rows(engine, Decision)) == 1


def test_a_pair_that_was_judged_anew_meanwhile_is_not_decided(question: Question, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(update(Match).where(Match.id == 1).values(state="abstained"))
    with engine.begin() as connection, pytest.raises(Overtaken, match="judged anew"):
        answer(connection, question, {1: "confirmed"}, "ana", "", AT)


def test_an_answer_that_another_person_has_changed_is_not_taken_back(question: Question, engine: Engine) -> None:
    with engine.begin() as connection:
        given = answer(connection, question, {1: "rejected"}, "ana", "", AT)
        decide_match(connection, 1, "confirmed", "bob", "", AT + timedelta(seconds=1))
    with engine.begin() as connection, pytest.raises(Overtaken, match="bob"):
        take_back(connection, given, "", AT + timedelta(seconds=2))
    assert rows(engine, Match)[0].state == "confirmed"


def test_a_flagged_match_that_is_confirmed_again_waits_no_longer(engine: Engine) -> None:
    site_id = add_site(engine)
    (listing,) = list_goods(engine, site_id, "9.95")
    pair(engine, listing, sell(engine, "K-1"), 0.99, state="confirmed", method="manual", flag="the price is far off")
    (question,) = ask(engine)
    with engine.begin() as connection:
        answer(connection, question, verdicts(question, "y"), "ana", "", AT)
    assert ask(engine) == []
    crawl(engine, site_id, [offer(1, "9.95", AT + timedelta(days=1))], AT + timedelta(days=1))
    assert [(row.state, row.flag) for row in rows(engine, Match)] == [("confirmed", "")]


def test_a_table_of_verdicts_is_kept_once_and_only_with_factor_and_room(engine: Engine) -> None:
    first, second = list_goods(engine, add_site(engine), "9.95", "9.95")
    for sku in ("K-1", "K-2"):
        sell(engine, sku)
    pair(engine, first, 1, veto="size", factor=2.0)
    named = [(1, "K-1", "comparable"), (1, "K-2", "confirmed"), (2, "K-2", "rejected"), (2, "K-1", "")]
    table = [
        VerdictRow(place=f"line {line}", url=f"https://rival.example/p/{number}", sku=sku, verdict=verdict)
        for line, (number, sku, verdict) in enumerate(named, 2)
    ]
    for same in (0, 3):
        with engine.begin() as connection:
            told = import_verdicts(connection, table, "ana", "", AT)
        assert (sum(told.written.values()), told.same, told.overruled, told.empty) == (3 - same, same, 0, 1)
    found = {(row.listing_id, row.product_id): (row.state, row.comparable) for row in rows(engine, Match)}
    assert found == {
        (first, 1): ("rejected", True),
        (first, 2): ("confirmed", False),
        (second, 2): ("rejected", False),
    }
    wrong = [table[1].model_copy(update={"sku": "K-1", "place": "line 9"}), table[1]]
    with engine.begin() as connection, pytest.raises(BadFile, match="line 3: verdict: line 9 confirms this listing"):
        import_verdicts(connection, wrong, "ana", "", AT)
    assert len(rows(engine, Decision)) == 3
