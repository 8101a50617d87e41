"""Whether a crawl may be priced on: compared with the state before it, published or suspect."""

from __future__ import annotations

from pricevane.model import CrawlReport, PageKind, Publication
from pricevane.storage.figures import RunFigures

LEAST_COVERAGE = 0.5
LEAST_GOOD = 0.5
MOST_BLOCKED = 0.2
MOST_CURRENCY_CHANGES = 0.05
MOST_ONE_WAY = 0.3
MOST_HUNDREDFOLD = 0.02
MOST_ZERO = 0.02
MOST_GONE = 0.2
GREATEST_FALL = 0.3
FEW = 10
# As the pipelines call it.
ZERO = "price not above zero"
# As the conditional requests do.
LYING = "validators untrusted"


def judge(report: CrawlReport, run: RunFigures) -> tuple[Publication, str]:
    """(publication, reason) of a crawl; shares are of pages, whose variants may come and go.

    A rule that compares shares needs at least ten pages; coverage is not asked of a crawl that was
    stopped early, since it delists nothing, and of one that was sent to a few known pages only these.
    """
    compared = max(run.compared, 1)
    enough = run.compared >= FEW
    expected = min(run.known_before, report.asked or run.known_before)
    zero = report.dropped.get(ZERO, 0)
    gone = report.kinds.get(PageKind.GONE, 0)
    faults = (
        (run.observed == 0, "nothing was read"),
        (report.pages > 0 and report.blocked / report.pages > MOST_BLOCKED, "the shop blocked the crawl"),
        (
            report.finished and expected >= FEW and run.pages < LEAST_COVERAGE * expected,
            f"only {run.pages} pages with listings were read, {run.known_before} the last time",
        ),
        (
            run.pages >= FEW and run.good < LEAST_GOOD * run.pages,
            f"only {run.good} of {run.pages} pages were read clearly",
        ),
        (
            enough and run.currency_changed / compared > MOST_CURRENCY_CHANGES,
            f"{run.currency_changed} of {run.compared} pages changed their currency",
        ),
        (
            enough and run.hundredfold / compared > MOST_HUNDREDFOLD,
            f"{run.hundredfold} of {run.compared} prices changed more than fiftyfold",
        ),
        (
            zero > 1 and zero > MOST_ZERO * (run.observed + zero),
            f"{zero} of {run.observed + zero} prices are zero",
        ),
        (
            report.unchanged > 0 and LYING in report.skipped,
            f"{report.unchanged} pages are unchanged, says a server that said so of a changed one",
        ),
        (
            gone > 1 and gone > MOST_GONE * report.asked,
            f"{gone} of {report.asked} known pages are gone at once",
        ),
        (_fell(run, run.priced, run.priced_before), f"only {run.priced} of {run.pages} pages show a price"),
        (_fell(run, run.stocked, run.stocked_before), f"only {run.stocked} of {run.pages} pages say what is in stock"),
        (
            enough and max(run.up, run.down) / compared > MOST_ONE_WAY,
            f"{max(run.up, run.down)} of {run.compared} prices moved {'up' if run.up > run.down else 'down'} at once",
        ),
    )
    reasons = [reason for wrong, reason in faults if wrong]
    return (Publication.SUSPECT, "; ".join(reasons)) if reasons else (Publication.PUBLISHED, "")


def _fell(run: RunFigures, filled: int, before: int) -> bool:
    """Whether far fewer pages than the last time show something."""
    if run.pages < FEW or run.known_before < FEW:
        return False
    return filled / run.pages < before / run.known_before - GREATEST_FALL
