"""When the tiles of lists are as good as product pages, and what they tell of where to look first when they are not."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from pricevane.model import Availability, Offer, Status
from spiders.find.agreement import TILES, Agreements

SOURCE = "tiles"
LEAST_TILES = 4
MOST_LISTS = 200
MOST_HELD = 5000
# Of the listings that tiles could stand for, one in so many is read on its own page to see whether they still may.
CHECKED = 20


@dataclass(frozen=True, slots=True)
class Shelf:
    """What one list gave: offers to be taken as they are, known addresses with whether their price moved, new ones."""

    offers: tuple[Offer, ...] = ()
    told: tuple[tuple[str, bool], ...] = ()
    new: tuple[str, ...] = ()


class Tiles:
    """Compares tiles with product pages, and takes their prices once they have agreed.

    Only known listings are taken from tiles, for a page also tells what the thing is; and only tiles that say whether
    it can be bought. `turn` differs from crawl to crawl; `prints` are the tiles of the crawl before.
    """

    def __init__(self, agreements: Agreements, known: Collection[str], turn: int, learned: object) -> None:
        said = learned if isinstance(learned, dict) else {}
        lists, prints = said.get("lists"), said.get("prints")
        prints = prints if isinstance(prints, list) else []
        self.agreements = agreements
        self.known = known
        self.turn = turn
        self.lists: dict[str, None] = dict.fromkeys(texts(lists)[:MOST_LISTS])
        self.before = (
            frozenset(one for one in prints if isinstance(one, int)) if isinstance(prints, list) else frozenset()
        )
        self.prints: set[int] = set()
        self.held: dict[str, Offer] = {}

    def take(self, url: str, tiles: Sequence[Offer]) -> Shelf:
        """Sort the tiles of the list at an address."""
        clear = [tile for tile in tiles if tile.status is Status.GOOD and tile.price]
        if len(clear) >= LEAST_TILES and len(self.lists) < MOST_LISTS:
            self.lists[url] = None
        offers, told, new = [], [], []
        for tile in clear:
            print_ = zlib.crc32(f"{tile.key} {tile.price}".encode())
            if len(self.prints) < MOST_HELD:
                self.prints.add(print_)
            if tile.url not in self.known:
                new.append(tile.url)
            elif self._is_taken(tile):
                offers.append(tile)
                continue
            elif self.before:
                told.append((tile.url, print_ not in self.before))
            if len(self.held) < MOST_HELD:
                self.held[tile.url] = tile
        return Shelf(tuple(offers), tuple(told), tuple(new))

    def compare(self, url: str, page: Sequence[Offer]) -> None:
        """Enter what a product's page says, if a tile has spoken of it."""
        if tile := self.held.pop(url, None):
            self.agreements.compare(SOURCE, [tile], page)

    def as_json(self) -> dict[str, list[str] | list[int]]:
        """Plain values for `CrawlReport.learned`."""
        return {"lists": list(self.lists), "prints": sorted(self.prints or self.before)}

    def _is_taken(self, tile: Offer) -> bool:
        said = tile.availability is not Availability.UNKNOWN
        is_checked = (zlib.crc32(tile.url.encode()) + self.turn) % CHECKED == 0
        return said and not is_checked and self.agreements[SOURCE].holds(TILES)


def texts(said: object) -> list[str]:
    """The texts of a plain list; empty for anything else."""
    return [one for one in said if isinstance(one, str)] if isinstance(said, list) else []
