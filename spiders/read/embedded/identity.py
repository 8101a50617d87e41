"""Whether a product in a page's state is the one that the page is about."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from functools import cached_property
from urllib.parse import unquote, urlsplit

from spiders.read.document import Document
from spiders.read.text import clean

SHORTEST_ID = 4
SHARE = 0.55
_WORD = re.compile(r"\w+")
_PART = re.compile(r"[^a-z0-9]+")
_SUFFIX = re.compile(r"\.(?:html?|php|aspx?|jsp)$")


class Identity:
    """The names and addresses that a page goes by; grades are 0 to 3, the higher the surer."""

    def __init__(self, page: Document) -> None:
        """Nothing is computed before it is asked for."""
        self._page = page

    @cached_property
    def _segments(self) -> frozenset[str]:
        parts = [unquote(part).lower() for url in self._urls for part in urlsplit(url).path.split("/")]
        return frozenset(_SUFFIX.sub("", part) for part in parts if part)

    @cached_property
    def _urls(self) -> tuple[str, str]:
        return self._page.address, self._page.url

    @cached_property
    def _place(self) -> str:
        """The addresses' words between hyphens, numbers also without the letters before them."""
        whole = " ".join(unquote(urlsplit(url).path + " " + urlsplit(url).query) for url in self._urls).lower()
        return f"-{_PART.sub('-', whole)}-{'-'.join(re.findall(r'[0-9]{5,}', whole))}-"

    @cached_property
    def _names(self) -> tuple[tuple[str, ...], ...]:
        return tuple(dict.fromkeys(words for head in self._heads if (words := _words(head))))

    @cached_property
    def _heads(self) -> list[str]:
        return [self._page.headline, *self._titles()]

    def _titles(self) -> Iterable[str]:
        for node in self._page.metas:
            if node.attributes.get("property") == "og:title":
                yield node.attributes.get("content") or ""
        title = self._page.tree.css_first("title")
        if title is not None:
            yield from re.split(r"\s[|–—·•:-]\s", title.text())[:1]

    @cached_property
    def _traces(self) -> list[str]:
        """Texts of which a script about this product has at least one, in the cases that are usual."""
        parts = [part for part in _PART.split(self._place) if len(part) >= SHORTEST_ID and any(map(str.isdigit, part))]
        slugs = [segment for segment in self._segments if len(segment) >= SHORTEST_ID]
        words = [max(_WORD.findall(head), key=len, default="") for head in self._heads]
        forms = [form for word in words if word for form in (word, word.upper(), word.lower(), json.dumps(word)[1:-1])]
        return list(dict.fromkeys([*parts, *(part.upper() for part in parts), *slugs, *forms]))

    def may_be_in(self, text: str) -> bool:
        """Whether a script can hold the page's own product: a cheap look before any parsing."""
        return any(trace in text for trace in self._traces)

    def by_id(self, values: Iterable[str]) -> bool:
        """Whether an id of the node is in the page's address."""
        for value in values:
            part = _PART.sub("-", value.lower()).strip("-")
            digits = sum(letter.isdigit() for letter in part)
            if len(part) >= SHORTEST_ID and digits >= 3 and f"-{part}-" in self._place:
                return True
        return False

    def by_address(self, handles: Iterable[str], urls: Iterable[str]) -> bool:
        """Whether the node's own address or handle is the page's."""
        if any(
            _SUFFIX.sub("", one.lower().rstrip("/").rsplit("/", 1)[-1]) in self._segments
            for one in handles
            if len(one) >= SHORTEST_ID
        ):
            return True
        return any(self._page.is_here(url) for url in urls if url and len(url) < 500)

    def by_name(self, name: str) -> int:
        """2 where the name is the page's headline or title, 1 where most of one is in the other."""
        words = _words(name)
        if not words or not self._names:
            return 0
        if words in self._names:
            return 2
        return int(any(_within(words, other) for other in self._names))


def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(unicodedata.normalize("NFKC", clean(text)).casefold()))


def _within(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    short, long = sorted((" ".join(one), " ".join(other)), key=len)
    return len(short) >= 8 and len(short) >= SHARE * len(long) and f" {short} " in f" {long} "
