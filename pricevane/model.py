"""The nouns that every room shares: offers, money, evidence, and what goes into and comes out of a crawl."""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

# A signal of Scrapy, sent with a `visit` when all of a page's offers are on their way to the store.
VISITED = object()
DEFAULT_PORTS = {"http": 80, "https": 443}
# ISO 4217 exponents that differ from two decimals.
EXPONENTS = {
    **dict.fromkeys(
        [
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "UYI",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ],
        0,
    ),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
}
RESTRICTED = re.compile(r"0{6}[02]\d{7}|\d(?:0[245]|2|98|99)\d+")


def page_hash(body: bytes) -> str:
    """The hash that proves a page: of its text in UTF-8, as its reader was given it; 32 hexadecimal digits."""
    return hashlib.sha256(body).hexdigest()[:32]


class LostDigits(ValueError):
    """An amount has more decimals than its currency can hold."""


def gtin14(text: str, public: bool = False) -> str:
    """A GTIN-8, -12, -13 or -14 as 14 digits, or "" if its length or check digit is wrong (GS1).

    With `public`, "" as well for numbers that shops and coupons give out for themselves: in another
    shop's catalogue the same number is another thing (GS1 General Specifications, 1.4).
    """
    digits = "".join(text.split()).replace("-", "")
    if not (digits.isascii() and digits.isdigit()) or len(digits) not in (8, 12, 13, 14) or not int(digits):
        return ""
    padded = digits.zfill(14)
    total = sum(int(digit) * (3 - 2 * (place % 2)) for place, digit in enumerate(padded))
    return "" if total % 10 or (public and RESTRICTED.fullmatch(padded)) else padded


class Availability(StrEnum):
    """Whether a shopper can have the thing, in the states shops distinguish."""

    IN_STOCK = "in_stock"
    LOW_STOCK = "low_stock"
    BACKORDER = "backorder"
    PREORDER = "preorder"
    OUT_OF_STOCK = "out_of_stock"
    DISCONTINUED = "discontinued"
    UNKNOWN = "unknown"


class PriceKind(StrEnum):
    """What sort of price the number is; only standard and sale prices are compared."""

    STANDARD = "standard"
    SALE = "sale"
    MEMBER = "member"
    COUPON = "coupon"
    USED = "used"
    FROM = "from"
    INSTALMENT = "instalment"
    UNIT = "unit"
    EX_TAX = "ex_tax"
    FREE = "free"


class PageKind(StrEnum):
    """What a fetched page is; only product and listing pages yield offers."""

    PRODUCT = "product"
    LISTING = "listing"
    SEARCH = "search"
    HOME = "home"
    BLOCKED = "blocked"
    CONSENT = "consent"
    LOCALE = "locale"
    GONE = "gone"
    SHELL = "shell"
    OTHER = "other"


class Condition(StrEnum):
    """The state the goods are in."""

    NEW = "new"
    USED = "used"
    REFURBISHED = "refurbished"
    UNKNOWN = "unknown"


class Status(StrEnum):
    """Good readings may be priced on; doubtful ones are kept for people only."""

    GOOD = "good"
    DOUBTFUL = "doubtful"


class RunState(StrEnum):
    """How far a crawl got."""

    RUNNING = "running"
    COMPLETE = "complete"
    INCOMPLETE = "incomplete"


class Publication(StrEnum):
    """Whether the rest of the house may use what a crawl brought."""

    PUBLISHED = "published"
    SUSPECT = "suspect"


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount in major units with its ISO 4217 currency."""

    amount: Decimal
    currency: str

    @property
    def minor(self) -> int:
        """Integer minor units; raises LostDigits where the currency has fewer decimals."""
        exponent = EXPONENTS.get(self.currency, 2)
        scaled = self.amount.scaleb(exponent)
        if scaled != scaled.to_integral_value() or scaled.scaleb(-exponent) != self.amount:
            raise LostDigits(f"{self.amount} {self.currency} has more decimals than {self.currency} can hold")
        return int(scaled)

    @property
    def micro(self) -> int:
        """Integer millionths of a major unit; raises LostDigits for more than six decimals."""
        scaled = self.amount.scaleb(6)
        if scaled != scaled.to_integral_value() or scaled.scaleb(-6) != self.amount:
            raise LostDigits(f"{self.amount} {self.currency} has more than six decimals")
        return int(scaled)

    @classmethod
    def from_minor(cls, minor: int, currency: str) -> Money:
        """The inverse of `minor`."""
        return cls(Decimal(minor).scaleb(-EXPONENTS.get(currency, 2)), currency)

    def __str__(self) -> str:
        """Like `1299.00 EUR`: plain digits, for logs and files."""
        return f"{self.amount:.{EXPONENTS.get(self.currency, 2)}f} {self.currency}"


@dataclass(frozen=True, slots=True)
class Quantity:
    """How much of something: 500 g, 1 l, 6 pieces; units are g, kg, ml, cl, l, m, m2, m3, piece, wash."""

    amount: Decimal
    unit: str

    def __str__(self) -> str:
        """Like `500 g`."""
        return f"{self.amount.normalize():f} {self.unit}"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why an offer says what it says: the string, its place on the page, who agreed, which page."""

    raw: str
    path: str
    layers: tuple[str, ...]
    page_hash: str


@dataclass(frozen=True, slots=True)
class Offer:
    """What one page says about one listing at one moment; unsaved.

    `key` is unique within (site, region): the canonical address on the same host, or a variant id.
    `at` is the time of observation in UTC. `regular_price` is the struck-through one: higher, or absent.
    `unit_price` is for `unit_base` (1 kg, 100 ml); `pack` is what one sells; `category` is a path of names
    joined by " > "; `attributes` are a variant's, like (("colour", "red"),); `stock` counts pieces shown.
    """

    url: str
    key: str
    at: datetime
    evidence: Evidence
    region: str = ""
    name: str = ""
    brand: str = ""
    gtin: str = ""
    mpn: str = ""
    sku: str = ""
    image: str = ""
    category: str = ""
    price: Money | None = None
    regular_price: Money | None = None
    kind: PriceKind = PriceKind.STANDARD
    availability: Availability = Availability.UNKNOWN
    condition: Condition = Condition.UNKNOWN
    tax_included: bool | None = None
    seller: str = ""
    seller_is_shop: bool | None = None
    currency_raw: str = ""
    unit_price: Money | None = None
    unit_base: Quantity | None = None
    pack: Quantity | None = None
    shipping: Money | None = None
    stock: int | None = None
    promotion: str = ""
    promotion_ends_on: date | None = None
    attributes: tuple[tuple[str, str], ...] = ()
    confidence: float = 1.0
    status: Status = Status.GOOD
    doubts: tuple[str, ...] = ()

    def doubt(self, reason: str, confidence: float = 0.3) -> Offer:
        """The same offer, kept for people only, with one more reason why."""
        return replace(
            self,
            status=Status.DOUBTFUL,
            confidence=min(self.confidence, confidence),
            doubts=(*self.doubts, reason),
        )


@dataclass(frozen=True, slots=True)
class Candidate:
    """An amount that a page shows and that might be its price: who says so, where, and what spoke for and against.

    `score` is in log-odds; `chosen` marks the one that became the price.
    """

    amount: Decimal
    currency: str
    raw: str
    path: str
    layers: tuple[str, ...]
    score: float
    reasons: tuple[str, ...] = ()
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Examination:
    """All that was seen on one page: its kind and why, the offers, and the price candidates, best first."""

    url: str
    kind: PageKind
    why: str
    offers: tuple[Offer, ...]
    candidates: tuple[Candidate, ...]
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Visit:
    """One page that a crawl asked for and got: what it is, the listings whose offers stood on it; unsaved.

    `keys` are the offers' keys in `region`; `etag` and `last_modified` are what the server said of this version.
    `is_unchanged` says that it answered 304: the listings are as they were last read, and `keys` is empty.
    """

    url: str
    at: datetime
    kind: PageKind
    region: str = ""
    keys: tuple[str, ...] = ()
    etag: str = ""
    last_modified: str = ""
    is_unchanged: bool = False


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port: what `local`, robots.txt and delays are keyed by."""

    scheme: str
    host: str
    port: int

    @classmethod
    @lru_cache(maxsize=2048)
    def of(cls, url: str) -> Origin:
        """The origin of an http(s) address; raises ValueError for anything else."""
        parts = urlsplit(url)
        if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
            raise ValueError(f"{url!r} is not an http or https address")
        return cls(parts.scheme, parts.hostname, parts.port or DEFAULT_PORTS[parts.scheme])

    @property
    def key(self) -> str:
        """`host:port`, the key of a site everywhere."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The origin as an address without a path."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        tail = "" if self.port == DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{tail}"


@dataclass(frozen=True, slots=True)
class SiteState:
    """All that a crawl must know; jobs load it, the spider never sees the database.

    `currency` is for pages that name none; in `currency_asked` all prices are expected, where it is not "".
    `cookies` and `query` are what the shop tells its regions apart by; `proxy` is the address, login included, of the
    operator's own proxy through which it is asked.
    `local` holds the origins that the operator named as his own; `known` the known addresses that the crawl is sent
    to, the most valuable first; `seen` tells when each known listing's address was read last, those that the crawl is
    to spare included; `barren` are addresses that lately showed no product of their own; `validators` are (ETag,
    Last-Modified) by address, of pages that were read well; `learned` is what earlier crawls learned of its pages
    (plain JSON values, see `CrawlReport.learned`);
    `clock_at` starts the crawl's clock elsewhere than now (simulated days, replays).
    `strategy` is refresh (known listings), discover (new ones) or both; `max_requests` bounds the crawl, 0 does not;
    `feeds` are addresses of merchant feeds.
    `hours` like "22:00-06:00" in `time_zone` are the only ones in which the shop is asked for anything.
    With `single_page` a product's address is read alone; with `only_page` any address is.
    """

    url: str
    name: str = ""
    region: str = ""
    currency: str = ""
    currency_asked: str = ""
    cookies: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    proxy: str = field(default="", repr=False)
    language: str = ""
    render: str = "http"
    tax_included: bool = True
    local: tuple[str, ...] = ()
    contact: str = ""
    delay_s: float = 1.0
    hours: str = ""
    time_zone: str = "UTC"
    max_pages: int = 100_000
    max_seconds: float = 0.0
    single_page: bool = False
    only_page: bool = False
    known: tuple[str, ...] = ()
    seen: dict[str, datetime] = field(default_factory=dict)
    barren: tuple[str, ...] = ()
    validators: dict[str, tuple[str, str]] = field(default_factory=dict)
    strategy: str = "both"
    max_requests: int = 0
    feeds: tuple[str, ...] = ()
    learned: dict[str, Any] = field(default_factory=dict)
    clock_at: datetime | None = None
    run_id: int = 0

    @property
    def origin(self) -> Origin:
        """The site's own origin."""
        return Origin.of(self.url)

    @property
    def is_local(self) -> bool:
        """Whether exactly this scheme, host and port was named by the operator as local."""
        return self.origin.url in self.local


@dataclass(slots=True)
class CrawlReport:
    """What a crawl learned and counted; `pipelines/store.py` keeps it, the exit code comes from it.

    `seconds` are on the clock, `cpu_seconds` those of the crawl's own process while it ran.
    `asked` is how many known addresses were asked for, or need not be since something else told of them.
    `kinds` counts pages by PageKind, `unchanged` those that the server called unchanged (304), `found` listings by
    where they were found, `skipped` addresses that were found and not asked for by reason. `hosts` tells, by
    host:port, how each was asked: requests, bytes, unchanged, blocked, refused (by robots.txt), delay_s kept, the
    gap_least_s and gap_median_s measured, waited_s for its Retry-After, robots_line applied. `learned` goes into the
    site's next SiteState; `repairs` are diffs of what the crawl learned anew about where prices stand.
    """

    strategy: str = "both"
    asked: int = 0
    requests: int = 0
    bytes: int = 0
    pages: int = 0
    product_pages: int = 0
    browser_pages: int = 0
    browser_requests: int = 0
    offers: int = 0
    stored: int = 0
    changed: int = 0
    doubtful: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)
    blocked: int = 0
    refused_by_robots: int = 0
    robots_line: str = ""
    delay_s: float = 0.0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    finished: bool = False
    reason: str = ""
    kinds: dict[str, int] = field(default_factory=dict)
    unchanged: int = 0
    found: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)
    hosts: dict[str, dict[str, Any]] = field(default_factory=dict)
    learned: dict[str, Any] = field(default_factory=dict)
    repairs: list[str] = field(default_factory=list)

    def host(self, key: str) -> dict[str, Any]:
        """How a host is asked, by host:port; begun with zeros."""
        counts = dict.fromkeys(("requests", "bytes", "unchanged", "blocked", "refused"), 0)
        return self.hosts.setdefault(key, {**counts, "delay_s": 0.0, "waited_s": 0.0, "robots_line": ""})

    def skip(self, reason: str, many: int = 1) -> None:
        """Count addresses that were found and not asked for."""
        self.skipped[reason] = self.skipped.get(reason, 0) + many

    def drop(self, reason: str) -> None:
        """Count an offer that no pipeline step let through."""
        self.dropped[reason] = self.dropped.get(reason, 0) + 1

    def fail(self, reason: str) -> None:
        """Count a page that could not be fetched."""
        self.failed[reason] = self.failed.get(reason, 0) + 1

    @property
    def exit_code(self) -> int:
        """0 done, 1 error, 3 partial, 4 nothing read, 5 blocked (2 is a usage error, never from here)."""
        if self.offers == 0:
            if self.blocked or self.refused_by_robots:
                return 5
            return 1 if self.failed and not self.pages else 4
        return 0 if self.finished and not self.failed and not self.blocked else 3

    def as_json(self) -> dict[str, Any]:
        """Plain values for a JSON column or a pipe."""
        return asdict(self)
