"""Which way each page type of a site is read: plain HTTP, the JSON call that brings its price, or the browser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pricevane.model import PageKind
from spiders.ladder_checks import PROBES
from spiders.ladder_rung import PageRung
from spiders.memory import LONGEST_TYPE, MOST_TYPES

MOST_LOOKED_AT, MOST_PROBED_TYPES = 2, 12


class Ladder:
    """All page types of one site; `learned` is what `as_json` gave after the crawl before."""

    def __init__(self, learned: Mapping[str, Any]) -> None:
        said = learned.get("ladder")
        known = said.items() if isinstance(said, dict) else ()
        self.types = {
            name[:LONGEST_TYPE]: PageRung.from_json(name[:LONGEST_TYPE], state)
            for name, state in list(known)[:MOST_TYPES]
        }

    def of(self, name: str) -> PageRung:
        """A page type's state; beyond MOST_PROBED_TYPES new types are read by plain HTTP without a trial."""
        if name in self.types:
            kind = self.types[name]
            kind.is_settled |= kind.clear >= PROBES and not kind.trial
        else:
            is_plain = sum(not one.is_settled for one in self.types.values()) >= MOST_PROBED_TYPES
            self.types[name] = PageRung(name, is_settled=is_plain)
        return self.types[name]

    async def turn(self, name: str) -> tuple[PageRung, bool]:
        """A page type, and whether its next page is to be read in the browser too; waits while others find that out.

        Who gets True says `done` at the end.
        """
        kind = self.of(name)
        while kind.wanted and kind.out >= kind.wanted:
            kind.moved.clear()
            await kind.moved.wait()
        is_checked = bool(kind.wanted) or kind.is_due
        kind.out += is_checked
        kind.since += 1
        return kind, is_checked

    def done(self, kind: PageRung) -> None:
        """A page that `turn` chose is through, whatever came of it."""
        kind.out -= 1
        kind.moved.set()

    @property
    def repairs(self) -> list[str]:
        """What fell and what was learned anew, as texts for people."""
        return [text for kind in self.types.values() for text in kind.texts]

    def as_json(self) -> dict[str, Any]:
        """The settled types, for `CrawlReport.learned`."""
        settled = [
            (name, kind) for name, kind in self.types.items() if kind.is_settled and (kind.agreed or kind.recipe)
        ]
        return {name: kind.as_json() for name, kind in settled[-MOST_TYPES:]}


def may_hide(kind: PageKind, offers: bool, is_known: bool, state: PageRung) -> bool:
    """Whether a plain page may look different in the browser, so that it is worth opening one on trial."""
    if kind in {PageKind.PRODUCT, PageKind.SHELL} or offers or is_known or any(one.is_product for one in state.trial):
        return True
    return kind is PageKind.OTHER and state.looked_at < MOST_LOOKED_AT
