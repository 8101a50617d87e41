"""What a crawl remembers of one type of page: its places and their record, good prices, and pages to learn from."""

from __future__ import annotations

import hashlib
import re
import zlib
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pricevane.model import Availability, Offer, Status
from spiders.read.document import Document, PageHints, TooDeep
from spiders.read.places import Learned, Place, Sample, learn, readings
from spiders.read.places.learn import shows_plainly
from spiders.read.places.place import AVAILABILITY, NAME, PRICE, REGULAR, Value, hit, meaning
from spiders.repairs import adopted, given_up

AGREED_FOR_FAST = 20
FULL_READ_EVERY = 50
WINDOW = 5
FAILURES = 3
LEAST_RIGHT = 5
SAMPLES = 12
LEARN_AT = 8
TRY_EVERY = 4
MOST_TRIES = 6
LEAST_STEADY = 6
STEADY_SHARE = 0.6
# A price beyond this factor of the last good one is not taken for a price.
PLAUSIBLE = 4
ADDRESSES = 40
MOST_PLACES = 8
# Twelve samples are parsed at once.
LARGEST_SAMPLE, MOST_SAMPLE_TAGS = 1_500_000, 12_000
LARGEST_COUNT = 1_000_000
_AMOUNT = re.compile(r"\d{1,12}(?:\.\d{1,6})?")
_ADDRESS = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class _Kept:
    """A page to learn from, packed, for trees are large."""

    body: bytes
    url: str
    hints: PageHints
    wanted: Mapping[str, Value]

    def sample(self) -> Sample | None:
        try:
            page = Document.parse(zlib.decompress(self.body).decode(), self.url, self.hints)
        except TooDeep:
            return None
        return Sample(page, self.wanted)


@dataclass(slots=True)
class PageMemory:
    """The state machine of one page type; `pages` weighs how much it is used, halved from crawl to crawl.

    Without places it gathers pages whose layers agree and learns. With places it checks them on each full read;
    when they fail it trusts them no longer, gathers pages whose price is known, and learns anew.
    """

    name: str
    places: tuple[Place, ...] = ()
    right: int = 0
    wrong: int = 0
    missing: int = 0
    pages: int = 0
    agreed_run: int = 0
    since_full: int = 0
    is_failing: bool = False
    recent: deque[bool] = field(default_factory=lambda: deque(maxlen=WINDOW))
    prices: dict[str, Decimal] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)
    _samples: deque[_Kept] = field(default_factory=lambda: deque(maxlen=SAMPLES))
    _gathered: int = 0
    _tries: int = 0
    _adopted: list[str] = field(default_factory=list)
    _refusal: str = ""

    @property
    def is_fast(self) -> bool:
        """Whether the fast path would have been right for so long that the next page may be skimmed."""
        return self.agreed_run >= AGREED_FOR_FAST and bool(self.trusted) and self.since_full < FULL_READ_EVERY - 1

    @property
    def trusted(self) -> tuple[Place, ...]:
        """The places, unless they are failing."""
        return () if self.is_failing else self.places

    @property
    def doubt(self) -> str:
        """Why a price that no second layer confirms is doubtful."""
        return f"the learned place of the price fails on pages {self.name}" if self.is_failing else ""

    def repairs(self) -> list[str]:
        """What changed in this crawl, and what could not be repaired."""
        return [*self._adopted, *([self._refusal] if self.is_failing and self._refusal else [])]

    def note(self, page: Document, offer: Offer | None, agreed: bool, is_same: bool | None) -> None:
        """Check the places on a page that was read in full, and learn from it where there is need.

        `is_same` says whether the fast path would have read the same, None that it would not have read the page.
        """
        price = offer.price.amount if offer and offer.price else None
        agreed = agreed and price is not None
        self.pages = min(self.pages + 1, LARGEST_COUNT)
        self.since_full = 0
        if is_same is False or (price is not None and not agreed):
            self.agreed_run = 0
        elif is_same:
            self.agreed_run = min(self.agreed_run + 1, LARGEST_COUNT)
        known = price if agreed else self.prices.get(_digest(page.address))
        if self.places:
            self._judge(page, price if agreed else None, known, was_read=price is not None)
        if known is not None and (self.is_failing or (not self.places and agreed)):
            self._gather(page, {PRICE: known, **(_others(offer) if offer and agreed else {})})
        if price is not None and (agreed or (offer and offer.status is Status.GOOD and not self.is_failing)):
            self._remember(page.address, price)

    def skimmed(self, address: str, price: Decimal) -> None:
        """Count a page of the fast path and keep its price."""
        self.pages = min(self.pages + 1, LARGEST_COUNT)
        self.since_full += 1
        self._remember(address, price)

    def _judge(self, page: Document, truth: Decimal | None, known: Decimal | None, was_read: bool) -> None:
        """Compare the price's place with what the layers agreed on, or else with the last good price's size."""
        said = next((meaning(PRICE, one.price, page) for one in readings(page, self.places)), None)
        if truth is not None:
            self.right += said == truth
            self.wrong += said is not None and said != truth
        elif known is None and said is None and not was_read:
            return
        self.missing += said is None
        self.recent.append(said == truth if truth is not None else _is_plausible(said, known))
        failures = self.recent.count(False)
        if (failures >= FAILURES and self.right >= LEAST_RIGHT) or self.wrong > 1 + self.right // 20:
            self.agreed_run = 0
            self.is_failing = True

    def _gather(self, page: Document, wanted: Mapping[str, Value]) -> None:
        html = (page.tree.html or "").encode(errors="replace")
        if len(html) > LARGEST_SAMPLE or html.count(b"<") > MOST_SAMPLE_TAGS or self._tries >= MOST_TRIES:
            return
        self._samples.append(_Kept(zlib.compress(html, 1), page.url, page.hints, wanted))
        self._gathered += 1
        if self._gathered >= LEARN_AT and (self._gathered - LEARN_AT) % TRY_EVERY == 0:
            self._tries += 1
            self._learn([sample for one in self._samples if (sample := one.sample())])

    def _learn(self, samples: Sequence[Sample]) -> None:
        steady = [one for one in samples if shows_plainly(one.page, Decimal(one.wanted[PRICE]))]
        enough = len(steady) >= max(LEAST_STEADY, STEADY_SHARE * len(samples))
        learned = learn(steady) if enough else None
        if learned and all(_fits(learned, one) for one in samples):
            self._adopt(learned, steady)
        elif self.places:
            self._refusal = given_up(self.name, self.places, len(steady), len(samples))

    def _adopt(self, learned: Learned, samples: Sequence[Sample]) -> None:
        if self.places and learned.places != self.places:
            self._adopted.append(adopted(self.name, self.places, self.right, learned, samples))
        self.places, self.right = learned.places, learned.pages
        self.wrong = self.missing = self._gathered = self._tries = 0
        self.is_failing = False
        self.recent.clear()
        self._samples.clear()

    def _remember(self, address: str, price: Decimal) -> None:
        """Keep the price; addresses that this crawl has not met make room for those that it has."""
        digest = _digest(address)
        if digest not in self.prices and len(self.prices) >= ADDRESSES:
            stale = next((one for one in self.prices if one not in self._seen), None)
            if stale is None:
                return
            del self.prices[stale]
        self.prices[digest] = price
        self._seen.add(digest)

    def as_json(self) -> dict[str, Any]:
        """Plain values, a few kilobytes at most."""
        return {
            "places": [place.as_json() for place in self.places],
            "right": self.right,
            "wrong": self.wrong,
            "missing": self.missing,
            "pages": self.pages,
            "agreed_run": self.agreed_run,
            "since_full": self.since_full,
            "failing": self.is_failing,
            "recent": list(self.recent),
            "prices": {digest: f"{price:f}" for digest, price in self.prices.items()},
        }

    @classmethod
    def from_json(cls, name: str, said: Mapping[str, Any]) -> PageMemory:
        """The inverse of `as_json`; what could not have come from there is left out."""
        prices, places, recent = said.get("prices"), said.get("places"), said.get("recent")
        found = [Place.from_json(one) for one in places[:MOST_PLACES]] if isinstance(places, list) else []
        return cls(
            name,
            places=tuple(place for place in found if place) if all(found) else (),
            right=_count(said, "right"),
            wrong=_count(said, "wrong"),
            missing=_count(said, "missing"),
            pages=_count(said, "pages") // 2,
            agreed_run=_count(said, "agreed_run"),
            since_full=_count(said, "since_full"),
            is_failing=said.get("failing") is True,
            recent=deque((one is True for one in recent) if isinstance(recent, list) else (), maxlen=WINDOW),
            prices=_prices(prices if isinstance(prices, dict) else {}),
        )


def _others(offer: Offer) -> dict[str, Value]:
    """What an agreed offer says beside its price."""
    regular: Value = offer.regular_price.amount if offer.regular_price else ""
    known = offer.availability is not Availability.UNKNOWN
    said = {REGULAR: regular, AVAILABILITY: offer.availability.value if known else None, NAME: offer.name or None}
    return {one: value for one, value in said.items() if value is not None}


def _fits(learned: Learned, sample: Sample) -> bool:
    """Whether the price's place says on a page whose price may have moved what could be its price, or nothing."""
    first = next(place for place in learned.places if place.field == PRICE)
    found = hit(first, sample.page)
    return found is None or _is_plausible(found.value, sample.wanted[PRICE])


def _is_plausible(said: Value | None, known: Value | None) -> bool:
    if not isinstance(said, Decimal):
        return False
    return not isinstance(known, Decimal) or known / PLAUSIBLE <= said <= known * PLAUSIBLE


def _digest(address: str) -> str:
    return hashlib.sha256(address.encode(errors="replace")).hexdigest()[:12]


def _count(said: Mapping[str, Any], name: str) -> int:
    number = said.get(name)
    return min(max(number, 0), LARGEST_COUNT) if type(number) is int else 0


def _prices(said: Mapping[Any, Any]) -> dict[str, Decimal]:
    texts = [(digest, text) for digest, text in said.items() if isinstance(digest, str) and isinstance(text, str)]
    good = [(digest, text) for digest, text in texts if _ADDRESS.fullmatch(digest) and _AMOUNT.fullmatch(text)]
    return {digest: Decimal(text) for digest, text in good[:ADDRESSES]}
