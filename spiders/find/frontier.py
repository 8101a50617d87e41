"""The addresses that a crawl knows of and has not asked for yet, handed out one by one, the best first."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum
from itertools import count

from pricevane.model import CrawlReport, SiteState
from spiders.fetch.guard import same_site

MOST_WAITING = 500_000
# The bounds of a crawl, as its report calls them.
PAGE_CAP, REQUEST_CAP = "page cap", "request cap"


class Rank(IntEnum):
    """What is asked for first; links of pages rank below DEEP by their depth."""

    DEEP = 0
    FOUND = 1
    LIKELY = 2
    KNOWN = 3
    CHANGED = 4
    LIST = 5
    PROBE = 6


@dataclass(frozen=True, slots=True)
class Lead:
    """An address, how it was found, and how many links it lies from the home page (None: not found by links)."""

    url: str
    where: str
    hops: int | None = None


class Frontier:
    """Takes each address of the site once, and bounds the crawl by pages and requests.

    Known addresses that the crawl is not sent to are `spared`, unless what is heard of them ranks them CHANGED.
    `why_not` gives the reason, when its turn comes, why a lead is not to be asked for after all, or ""; `tidied` how
    its address is written by what was learned since it was found. What is not handed out is counted by reason.
    """

    def __init__(
        self,
        state: SiteState,
        report: CrawlReport,
        why_not: Callable[[Lead], str],
        tidied: Callable[[str], str],
    ) -> None:
        self.state = state
        self.report = report
        self.why_not = why_not
        self.tidied = tidied
        sent_to = frozenset(state.known)
        self.known = sent_to | state.seen.keys()
        self.spared = self.known - sent_to
        self.asked: dict[str, Lead] = {}
        self.handed_out = 0
        self.spent = 0
        self._waiting: dict[str, tuple[int, Lead]] = {}
        self._heap: list[tuple[int, float, int, str]] = []
        self._order = count()

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, url: str) -> bool:
        return url in self._waiting

    def has(self, url: str) -> bool:
        """Whether an address waits or was asked for."""
        return url in self._waiting or url in self.asked

    @property
    def room(self) -> int:
        """How many more addresses may be handed out."""
        pages = self.state.max_pages - self.handed_out
        most = self.state.max_requests
        return min(pages, most - max(self.spent, self.report.requests)) if most else pages

    @property
    def bound(self) -> str:
        """Which bound ends the crawl although addresses wait, or ""."""
        if not self._waiting or self.room > 0:
            return ""
        return PAGE_CAP if self.handed_out >= self.state.max_pages else REQUEST_CAP

    def add(self, lead: Lead, rank: int, changed_at: datetime | None = None) -> bool:
        """Let an address wait, or wait less if it does already; of equal rank the latest changed comes first."""
        url = lead.url
        if url in self.asked or not self._is_sought(url, rank) or not same_site(self.state.origin, url):
            return False
        before = self._waiting.get(url)
        if before is None and len(self._waiting) >= MOST_WAITING:
            self.report.skip("too many addresses")
            return False
        if before is None or rank > before[0]:
            self._waiting[url] = rank, before[1] if before else lead
            age = -changed_at.timestamp() if changed_at else 0.0
            heapq.heappush(self._heap, (-rank, age, next(self._order), url))
        return before is None

    def _is_sought(self, url: str, rank: int) -> bool:
        """Whether the crawl's strategy asks for it: lists and pages to compare with it always does."""
        if url in self.spared and rank < Rank.CHANGED:
            return False
        is_known = url in self.known
        strategy = self.state.strategy
        return rank >= Rank.LIST or strategy == "both" or is_known == (strategy == "refresh")

    def restart(self, lead: Lead, rank: int) -> None:
        """Let an address wait even if it was asked for before: now its links are wanted."""
        self.asked.pop(lead.url, None)
        self._waiting.pop(lead.url, None)
        self.add(lead, rank)

    def done(self, url: str, where: str) -> None:
        """Take an address off that need not be asked for, as its offers stood elsewhere."""
        self._waiting.pop(url, None)
        self.asked.setdefault(url, Lead(url, where))

    def take(self, least: int) -> Lead | None:
        """The next address of at least that rank, or None where none waits or the crawl is at its bounds."""
        while self._heap and -self._heap[0][0] >= least:
            rank, _, _, url = self._heap[0]
            if self._waiting.get(url, (None,))[0] != -rank:
                heapq.heappop(self._heap)
                continue
            if self.room <= 0:
                return None
            heapq.heappop(self._heap)
            _, lead = self._waiting.pop(url)
            if found := self._checked(lead):
                return found
        return None

    def _checked(self, lead: Lead) -> Lead | None:
        """The lead as it is to be asked for; None where its turn does not come after all."""
        url = self.tidied(lead.url)
        if url in self.asked:
            return None
        if reason := self.why_not(lead):
            self.report.skip(reason)
            return None
        found = self.asked[url] = self.asked[lead.url] = replace(lead, url=url)
        self.handed_out += 1
        self.spent += 1
        return found

    def close(self) -> None:
        """Count the known addresses that were asked for, and all that never were."""
        asked = self.known & self.asked.keys()
        self.report.asked = len(asked)
        left = self._waiting.keys() - self.known if self.bound == REQUEST_CAP else self._waiting
        spared = len(self.spared - asked) + len(self._waiting) - len(left)
        for reason, many in ((self.bound or "crawl ended", len(left)), ("not due", spared)):
            if many:
                self.report.skip(reason, many)
