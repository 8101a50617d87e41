"""What the simulated market is made of: rival shops, goods, and the truth about each page and day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from pricevane.model import Availability


@dataclass(frozen=True, slots=True)
class Good:
    """One variant that somebody sells; `sku` is ours, or "" when we do not carry it.

    `kind` and `variant` are keyed by language; `base` is the gross price that rivals' levels refer to.
    """

    number: int
    sku: str
    gtin: str
    brand: str
    mpn: str
    series: str
    kind: Mapping[str, str]
    variant: Mapping[str, str]
    edition: str
    family: str
    category: str
    elasticity: float
    base: Decimal

    def name(self, pattern: str, language: str) -> str:
        """The shelf name as one shop writes it; `pattern` has the fields brand, series, kind and variant."""
        return pattern.format(
            brand=self.brand,
            series=f"{self.series} {self.edition}".rstrip(),
            kind=self.kind[language],
            variant=self.variant[language],
        )


@dataclass(frozen=True, slots=True)
class Shop:
    """One rival's web shop, as an operator would describe it; `vat` is a share."""

    name: str
    competitor: str
    country: str
    currency: str
    language: str
    render: str
    vat: Decimal
    tax_included: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of one shop for one good; `gtin` and `mpn` are "" where the page hides them."""

    shop: Shop
    number: int
    path: str
    name: str
    gtin: str
    mpn: str
    good: Good
    level: float


@dataclass(frozen=True, slots=True)
class Shown:
    """The truth about one listing on one day, and the price that its page says.

    `price` and `regular` are true; `shown` differs from `price` exactly when `poison` names a fault.
    """

    shop: str
    path: str
    sku: str
    name: str
    price: Decimal
    regular: Decimal | None
    currency: str
    availability: Availability
    shown: Decimal
    poison: str
    on_promotion: bool


@dataclass(frozen=True, slots=True)
class TrueMove:
    """A real price change that holds from `day` on; `promotion` marks a promotion's start and its end."""

    shop: str
    path: str
    sku: str
    day: int
    before: Decimal
    after: Decimal
    promotion: bool
