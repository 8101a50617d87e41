"""Signals of a change are learned from what the pages read afterwards, and believed only as far as they were right."""

from __future__ import annotations

import json
from typing import Any

import pytest

from spiders.find.heard import LASTMOD, TILE, TRIED, Heard
from spiders.find.signals import Signal


def taught(right: int, wrong: int) -> Heard:
    """After alarms of `lastmod`, some right and some wrong."""
    heard = Heard({})
    for number in range(right + wrong):
        heard.note(f"/p/{number}", LASTMOD, True)
        heard.settled(f"/p/{number}", number < right)
    return heard


ALARMS = {
    # right, wrong: convinces, misleads
    (0, 0): (False, False),
    (3, 0): (True, False),
    (1, 4): (False, False),
    (12, 18): (True, False),
    (0, TRIED + 1): (False, True),
    (2, 200): (False, True),
}


@pytest.mark.parametrize(("right", "wrong"), ALARMS)
def test_a_signal_is_believed_after_right_alarms_and_not_any_more_after_many_wrong_ones(right: int, wrong: int) -> None:
    heard = taught(right, wrong)
    assert (heard.convinces(LASTMOD), heard.misleads(LASTMOD)) == ALARMS[right, wrong]
    assert (heard.convinces(TILE), heard.misleads(TILE)) == (False, False)


def test_a_signal_is_judged_once_the_page_is_stored_and_each_page_once() -> None:
    heard = Heard({})
    heard.note("/p/1", LASTMOD, False)
    heard.note("/p/1", LASTMOD, True)
    heard.note("/p/2", TILE, False)
    heard.read("/p/1", "a")
    heard.read("/p/2", "b")
    heard.read("/p/3", "c")
    assert heard.as_json() == {}
    for _ in range(2):
        heard.stored({"a", "b", "c"}, {"a", "c"})
    assert heard.signals == {LASTMOD: Signal(fired_changed=1.0), TILE: Signal(silent_same=1.0)}


def test_a_signal_that_speaks_after_the_page_was_read_is_judged_too() -> None:
    heard = Heard({})
    heard.read("/p/1", "a")
    heard.stored({"a"}, {"a"})
    heard.note("/p/1", LASTMOD, True)
    heard.note("/p/1", LASTMOD, True)
    assert heard.signals[LASTMOD] == Signal(fired_changed=1.0)


def test_what_was_learned_of_signals_survives_a_crawl() -> None:
    heard = taught(3, 1)
    again = Heard(json.loads(json.dumps(heard.as_json())))
    assert again.signals[LASTMOD] == pytest.approx(heard.signals[LASTMOD], abs=1e-3)
    assert again.signals[TILE] == Signal()


UNSOUND: list[Any] = [None, [], {"lastmod": 3}, *({LASTMOD: one} for one in ([1, 2], ["1", 0, 0, 0], [-1, 0, 0, 0]))]


@pytest.mark.parametrize("said", [*UNSOUND, {"lastmod": [1e9, 0, 0, 0]}, {"x": [1, 1, 1, 1]}])
def test_what_no_crawl_could_have_learned_of_signals_is_ignored(said: Any) -> None:
    assert set(Heard(said).signals.values()) == {Signal()}
