"""What does a shop that means harm cost its crawler, and is the harm counted and the shop read nevertheless?"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import typer

from benchmarks.options import BESIDE_THE_CHECKOUT, Data, Json, Quick
from benchmarks.output import tell
from pricevane.model import CrawlReport
from tests.hostile_shop import GOOD, Serve, crawled, open_hostile
from tests.hostile_sites import GREATEST, NO_ROBOTS, PAGES, ROBOTS, SITEMAPS, good, index

# A quick run meets every fourth attack.
QUICKLY = 4
PATIENCE_S = 4
WORLD: Mapping[str, Any] = {"settings": {"DOWNLOAD_TIMEOUT": PATIENCE_S}}


def main(data: Data = BESIDE_THE_CHECKOUT, quick: Quick = False, json: Json = None) -> None:  # noqa: ARG001
    """Crawl a shop for each attack, with 4 s for a response instead of 30; the data folder is not needed.

    `mb` is the greatest memory of the crawl over that of an ordinary one, `offers` how many of the shop's products
    were read, `share_counted` how many attacks were counted as what they are.
    """
    _, ordinary_mb, _ = meet({})
    figures: dict[str, int | float] = {"ordinary.mb": round(ordinary_mb), "ordinary.offers": GOOD}
    counted = 0
    chosen = sites()[:: QUICKLY if quick else 1]
    for name, serve, expected, offers in chosen:
        report, peak_mb, seconds = meet(serve)
        counted += set(report.failed) == set(expected) and report.offers == offers
        print(f"{name}.seen: {seen(report)}", flush=True)
        figures[f"{name}.mb"] = round(peak_mb - ordinary_mb)
        figures[f"{name}.seconds"] = round(seconds, 1)
        figures[f"{name}.offers"] = report.offers
    figures["share_counted"] = round(counted / len(chosen), 4)
    figures["mb_worst"] = max(figures[f"{name}.mb"] for name, *_ in chosen)
    tell(figures, [], json)


def sites() -> list[tuple[str, Mapping[str, Serve], Mapping[str, int], int]]:
    """Name, what is served where, what is to be counted and how many offers are to be read of each hostile shop."""
    pages = [(name, {f"/a/{name}*": one.serve}, one.failed, GOOD) for name, one in (PAGES | GREATEST).items()]
    robots = [(f"robots_{name}", {"/robots.txt": one.serve}, one.failed, GOOD) for name, one in ROBOTS.items()]
    none = [(f"robots_{name}", {"/robots.txt": one.serve}, one.failed, 0) for name, one in NO_ROBOTS.items()]
    both = index("bad", "good")
    sitemaps = [
        (f"sitemap_{name}", {"/sitemap.xml": both, "/s/bad": one.serve, "/s/good": good}, one.failed, GOOD)
        for name, one in SITEMAPS.items()
    ]
    return [*pages, *robots, *none, *sitemaps]


def meet(serve: Mapping[str, Serve]) -> tuple[CrawlReport, float, float]:
    """The report of a crawl of such a shop, its greatest memory in MB and its seconds."""
    listed = tuple(path.removesuffix("*") for path in serve if path.startswith("/a/"))
    with open_hostile(serve, listed) as shop:
        began = time.monotonic()
        report, peak_mb = crawled(shop.state(), WORLD)
    return report, peak_mb, time.monotonic() - began


def seen(report: CrawlReport) -> str:
    """What the crawl says of the shop, in words."""
    reasons = [f"{reason} {many}" for reason, many in report.failed.items()]
    return ", ".join(reasons or [report.robots_line or "nothing to count"])


if __name__ == "__main__":
    typer.run(main)
