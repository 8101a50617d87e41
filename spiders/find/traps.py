"""Which links are worth following: no carts, no facets, no calendars, no endless combinations."""

from __future__ import annotations

import re
from collections import Counter
from urllib.parse import parse_qsl, urlsplit

from scrapy.linkextractors import IGNORED_EXTENSIONS
from scrapy.utils.url import url_has_any_extension

EXTENSIONS = {f".{extension}" for extension in IGNORED_EXTENSIONS} | {".xml", ".json", ".txt", ".webp", ".woff2"}
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


def is_worthless(url: str) -> bool:
    """Whether an address alone tells that no product is behind it."""
    parts = urlsplit(url)
    segments = [segment for segment in parts.path.lower().split("/") if segment]
    return (
        len(url) > LONGEST
        or any(PRIVATE.fullmatch(segment) for segment in segments)
        or len(segments) > MOST_SEGMENTS
        or max(Counter(segments).values(), default=0) > MOST_REPEATS
        or url_has_any_extension(url, EXTENSIONS)
        or bool(CALENDAR.search(parts.path))
        or any(FACETS.match(name) for name, _ in parse_qsl(parts.query, keep_blank_values=True))
    )


def list_of(url: str) -> str:
    """What all pages of one list share: the path without page number and the names of its parameters."""
    parts = urlsplit(url)
    names = sorted({name for name, _ in parse_qsl(parts.query, keep_blank_values=True)} - PAGES)
    return f"{PAGE_PATH.sub('', parts.path)}?{','.join(names)}"


def is_page_of(url: str, list_url: str) -> bool:
    """Whether an address is another page of the same list."""
    mine, other = urlsplit(url), urlsplit(list_url)
    rest = [sorted(pair for pair in parse_qsl(part.query) if pair[0] not in PAGES) for part in (mine, other)]
    return url != list_url and rest[0] == rest[1] and PAGE_PATH.sub("", mine.path) == PAGE_PATH.sub("", other.path)


class Traps:
    """Counts addresses that differ only in parameters; a family that shows products may grow, others stay small."""

    def __init__(self) -> None:
        self.families: Counter[str] = Counter()
        self.products: Counter[str] = Counter()

    def reward(self, url: str) -> None:
        """Note that a page with offers was found at the address."""
        self.products[list_of(url)] += 1

    def admits(self, url: str) -> bool:
        """Whether to follow the address; asking counts it."""
        if is_worthless(url):
            return False
        if "?" not in url and not PAGE_PATH.search(url):
            return True
        family = list_of(url)
        self.families[family] += 1
        ceiling = MOST_PAGES if family.endswith("?") else MOST_VARIANTS
        return self.families[family] <= ceiling + VARIANTS_PER_PRODUCT * self.products[family]
