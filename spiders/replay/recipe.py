"""One page type's recipe: the call that brings the price, and where in its answer each field stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from pricevane.model import Availability, Evidence, Offer, PriceKind, Status, page_hash
from spiders.read.address import key, listing_url
from spiders.read.document import PageHints
from spiders.read.text import clean
from spiders.replay.calls import Call, Path, at, parsed, shown
from spiders.replay.fields import TEXTS, Place, availability_at, money_at, regular_in, text_at
from spiders.replay.sources import Shell
from spiders.replay.template import Template

LAYER = "replay"
_PRICELESS = frozenset([Availability.OUT_OF_STOCK, Availability.DISCONTINUED])


@dataclass(frozen=True)
class Sample:
    """A page as plain HTTP gives it, the offer that the browser's page was read as, and what the page asked for."""

    shell: Shell
    offer: Offer | None
    calls: tuple[Call, ...] = ()
    is_single: bool = True

    @property
    def is_clear(self) -> bool:
        """Whether the offer may teach a recipe: good, priced, the page's only one, and under its own address."""
        offer = self.offer
        if offer is None or not self.is_single or offer.key != key_of(self.shell.url):
            return False
        return offer.status is Status.GOOD and offer.price is not None


def key_of(url: str) -> str:
    """The key of the listing that a page's own address names."""
    return key(listing_url(url))


@dataclass(frozen=True)
class Recipe:
    """`currency` is the shop's ISO code, checked against the answer where it tells one."""

    call: Template
    price: Place
    currency: str
    currency_path: Path | None = None
    regular: Place | None = None
    stock: Place | None = None
    texts: Mapping[str, Path] = field(default_factory=dict)
    confidence: float = 1.0

    def read(self, body: bytes, url: str, at_: datetime, hints: PageHints) -> Offer | None:
        """The offer of the page at `url` in an answer; None where the answer lacks what the recipe promises."""
        content, language = parsed(body), hints.locale("")
        price = money_at(content, self.price, self.currency, language)
        known = at(content, self.currency_path) if self.currency_path else self.currency
        texts: Any = {name: text_at(content, path, name) for name, path in self.texts.items()}
        stock = availability_at(content, self.stock) if self.stock else Availability.UNKNOWN
        unsold = price is None and at(content, self.price.path) is None and stock in _PRICELESS
        if (
            known != self.currency
            or not (price or unsold)
            or not texts["name"]
            or (self.stock and stock is Availability.UNKNOWN)
        ):
            return None
        offer = Offer(
            url=listing_url(url),
            key=key_of(url),
            at=at_,
            evidence=Evidence(clean(str(at(content, self.price.path))), self._path, (LAYER,), page_hash(body)),
            region=hints.region,
            price=price,
            availability=stock,
            tax_included=hints.tax_included,
            confidence=self.confidence,
            **texts,
        )
        regular = regular_in(content, offer, self.regular, language) if self.regular else None
        return replace(offer, regular_price=regular, kind=PriceKind.SALE) if regular else offer

    @property
    def _path(self) -> str:
        return clean(f"{self.call.url} {shown(self.price.path)}", 200)

    @property
    def words(self) -> list[str]:
        """The recipe for people, a line a part."""
        places = {"price": self.price, "regular price": self.regular, "availability": self.stock}
        told = [str(self.call), *(f"{name}: {place}" for name, place in places.items() if place)]
        currency = shown(self.currency_path) if self.currency_path else "always"
        return [*told, f"currency: {self.currency} ({currency})", *(f"{n}: {shown(p)}" for n, p in self.texts.items())]

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, said: Any) -> Recipe | None:
        """The inverse of `as_json`, None for what is none."""
        try:
            return cls(
                Template.from_json(said["call"]),
                Place.from_json(said["price"]),
                str(said["currency"]),
                tuple(said["currency_path"]) if said["currency_path"] else None,
                Place.from_json(said["regular"]) if said["regular"] else None,
                Place.from_json(said["stock"]) if said["stock"] else None,
                {name: tuple(said["texts"][name]) for name in TEXTS if name in said["texts"]},
                float(said["confidence"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            return None
