"""Pages from one source, read by the house and by extruct, and the figures and remarks of a whole run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from benchmarks.pages.cases import Answer, Case, of_page, own_answers
from benchmarks.pages.figures import Found
from benchmarks.pages.peer import peer_answer

PEER = "extruct_"


@dataclass(frozen=True, slots=True)
class Source:
    """Some cases, and by case id what the house (an answer an offer) and extruct (one) say about the page itself."""

    cases: Sequence[Case]
    own: Mapping[str, Sequence[Answer]]
    peer: Mapping[str, Answer]

    @classmethod
    def read(cls, cases: Iterable[Case], at: datetime) -> Source:
        """Let both read every page."""
        cases = list(cases)
        own = {case.id: of_page(case, own_answers(case, at)) for case in cases}
        peer = {case.id: of_page(case, [peer_answer(case.body)]) for case in cases}
        return cls(cases, own, {name: _first(answers) for name, answers in peer.items()})

    @property
    def said(self) -> dict[str, Answer]:
        """The house's first offer of each page, which is the page's own variant."""
        return {name: _first(answers) for name, answers in self.own.items()}

    def misled(self) -> Found:
        """How many pages without a price of their own gave one, to either reader; good: the house would price on it."""
        cases = [case for case in self.cases if case.priceless]
        priced = [[answer for answer in self.own[case.id] if "price" in answer.values] for case in cases]
        return {
            "non_product_with_price": sum(map(bool, priced)),
            "non_product_with_good_price": sum(any(answer.good for answer in answers) for answers in priced),
            "extruct_non_product_with_price": sum("price" in self.peer[case.id].values for case in cases),
            "non_product_pages": len(cases),
        }


def _first(answers: Sequence[Answer]) -> Answer:
    return answers[0] if answers else Answer()


@dataclass(slots=True)
class Outcome:
    """What one run measured, what it skipped and why, and a line for each page that is not right."""

    figures: dict[str, int | float] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def add(self, figures: Found, prefix: str = "") -> None:
        """Take figures under their prefix; extruct's own prefix stays in front, and what is None is skipped."""
        named = {_name(name, prefix): value for name, value in figures.items()}
        self.figures |= {name: value for name, value in named.items() if value is not None}
        if absent := [name for name, value in named.items() if value is None]:
            self.skipped.append(f"read_pages: {', '.join(absent)}, no page has a label or an answer for it")

    def add_peer(self, figures: Found, prefix: str = "") -> None:
        """The same for figures of extruct, which have plain names."""
        self.add({PEER + name: value for name, value in figures.items()}, prefix)


def _name(name: str, prefix: str) -> str:
    bare = name.removeprefix(PEER)
    return (PEER if bare != name else "") + prefix + bare
