"""Five simulated days of the house over saved shops: three calm ones, then two with the new prices."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks.pages.labels import Page
from benchmarks.pages.readings import Matched, Moved, Read, matched, moves, observed, product_ids
from benchmarks.pages.retailer import furnish, sku
from benchmarks.pages.shops import Shop, by_hash, open_shops
from pricevane import jobs
from pricevane.house import House
from pricevane.model import Publication
from pricevane.storage.matches import decide_match, pair_id

CALM_DAYS = 3
MOVED_DAYS = 2
AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Found:
    """What the house had at the end: the first crawl's readings, all moves and matches, and counts.

    `proposals` are those of the last day, `mails` those that left for it.
    """

    first: list[Read]
    moves: list[Moved]
    matches: list[Matched]
    crawls_held: int
    proposals: int
    mails: int

    @property
    def page_of(self) -> dict[int, str]:
        """Listing id -> page id, for listings of the first crawl."""
        return {read.listing_id: read.page_id for read in self.first}


def live(pages: Sequence[Page], new: Mapping[str, bytes], as_of: datetime) -> Found:
    """Run the house over the pages' shops for five days up to `as_of`; `new` bytes are by page id."""
    page_of = by_hash({page.id: page.body for page in pages})
    page_of |= by_hash(new)
    days = [as_of - timedelta(days=ago) for ago in reversed(range(CALM_DAYS + MOVED_DAYS))]
    with tempfile.TemporaryDirectory(prefix="pricevane-bench-") as folder, open_shops(pages) as shops:
        house = furnish(Path(folder), shops, days[0] - timedelta(hours=1))
        held = 0
        for number, at in enumerate(days):
            if number == CALM_DAYS:
                _reprice(shops, new)
            held += _crawl(house, at)
            jobs.match(house, at)
            if number == 0:
                _confirm_by_hand(house, pages, page_of, at)
            proposals = len(jobs.propose(house, at).made.proposals)
        mails = len(jobs.digest(house, as_of))
        with house.engine.connect() as connection:
            first = observed(connection, page_of, until=days[1])
            found = Found(first, moves(connection, page_of), matched(connection), held, proposals, mails)
        house.engine.dispose()
    return found


def _reprice(shops: Sequence[Shop], new: Mapping[str, bytes]) -> None:
    for shop in shops:
        for page in shop.pages:
            if page.id in new:
                shop.bodies[page.path] = new[page.id]


def _crawl(house: House, at: datetime) -> int:
    """Crawl every shop and return how many of these crawls are held; why is told on stderr."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        done = list(threads.map(lambda name: jobs.crawl(house, name, clock_at=at), house.config.sites))
    held = [crawled for crawled in done if crawled.publication is Publication.SUSPECT]
    for crawled in held:
        print(f"{at:%Y-%m-%d}: {crawled.site} is held: {crawled.reason}", file=sys.stderr)
    return len(held)


def _confirm_by_hand(house: House, pages: Sequence[Page], page_of: Mapping[str, str], at: datetime) -> None:
    """Confirm the own variant's listing of each page that identifiers did not match, as a person would."""
    with house.engine.begin() as connection:
        ids, known = product_ids(connection), matched(connection)
        listings: dict[str, int] = {}
        for read in observed(connection, page_of, until=at + timedelta(days=1)):
            listings.setdefault(read.page_id, read.listing_id)
        wanted = {listings[page.id]: sku(page) for page in pages if page.id in listings and page.accepted}
        told, taken = {match.sku for match in known}, {match.listing_id for match in known}
        for listing_id, number in wanted.items():
            if number not in told and listing_id not in taken:
                pair = pair_id(connection, listing_id, ids[number], at)
                decide_match(connection, pair, "confirmed", "the benchmark", "its label", at)
