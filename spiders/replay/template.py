"""A call with its varying parts left open, learned from calls of several pages, and filled for another."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit, urlunsplit

from spiders.replay.calls import Call, Path, chosen_headers, parsed, walk
from spiders.replay.embedded import PAGE
from spiders.replay.sources import Shell, Source, learned, value_of

_OPEN = re.compile(r"\{(\d)\}")
_BEFORE, _AFTER = re.compile(r"[A-Za-z0-9]*$"), re.compile(r"^[A-Za-z0-9]*")
MOST_OPEN = 6
# A body is sent again only if it reads: GraphQL's queries and searches, never its mutations.
_READS = re.compile(r"\s*(query\b|\{|fragment\b)")


@dataclass(frozen=True, slots=True)
class Template:
    """`url` and `post` (JSON, or "") hold `{0}`, `{1}` … where `sources` tell the value of a page."""

    method: str
    url: str
    post: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    sources: tuple[Source, ...] = ()

    @property
    def is_page(self) -> bool:
        """Whether the answer stands in the page itself, under the name that `url` is."""
        return self.method == PAGE

    @property
    def needs_html(self) -> bool:
        """Whether the page itself must be fetched before the call can be made."""
        return self.is_page or any(source.kind in {"attribute", "script"} for source in self.sources)

    def __str__(self) -> str:
        """For people: method, address and where each open part comes from."""
        told = "".join(f", {{{place}}} = {source}" for place, source in enumerate(self.sources))
        return f"{self.method} {self.url}{told}"

    def filled(self, shell: Shell) -> tuple[str, str] | None:
        """Address and body for a page, or None where it does not tell an open part."""
        if self.is_page:
            return f"{shell.url}#{self.url}", ""
        values = [value_of(source, shell) for source in self.sources]
        if not all(values):
            return None
        url = _OPEN.sub(lambda found: quote(values[int(found[1])], safe=""), self.url)
        post = _OPEN.sub(lambda found: json.dumps(values[int(found[1])])[1:-1], self.post)
        return url, post

    @classmethod
    def from_json(cls, said: Any) -> Template:
        """The inverse of `dataclasses.asdict`; raises ValueError, KeyError or TypeError for what is none."""
        headers = chosen_headers({str(name): str(value) for name, value in said["headers"].items()})
        sources = tuple(Source.from_json(one) for one in said["sources"])
        return cls(str(said["method"]), str(said["url"]), str(said["post"]), headers, sources)


class _Sources:
    """The sources of one template while it is learned."""

    def __init__(self, shells: Sequence[Shell]) -> None:
        self.shells = shells
        self.found: list[Source] = []

    def opened(self, values: Sequence[str]) -> str | None:
        """The text with open parts that stands for these values, one a page; None where nothing tells them."""
        if len(set(values)) == 1:
            return values[0]
        for head, tail in _frames(values):
            inner = [value[len(head) : len(value) - len(tail)] for value in values]
            if source := learned(inner, self.shells):
                return f"{head}{{{self._place(source)}}}{tail}"
        return None

    def _place(self, source: Source) -> int:
        if source not in self.found:
            self.found.append(source)
        return self.found.index(source)


def _frames(values: Sequence[str]) -> Iterator[tuple[str, str]]:
    """What all values share before and behind their varying part: nothing, or all but torn words."""
    yield "", ""
    head = _BEFORE.sub("", _shared(values))
    tail = _AFTER.sub("", _shared([value[len(head) :][::-1] for value in values])[::-1])
    for frame in ((head, tail), (head, ""), ("", tail)):
        if any(frame):
            yield frame


def _shared(values: Sequence[str]) -> str:
    """What all values begin with."""
    same = takewhile(lambda column: len(set(column)) == 1, zip(*values, strict=False))
    return "".join(column[0] for column in same)


def template_of(calls: Sequence[Call], shells: Sequence[Shell]) -> Template | None:
    """The template of calls that were recorded on these pages, in order; None where they are not of one shape."""
    if calls[0].method == PAGE:
        return Template(PAGE, urlsplit(calls[0].url).fragment)
    sources = _Sources(shells)
    url = _url(sources, [call.url for call in calls])
    post = _post(sources, [call.post for call in calls])
    if url is None or post is None or len(sources.found) > MOST_OPEN:
        return None
    shared = [set(chosen_headers(call.headers).items()) for call in calls]
    return Template(calls[0].method, url, post, dict(sorted(set.intersection(*shared))), tuple(sources.found))


def _url(sources: _Sources, urls: Sequence[str]) -> str | None:
    """An address of one host: each part of its path must be told, parameters that nothing tells are left out."""
    parts = [urlsplit(url) for url in urls]
    paths = [part.path.split("/") for part in parts]
    if len({(part.scheme, part.netloc, len(path)) for part, path in zip(parts, paths, strict=True)}) > 1:
        return None
    steps = [sources.opened([unquote(step) for step in column]) for column in zip(*paths, strict=True)]
    if any(step is None for step in steps):
        return None
    path = "/".join(_quoted(step or "") for step in steps)
    queries = [dict(parse_qsl(part.query, keep_blank_values=True)) for part in parts]
    shared = [name for name in queries[0] if all(name in query for query in queries)]
    told = {name: sources.opened([query[name] for query in queries]) for name in shared}
    query = "&".join(f"{quote(name)}={_quoted(value)}" for name, value in told.items() if value is not None)
    return urlunsplit((parts[0].scheme, parts[0].netloc, path, query, ""))


def _quoted(text: str) -> str:
    """Percent-encoded but for the open parts."""
    return "".join(part if _OPEN.fullmatch(part) else quote(part, safe="") for part in re.split(r"(\{\d\})", text))


def _post(sources: _Sources, posts: Sequence[str]) -> str | None:
    """A body: "" where there is none, else the JSON of a reading query; None for anything else."""
    if not any(posts):
        return ""
    contents = [parsed(post.encode()) for post in posts]
    if not all(isinstance(content, dict) and _READS.match(str(content.get("query", ""))) for content in contents):
        return None
    leaves = [dict(walk(content)) for content in contents]
    if len({tuple(one) for one in leaves}) > 1:
        return None
    for path in leaves[0]:
        values = [one[path] for one in leaves]
        if len(set(map(str, values))) > 1:
            told = sources.opened([str(value) for value in values])
            if told is None or not all(isinstance(value, str) for value in values):
                return None
            _put(contents[0], path, told)
    return json.dumps(contents[0])


def _put(content: Any, path: Path, value: str) -> None:
    *steps, last = path
    for step in steps:
        content = content[step]
    content[last] = value


def same_call(url: str, other: str) -> bool:
    """Whether two addresses ask the same, whatever further parameters the second has."""
    one, two = urlsplit(url), urlsplit(other)
    if one.fragment != two.fragment:
        return False
    asked = set(parse_qsl(one.query, keep_blank_values=True))
    return (one.netloc, unquote(one.path)) == (two.netloc, unquote(two.path)) and asked <= set(
        parse_qsl(two.query, keep_blank_values=True)
    )
