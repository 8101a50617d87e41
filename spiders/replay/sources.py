"""Where the parts of a call that differ from page to page come from: the page's address, or its plain HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from spiders.read.crowds import refusal

LONGEST = 200
MOST_NODES = 4000
MOST_SOURCES = 40
# Parts of a segment of an address: all of it, its stem, the number it begins or ends with, what follows the last dash.
PICKS = (r"(.+)", r"(.+?)\.\w{2,5}", r"(\d+)[-_.].*", r".*?(\d+)(?:\.\w{2,5})?", r".*[-_]([^-_.]+)(?:\.\w{2,5})?")
_ASKED = "[id], [value], [content], meta, input, main, div, section, article, form, button"
_NAME = re.compile(r"[A-Za-z][\w-]{0,40}")
# Attributes that are a page's own, not the layout's.
_IDLE = frozenset(("class", "style", "href", "src", "srcset", "alt", "title", "d", "points"))


@dataclass(frozen=True, slots=True)
class Source:
    """`kind` is segment (`place` counts from the end), query, attribute (`place` is a CSS selector) or script (a key).

    `pick` is an expression with one group for segments, the attribute's name for attributes, else "".
    """

    kind: str
    place: str
    pick: str = ""

    def __str__(self) -> str:
        """For people: `main#app[data-product]`."""
        return {
            "segment": f"part {self.place} of the address",
            "query": f"?{self.place}= of the address",
            "attribute": f"{self.place}[{self.pick}]",
            "script": f'"{self.place}" in a script',
        }[self.kind]

    @classmethod
    def from_json(cls, said: Any) -> Source:
        """The inverse of `dataclasses.asdict`; raises ValueError for what is none."""
        kind, place, pick = str(said["kind"]), str(said["place"]), str(said["pick"])
        if kind not in _FINDERS or (kind == "segment" and pick not in PICKS):
            raise ValueError(f"{kind!r} is no source")
        return cls(kind, place, pick)


@dataclass(frozen=True)
class Shell:
    """A page as plain HTTP gives it; `html` may be "" where only the address is asked."""

    url: str
    html: str = field(default="", repr=False)

    @cached_property
    def tree(self) -> LexborHTMLParser:
        """The parsed page, empty for one that means harm."""
        body = self.html.encode(errors="replace")
        return LexborHTMLParser(b"" if refusal(body) else body)

    @cached_property
    def segments(self) -> list[str]:
        """The decoded parts of the address's path, the last one first."""
        return [unquote(part) for part in reversed(urlsplit(self.url).path.split("/")) if part]


def value_of(source: Source, shell: Shell) -> str:
    """What a source says for a page, "" for nothing."""
    return _FINDERS[source.kind](source, shell)[:LONGEST]


def _of_segment(source: Source, shell: Shell) -> str:
    place = int(source.place)
    found = re.fullmatch(source.pick, shell.segments[place]) if place < len(shell.segments) else None
    return found[1] if found else ""


def _of_query(source: Source, shell: Shell) -> str:
    return dict(parse_qsl(urlsplit(shell.url).query)).get(source.place, "")


def _of_attribute(source: Source, shell: Shell) -> str:
    node = shell.tree.css_first(source.place)
    return (node.attributes.get(source.pick) or "").strip() if node else ""


def _of_script(source: Source, shell: Shell) -> str:
    found = re.search(rf"""["']?\b{re.escape(source.place)}["']?\s*[:=]\s*["']?([\w.-]{{1,80}})""", shell.html)
    return found[1] if found else ""


_FINDERS = {"segment": _of_segment, "query": _of_query, "attribute": _of_attribute, "script": _of_script}


def learned(values: Sequence[str], shells: Sequence[Shell]) -> Source | None:
    """The first source that gives each page its value; the address goes before the page."""
    if not all(values):
        return None
    rest = list(zip(shells, values, strict=True))[1:]
    tried = islice(_candidates(values[0], shells[0]), MOST_SOURCES)
    return next((one for one in tried if all(value_of(one, shell) == value for shell, value in rest)), None)


def _candidates(value: str, shell: Shell) -> Iterator[Source]:
    """Sources that give the first page its value."""
    addresses = [Source("segment", str(place), pick) for place in range(len(shell.segments)) for pick in PICKS]
    addresses += [Source("query", name) for name, _ in parse_qsl(urlsplit(shell.url).query)]
    yield from (source for source in addresses if value_of(source, shell) == value)
    yield from (source for source in _attributes(value, shell) if value_of(source, shell) == value)
    for key in dict.fromkeys(
        re.findall(rf"""([A-Za-z_]\w{{0,40}})["']?\s*[:=]\s*["']?{re.escape(value)}\b""", shell.html)
    ):
        source = Source("script", key)
        if value_of(source, shell) == value:
            yield source


def _attributes(value: str, shell: Shell) -> Iterator[Source]:
    for node in shell.tree.css("[id], [value], [content], meta, input, main, div, section, article, form, button")[
        :MOST_NODES
    ]:
        for name, said in node.attributes.items():
            if (said or "").strip() == value and name not in _IDLE and _NAME.fullmatch(name):
                yield from (Source("attribute", selector, name) for selector in _selectors(node, name))


def _selectors(node: LexborNode, name: str) -> Iterator[str]:
    """Ways to name an element, the surest first."""
    tag, attributes = node.tag or "*", node.attributes
    for known in ("id", "name", "property", "itemprop"):
        said = attributes.get(known) or ""
        if known != name and _NAME.fullmatch(said):
            yield f'{tag}[{known}="{said}"]'
    yield f"{tag}[{name}]"
