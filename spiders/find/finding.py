"""All that a crawl knows about where a shop's products are, and what of it the next crawl is told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from pricevane.model import CrawlReport, Offer, SiteState
from spiders.find.agreement import Agreements
from spiders.find.feed import Source
from spiders.find.feeds import Feed
from spiders.find.frontier import Frontier, Lead
from spiders.find.languages import Copies
from spiders.find.sessions import Sessions
from spiders.find.sitemaps import instant
from spiders.find.tiles import Tiles
from spiders.find.traps import Traps
from spiders.platforms import named

PART = "finding"


class Finding:
    """The state of one crawl's search; `began_at` is when the crawl began."""

    def __init__(self, state: SiteState, report: CrawlReport, began_at: datetime) -> None:
        said = state.learned.get(PART)
        learned: dict[str, Any] = said if isinstance(said, dict) else {}
        known = frozenset(state.known)
        self.turn = began_at.toordinal()
        self.began_at = began_at
        self.last_at = instant(learned["at"]) if isinstance(learned.get("at"), str) else None
        self.platform: Source | None = named(learned.get("platform"))
        self.agreements = Agreements(learned.get("agreements"))
        self.sessions = Sessions(learned.get("sessions"))
        self.tiles = Tiles(self.agreements, known, self.turn, learned.get("tiles"))
        self.copies = Copies(state)
        self.frontier = Frontier(state, report, self._why_not, self.sessions.clean)
        self.traps = Traps(report)
        self.feeds: dict[str, Feed] = {}
        self.keys: set[str] = set()
        self.lists: set[str] = set()
        self.counted: set[str] = set(known)

    def feed(self, source: Source) -> Feed | None:
        """A new feed of that source; None where the crawl has it already."""
        if source.name in self.feeds:
            return None
        feed = self.feeds[source.name] = Feed(source, self.agreements, self.turn)
        return feed

    @property
    def has_open_feed(self) -> bool:
        """Whether a feed may still make pages needless."""
        return any(feed.is_open for feed in self.feeds.values())

    def compare(self, url: str, offers: Sequence[Offer]) -> None:
        """Enter what the page at an address says wherever something else spoke of it."""
        self.tiles.compare(url, offers)
        for feed in self.feeds.values():
            feed.compare(url, offers)

    def compared(self) -> Iterator[Feed]:
        """The feeds whose comparisons are complete and whose pages are still to be read."""
        for feed in self.feeds.values():
            if feed.is_open and feed.is_probed and not feed.is_waiting and not feed.is_read:
                feed.is_read = True
                yield feed

    def is_new(self, url: str) -> bool:
        """Whether no address was met that differs only by a session id in its path."""
        key = self.sessions.key(url)
        if key == url:
            return True
        is_new = key not in self.keys
        self.keys.add(key)
        return is_new

    def _why_not(self, lead: Lead) -> str:
        if lead.where == "known":
            return ""
        if lead.where == "category":
            return "repeats itself" if lead.hops and self.traps.is_stale(lead.url) else ""
        return "another language" if self.copies.is_other(lead.url) else ""

    def newly(self, offers: Sequence[Offer]) -> int:
        """How many of the offers are of listings that were neither known nor counted before; counts them."""
        urls = {offer.url for offer in offers} - self.counted
        self.counted |= urls
        return len(urls)

    def has_changed(self, changed_at: datetime | None) -> bool:
        """Whether a sitemap says that a page changed after the last crawl began."""
        return bool(changed_at and self.last_at and self.last_at < changed_at <= self.began_at)

    def as_json(self) -> dict[str, Any]:
        """Plain values for `CrawlReport.learned`: what held, and what it was found by."""
        return {
            "at": self.began_at.isoformat(),
            "platform": self.platform.name if self.platform else "",
            "agreements": self.agreements.as_json(),
            "feeds": {name: dict(feed.outcomes) for name, feed in self.feeds.items()},
            "sessions": self.sessions.as_json(),
            "tiles": self.tiles.as_json(),
        }
