"""What is said on standard error after pages were fetched: what they were, what was found, and what went wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pricevane.cli.output import err, plain
from pricevane.model import CrawlReport

KIB = 1024


def summarise(report: CrawlReport, name: str = "") -> None:
    """Say it, a line a matter, nothing of what did not happen."""
    head = f"{name}: " if name else ""
    for line in _lines(report):
        err.print(plain(f"{head}{line}"))


def _lines(report: CrawlReport) -> Iterator[str]:
    if report.kinds:
        yield f"pages: {_listed(report.kinds)}"
    if report.found:
        yield f"listings found by: {_listed(report.found)}"
    if report.unchanged:
        yield f"unchanged since the last crawl: {report.unchanged}"
    if report.skipped:
        yield f"found, not asked for: {_listed(report.skipped)}"
    for text in report.repairs:
        yield from text.splitlines()
    for reason, count in sorted(_wrong(report).items()):
        yield f"{reason}: {count}"
    if report.reason:
        yield report.reason.splitlines()[0]


def _listed(counts: Mapping[str, int]) -> str:
    """Like `30 product, 2 other`, the most frequent first."""
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _wrong(report: CrawlReport) -> dict[str, int]:
    wrong = {f"failed: {reason}": count for reason, count in report.failed.items()}
    wrong |= {f"dropped: {reason}": count for reason, count in report.dropped.items()}
    if report.blocked:
        wrong["blocked by the shop"] = report.blocked
    if report.refused_by_robots:
        wrong[f"not allowed by robots.txt ({report.robots_line or 'rule'})"] = report.refused_by_robots
    return wrong


def cost(report: CrawlReport) -> str:
    """What a crawl asked of a shop, like `24 requests, 310 KiB in 12.1 s (2.0 pages/s, 1 s between requests)`."""
    rate = report.pages / report.seconds if report.seconds else 0.0
    browser = f", {report.browser_requests} more by the browser" if report.browser_requests else ""
    delay = f", {report.delay_s:g} s between requests" if report.delay_s else ""
    asked = f"{report.requests} request{'' if report.requests == 1 else 's'}{browser}"
    return f"{asked}, {report.bytes // KIB} KiB in {report.seconds:.1f} s ({rate:.1f} pages/s{delay})"
