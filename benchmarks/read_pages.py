"""How well are pages read, field by field, beside extruct with price-parser, and at what cost?"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.options import BESIDE_THE_CHECKOUT, Data, Json, Quick
from benchmarks.output import share, tell
from benchmarks.pages import cpu
from benchmarks.pages.cases import Case, case_of, seen_on
from benchmarks.pages.failures import MANY, examined, failures, misled
from benchmarks.pages.figures import abstentions, answered_figures, counts, price_figures, stock_figures, text_figures
from benchmarks.pages.labels import FOLDER, TRUTH, fixture_pages, truth_pages
from benchmarks.pages.made import OSCAR_SHOPS, market_cases, oscar_cases, other_cases
from benchmarks.pages.parts import Missing
from benchmarks.pages.peer import peer_answer
from benchmarks.pages.rivals import PREDICTIONS, best_rivals
from benchmarks.pages.sources import PEER, Outcome, Source
from pricevane.model import Status
from spiders.read.fast import read_fast
from spiders.read.page import PageHints, read_page

ROUNDS = 7


class From(StrEnum):
    """Where pages come from."""

    REAL = "real"
    MARKET = "market"
    OSCAR = "oscar"
    OTHER = "other"


def main(
    data: Data = BESIDE_THE_CHECKOUT,
    quick: Quick = False,
    json: Json = None,
    show: Annotated[bool, typer.Option("--failures", help="List the pages that are wrong or silent.")] = False,
    only: Annotated[list[From] | None, typer.Option(help="Leave the other sources of pages out.")] = None,
    page: Annotated[str, typer.Option(help="Only tell what is seen on the pages whose id starts so.")] = "",
) -> None:
    """Read saved pages of real shops, made pages of a market and of a shop program, and pages that sell nothing."""
    at = datetime.now(UTC)
    if not (data / FOLDER / TRUTH).exists():
        tell({}, [f"read_pages: there is no {FOLDER}/{TRUTH} in the data folder; name it with --data"], json)
    elif page:
        for case in (case for case in _cases_like(data, page) if case.id.startswith(page)):
            print(*examined(case, at), sep="\n")
    else:
        outcome = measure(data, at, quick, only or tuple(From))
        for remark in outcome.remarks if show else ():
            print(remark)
        tell(outcome.figures, outcome.skipped, json)


def real_cases(data: Path) -> list[Case]:
    """Every saved page of the data folder, those of the ground truth first."""
    return [case_of(page) for page in [*truth_pages(data), *fixture_pages(data)]]


def _cases_like(data: Path, page_id: str) -> list[Case]:
    """The cases of the source whose ids begin like this one; made pages are named after their source."""
    made: dict[str, Callable[[], list[Case]]] = {
        "market": market_cases,
        "oscar": oscar_cases,
        "made": lambda: [one.case for one in other_cases()],
    }
    return made.get(page_id.partition("-")[0], lambda: real_cases(data))()


def measure(data: Path, at: datetime, quick: bool = False, only: Container[From] = tuple(From)) -> Outcome:
    """Everything; a quick run has one shop of the shop program, and reads once for the CPU figures."""
    outcome = Outcome()
    shops = OSCAR_SHOPS[:1] if quick else OSCAR_SHOPS
    sources: dict[From, Callable[[], None]] = {
        From.REAL: lambda: _tell_real(outcome, data, at, 1 if quick else ROUNDS),
        From.MARKET: lambda: _tell_made(outcome, "market_", market_cases, at),
        From.OSCAR: lambda: _tell_made(outcome, "oscar_", lambda: oscar_cases(shops), at),
        From.OTHER: lambda: _tell_others(outcome, at),
    }
    for name, tell_of in sources.items():
        if name in only:
            tell_of()
        else:
            outcome.skipped.append(f"read_pages: pages of {name} (--only)")
    if quick:
        outcome.skipped.append(f"read_pages: {ROUNDS - 1} of {ROUNDS} rounds, other shops of oscar_* (--quick)")
    return outcome


def _readers(at: datetime) -> dict[str, cpu.Reader]:
    """The readers whose CPU time is measured, by the prefix of their figures."""
    return {
        "": lambda case: read_page(case.body, case.url, at, PageHints()),
        PEER: lambda case: peer_answer(case.body),
    }


def _tell_real(outcome: Outcome, data: Path, at: datetime, rounds: int) -> None:
    """The saved pages: every field, the commercial readers, and the CPU time."""
    real = Source.read(real_cases(data), at)
    cases, said = real.cases, real.said
    outcome.add(counts(cases))
    for add, answers in ((outcome.add, said), (outcome.add_peer, real.peer)):
        add({**price_figures(cases, answers), **stock_figures(cases, answers), **text_figures(cases, answers)})
    outcome.add({**answered_figures(cases, said), **abstentions(cases, said), **real.misled()})
    outcome.remarks += [*failures(cases, said), *misled(cases, real.own)]
    _tell_truth(outcome, data, Source(cases[: len(truth_pages(data))], real.own, real.peer))
    outcome.add({**cpu.figures(cpu.measured(cases, _readers(at), rounds), PEER)})
    _tell_fast(outcome, cases, at, rounds)


def _tell_fast(outcome: Outcome, cases: Sequence[Case], at: datetime, rounds: int) -> None:
    """The CPU time of the fast path, on the pages that it reads where layers agree with JSON-LD: it reads no other."""
    read = [case for case in cases if _agrees(case, at) and read_fast(case.body, case.url, at, PageHints())]
    readers: dict[str, cpu.Reader] = {
        "fast_": lambda case: read_fast(case.body, case.url, at, PageHints()),
        PEER: _readers(at)[PEER],
    }
    if len(read) > 1:
        told = cpu.figures(cpu.measured(read, readers, rounds), PEER)
        names = ("fast_cpu_ms_median", "fast_over_extruct", "fast_sum_over_extruct")
        outcome.add({"fast_pages": len(read), **{name: told.get(name) for name in names}})


def _agrees(case: Case, at: datetime) -> bool:
    """Whether the full reading of a page is good, and JSON-LD and another layer name its price."""
    offers = read_page(case.body, case.url, at, PageHints())
    layers = set(offers[0].evidence.layers) if offers and offers[0].status is Status.GOOD else set()
    return "jsonld" in layers and len(layers) > 1


def _tell_truth(outcome: Outcome, data: Path, truth: Source) -> None:
    """The same protocol on the ground truth alone, beside what commercial readers answered for it."""
    cases = truth.cases
    for add, answers in ((outcome.add, truth.said), (outcome.add_peer, truth.peer)):
        found = {**price_figures(cases, answers), **text_figures(cases, answers)}
        add({f"{name}_{len(cases)}": found[name] for name in ("price_f1", "sku_f1")})
    try:
        rivals = best_rivals(data, cases)
    except FileNotFoundError:
        outcome.skipped.append(f"read_pages: commercial readers, there is no {FOLDER}/{PREDICTIONS}")
        return
    for name, answers in rivals.items():
        found = {**price_figures(cases, answers), **text_figures(cases, answers), **stock_figures(cases, answers)}
        outcome.add({f"{name}_{one}": found[one] for one in ("price_f1", "sku_f1", "out_of_stock_f1")})


def _tell_made(outcome: Outcome, prefix: str, source: Callable[[], Iterable[Case]], at: datetime) -> None:
    """Prices and availability of made pages."""
    try:
        made = Source.read(source(), at)
    except Missing as missing:
        outcome.skipped.append(f"read_pages: {prefix}*, {missing}")
        return
    cases, said = made.cases, made.said
    outcome.add(counts([case for case in cases if not case.priceless]), prefix)
    outcome.add({**price_figures(cases, said), **stock_figures(cases, said), **answered_figures(cases, said)}, prefix)
    outcome.add_peer({**price_figures(cases, made.peer), **stock_figures(cases, made.peer)}, prefix)
    if any(case.priceless for case in cases):
        outcome.add(made.misled(), prefix)
    outcome.remarks += [*failures(cases, said, MANY), *misled(cases, made.own)]


def _tell_others(outcome: Outcome, at: datetime) -> None:
    """Prices and kinds of made pages that sell nothing themselves."""
    try:
        made = other_cases()
    except Missing as missing:
        outcome.skipped.append(f"read_pages: made_non_product_*, {missing}")
        return
    source = Source.read([one.case for one in made], at)
    outcome.add(source.misled(), "made_")
    outcome.remarks += misled(source.cases, source.own)
    try:
        seen = [seen_on(one.case, at) for one in made]
    except Missing as missing:
        outcome.skipped.append(f"read_pages: page_kind_right_share, {missing}")
        return
    wrong = [(one, found) for one, found in zip(made, seen, strict=True) if found.kind is not one.kind]
    outcome.add({"page_kind_right_share": share(len(made) - len(wrong), len(made))})
    outcome.remarks += [f"kind wrong: {one.case.id} is {one.kind}, seen {it.kind}: {it.why}" for one, it in wrong]


if __name__ == "__main__":
    typer.run(main)
