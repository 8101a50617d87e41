"""What the Oscar shop hands over: its pages beside the truth that its database holds about them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from pricevane.model import Availability


@dataclass(frozen=True, slots=True)
class Variant:
    """One child of a parent product; `price` is gross, or None where the shop has no stock record for it."""

    title: str
    upc: str
    price: Decimal | None
    availability: Availability


@dataclass(frozen=True, slots=True)
class OscarPage:
    """One page of the shop and the truth about it; `html` is "" where only the truth was asked for.

    `kind` is product, category, search, home or gone (a product taken off sale: status 404).
    `structure` is Oscar's own word for a product: standalone, parent or child; "" for any other page.
    `price` is gross, None where the shop has none and zero where it gives the thing away. A parent's is its
    first child's, which is what Oscar shows for it. `stock` counts pieces left, None where nobody counts them.
    """

    url: str
    path: str
    kind: str
    title: str
    currency: str
    html: str = ""
    price: Decimal | None = None
    availability: Availability = Availability.UNKNOWN
    upc: str = ""
    structure: str = ""
    stock: int | None = None
    variants: tuple[Variant, ...] = ()


def dump(page: OscarPage) -> str:
    """A page as one line of JSON, amounts as text."""
    return json.dumps(asdict(page), default=str)


def load(line: str) -> OscarPage:
    """The inverse of `dump`."""
    fields = _typed(json.loads(line))
    variants = tuple(Variant(**_typed(variant)) for variant in fields.pop("variants"))
    return OscarPage(**fields, variants=variants)


def _typed(fields: dict[str, Any]) -> dict[str, Any]:
    price = fields["price"]
    return fields | {
        "price": None if price is None else Decimal(price),
        "availability": Availability(fields["availability"]),
    }
