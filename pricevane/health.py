"""Whether a crawl may be priced on: compared with the state before it, published or suspect."""

from __future__ import annotations

from pricevane.model import CrawlReport, Publication
from pricevane.storage.figures import RunFigures

LEAST_COVERAGE = 0.5
LEAST_GOOD = 0.5
MOST_BLOCKED = 0.2
MOST_CURRENCY_CHANGES = 0.05
MOST_ONE_WAY = 0.3
MOST_HUNDREDFOLD = 0.02
FEW = 10


def judge(report: CrawlReport, run: RunFigures) -> tuple[Publication, str]:
    """(publication, reason) of a crawl; shares are of pages, whose variants may come and go.

    A rule that compares shares needs at least ten pages; coverage is not asked of a crawl that was
    stopped early, since it delists nothing.
    """
    compared = max(run.compared, 1)
    enough = run.compared >= FEW
    faults = (
        (run.observed == 0, "nothing was read"),
        (report.pages > 0 and report.blocked / report.pages > MOST_BLOCKED, "the shop blocked the crawl"),
        (
            report.finished and run.known_before >= FEW and run.pages < LEAST_COVERAGE * run.known_before,
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
            enough and max(run.up, run.down) / compared > MOST_ONE_WAY,
            f"{max(run.up, run.down)} of {run.compared} prices moved {'up' if run.up > run.down else 'down'} at once",
        ),
    )
    reasons = [reason for wrong, reason in faults if wrong]
    return (Publication.SUSPECT, "; ".join(reasons)) if reasons else (Publication.PUBLISHED, "")
