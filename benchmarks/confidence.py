"""Does a confidence of .9 mean right nine times in ten, on pages as they are and on worse copies of them?"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from unittest.mock import patch
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
from benchmarks.pages.protocol import Value, wilson
from benchmarks.read_pages import real_cases
from pricevane.model import Status
from spiders.read import consensus, places
from spiders.read.consensus import SURE, WIDEST_MARGIN
from spiders.read.decide import Decision, decide
from spiders.read.document import Document, PageHints
from spiders.read.offer import build
from spiders.read.page import LAYERS

MADE, BINS, RIDGE, STEPS = 60, 10, 1.0, 25
NAMES = ("BASE", "SCORE", "MARGIN", "AGAINST", "UNSHOWN")
ORIGINAL, UNSCORED = "original", "price_gone"
SURENESS = (0.5, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98)
Vector = np.ndarray[tuple[int], np.dtype[np.float64]]
Matrix = np.ndarray[tuple[int, int], np.dtype[np.float64]]


@dataclass(frozen=True, slots=True)
class Row:
    """The best guess on one page, or none (`read` is ""), with all that its confidence is made of.

    `right` is None where there is no guess. `clear` says that nothing but the confidence would make it doubtful.
    `features` are empty where variants were weighed, each by itself. `sort` is dom (the visible text alone), one or
    several structured layers, with `unseen` after it where the page does not show the amount.
    """

    page: str
    shop: str
    change: str
    accepted: frozenset[Value]
    read: str = ""
    right: bool | None = None
    clear: bool = False
    confidence: float = 0.0
    features: tuple[float, ...] = ()
    sort: str = ""
    candidates: tuple[str, ...] = ()

    @property
    def is_priced(self) -> bool:
        """Whether the page has a price."""
        return bool(self.accepted)

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
    layers = [[], *(layer.readings(page) for layer in LAYERS), places.readings(page, ())]
    with patch.object(consensus, "_confidence", wraps=consensus._confidence) as heard:
        decision = decide(page, layers)
    empty = Row(case.id, _shop(one.origin), one.name, case.truth["price"])
    return _weighed(empty, decision, heard, page, at) if decision.weighed.verdicts else empty


def _shop(case: Case) -> str:
    """Made pages of all languages stand on one shop's templates."""
    made = case.id.partition("-")[0]
    return made if made in ("market", "oscar") else (urlsplit(case.url).hostname or "").removeprefix("www.")


def _weighed(empty: Row, decision: Decision, heard: Any, page: Document, at: datetime) -> Row:
    weighed = decision.weighed
    verdict = weighed.verdicts[0]
    if verdict.amount is None:
        return empty
    layers = {verdict.reading.layer, *(one.layer for one in verdict.agreeing)}
    sort = ("dom", "one", "several")[min(len(layers - {"dom"}), 2)]
    return replace(
        empty,
        read=f"{verdict.amount.amount} {verdict.amount.currency}",
        right=verdict.amount.amount in empty.accepted,
        clear=build(replace(verdict, confidence=1.0), page, at).status is Status.GOOD,
        confidence=verdict.confidence,
        features=_features(*heard.call_args.args) if weighed.candidates else (),
        sort=sort + ("" if "dom" in layers or weighed.sight else " unseen"),
        candidates=tuple(f"{one.amount} {one.score:+.1f}: {'; '.join(one.reasons)}" for one in weighed.candidates[:4]),
    )


def _features(claims: Sequence[Any], against: int) -> tuple[float, ...]:
    """What the constants of NAMES are multiplied with, from the claims as the reader weighs them, the best first."""
    best, *others = claims
    rival = next((one.score for one in others if not consensus._explained(one, best)), -WIDEST_MARGIN)
    unshown = bool(best.readings) and best.sight is None
    return 1.0, best.score, min(best.score - rival, WIDEST_MARGIN), float(min(against, 2)), float(unshown)


def _guesses(rows: Iterable[Row]) -> list[Row]:
    """The rows that a confidence can be right or wrong about: where the price was taken off, nobody knows."""
    return [one for one in rows if one.right is not None and one.change != UNSCORED]


def described(rows: Sequence[Row]) -> dict[str, int | float]:
    """The figures; each share is of priced pages, that of the good ones of the good."""
    figures: dict[str, int | float] = {}
    for name, some in (("", _scored(rows)), ("original_", [one for one in rows if one.change == ORIGINAL])):
        priced = [one for one in some if one.is_priced]
        good = [one for one in some if one.is_good()]
        right = sum(bool(one.right) for one in good)
        low, high = wilson(right, len(good))
        figures |= {
            f"{name}pages": len(some),
            f"{name}right_share": share(sum(bool(one.right) for one in priced), len(priced)),
            f"{name}good_share": share(sum(one.is_priced for one in good), len(priced)),
            f"{name}good_right_share": share(right, len(good)),
            f"{name}good_right_share_low": round(low, 4),
            f"{name}good_right_share_high": round(high, 4),
        }
    wrong = Counter(one.change for one in rows if one.is_good() and not one.right)
    figures |= {f"wrong_good_{change}": wrong[change] for change in dict.fromkeys(one.change for one in rows)}
    said, right_ones = _judged(rows)
    figures["brier"] = round(float(np.mean((said - right_ones) ** 2)), 4)
    figures["calibration_error"] = round(calibration_error(said, right_ones), 4)
    return figures


def _scored(rows: Iterable[Row]) -> list[Row]:
    return [one for one in rows if one.change != UNSCORED]


def _judged(rows: Iterable[Row]) -> tuple[Vector, Vector]:
    """What was said, and 1.0 where it was right."""
    guesses = _guesses(rows)
    return np.array([one.confidence for one in guesses]), np.array([float(bool(one.right)) for one in guesses])


def calibration_error(said: Vector, right: Vector) -> float:
    """The mean distance of confidence and share of right ones over ten bins of like size (Naeini et al. 2015)."""
    bins = np.array_split(np.argsort(said, kind="stable"), BINS)
    return sum(abs(float(said[one].mean() - right[one].mean())) * len(one) for one in bins if len(one)) / len(said)


def table(rows: Sequence[Row]) -> Iterator[str]:
    """How often guesses of each confidence are right, by what they rest on, and what each threshold would let pass."""
    guesses = _guesses(rows)
    for sort in sorted({one.sort for one in guesses}):
        for low, high in zip((0.0, *SURENESS), (*SURENESS, 1.01), strict=True):
            some = [one for one in guesses if one.sort == sort and low <= one.confidence < high]
            if some:
                said = np.mean([one.confidence for one in some])
                right = np.mean([bool(one.right) for one in some])
                yield f"{sort:15} {low:.2f} to {high:.2f}: {len(some):4} said {said:.3f} right {right:.3f}"
    for sure in SURENESS:
        yield f"sure from {sure:.2f}: {_passed(rows, sure)}"


def _passed(rows: Sequence[Row], sure: float) -> str:
    good = [one for one in _scored(rows) if one.is_good(sure)]
    wrong = sum(not one.right for one in good)
    priced = [one for one in rows if one.change == ORIGINAL and one.is_priced and _is_real(one)]
    kept = sum(one.is_good(sure) for one in priced)
    return f"{wrong} of {len(good)} good ones wrong, {kept} of {len(priced)} original real pages good"


def _is_real(one: Row) -> bool:
    return one.shop not in ("market", "oscar")


def sure_but_wrong(rows: Iterable[Row]) -> Iterator[str]:
    """The guesses that would be priced on and are wrong, with what else was considered."""
    for one in sorted(_scored(rows), key=lambda one: -one.confidence):
        if one.is_good() and not one.right:
            yield f"{one.page} ({one.shop}, {one.change}): {one.read} at {one.confidence} from {one.sort}"
            yield from (f"    {candidate}" for candidate in one.candidates)


def left_out(rows: Sequence[Row]) -> list[Row]:
    """The rows with the confidence that constants fitted on all other shops give them."""
    guesses = _guesses(rows)
    found = []
    for shop in sorted({one.shop for one in rows}):
        constants = newton(*_arrays([one for one in guesses if one.shop != shop]))
        found += [replace(one, confidence=_fitted(one, constants)) for one in rows if one.shop == shop]
    return found


def _fitted(one: Row, constants: Vector) -> float:
    return float(_logistic(np.array(one.features) @ constants)) if one.features else one.confidence


def _arrays(rows: Sequence[Row]) -> tuple[Matrix, Vector]:
    some = [one for one in rows if one.features]
    return np.array([one.features for one in some]), np.array([float(bool(one.right)) for one in some])


def _logistic(odds: Vector) -> Vector:
    found: Vector = 1 / (1 + np.exp(-odds))
    return found


def newton(features: Matrix, right: Vector) -> Vector:
    """The weights of a logistic regression, all but the first held back by a ridge (le Cessie 1992)."""
    ridge = RIDGE * np.eye(features.shape[1])
    ridge[0, 0] = 0
    weights: Vector = np.zeros(features.shape[1])
    for _ in range(STEPS):
        said = _logistic(features @ weights)
        slope = features.T @ (right - said) - ridge @ weights
        curve = (features * (said * (1 - said))[:, None]).T @ features + ridge
        weights = weights + np.linalg.solve(curve, slope)
    return weights


if __name__ == "__main__":
    typer.run(main)
