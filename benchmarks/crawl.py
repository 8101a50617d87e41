"""How fast is a crawl, and what does each stage of it cost, beside a Scrapy that only fetches?"""

from __future__ import annotations

import json as jsons
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import typer

from benchmarks.crawling.server import serving
from benchmarks.options import BESIDE_THE_CHECKOUT, Data, Json, Quick
from benchmarks.output import share, tell
from pricevane import chromium, jobs
from pricevane.config import load
from pricevane.crawling import run_crawl
from pricevane.house import House, open_house
from pricevane.model import CrawlReport
from pricevane.planning import next_visit
from tests.rung_shop import Rungs, open_rungs

PAGES, FEW = 600, 200
SHOWN, MANY = 24, 120
ROUNDS = 2
KILOBYTES = 1024
TOML = """
[[competitors]]
name = "Rival"
[[competitors.sites]]
name = "rival"
url = "{url}/"
currency = "EUR"
language = "de"
local = true
render = "http"
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What crawling so many pages took, without the start of its process."""

    pages: int
    seconds: float
    cpu_seconds: float

    @property
    def pages_per_s(self) -> float:
        """On the clock."""
        return self.pages / self.seconds

    @property
    def cpu_ms(self) -> float:
        """CPU milliseconds a page."""
        return 1000 * self.cpu_seconds / self.pages


class WrongPages(RuntimeError):
    """A crawl did not read all that it was to read, so its speed means nothing."""


def main(data: Data = BESIDE_THE_CHECKOUT, quick: Quick = False, json: Json = None) -> None:  # noqa: ARG001
    """Crawl a shop of 150 KB pages on loopback, a few times; the data folder is not needed.

    `tuned` is Scrapy with what makes it fast and takes nothing away, `bared` without any part that a crawl could do
    without on this shop (redirects, error pages, depth). The pages' addresses end in `.html`, where Scrapy as it comes
    guesses the charset of packed bodies; `tuned_over_stock_unnamed` is of addresses without an ending.
    """
    pages, rounds = (FEW, 1) if quick else (PAGES, ROUNDS)
    best: dict[str, Cost] = {}
    for _ in range(rounds):
        for name, cost in _round(pages):
            if name not in best or cost.cpu_ms < best[name].cpu_ms:
                best[name] = cost
    skipped = ["crawl: the second round (--quick)"] if quick else []
    browser = str(chromium.find() or "")
    skipped += [] if browser else ["crawl: browser_*, there is no Chromium"]
    tell({**_figures(best), **(_in_the_browser(browser) if browser else {})}, skipped, json)


def _round(pages: int) -> Iterator[tuple[str, Cost]]:
    """Every crawler once, in turn, so that all meet the same machine."""
    with serving(pages, linked=True) as url:
        for name in ("stock", "tuned", "bared", "guarded"):
            yield name, bare(name, url, pages, ".html")
        for name in ("stock", "tuned"):
            yield f"{name}_unnamed", bare(name, url, pages, "")
        yield from _full("fast", url, pages)
    with serving(pages, linked=False) as url:
        yield from _full("dom", url, pages)


def bare(name: str, url: str, pages: int, ending: str) -> Cost:
    """A crawler of benchmarks/crawling/bare.py."""
    command = [sys.executable, "-m", "benchmarks.crawling.bare", name, url, str(pages), ending]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    told = jsons.loads(done.stdout)
    return Cost(round(told["pages"]), told["seconds"], told["cpu_seconds"])


def _full(name: str, url: str, pages: int) -> Iterator[tuple[str, Cost]]:
    """The product's crawl of a shop that it has crawled before: without its store, then with everything on."""
    with _house(url) as house:
        _cost(jobs.crawl(house, "rival").report, pages)
        yield f"read_{name}", _cost(run_crawl(next_visit(house, "rival", datetime.now(UTC))), pages)
        yield f"full_{name}", _cost(jobs.crawl(house, "rival").report, pages)


def _cost(report: CrawlReport, pages: int) -> Cost:
    """Raises WrongPages unless each page gave a good price."""
    if (report.pages, report.offers, report.doubtful) != (pages, pages, 0):
        raise WrongPages(f"{report.pages} pages, {report.offers} offers, {report.doubtful} doubtful; {report.reason}")
    return Cost(report.pages, report.seconds, report.cpu_seconds)


def _in_the_browser(path: str) -> dict[str, float]:
    """A shop that only its scripts make readable: every page shown, and the second crawl of one whose call was found.

    Raises WrongPages where a price is not the shop's own.
    """
    with open_rungs("drawn", SHOWN) as shop:
        shown = shop.crawl(path, render="browser")
        _right(shop)
    with open_rungs("call", MANY) as shop:
        probed = shop.crawl(path)
        _right(shop)
        after = shop.crawl(path)
        _right(shop)
    return {
        "browser_pages_per_s": round(shown.browser_pages / shown.seconds, 2),
        "browser_pages_of_probe": probed.browser_pages,
        "browser_share_after_probe": share(after.browser_pages, after.pages),
    }


def _right(shop: Rungs) -> None:
    if shop.good != shop.asked:
        raise WrongPages(f"{len(shop.good)} good offers of {len(shop.asked)}, or other prices than the shop's")


@contextmanager
def _house(url: str) -> Iterator[House]:
    with tempfile.TemporaryDirectory(prefix="pricevane-bench-") as folder:
        (Path(folder) / "pricevane.toml").write_text(TOML.format(url=url), encoding="utf-8")
        house = open_house(load(Path(folder) / "pricevane.toml", {}))
        try:
            yield house
        finally:
            house.engine.dispose()


def _figures(best: Mapping[str, Cost]) -> dict[str, float]:
    """Speeds as ratios of one run, and the CPU cost of each stage on top of the one before."""
    ms = {name: cost.cpu_ms for name, cost in best.items()}
    stages = {
        "fetch": ms["bared"],
        "guards": ms["guarded"] - ms["bared"],
        "read_fast": ms["read_fast"] - ms["guarded"],
        "read_dom": ms["read_dom"] - ms["guarded"],
        "store": ms["full_fast"] - ms["read_fast"],
    }
    return {
        "stock_pages_per_s": round(best["stock"].pages_per_s, 1),
        "tuned_pages_per_s": round(best["tuned"].pages_per_s, 1),
        "tuned_over_stock": round(ms["stock"] / ms["tuned"], 2),
        "tuned_over_stock_unnamed": round(ms["stock_unnamed"] / ms["tuned_unnamed"], 2),
        "full_fast_over_tuned": round(ms["tuned"] / ms["full_fast"], 3),
        "full_dom_over_tuned": round(ms["tuned"] / ms["full_dom"], 3),
        "full_fast_over_bared": round(ms["bared"] / ms["full_fast"], 3),
        "full_dom_over_bared": round(ms["bared"] / ms["full_dom"], 3),
        "cpu_ms_per_page_stock": round(ms["stock"], 2),
        "cpu_ms_per_page_tuned": round(ms["tuned"], 2),
        "cpu_ms_per_page_fast": round(ms["full_fast"], 2),
        "cpu_ms_per_page_dom": round(ms["full_dom"], 2),
        **{f"cpu_ms.{name}": round(value, 2) for name, value in stages.items()},
        "peak_mb": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / KILOBYTES),
    }


if __name__ == "__main__":
    typer.run(main)
