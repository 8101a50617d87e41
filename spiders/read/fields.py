"""Which layer's word counts for what identifies a product: its codes, brand and name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from html import unescape
from urllib.parse import parse_qsl, unquote, urlsplit

from selectolax.lexbor import LexborNode

from spiders.read.document import Document
from spiders.read.reading import LAYERS, Reading
from spiders.read.specs import _TABLES, EMPTY, Spec, Specs
from spiders.read.text import clean, gtin, plain

Found = tuple[str, str]
NOTHING: Found = ("", "")
LONGEST_BRAND, LONGEST_CODE = 80, 60
SHORTEST_SHOP, SHORTEST_IN_ADDRESS = 3, 4
_QUERY = tuple(_TABLES["address"]["query"].split())
_NAMED = ", ".join(
    [f'[class*="{word}" i]' for word in _TABLES["headline"]["names"].split()]
    + [f'a[href*="{part}" i]' for part in _TABLES["headline"]["addresses"].split()]
)
NEIGHBOURS = 6
_TAG = re.compile(r"<[^<>]{0,500}>")
_PLACEHOLDER = re.compile(r"[\W_]*|[$%{\[<].*|.*(?:\{\{|\}\}|\$\{|%%|<%).*", re.DOTALL)
_CODE_BRAND = re.compile(r"[a-z]{1,2}|\d+")
_EXTENSION = re.compile(r"\.(?:html?|php|aspx?|jsp|htm|prd|do)$", re.IGNORECASE)
# The number at the end of a part of the path, or a part that is one code; years and dates are neither.
_ENDING = re.compile(r"(?:^|.*\D)(\d{5,18})")
_WHOLE = re.compile(r"(?=.*\d)(?:\d{3,18}|[A-Z0-9]{6,20}|[A-Z0-9]+(?:[_-][A-Z0-9]+)+)")
_DATE = re.compile(r"(?:19|20)\d\d(?:0\d|1[0-2])[0-3]\d")
_BOOKLAND = 13


def choose(field: str, readings: Sequence[Reading], specs: Specs, page: Document) -> Found:
    """The value of `sku`, `gtin`, `mpn`, `brand` or `name` and where it stood, or two empty strings.

    `readings` are those about the page's own product, in any order; a site's own selectors go before all else.
    Other fields are taken from the most trusted layer that has them, then from what is printed.
    """
    ranked = sorted(readings, key=lambda one: LAYERS.index(one.layer))
    if field != "gtin" and (own := _told(field, [one for one in ranked if one.layer == "selectors"])):
        return own[0]
    return _CHOICES.get(field, _any(field))(ranked, specs, page)


def bare(text: str) -> str:
    """The text without markup and entities, also where they were written twice; "" for placeholders and "none"."""
    once = unescape(unescape(text)) if "&" in text else text
    value = clean(_TAG.sub(" ", once) if "<" in once else once)
    return "" if value.strip(" :.-").lower() in EMPTY or _PLACEHOLDER.fullmatch(value) else value


def in_address(code: str, page: Document) -> bool:
    """Whether the page's address has the code, whatever signs divide it there."""
    short = _letters(code)
    return len(short) >= SHORTEST_IN_ADDRESS and any(short in _letters(unquote(url)) for url in (page.url, page.address))


def address_code(page: Document) -> Found:
    """The number that the address ends with, or that its query names as a product's."""
    for url in (page.address, page.url):
        parts = urlsplit(url)
        pairs = {name.lower(): value for name, value in reversed(parse_qsl(parts.query)[:30])}
        for value in (pairs.get(name, "") for name in _QUERY):
            if _WHOLE.fullmatch(value):
                return value, "url:query"
        for part in [_EXTENSION.sub("", unquote(one)) for one in parts.path.split("/") if one][:-3:-1]:
            found = _WHOLE.fullmatch(part) or _ENDING.fullmatch(part)
            if found and not _DATE.fullmatch(code := found[found.re.groups]):
                return code, "url:path"
    return NOTHING


def _sku(ranked: Sequence[Reading], specs: Specs, page: Document) -> Found:
    """The number that the shop prints, else the one that its data has, else the one in its address."""
    told = [one for one in _told("sku", ranked) if len(one[0]) <= LONGEST_CODE]
    printed = _printed("sku", told, specs, page)
    if printed[0]:
        return printed
    addressed = address_code(page)
    # A number of the trade is the shop's own only where the shop uses it as such.
    own = [one for one in told if not _is_trade(one[0]) or in_address(one[0], page)]
    if own:
        return next((one for one in own if in_address(one[0], page) and one[1].split(":")[0] != "opengraph"), own[0])
    weak = [one for one in specs.of("sku", weak=True) if in_address(one.value, page)]
    agreed = next(((one.value, one.path) for one in weak), addressed)
    return agreed if agreed[0] else (told[0] if told else _weak("sku", specs))


def _printed(field: str, told: Sequence[Found], specs: Specs, page: Document) -> Found:
    """What is printed under a clear label; of a list the one that the page's data or address names as well."""
    known = {_letters(value) for value, _ in told}
    for one in specs.of(field):
        if _letters(one.value) in known or in_address(one.value, page):
            return one.value, one.path
    return _found(specs.first(field))


def _weak(field: str, specs: Specs) -> Found:
    return _found(specs.first(field, weak=True))


def _found(spec: Spec | None) -> Found:
    return (spec.value, spec.path) if spec else NOTHING


def _gtin(ranked: Sequence[Reading], specs: Specs, page: Document) -> Found:
    """The first number with a right check digit, also where a shop took it for its own code."""
    told = [(found, path) for value, path in _told("gtin", ranked) if (found := gtin(value))]
    printed = [(one.value, one.path) for one in specs.of("gtin")]
    known = {value for value, _ in told}
    agreed = next((one for one in printed if one[0] in known), NOTHING)
    codes = [one for name in ("sku", "mpn") for one in _told(name, ranked)]
    codes += [(one.value, one.path) for one in specs.of("sku")]
    taken = [(gtin(value), path) for value, path in codes if _is_trade(value)]
    return next(iter([*told, *([agreed] if agreed[0] else []), *_only(printed), *taken]), NOTHING)


def _only(printed: Sequence[Found]) -> Sequence[Found]:
    """The first of one or two numbers; of more nothing says whose they are."""
    return printed[:1] if len({value for value, _ in printed}) < 3 else ()  # noqa: PLR2004


def _is_trade(code: str) -> bool:
    """Whether a code is a GTIN of 13 digits or more: shorter ones pass the check by chance."""
    return len(code.strip()) >= _BOOKLAND and bool(gtin(code))


def _mpn(ranked: Sequence[Reading], specs: Specs, page: Document) -> Found:
    """The maker's number: what is printed as such, else what the data says, unless that is the shop's own number."""
    told = [one for one in _told("mpn", ranked) if len(one[0]) <= LONGEST_CODE]
    printed = _printed("mpn", told, specs, page)
    if printed[0]:
        return printed
    own = [value for value, _ in _told("sku", ranked)] + [one.value for one in specs.of("sku")]
    own += [value for value, _ in [address_code(page)] if value]
    shops = {_letters(value) for value in own if value}
    for value, path in told:
        short = _letters(value)
        if not any(short == code or short.startswith(code) for code in shops if len(code) >= SHORTEST_IN_ADDRESS):
            if not _is_trade(value):
                return value, path
    return _not_own(_weak("mpn", specs), shops)


def _not_own(found: Found, shops: set[str]) -> Found:
    return NOTHING if _letters(found[0]) in shops else found


def _brand(ranked: Sequence[Reading], specs: Specs, page: Document) -> Found:
    """The first brand that is not the shop itself; the shop itself where nobody names another."""
    told = [one for one in _told("brand", ranked) if len(one[0]) <= LONGEST_BRAND and not _CODE_BRAND.fullmatch(one[0])]
    told = [one for one in told if not _is_title(one[0], page)]
    printed = specs.first("brand")
    every = [*told, *([(printed.value, printed.path)] if printed else [])]
    return next((one for one in every if not _is_shop(one[0], page)), None) or next(iter(every), _beside_headline(page))


def _beside_headline(page: Document) -> Found:
    """The brand in an element near the headline whose class or address says that it is one."""
    headline = page.tree.css_first("h1")
    for one in (headline, headline.parent) if headline and headline.parent else ():
        for named in (found for node in _neighbours(one) if (found := node.css_first(_NAMED))):
            said = bare(named.text(separator=" ")[:200]) or bare(named.attributes.get("title") or "")
            if said and len(said) <= LONGEST_BRAND // 2 and not said.endswith(":") and not _is_shop(said, page):
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


def _is_shop(brand: str, page: Document) -> bool:
    """Whether a brand is the name in the page's host, or either begins with the other."""
    name = _letters(brand)
    shop = max((_letters(part) for part in (urlsplit(page.url).hostname or "").split(".")[:-1]), key=len, default="")
    return len(name) >= SHORTEST_SHOP and len(shop) >= SHORTEST_SHOP and (shop.startswith(name) or name.startswith(shop))


def _is_title(brand: str, page: Document) -> bool:
    """Whether a brand is a page's title: the name of the shop after a bar."""
    first, bar, last = brand.rpartition("|")
    parts = [part for part in re.findall(r"[a-z0-9]+", last.lower()) if _is_shop(part, page)]
    return bool(bar and first.strip() and parts)


def _name(ranked: Sequence[Reading], specs: Specs, page: Document) -> Found:
    return next(iter(_told("name", ranked)), (bare(page.headline), "dom:h1") if page.headline else NOTHING)


def _any(field: str) -> Callable[[Sequence[Reading], Specs, Document], Found]:
    def first(ranked: Sequence[Reading], specs: Specs, page: Document) -> Found:
        return next(iter(_told(field, ranked)), _found(specs.first(field)))

    return first


def _told(field: str, readings: Sequence[Reading]) -> list[Found]:
    """The values of a field in the layers' order, made bare."""
    return list(_bare(field, readings))


def _bare(field: str, readings: Sequence[Reading]) -> Iterator[Found]:
    for one in readings:
        if value := bare(getattr(one, field)):
            yield value, f"{one.path}.{field}"


def _letters(text: str) -> str:
    """Letters and digits only, in lower case and without accents."""
    folded = unicodedata.normalize("NFKD", plain(text)).lower()
    return "".join(char for char in folded if char.isalnum())


_CHOICES: dict[str, Callable[[Sequence[Reading], Specs, Document], Found]] = {
    "sku": _sku,
    "gtin": _gtin,
    "mpn": _mpn,
    "brand": _brand,
    "name": _name,
}
