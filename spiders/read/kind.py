"""What a page is: a product, a list of them, a search, a shop's home, or something that stands in their place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from selectolax.lexbor import LexborNode

from pricevane.model import PageKind, PriceKind
from spiders.read.clues import (
    CLASSES,
    CODES,
    HEADLINES,
    MARKUP,
    MOST_BUYS,
    SECTIONS,
    STARTS,
    Clues,
    Reasons,
    first,
    words,
)
from spiders.read.document import Document
from spiders.read.reading import Reading

FEW_TILES = 4
MANY_TILES = 12
LIKELY = 4
CLEAR = 6
BARE = 260
_NAMES_ONE = 0.5
# A tile may show two amounts, its price and its old price.
_TILE_BUYS = 0.4
# Challenge marks that ordinary pages carry too: these count beside words only.
_COMMON = frozenset(["hcaptcha", "g-recaptcha", "captcha", "geetest", "awswaf", "aws-waf", "kpsdk", "distil_"])


def kind_of(page: Document, readings: Sequence[Reading], tiles: int) -> tuple[PageKind, str]:
    """The page's kind and why, quoting what was seen.

    `readings` are the structured ones of the page's main product, `tiles` counts repeated links with prices.
    The surest and cheapest clues go first; nothing looks at more of a page than a bounded part.
    """
    case = _Case(Clues(page), tuple(readings), tiles)
    for rule in _RULES:
        if verdict := rule(case):
            return verdict
    return PageKind.OTHER, f"no sign of a product or of a list, {tiles} tiles with prices"


@dataclass(frozen=True)
class _Case:
    """One page's clues together with what other modules read from it."""

    clues: Clues
    readings: tuple[Reading, ...]
    tiles: int

    @cached_property
    def named(self) -> bool:
        """Whether title or headline name what the structured data describe."""
        top = self.clues.top
        return any(_names(top, words(one.name[:300])) for one in self.readings[:3] if one.name.strip())

    def _is_elsewhere(self, reading: Reading) -> bool:
        """Whether a reading that the page does not name has an address of its own: a tile's."""
        return bool(reading.url) and not self.named and not self.clues.page.is_here(reading.url)

    @cached_property
    def buys(self) -> list[str]:
        """The controls that buy, unless they are about as many as the tiles and so theirs."""
        said = self.clues.own_buys
        theirs = self.tiles >= FEW_TILES and _TILE_BUYS * min(self.tiles, MOST_BUYS) <= len(said) <= self.tiles
        return [] if theirs else said

    @cached_property
    def sections(self) -> int:
        """How many headings are those of a product's description."""
        return sum(one in SECTIONS for one in self.clues.headings)

    @property
    def sells(self) -> bool:
        """Whether more than its address and head make it a product's page."""
        return self.product[0] >= LIKELY and bool(self.buys or self.sections or self.readings)

    @property
    def shows_its_own(self) -> bool:
        """Whether the page goes by the name of one thing and more than its address makes it a product's."""
        title, own = self.clues.title, self.clues.headline.strip()
        return bool(own) and _names(title, own) and not self.buys and self.product[0] >= CLEAR

    @cached_property
    def product(self) -> tuple[int, list[str]]:
        """How much speaks for a product page, and what."""
        clues, found = self.clues, Reasons()
        found.add(3, any(not self._is_elsewhere(one) for one in self.readings), "structured data of one product")
        found.add(3, first(clues.body_class, CLASSES["product"]), "the body's class says {}")
        found.add(2, clues.og_type if "product" in clues.og_type and not _lists(clues.og_type) else "", "og:type is {}")
        found.add(2, clues.part("product"), "its address has /{}/")
        found.add(2, self.buys[0] if self.buys else "", "a control says '{}'")
        found.add(1, 0 < len(self.buys) <= max(3, self.tiles // 2), "few controls buy")
        found.add(
            1,
            next((one.strip() for one in clues.h1s if one.strip() and _names(clues.title, one)), ""),
            "'{}' is headline and title",
        )
        found.add(min(self.sections, 2), self.sections > 0, "sections as below a product")
        found.add(
            1, 0 < sum(node.attributes.get("itemprop") == "sku" for node in _every(clues)) < 3, "an article number"
        )
        return found.score, found.reasons

    @cached_property
    def listing(self) -> tuple[int, list[str]]:
        """How much speaks for a list of products, and what."""
        clues, found = self.clues, Reasons()
        found.add(3, first(clues.body_class, CLASSES["listing"]), "the body's class says {}")
        found.add(3, clues.og_type if _lists(clues.og_type) else "", "og:type is {}")
        found.add(2, clues.part("listing"), "its address has /{}/")
        found.add(2, self.tiles >= FEW_TILES, f"{self.tiles} tiles with prices")
        found.add(1, self.tiles >= MANY_TILES, "many tiles")
        found.add(
            2, any(_is_list(script.text()[:2000]) for script in clues.page.scripts[:8]), "structured data of a list"
        )
        pages = any(
            "pagination" in (node.attributes.get("class") or "").lower() or "next" in (node.attributes.get("rel") or "")
            for node in _every(clues)
        )
        found.add(2, pages, "links to further pages")
        found.add(1, bool(clues.asked.get("select")), "something to sort by")
        found.add(1, len(clues.buys) >= FEW_TILES, "many controls buy")
        return found.score, found.reasons

    @property
    def is_product(self) -> bool:
        """Whether more speaks for a product than for a list, and enough."""
        return self.product[0] >= LIKELY and self.product[0] >= self.listing[0]


_Verdict = tuple[PageKind, str] | None


def _described(case: _Case) -> _Verdict:
    """Structured data of one product that the page itself names: nearly all product pages end here."""
    ranges = case.tiles >= FEW_TILES and any(one.kind is PriceKind.FROM for one in case.readings)
    if not case.named or ranges:
        return None
    name = " ".join(case.readings[0].name.split())[:60]
    if gone := first(case.clues.top, HEADLINES["gone"]):
        return None if gone not in words(name) else (PageKind.PRODUCT, f"structured data and title name '{name}'")
    return PageKind.PRODUCT, f"structured data and title name '{name}'"


def _blocked(case: _Case) -> _Verdict:
    clues = case.clues
    said = first(clues.top, HEADLINES["blocked"]) or first(clues.title, HEADLINES["wait"])
    likely = CLEAR if clues.small else LIKELY
    if said and case.product[0] < likely and (clues.small or (said in clues.title and not case.tiles)):
        return PageKind.BLOCKED, f"title or headline says '{said}'"
    if not clues.small:
        return None
    said = first(clues.text + clues.unscripted, HEADLINES["blocked"])
    mark = first(clues.marks, MARKUP["challenge"])
    if mark and (said or mark not in _COMMON or first(clues.text, HEADLINES["wait"])):
        return PageKind.BLOCKED, f"little text and a challenge: {mark}"
    if said and case.product[0] < LIKELY:
        return PageKind.BLOCKED, f"little text that says '{said}'"
    return None


def _gone(case: _Case) -> _Verdict:
    clues = case.clues
    said = first(clues.top, HEADLINES["gone"]) or ("404" if clues.title.startswith(" 404 ") else "")
    if said and not _searches(case):
        return PageKind.GONE, f"title or headline says '{said}'"
    if shown := first(clues.body_class, CLASSES["gone"]):
        return PageKind.GONE, f"the body's class says {shown}"
    return None


def _consent(case: _Case) -> _Verdict:
    clues = case.clues
    if case.tiles >= FEW_TILES or (clues.part("product") and case.is_product):
        return None
    if (said := first(clues.top, HEADLINES["consent"])) and case.product[0] < CLEAR:
        return PageKind.CONSENT, f"title or headline says '{said}'"
    return None


def _locale(case: _Case) -> _Verdict:
    if case.tiles < FEW_TILES and (said := first(case.clues.top, HEADLINES["locale"])) and case.product[0] < CLEAR:
        return PageKind.LOCALE, f"title or headline says '{said}'"
    return None


def _search(case: _Case) -> _Verdict:
    if (why := _searches(case)) and case.product[0] < CLEAR:
        return PageKind.SEARCH, why
    return None


def _searches(case: _Case) -> str:
    """Why the page is one of search results, or ""."""
    clues = case.clues
    said = first(clues.top, HEADLINES["search"])
    if part := clues.part("search"):
        return f"its address has /{part}/"
    if clues.asks and (said or case.tiles >= FEW_TILES or case.product[0] < LIKELY):
        return f"its address asks for '{clues.asks}'"
    if shown := first(clues.body_class, CLASSES["search"]):
        return f"the body's class says {shown}"
    return f"title or headline says '{said}'" if " " in said else ""


def _product(case: _Case) -> _Verdict:
    if case.product[0] >= CLEAR and case.is_product and case.sells:
        return PageKind.PRODUCT, "; ".join(case.product[1])
    return None


def _instead(case: _Case) -> _Verdict:
    """What stands in a page's place and says so in smaller headings or its first words only.

    A page under its product's own name that tells of the product's end is still the product's.
    """
    clues = case.clues
    if case.sells or case.shows_its_own:
        return None
    said = "|".join(clues.headings)
    if gone := first(said, HEADLINES["gone"]) or first(clues.text, HEADLINES["gone"]):
        return PageKind.GONE, f"its text says '{gone}'"
    if case.tiles >= FEW_TILES or not clues.small or case.product[0] >= LIKELY:
        return None
    for kind in (PageKind.CONSENT, PageKind.LOCALE):
        if found := first(said, HEADLINES[kind.value]) or first(clues.text, HEADLINES[kind.value]):
            return kind, f"little text that says '{found}'"
    return None


def _shell(case: _Case) -> _Verdict:
    clues = case.clues
    if len(clues.text) >= BARE or not clues.small or case.tiles or case.readings:
        return None
    if said := first(clues.unscripted + clues.text, HEADLINES["shell"]):
        return PageKind.SHELL, f"almost no text but '{said}'"
    scripts = clues.page.tree.css("script")
    return (PageKind.SHELL, f"{len(scripts)} scripts and almost no text") if scripts else None


def _home(case: _Case) -> _Verdict:
    clues = case.clues
    if not clues.parts or (len(clues.parts) <= 2 and all(_is_root(part.strip()) for part in clues.parts)):
        return PageKind.HOME, "its address is the shop's own"
    shown = first(clues.body_class, CLASSES["home"])
    return (PageKind.HOME, f"the body's class says {shown}") if shown and case.product[0] < LIKELY else None


def _shop(case: _Case) -> _Verdict:
    """Product or list, whichever has more signs."""
    if case.is_product:
        return PageKind.PRODUCT, "; ".join(case.product[1])
    if case.tiles >= FEW_TILES or case.listing[0] >= LIKELY:
        return PageKind.LISTING, "; ".join(case.listing[1])
    return (
        (PageKind.PRODUCT, "; ".join(case.product[1]))
        if case.product[0] >= LIKELY - 1 and len(case.buys) < FEW_TILES
        else None
    )


_RULES: tuple[Callable[[_Case], _Verdict], ...] = (
    _described,
    _blocked,
    _consent,
    _locale,
    _gone,
    _search,
    _product,
    _instead,
    _shell,
    _home,
    _shop,
)


def _names(text: str, name: str) -> bool:
    """Whether at least half of a name's words stand in the text."""
    found = name.split()[:30]
    return bool(found) and sum(f" {word} " in text for word in found) >= _NAMES_ONE * len(found)


def _lists(og_type: str) -> bool:
    return any(part in og_type for part in ("group", "category", "collection"))


def _is_list(script: str) -> bool:
    return any(f'"{name}"' in script for name in ("ItemList", "CollectionPage", "OfferCatalog", "SearchResultsPage"))


def _is_root(part: str) -> bool:
    """Whether a part of a path is languages and countries only, or a start page's name."""
    return part in STARTS or all(one in CODES for one in part.split())


def _every(clues: Clues) -> list[LexborNode]:
    return [node for nodes in clues.asked.values() for node in nodes]
