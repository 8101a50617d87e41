"""How much processor time readers take for the same pages, each page by every reader in turn."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from statistics import median, quantiles

from benchmarks.pages.cases import Case
from pricevane.crawler import collect_rarely

Reader = Callable[[Case], object]


def measured(cases: Sequence[Case], readers: Mapping[str, Reader], rounds: int) -> dict[str, list[float]]:
    """Milliseconds of the process's own time by reader, a figure for each page: the best of some rounds."""
    spent: dict[str, list[float]] = {name: [] for name in readers}
    with _as_in_a_crawl():
        for case in cases:
            best = dict.fromkeys(readers, float("inf"))
            for _ in range(rounds):
                for name, reader in readers.items():
                    best[name] = min(best[name], _milliseconds(reader, case))
            for name, figure in best.items():
                spent[name].append(figure)
    return spent


@contextmanager
def _as_in_a_crawl() -> Iterator[None]:
    """Python's collector set for every reader as the crawl's own process sets it."""
    usual = gc.get_threshold()
    collect_rarely()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*usual)


def _milliseconds(reader: Reader, case: Case) -> float:
    began = time.process_time()
    reader(case)
    return (time.process_time() - began) * 1000


def figures(spent: Mapping[str, list[float]], peer: str) -> dict[str, float]:
    """Per reader's name, which ends in an underscore or is empty: median, ninth decile, and both over the peer's."""
    told: dict[str, float] = {}
    for name, each in spent.items():
        told[f"{name}cpu_ms_median"] = round(median(each), 2)
        told[f"{name}cpu_ms_p90"] = round(quantiles(each, n=10, method="inclusive")[-1], 2)
        told[f"{name}seconds_worst_page"] = round(max(each) / 1000, 3)
        if name != peer:
            told[f"{name or 'cpu_'}over_{peer.rstrip('_')}"] = round(median(each) / median(spent[peer]), 3)
            told[f"{name or 'cpu_'}sum_over_{peer.rstrip('_')}"] = round(sum(each) / sum(spent[peer]), 3)
    return told
