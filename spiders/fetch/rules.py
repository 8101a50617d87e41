"""What a robots.txt says to us (RFC 9309): groups, longest match, delays, visiting hours; pure and linear in time."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from urllib.parse import quote, unquote

from pricevane.model import Origin
from spiders.fetch.hours import Hours

TOKEN = "pricevane"  # noqa: S105
ALL = "*"
# One request an hour; who asks for less means something else, and is told what is kept.
LONGEST_DELAY_S = 3600.0
# RFC 9309, 2.2: a line ends with CR, LF or both, and with nothing else that Unicode calls a line's end.
LINE_END = re.compile(r"\r\n?|\n")
AUTHORITY = re.compile(r"(?:([A-Za-z][A-Za-z0-9+.-]*):(//[^/?#]*|))?(.*)", re.DOTALL)
WHITE = " \t"
FIELDS = {
    "agent": "user[ -]?agent",
    "disallow": "dis+al+ow|diasllow|disallaw",
    "allow": "allow",
    "delay": "crawl[ -]?delay",
    "rate": "request[ -]?rate",
    "visit": "visit[ -]?time",
    "sitemap": "site-?maps?",
}
LINE = re.compile("|".join(f"(?P<{name}>(?:{spelt})(?=[\\s:]))" for name, spelt in FIELDS.items()), re.IGNORECASE)
AGENT = re.compile(r"\*|[a-z_-]+", re.IGNORECASE)
NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
RATE = re.compile(r"(\d+)\s*/\s*(\d+)\s*([smhd]?)", re.IGNORECASE)
SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
UNLIKE = re.compile(r"%([0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~:/?#\[\]@!&'()+,;=%]+")


def comparable(path: str) -> str:
    """A path as its octets are compared (RFC 9309, 2.2.2).

    Escaped unreserved characters are unescaped, escaped reserved ones stay, all that no address may hold is
    escaped, and `*` and `$` as well, so that `%2A` and `%24` in a rule mean just these (2.2.3). Octets that were
    no UTF-8 arrive as lone surrogates (`surrogateescape`). Raises UnicodeEncodeError for any other surrogate.
    """
    return UNLIKE.sub(_octets, path)


def _octets(found: re.Match[str]) -> str:
    if found[1] is None:
        return quote(found[0], safe="", errors="surrogateescape")
    character = chr(int(found[1], 16))
    return character if character in UNRESERVED else found[0].upper()


@dataclass(frozen=True, slots=True)
class Rule:
    """An Allow or Disallow line; `parts` are what stood between its wildcards, `anchored` that it ended with `$`."""

    line: str
    allows: bool
    parts: tuple[str, ...]
    anchored: bool

    @classmethod
    def of(cls, allows: bool, pattern: str) -> Rule:
        """A rule from its path pattern; raises UnicodeEncodeError where that is no text."""
        anchored = pattern.endswith("$")
        parts = re.split(r"\*+", pattern.removesuffix("$"))
        line = f"{'Allow' if allows else 'Disallow'}: {pattern}"
        return cls(line, allows, tuple(comparable(part) for part in parts), anchored)

    @property
    def weight(self) -> tuple[int, bool]:
        """What decides between matching rules: the most octets, then Allow (RFC 9309, 2.2.2)."""
        return sum(map(len, self.parts)) + len(self.parts) - 1 + self.anchored, self.allows

    def matches(self, path: str) -> bool:
        """Whether the rule is about a comparable path; each part is looked for once, from left to right."""
        head, *rest = self.parts
        if not path.startswith(head):
            return False
        if not rest:
            return not self.anchored or len(path) == len(head)
        at = len(head)
        *middle, tail = rest
        for part in middle:
            at = path.find(part, at) + len(part)
            if at < len(part):
                return False
        return len(path) - len(tail) >= at and path.endswith(tail) if self.anchored else path.find(tail, at) >= 0


@dataclass(slots=True)
class Group:
    """What the groups of one user agent say together (RFC 9309, 2.2.1)."""

    rules: dict[Rule, None] = field(default_factory=dict)
    delay_s: float = 0.0
    delay_line: str = ""
    hours: tuple[Hours, ...] = ()

    def add(self, name: str, value: str) -> None:
        """Enter one line; a pattern that is no path, or no text, is no rule and is left out (2.2, 2.4)."""
        if name in ("allow", "disallow") and value.startswith(("/", "*")):
            try:
                self.rules[Rule.of(name == "allow", value)] = None
            except UnicodeEncodeError:
                return
        elif name == "delay" and (found := NUMBER.match(value)):
            self._slow_down(float(found[0].replace(",", ".")), f"Crawl-delay: {value}")
        elif name == "rate" and (found := RATE.match(value)) and int(found[1]):
            self._slow_down(int(found[2]) * SECONDS[found[3].lower()] / int(found[1]), f"Request-rate: {value}")
        elif name == "visit" and (hours := Hours.read(value)):
            self.hours = (*self.hours, hours)

    def _slow_down(self, delay_s: float, line: str) -> None:
        if delay_s > self.delay_s and math.isfinite(delay_s):
            self.delay_s = min(delay_s, LONGEST_DELAY_S)
            self.delay_line = line if delay_s <= LONGEST_DELAY_S else f"{line} (kept: {LONGEST_DELAY_S:g} s)"


@dataclass(frozen=True, slots=True)
class Rules:
    """What one origin's robots.txt says to us.

    `origin` is where it lies, like `https://shop.example`: other origins' addresses are none of its business and
    not allowed by it (RFC 9309, 2.3); without it only paths are looked at. `rules` stand heaviest first. `note`
    says why everything is refused where the file could not be had, `failure` the kind of failure where there was
    no answer at all. `delay_s` is what Crawl-delay or Request-rate ask for, at most LONGEST_DELAY_S, and
    `delay_line` the line that did; `hours` are its visiting times.
    """

    origin: str = ""
    note: str = ""
    failure: str = ""
    rules: tuple[Rule, ...] = ()
    delay_s: float = 0.0
    delay_line: str = ""
    hours: tuple[Hours, ...] = ()
    sitemaps: tuple[str, ...] = ()

    @classmethod
    def of(cls, text: str, origin: str = "") -> Rules:
        """Rules from the text of a robots.txt; lines that say nothing known are passed over."""
        groups, sitemaps = _groups(text)
        group = groups.get(TOKEN) or groups.get(ALL) or Group()
        rules = sorted(group.rules, key=lambda rule: rule.weight, reverse=True)
        return cls(
            origin=origin,
            rules=tuple(rules),
            delay_s=group.delay_s,
            delay_line=group.delay_line,
            hours=group.hours,
            sitemaps=tuple(sitemaps),
        )

    def allows(self, url: str) -> bool:
        """Whether we may fetch an address."""
        return not self.line_refusing(url)

    def line_refusing(self, url: str) -> str:
        """The line that refuses an address, or why everything is refused; "" where it is allowed."""
        if self.note:
            return self.note
        address = url.partition("#")[0]
        scheme, authority, path = AUTHORITY.match(address).groups()  # type: ignore[union-attr]
        if scheme and not _is_of(self.origin, f"{scheme}:{authority}"):
            return f"not an address of {self.origin}"
        path = path if path.startswith("/") else f"/{path}"
        if path == "/robots.txt":
            return ""
        octets = comparable(path.encode(errors="replace").decode())
        found = next((rule for rule in self.rules if rule.matches(octets)), None)
        return found.line if found and not found.allows else ""


def _is_of(origin: str, url: str) -> bool:
    """Whether an address has an origin, or there is none; international host names count in either spelling."""
    try:
        return not origin or _plain(Origin.of(url)) == _plain(Origin.of(origin))
    except ValueError:
        return False


@lru_cache(maxsize=256)
def _plain(origin: Origin) -> Origin:
    """The origin with its host in ASCII (RFC 3986, 6.2.2 and 3.2.2); raises UnicodeError for what is no host name."""
    return replace(origin, host=unquote(origin.host).encode("idna").decode())


def _groups(text: str) -> tuple[dict[str, Group], list[str]]:
    """The groups that are about us or about all, and the sitemaps."""
    groups: dict[str, Group] = {}
    sitemaps: list[str] = []
    ours: list[Group] = []
    naming = True
    for name, value in _lines(text):
        if name == "sitemap":
            sitemaps.append(value)
        elif name != "agent":
            naming = False
            for group in ours:
                group.add(name, value)
        else:
            ours = ours if naming else []
            naming = True
            agent = found[0].lower() if (found := AGENT.match(value)) else ""
            if agent in (TOKEN, ALL):
                ours.append(groups.setdefault(agent, Group()))
    return groups, sitemaps


def _lines(text: str) -> Iterable[tuple[str, str]]:
    """(field, value) of each line that has a known field."""
    for line in LINE_END.split(text.removeprefix("\ufeff")):
        content = line.partition("#")[0].strip(WHITE)
        if found := LINE.match(content):
            yield str(found.lastgroup), content[found.end() :].lstrip(WHITE).removeprefix(":").strip(WHITE)
