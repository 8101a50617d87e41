"""Recognises session ids in links by what they do: the same in all links of a page, another one on each page."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit, urlunsplit

LEAST_LINKS = 3
LEAST_PAGES = 3
LEAST_SHARE = 0.5
MOST_NAMES = 50
MOST_SEGMENTS = 3
STANDS_FOR = "-"
_TOKEN = re.compile(r"(?=.*\d)[\w().~-]{8,128}", re.ASCII)


class Sessions:
    """Names of parameters, and places in paths (`/0`, `/1`), that carry ids which mean nothing.

    `learned` is what `as_json` gave after the crawl before.
    """

    def __init__(self, learned: object = ()) -> None:
        said = learned if isinstance(learned, list) else []
        self.names = {name for name in said[:MOST_NAMES] if isinstance(name, str)}
        self._values: defaultdict[str, set[str]] = defaultdict(set)
        self._refuted: set[str] = set()

    def watch(self, urls: Iterable[str]) -> None:
        """Enter the links of one page."""
        on_page: defaultdict[str, list[str]] = defaultdict(list)
        total = 0
        for url in urls:
            total += 1
            for name, value in _places(url):
                on_page[name].append(value)
        for name, values in on_page.items():
            self._weigh(name, values, total)

    def clean(self, url: str) -> str:
        """The address without parameters that carry session ids; paths stay as they are."""
        if "?" not in url or not self.names:
            return url
        address, _, query = url.partition("?")
        kept = "&".join(part for part in query.split("&") if part.partition("=")[0] not in self.names)
        return f"{address}?{kept}" if kept else address

    def key(self, url: str) -> str:
        """What all addresses of one page share: no session ids, neither in the query nor in the path."""
        if not self.names:
            return url
        parts = urlsplit(self.clean(url))
        segments = parts.path.split("/")
        for place in range(min(len(segments) - 1, MOST_SEGMENTS)):
            if f"/{place}" in self.names and _TOKEN.fullmatch(segments[place + 1]):
                segments[place + 1] = STANDS_FOR
        return urlunsplit(parts._replace(path="/".join(segments)))

    def as_json(self) -> list[str]:
        """The names, for `CrawlReport.learned`."""
        return sorted(self.names)

    def _weigh(self, name: str, values: list[str], total: int) -> None:
        if len(set(values)) > 1 or not _TOKEN.fullmatch(values[0]):
            if len(values) >= LEAST_LINKS:
                self._refuted.add(name)
                self.names.discard(name)
            return
        if len(values) < max(LEAST_LINKS, LEAST_SHARE * total) or name in self._refuted:
            return
        seen = self._values[name]
        if values[0] in seen:
            self._refuted.add(name)
        seen.add(values[0])
        if len(seen) >= LEAST_PAGES and name not in self._refuted and len(self.names) < MOST_NAMES:
            self.names.add(name)


def _places(url: str) -> Iterator[tuple[str, str]]:
    """The parts of an address that might be an id, by parameter's name or place in the path."""
    parts = urlsplit(url)
    for place, segment in enumerate(parts.path.split("/")[1 : 1 + MOST_SEGMENTS]):
        yield f"/{place}", segment
    for pair in parts.query.split("&") if parts.query else ():
        name, _, value = pair.partition("=")
        yield name, value
