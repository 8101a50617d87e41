"""What a crawl remembers of a site's pages, by the shape of their addresses, and takes along to the next crawl."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pricevane.model import Offer
from spiders.page_memory import PageMemory
from spiders.read.document import Document
from spiders.read.places import Place
from spiders.read.text import clean

MOST_TYPES = 20
LARGEST_JSON = 64 * 1024
LONGEST_TYPE = 120
_LITERAL = 12
_MOST_PARAMETERS = 5
_NUMBER = re.compile(r"\d+")
_EXTENSION = re.compile(r"\.[a-z]{2,5}$")
_WORD = re.compile(r"[a-z_-]{1,20}")


@lru_cache(maxsize=1024)
def page_type(url: str) -> str:
    """The shape of an address, at most LONGEST_TYPE long: `/p/123-foo.html?c=1` is `/p/{n}-{s}.html?c`."""
    parts = urlsplit(url)
    *folders, last = parts.path.lower().strip("/").split("/")
    shape = "".join(f"/{_folder(folder, level)}" for level, folder in enumerate(folders)) + f"/{_leaf(last)}"
    names = sorted({name for name, _ in parse_qsl(parts.query, keep_blank_values=True)})
    query = "&".join(names[:_MOST_PARAMETERS])
    return clean(shape + (f"?{query}" if query else ""), LONGEST_TYPE)


def _folder(segment: str, level: int) -> str:
    """A word near the top stays, for it names the kind of page; deeper ones name categories."""
    return segment if _WORD.fullmatch(segment) and len(segment) <= _LITERAL and level < 2 else _leaf(segment)


def _leaf(segment: str) -> str:
    extension = found.group() if (found := _EXTENSION.search(segment)) else ""
    stem = segment.removesuffix(extension)
    if not stem:
        return extension
    if _NUMBER.fullmatch(stem):
        return "{n}" + extension
    head = "{n}-" if re.match(r"\d+[-_]", stem) else ""
    # Shorter numbers at the end belong to the name: a pack of 4, 27 inches.
    tail = "-{n}" if not head and re.search(r"[-_]\d{3,}$", stem) else ""
    return f"{head}{{s}}{tail}{extension}"


class Memory:
    """One site's page types during one crawl; `learned` is what `as_json` gave after the crawl before.

    For each page the spider asks `is_fast`: a full read ends in `note`, a fast one in `skimmed`. `places_for` are
    for the reader's place layer. An offer whose layers did not agree gets `doubt`'s reason, if there is one.
    """

    def __init__(self, learned: Mapping[str, Any]) -> None:
        said = learned.get("page_types")
        known = said if isinstance(said, dict) else {}
        self._types: dict[str, PageMemory] = {
            kind[:LONGEST_TYPE]: PageMemory.from_json(kind[:LONGEST_TYPE], state)
            for kind, state in list(known.items())[:MOST_TYPES]
            if isinstance(kind, str) and isinstance(state, dict)
        }

    def note(
        self, page_type: str, document: Document, offer: Offer | None, agreed: bool, is_same: bool | None = None
    ) -> None:
        """Enter a page that was read in full; `agreed` says that at least two layers named its price and none another.

        `offer` is the page's own, None where nothing was read. `is_same` says whether the fast path read the same,
        None that it declined. Learns, checks and repairs places on the way.
        """
        kind = self._types.get(page_type)
        if kind is None:
            if offer is None or offer.price is None:
                return
            kind = self._types[page_type] = PageMemory(page_type)
            self._forget_least_used(page_type)
        kind.note(document, offer, agreed, is_same)

    def skimmed(self, page_type: str, address: str, price: Decimal) -> None:
        """Enter a page that was read on the fast path only."""
        if kind := self._types.get(page_type):
            kind.skimmed(address, price)

    def is_fast(self, page_type: str) -> bool:
        """Whether the next page of the type may be read on the fast path; one in FULL_READ_EVERY may not."""
        return page_type in self._types and self._types[page_type].is_fast

    def places_for(self, page_type: str) -> tuple[Place, ...]:
        """The places to read on pages of the type; none while they are not to be trusted."""
        return self._types[page_type].trusted if page_type in self._types else ()

    def doubt(self, page_type: str) -> str:
        """Why offers of the type, unless their layers agree, are doubtful; "" where there is no reason."""
        return self._types[page_type].doubt if page_type in self._types else ""

    @property
    def repairs(self) -> list[str]:
        """A text for each place that was learned anew in this crawl, and for each that could not be."""
        return [text for kind in self._types.values() for text in kind.repairs()]

    def as_json(self) -> dict[str, Any]:
        """Plain values of at most LARGEST_JSON bytes as JSON, for `CrawlReport.learned`."""
        ranked = sorted(self._types.items(), key=lambda one: -one[1].pages)[:MOST_TYPES]
        states = {name: kind.as_json() for name, kind in ranked}
        while len(json.dumps({"page_types": states})) > LARGEST_JSON:
            states.popitem()
        return {"page_types": states}

    def _forget_least_used(self, newest: str) -> None:
        if len(self._types) > MOST_TYPES:
            del self._types[min((one for one in self._types if one != newest), key=lambda one: self._types[one].pages)]
