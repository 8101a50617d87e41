"""Which links are worth following: no carts, no facets, no calendars, no endless combinations."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from urllib.parse import parse_qsl, urlsplit

from scrapy.linkextractors import IGNORED_EXTENSIONS

from pricevane.model import CrawlReport
from spiders.memory import page_type

EXTENSIONS = (*(f".{extension}" for extension in IGNORED_EXTENSIONS), ".xml", ".json", ".txt", ".webp", ".woff2")
PRIVATE = re.compile(
    r"cart|basket|checkout|log-?in|log-?out|sign-?in|sign-?up|register|(my-?)?account|customer|wish-?list|compare"
    r"|warenkorb|kasse|anmelden|registrieren|(mein-)?konto|merkzettel|merkliste|vergleich|suche"
    r"|panier|compte|connexion|commande|carrito|cuenta|carrello|search|catalogsearch|print|rss|feed"
    r"|wp-admin|wp-login\.php|wp-json|cdn-cgi|calendar|kalender|agenda|events|reviews|password|newsletter|unsubscribe"
)
FACETS = re.compile(
    r"^(sort|sortby|order|orderby|order_by|dir|direction|view|mode|limit|per_?page|page_?size|pagesize|show"
    r"|min_?price|max_?price|price|colou?r|size|brand|rating|filter.*|f\[.*|facet.*|attr.*|currency|lang|language"
    r"|add-to-cart|add_to_.*|remove_.*|action|do|q|query|search|s|month|year|date|day|print|share|replytocom|tab)$",
    re.IGNORECASE,
)
PAGES = frozenset(("page", "p", "pg", "seite", "pagina", "paged", "pageno", "page_no", "offset", "start"))
PAGE_PATH = re.compile(r"/(?:page|seite|pagina)[/-]?\d+(?=/|$)", re.IGNORECASE)
CALENDAR = re.compile(r"/(?:19|20)\d\d/(?:0?[1-9]|1[0-2])(?:/|$)")
LONGEST = 2083
MOST_SEGMENTS = 12
MOST_REPEATS = 2
MOST_PAGES = 500
MOST_VARIANTS = 50
VARIANTS_PER_PRODUCT = 20
MOST_ALIKE = 2000
MOST_LITERAL = 2
MOST_STALE = 3
MOST_STALE_ALIKE = 20
MOST_MET = 1_000_000
LIST, RUN, SHAPE = "list ", "run ", "shape "


def is_worthless(url: str) -> bool:
    """Whether an address alone tells that no product is behind it."""
    parts = urlsplit(url)
    path = parts.path.lower()
    segments = [segment for segment in path.split("/") if segment]
    return (
        len(url) > LONGEST
        or any(PRIVATE.fullmatch(segment) for segment in segments)
        or len(segments) > MOST_SEGMENTS
        or max(Counter(segments).values(), default=0) > MOST_REPEATS
        or path.endswith(EXTENSIONS)
        or bool(CALENDAR.search(parts.path))
        or any(FACETS.match(name) for name, _ in parse_qsl(parts.query, keep_blank_values=True))
    )


def list_of(url: str) -> str:
    """What all pages of one list share: the path without page number and the names of its parameters."""
    parts = urlsplit(url)
    names = sorted({name for name, _ in parse_qsl(parts.query, keep_blank_values=True)} - PAGES)
    return f"{PAGE_PATH.sub('', parts.path)}?{','.join(names)}"


def is_page(url: str) -> bool:
    """Whether an address counts the pages of a list."""
    parts = urlsplit(url)
    return bool(PAGE_PATH.search(parts.path)) or any(name in PAGES for name, _ in parse_qsl(parts.query))


def run_of(url: str) -> str:
    """What only the pages of one list share: all of the address but the page's number."""
    parts = urlsplit(url)
    pairs = sorted(pair for pair in parse_qsl(parts.query) if pair[0] not in PAGES)
    return f"{PAGE_PATH.sub('', parts.path).rstrip('/')}?{pairs}"


def is_page_of(url: str, list_url: str) -> bool:
    """Whether an address is another page of the same list."""
    mine, other = urlsplit(url), urlsplit(list_url)
    rest = [sorted(pair for pair in parse_qsl(part.query) if pair[0] not in PAGES) for part in (mine, other)]
    return url != list_url and rest[0] == rest[1] and PAGE_PATH.sub("", mine.path) == PAGE_PATH.sub("", other.path)


class Traps:
    """Bounds what links lead to: families of addresses that look alike, and lists that only repeat themselves.

    A family that shows products may grow, others stay small; one whose pages lead nowhere new is left. Refused
    addresses are counted in the report, each once.
    """

    def __init__(self, report: CrawlReport) -> None:
        self.report = report
        self.families: Counter[str] = Counter()
        self.products: Counter[str] = Counter()
        self.stale: Counter[str] = Counter()
        self.met: set[int] = set()
        self.room = MOST_MET
        self.runs: defaultdict[str, set[int]] = defaultdict(set)
        self.refused: set[int] = set()

    def reward(self, url: str, is_list: bool = False) -> None:
        """Note that a page with offers was found at the address, or a list of them, which may still repeat itself."""
        for family in _families(url):
            self.products[family] += 1
            self.stale[family] *= is_list or family.startswith(RUN)

    def saw(self, url: str, shown: Iterable[str]) -> None:
        """Note what a page without an offer of its own shows: its products, or else its links.

        A list ends where its pages show nothing new.
        """
        own = _families(url)
        aside = set(own)
        marks = {hash(link) for link in shown if aside.isdisjoint(_families(link))}
        for family in own:
            met = self.runs[family] if family.startswith(RUN) else self.met
            self.stale[family] = self.stale[family] + 1 if marks <= met else 0
        for met in (self.met, *(self.runs[family] for family in own if family.startswith(RUN))):
            self.room -= len(marks - met)
            met.update(marks if self.room > 0 else ())

    def admits(self, url: str, is_next: bool = False) -> bool:
        """Whether to follow the address; it counts then. `is_next` says that a page calls it its next."""
        reason = "leads nowhere" if is_worthless(url) else self._refusal(url, is_next and not is_page(url))
        if reason and hash(url) not in self.refused and len(self.refused) < self.room:
            self.refused.add(hash(url))
            self.report.skip(reason)
        return not reason

    def is_stale(self, url: str) -> bool:
        """Whether the last pages of a family that the address is of all showed nothing new."""
        limits = ((family, MOST_STALE if family.startswith(RUN) else MOST_STALE_ALIKE) for family in _families(url))
        return any(self.stale[family] >= most for family, most in limits)

    def _refusal(self, url: str, is_next: bool) -> str:
        families = _families(url)
        if self.is_stale(url):
            return "repeats itself"
        for family in families:
            if self.families[family] >= _ceiling(family, is_next) + VARIANTS_PER_PRODUCT * self.products[family]:
                return "too many alike"
        self.families.update(families)
        return ""


def _families(url: str) -> list[str]:
    """What an address has in common with others: its shape, its first folders, its run of pages, its parameters."""
    families = [SHAPE + page_type(url)]
    segments = urlsplit(url).path.split("/")
    if len(segments) > MOST_LITERAL + 2:
        families.append(f"{SHAPE}{'/'.join(segments[: MOST_LITERAL + 1])}/*")
    if is_page(url):
        families.append(RUN + run_of(url))
    return [*families, LIST + list_of(url)] if "?" in url else families


def _ceiling(family: str, is_next: bool) -> int:
    """How many addresses of a family are followed before any shows a product.

    A chain of next pages whose addresses count no pages might be a calendar's.
    """
    if family.startswith(SHAPE):
        return MOST_VARIANTS if is_next else MOST_ALIKE
    return MOST_PAGES if family.startswith(RUN) or family.endswith("?") else MOST_VARIANTS
