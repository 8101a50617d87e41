"""All that a crawl knows about where a shop's products are, and what of it the next crawl is told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from pricevane.model import CrawlReport, Offer, SiteState
from spiders.find.agreement import Agreements
from spiders.find.feed import Source
from spiders.find.feeds import Feed
from spiders.find.frontier import Frontier, Lead, Rank
from spiders.find.heard import Heard
from spiders.find.languages import Copies
from spiders.find.sessions import Sessions
from spiders.find.tiles import Tiles, texts
from spiders.find.traps import Traps
from spiders.platforms import named

PART = "finding"
DAY = timedelta(days=1)


class Finding:
    """The state of one crawl's search; `began_at` is when the crawl began."""

    def __init__(self, state: SiteState, report: CrawlReport, began_at: datetime) -> None:
        said = state.learned.get(PART)
        learned: dict[str, Any] = said if isinstance(said, dict) else {}
        self.state = state
        self.turn = began_at.toordinal()
        self.began_at = began_at
        self.heard = Heard(learned.get("heard"))
        self.sitemaps = tuple(one for one in texts(learned.get("sitemaps"))[:1] if one.startswith("/"))
        self.platform: Source | None = named(learned.get("platform"))
        self.agreements = Agreements(learned.get("agreements"))
        self.sessions = Sessions(learned.get("sessions"))
        self.copies = Copies(state)
        self.frontier = Frontier(state, report, self._why_not, self.sessions.clean)
        self.tiles = Tiles(self.agreements, self.frontier.known, self.turn, learned.get("tiles"))
        self.traps = Traps(report)
        self.barren = frozenset(state.barren) - self.frontier.known
        self.named = 0
        self.feeds: dict[str, Feed] = {}
        self.keys: set[str] = set()
        self.lists: set[str] = set()
        self.counted: set[str] = set(self.frontier.known)

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
        if offers and url in self.frontier.known:
            self.heard.read(url, offers[0].evidence.page_hash)
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
        if self.copies.is_other(lead.url):
            return "another language"
        # Where sitemaps name the products, their other pages are needed for nothing else.
        is_needless = lead.url in self.barren and 2 * self.named >= len(self.frontier.known)
        return "no product there lately" if is_needless else ""

    def newly(self, offers: Sequence[Offer]) -> int:
        """How many of the offers are of listings that were neither known nor counted before; counts them."""
        urls = {offer.url for offer in offers} - self.counted
        self.counted |= urls
        return len(urls)

    def is_dated_later(self, url: str, changed_at: datetime) -> bool:
        """Whether a sitemap's date lies after the page was read last; one without a time stands for the whole day."""
        until = changed_at if changed_at.time() else changed_at + DAY
        return changed_at <= self.began_at and self.state.seen[url] < until

    def rank(self, url: str, signal: str, has_fired: bool) -> Rank:
        """How soon a known page is to be asked for after what a signal says of it; KNOWN leaves a spared one alone."""
        self.heard.note(url, signal, has_fired)
        is_spared = url in self.frontier.spared
        is_believed = self.heard.convinces(signal) if is_spared else not self.heard.misleads(signal)
        return Rank.CHANGED if has_fired and is_believed else Rank.KNOWN

    def as_json(self) -> dict[str, Any]:
        """Plain values for `CrawlReport.learned`: what held, and what it was found by."""
        return {
            "heard": self.heard.as_json(),
            "sitemaps": list(self.sitemaps),
            "platform": self.platform.name if self.platform else "",
            "agreements": self.agreements.as_json(),
            "feeds": {name: dict(feed.outcomes) for name, feed in self.feeds.items()},
            "sessions": self.sessions.as_json(),
            "tiles": self.tiles.as_json(),
        }
