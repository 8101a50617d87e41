"""A shop's language and country copies, kept apart by address and hreflang, so that only the site's own is crawled."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from urllib.parse import parse_qsl, urlsplit

from babel.core import get_global

from pricevane.model import SiteState
from spiders.find.sitemaps import Entry

LEAST_SHARE = 0.1
PARAMETERS = frozenset(["lang", "language", "locale", "hl", "lng", "sprache", "langue"])
_LANGUAGES = frozenset(code for code in get_global("likely_subtags") if len(code) == 2)
_TERRITORIES = frozenset(code.lower() for code in get_global("territory_currencies") if len(code) == 2) | {"uk"}
_CODE = re.compile(r"([a-z]{2})(?:[-_]([a-z]{2}))?", re.IGNORECASE)
_IN_NAME = re.compile(r"(?<![a-z])([a-z]{2}(?:[-_][a-z]{2})?)(?![a-z])", re.IGNORECASE)


def code_of(text: str) -> str:
    """A language, country or locale code as `de`, `de-at`; "" for what is none."""
    found = _CODE.fullmatch(text)
    if not found:
        return ""
    first, second = found[1].lower(), (found[2] or "").lower()
    if second:
        both = (first in _LANGUAGES and second in _TERRITORIES) or (first in _TERRITORIES and second in _LANGUAGES)
        return f"{first}-{second}" if both else ""
    return first if first in _LANGUAGES or first in _TERRITORIES else ""


def copy_of(url: str) -> tuple[str, str]:
    """The code that an address names in its query or as its first folder, and the rest of the address."""
    parts = urlsplit(url)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    said = next((code_of(value) for name, value in pairs if name.lower() in PARAMETERS), "")
    if said:
        return said, f"{parts.path}?{[pair for pair in pairs if pair[0].lower() not in PARAMETERS]}"
    first, _, rest = parts.path[1:].partition("/")
    code = code_of(first)
    return code, f"{'/' + rest if code else parts.path}?{pairs}"


def of_sitemap(url: str) -> str:
    """The code in a sitemap's address: its folder, its query, or a part of its file's name."""
    if code := copy_of(url)[0]:
        return code
    name = urlsplit(url).path.rpartition("/")[2].partition(".")[0]
    return next((code for part in _IN_NAME.findall(name) if (code := code_of(part))), "")


class Copies:
    """Tells the site's own copy from the others once a shop's sitemaps have been seen.

    The wanted copy is that of the site's language and region, else that of its address; where none fits, the
    addresses without a code, then English, then the copy seen first.
    """

    def __init__(self, state: SiteState) -> None:
        language, _, territory = state.language.lower().replace("_", "-").partition("-")
        said = {language, territory, state.region.lower()} - {""}
        self.wanted = frozenset(said or copy_of(state.url)[0].split("-"))
        self.seen: Counter[str] = Counter()
        self.rests: dict[int, str] = {}
        self.twins = 0

    def note(self, url: str) -> None:
        """Enter an address of a sitemap."""
        code, rest = copy_of(url)
        self.seen[code] += 1
        self.twins += self.rests.setdefault(hash(rest), code) != code

    @property
    def own(self) -> str | None:
        """The code of the copy to crawl, "" for addresses without one; None where the shop has no copies.

        A single code may be a folder's name: only addresses that are the same but for the code make it a copy.
        """
        total = self.seen.total()
        codes = [code for code, many in self.seen.items() if code and many >= LEAST_SHARE * total / len(self.seen)]
        are_languages = len(codes) > 1 and all(_LANGUAGES & set(code.split("-")) for code in codes)
        are_all_coded = are_languages and sum(self.seen[code] for code in codes) + 1 >= total
        if not codes or (not are_all_coded and self.twins < LEAST_SHARE * total):
            return None
        return best(codes + [""] * ("" in self.seen), self.wanted)

    def is_other(self, url: str) -> bool:
        """Whether an address belongs to another copy than the site's own."""
        own = self.own
        return own is not None and self.seen[code := copy_of(url)[0]] > 0 and code != own


def best(codes: Iterable[str], wanted: Iterable[str]) -> str:
    """The code that fits best: most parts wanted, fewest others; then "", English, the first."""
    said = frozenset(wanted)

    def rank(code: str) -> tuple[int, int, bool, bool]:
        parts = frozenset(code.split("-")) - {""}
        return len(parts & said), -len(parts - said) if said & parts else 0, not code, "en" in parts

    return max(codes, key=rank)


def own_twin(entry: Entry, wanted: Iterable[str]) -> bool:
    """Whether an entry is the language copy that is wanted among those its hreflang links name; True without any."""
    here = urlsplit(entry.url).netloc
    twins = {code.replace("x-default", ""): url for code, url in entry.twins if urlsplit(url).netloc == here}
    if entry.url not in twins.values() or len(set(twins.values())) < 2:
        return True
    return twins[best(twins, wanted)] == entry.url


def own_sitemaps(entries: list[Entry], wanted: Iterable[str]) -> list[Entry]:
    """Those sitemaps of an index that are of the wanted copy or of none, where at least two copies are named."""
    codes = {entry.url: of_sitemap(entry.url) for entry in entries}
    named = set(codes.values()) - {""}
    if len(named) < 2:
        return entries
    own = best([*named, ""] if "" in codes.values() else named, wanted)
    return [entry for entry in entries if codes[entry.url] in ("", own)]
