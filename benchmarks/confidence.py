"""Does a confidence of .9 mean right nine times in ten, on pages as they are and on worse copies of them?"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import numpy as np
import typer

from benchmarks.options import BESIDE_THE_CHECKOUT, Data, Json, Quick
from benchmarks.output import share, tell
from benchmarks.pages.cases import Case
from benchmarks.pages.labels import FOLDER, TRUTH
from benchmarks.pages.made import OSCAR_SHOPS, market_cases, oscar_cases
from benchmarks.pages.parts import Missing
from benchmarks.pages.perturbed import Perturbed, perturbed
from benchmarks.pages.protocol import wilson
from benchmarks.read_pages import real_cases
from pricevane.model import Status
from spiders.read import places
from spiders.read.consensus import AGAINST, BASE, MARGIN, SCORE, SURE, WIDEST_MARGIN
from spiders.read.decide import Decision, decide
from spiders.read.document import Document, PageHints
from spiders.read.offer import build
from spiders.read.page import LAYERS

MADE, BINS, RIDGE, STEPS = 60, 10, 1.0, 25
NAMES = ("BASE", "SCORE", "MARGIN", "AGAINST")
ORIGINAL, UNSCORED = "original", "price_gone"
SURENESS = (0.5, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98)
LIMIT = 1e-3
Vector = np.ndarray[tuple[int], np.dtype[np.float64]]
Matrix = np.ndarray[tuple[int, int], np.dtype[np.float64]]


@dataclass(frozen=True, slots=True)
class Row:
    """The best guess on one page, or none (`read` is ""), with all that its confidence is made of.

    `right` is None where there is no guess. `clear` says that nothing but the confidence would make it doubtful;
    `is_priced` that the page has a price. `sort` is dom (the visible text alone), one or several structured layers,
    with `unseen` after it where the page does not show the amount.
    """

    page: str
    shop: str
    change: str
    is_priced: bool
    read: str = ""
    right: bool | None = None
    clear: bool = False
    confidence: float = 0.0
    score: float = 0.0
    margin: float = 0.0
    against: int = 0
    sort: str = ""
    candidates: tuple[str, ...] = ()

    @property
    def features(self) -> tuple[float, float, float, float]:
        """What the constants of NAMES are multiplied with."""
        return 1.0, self.score, self.margin, float(min(self.against, 2))

    def is_good(self, sure: float = SURE) -> bool:
        """Whether the guess would be priced on."""
        return self.clear and self.confidence >= sure


def main(
    data: Data = BESIDE_THE_CHECKOUT,
    quick: Quick = False,
    json: Json = None,
    fit: Annotated[bool, typer.Option("--fit", help="Fit the constants, each shop judged by all others.")] = False,
    show: Annotated[bool, typer.Option("--failures", help="List what is wrong but sure.")] = False,
) -> None:
    """Read saved and made pages and their worse copies, and set each confidence against the label."""
    skipped = []
    if not (data / FOLDER / TRUTH).exists():
        skipped.append(f"confidence: real pages, there is no {FOLDER}/{TRUTH} in the data folder; name it with --data")
    rows = list(rows_of(_cases(data, quick, skipped), datetime.now(UTC)))
    figures = described(rows)
    for line in [*table(rows), *(sure_but_wrong(rows) if show else ())]:
        print(line)
    if fit:
        judged = left_out(rows)
        print("each shop by constants fitted on all others:", *table(judged), sep="\n")
        figures |= {f"fitted_{name}": value for name, value in described(judged).items()}
        constants = newton(*_arrays(_guesses(rows)))
        print(f"{', '.join(NAMES)} = {', '.join(f'{value:.2f}' for value in constants)}")
    tell(figures, skipped, json)


def _cases(data: Path, quick: bool, skipped: list[str]) -> Iterator[Case]:
    """The real pages, and as many of each made shop as keep them from outweighing these."""
    if (data / FOLDER / TRUTH).exists():
        yield from (case for case in real_cases(data) if "price" in case.truth)
    yield from _drawn(market_cases(), MADE // 4 if quick else MADE)
    if quick:
        skipped.append("confidence: oscar, three quarters of the made pages (--quick)")
        return
    try:
        yield from _drawn(oscar_cases(OSCAR_SHOPS[:1]), MADE)
    except Missing as missing:
        skipped.append(f"confidence: oscar, {missing}")


def _drawn(cases: Iterable[Case], most: int) -> list[Case]:
    """So many cases by lot, always the same."""
    return sorted(cases, key=lambda case: hashlib.sha256(case.id.encode()).digest())[:most]


def rows_of(cases: Iterable[Case], at: datetime, seed: int = 0) -> Iterator[Row]:
    """The row of each page and of each of its worse copies."""
    for case in cases:
        yield row(Perturbed(case, case, ORIGINAL), at)
        for worse in perturbed(case, seed):
            yield row(worse, at)


def row(one: Perturbed, at: datetime) -> Row:
    """Read one page as a stranger's."""
    case = one.case
    page = Document.parse(case.body, case.url, PageHints())
    decision = decide(page, [[], *(layer.readings(page) for layer in LAYERS), places.readings(page, ())])
    accepted = case.truth["price"]
    empty = Row(case.id, _shop(one.origin), one.name, bool(accepted))
    return _weighed(empty, decision, page, accepted, at) if decision.weighed.verdicts else empty


def _shop(case: Case) -> str:
    """Made pages of all languages stand on one shop's templates."""
    made = case.id.partition("-")[0]
    return made if made in ("market", "oscar") else (urlsplit(case.url).hostname or "").removeprefix("www.")


def _weighed(empty: Row, decision: Decision, page: Document, accepted: Iterable[object], at: datetime) -> Row:
    weighed = decision.weighed
    verdict = weighed.verdicts[0]
    if verdict.amount is None:
        return empty
    layers = {verdict.reading.layer, *(one.layer for one in verdict.agreeing)}
    told = len(layers - {"dom"})
    sort = ("dom", "one", "several")[min(told, 2)] + ("" if "dom" in layers or weighed.sight else " unseen")
    against = len(verdict.against) * (1 if weighed.candidates else 2)
    odds = logit(verdict.confidence) - BASE
    if weighed.candidates:
        score = weighed.candidates[0].score
        margin = (odds - SCORE * score - AGAINST * min(against, 2)) / MARGIN
    else:
        margin = WIDEST_MARGIN
        score = (odds - MARGIN * margin - AGAINST * against) / SCORE
    return replace(
        empty,
        read=f"{verdict.amount.amount} {verdict.amount.currency}",
        right=verdict.amount.amount in accepted,
        clear=build(replace(verdict, confidence=1.0), page, at).status is Status.GOOD,
        confidence=verdict.confidence,
        score=score,
        margin=min(max(margin, -WIDEST_MARGIN), WIDEST_MARGIN),
        against=against,
        sort=sort,
        candidates=tuple(f"{one.amount} {one.score:+.1f}: {'; '.join(one.reasons)}" for one in weighed.candidates[:4]),
    )


def logit(confidence: float) -> float:
    """The log-odds of a share, which is kept a little from 0 and 1."""
    kept = min(max(confidence, LIMIT), 1 - LIMIT)
    return math.log(kept / (1 - kept))
