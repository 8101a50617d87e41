"""Which layer's word counts for what identifies a product: its codes, brand and name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from urllib.parse import parse_qsl, unquote, urlsplit

from selectolax.lexbor import LexborNode

from spiders.read.document import Document
from spiders.read.reading import LAYERS, Reading
from spiders.read.specs import EMPTY, MANY, TABLES, Spec, Specs, folded
from spiders.read.text import clean, gtin, plain

Found = tuple[str, str]
NOTHING: Found = ("", "")
LONGEST_BRAND, LONGEST_CODE, LONGEST_BESIDE, LONGEST_TEXT = 80, 60, 40, 2000
SHORTEST_SHOP, SHORTEST_CODE = 3, 4
# Shorter numbers of the trade pass the check by chance.
SHORTEST_TRADE = 13
NEIGHBOURS = 6
_QUERY = tuple(TABLES["address"]["query"].split())
_NAMED = ", ".join(
    [f'[class*="{word}" i]' for word in TABLES["headline"]["names"].split()]
    + [f'a[href*="{part}" i]' for part in TABLES["headline"]["addresses"].split()]
)
_TAG = re.compile(r"<[^<>]{0,500}>")
_PLACEHOLDER = re.compile(r"[\W_]*|[$%{\[<].*|.*(?:\{\{|\}\}|\$\{|%%|<%).*", re.DOTALL)
_CODE_BRAND = re.compile(r"[a-z]{1,2}|\d+")
_EXTENSION = re.compile(r"\.(?:html?|php|aspx?|jsp|htm|prd|do)$", re.IGNORECASE)
_ENDING = re.compile(r"(?:^|.*\D)(\d{5,18})")
_WHOLE = re.compile(r"(?=.*\d)(\d{3,18}|[A-Z0-9]{6,20}|[A-Z0-9]+(?:[_-][A-Z0-9]+)+)")
_SIGNS = re.compile(r"[^A-Za-z0-9]+")
_DATE = re.compile(r"(?:19|20)\d\d(?:(?:0\d|1[0-2])[0-3]\d)?")


@dataclass(frozen=True, slots=True)
class _Given:
    """All that is known of one product: the layers' readings, the most trusted first, what is printed, and the page."""

    ranked: Sequence[Reading]
    specs: Specs
    page: Document

    def told(self, name: str) -> list[Found]:
        """The values of a field in the layers' order, made bare."""
        return [(value, f"{one.path}.{name}") for one in self.ranked if (value := bare(getattr(one, name)))]

    def codes(self, name: str) -> list[Found]:
        """The values of a field that are short enough for a code."""
        return [one for one in self.told(name) if len(one[0]) <= LONGEST_CODE]

    def printed(self, name: str, told: Sequence[Found]) -> Found:
        """What is printed under a clear label; of a list the one that the page's data or address names as well."""
        known = {_letters(value) for value, _ in told}
        agreed = (
            one for one in self.specs.of(name) if _letters(one.value) in known or in_address(one.value, self.page)
        )
        return _found(next(agreed, None) or self.specs.first(name))


def choose(field: str, readings: Sequence[Reading], specs: Specs, page: Document) -> Found:
    """The value of `sku`, `gtin`, `mpn`, `brand` or `name` and where it stood, or two empty strings.

    `readings` are those about the page's own product, in any order; a site's own selectors go before all else.
    Other fields are taken from the most trusted layer that has them, then from what is printed.
    """
    ranked = sorted(readings, key=lambda one: LAYERS.index(one.layer))
    selected = _Given([one for one in ranked if one.layer == "selectors"], specs, page)
    if field != "gtin" and (own := selected.told(field)):
        return own[0]
    given = _Given(ranked, specs, page)
    return _CHOICES[field](given) if field in _CHOICES else _any(field, given)


def bare(text: str) -> str:
    """The text without markup and entities, also where they were written twice; "" for placeholders and "none"."""
    start = text[:LONGEST_TEXT]
    once = unescape(unescape(start)) if "&" in start else start
    value = clean(_TAG.sub(" ", once) if "<" in once else once)
    return "" if folded(value) in EMPTY or _PLACEHOLDER.fullmatch(value) else value


def in_address(code: str, page: Document) -> bool:
    """Whether the page's address has the code, whatever signs divide it there."""
    short = _letters(code)
    return len(short) >= SHORTEST_CODE and any(short in _letters(unquote(url)) for url in (page.url, page.address))


def address_code(page: Document) -> Found:
    """The number that the address ends with, or that its query names as a product's; years and dates are neither."""
    return _address_code(page.address, page.url)


@lru_cache(maxsize=8)
def _address_code(*urls: str) -> Found:
    for url in urls:
        parts = urlsplit(url)
        pairs = {name.lower(): value for name, value in reversed(parse_qsl(parts.query)[:30])}
        query = [_WHOLE.fullmatch(pairs.get(name, "")) for name in _QUERY]
        last, *others = [_EXTENSION.sub("", unquote(one)) for one in parts.path.split("/") if one][:-3:-1] or [""]
        path = [_WHOLE.fullmatch(last) or _ENDING.fullmatch(last), *(_WHOLE.fullmatch(one) for one in others)]
        for where, found in [*(("query", one) for one in query), *(("path", one) for one in path)]:
            if found and not _DATE.fullmatch(found[1]):
                return found[1], f"url:{where}"
    return NOTHING


def _sku(given: _Given) -> Found:
    """The number that the shop prints, else the one that its data has, else the one in its address."""
    told, page = given.codes("sku"), given.page
    printed = given.printed("sku", told)
    if printed[0]:
        return printed
    # A number of the trade is the shop's own only where the shop uses it as such.
    own = [one for one in told if not _is_trade(one[0]) or in_address(one[0], page)]
    if own:
        return next((one for one in own if in_address(one[0], page)), own[0])
    weak = [_found(one) for one in given.specs.of("sku", weak=True) if in_address(one.value, page)]
    last = [address_code(page), *told, _found(given.specs.first("sku", weak=True))]
    return next((one for one in [*weak, *last] if one[0]), NOTHING)


def _gtin(given: _Given) -> Found:
    """The first number with a right check digit, also where a shop took it for its own code."""
    told = [(found, path) for value, path in given.told("gtin") if (found := gtin(value))]
    printed = [_found(one) for one in given.specs.of("gtin")]
    few = printed[:1] if len(set(printed)) < MANY else []
    codes = [*given.told("sku"), *given.told("mpn"), *map(_found, given.specs.of("sku"))]
    taken = [(gtin(value), path) for value, path in codes if _is_trade(value)]
    return next(iter([*told, *few, *taken]), NOTHING)


def _mpn(given: _Given) -> Found:
    """The maker's number: what is printed as such, else what the data says, unless that is the shop's own number."""
    told = given.codes("mpn")
    printed = given.printed("mpn", told)
    if printed[0]:
        return printed
    own = [*given.told("sku"), *map(_found, given.specs.of("sku")), address_code(given.page)]
    shops = {short for value, _ in own if len(short := _letters(value)) >= SHORTEST_CODE}
    makers = [one for one in [*told, _found(given.specs.first("mpn", weak=True))] if not _is_trade(one[0])]
    return next((one for one in makers if not any(_letters(one[0]).startswith(code) for code in shops)), NOTHING)


def _brand(given: _Given) -> Found:
    """The first brand that is not the shop itself; the shop itself where nobody names another."""
    page = given.page
    told = [one for one in given.told("brand") if len(one[0]) <= LONGEST_BRAND and not _is_title(one[0], page)]
    told = [one for one in told if not (one[1].startswith("embedded") and _CODE_BRAND.fullmatch(one[0]))]
    every = [one for one in [*told, _found(given.specs.first("brand"))] if one[0]]
    other = next((one for one in every if not _is_shop(one[0], page)), NOTHING)
    if other[0]:
        return other
    return next((one for one in [_beside_headline(page), *every] if one[0]), NOTHING)


def _name(given: _Given) -> Found:
    headline = bare(given.page.headline)
    return next(iter(given.told("name")), (headline, "dom:h1") if headline else NOTHING)


def _any(field: str, given: _Given) -> Found:
    return next(iter(given.told(field)), _found(given.specs.first(field)))


def _beside_headline(page: Document) -> Found:
    """The brand in an element near the headline whose class or address says that it is one."""
    headline = page.tree.css_first("h1")
    for one in (headline, headline.parent) if headline and headline.parent else ():
        for named in (found for node in _neighbours(one) if (found := node.css_first(_NAMED))):
            said = bare(named.text(separator=" ")[:200]) or bare(named.attributes.get("title") or "")
            if said and len(said) <= LONGEST_BESIDE and not said.endswith(":") and not _is_shop(said, page):
                return said, "dom:h1.brand"
    return NOTHING


def _neighbours(node: LexborNode) -> list[LexborNode]:
    """The elements beside this one, the nearest first."""
    found: list[LexborNode] = []
    before, after = node.prev, node.next
    for _ in range(NEIGHBOURS):
        found += [one for one in (after, before) if one is not None and one.tag not in ("-text", "-comment", "nav")]
        before, after = before.prev if before else None, after.next if after else None
    return found


def _is_trade(code: str) -> bool:
    """Whether a code is a GTIN too long to be one by chance."""
    return len(code.strip()) >= SHORTEST_TRADE and bool(gtin(code))


def _is_shop(brand: str, page: Document) -> bool:
    """Whether a brand is the name in the page's host, or either begins with the other."""
    name = _letters(brand)
    shop = max((_letters(part) for part in (urlsplit(page.url).hostname or "").split(".")[:-1]), key=len, default="")
    return min(len(name), len(shop)) >= SHORTEST_SHOP and (shop.startswith(name) or name.startswith(shop))


def _is_title(brand: str, page: Document) -> bool:
    """Whether a brand is a page's title: the name of the shop after a bar."""
    first, bar, last = brand.rpartition("|")
    return bool(bar and first.strip()) and any(_is_shop(part, page) for part in re.findall("[a-z0-9]+", last.lower()))


def _found(spec: Spec | None) -> Found:
    return (spec.value, spec.path) if spec else NOTHING


@lru_cache(4096)
def _letters(text: str) -> str:
    """Letters and digits only, in lower case and without accents."""
    if text.isascii():
        return _SIGNS.sub("", text).lower()
    shown = unicodedata.normalize("NFKD", plain(text)).lower()
    return "".join(char for char in shown if char.isalnum())


_CHOICES: dict[str, Callable[[_Given], Found]] = {
    "sku": _sku,
    "gtin": _gtin,
    "mpn": _mpn,
    "brand": _brand,
    "name": _name,
}
