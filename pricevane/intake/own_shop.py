"""Our own shop, read as any other: its clear offers as rows of products."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from pydantic import ValidationError

from pricevane.intake.catalogue import ProductRow
from pricevane.model import PriceKind, Status

OWN_KINDS = frozenset((PriceKind.STANDARD, PriceKind.SALE))
SAID = ("name", "gtin", "brand", "mpn", "category", "price", "currency")


@dataclass(frozen=True, slots=True)
class Shelf:
    """The products of a shop, distinct by sku, and how many offers were left out, by reason."""

    rows: list[ProductRow]
    left_out: Counter[str]


def products_of(offers: Iterable[Mapping[str, Any]]) -> Shelf:
    """Rows of products from offers (see `wire.offer_row`), in their order; what a page does not say is not given.

    Variants of one page are a family. Of several offers with one sku the first is kept.
    """
    kept = list(offers)
    together = Counter(_page(offer) for offer in kept)
    rows: dict[str, ProductRow] = {}
    left_out: Counter[str] = Counter()
    for offer in kept:
        why = _reason(offer)
        row = None if why else _row(offer, together[_page(offer)] > 1)
        if row is None or row.sku in rows:
            left_out[why or ("no usable name or number" if row is None else "sku already taken")] += 1
        else:
            rows[row.sku] = row
    return Shelf(list(rows.values()), left_out)


def _reason(offer: Mapping[str, Any]) -> str:
    """Why an offer is none of our own shelf's, "" if it is."""
    if offer["status"] != Status.GOOD:
        return "doubtful price"
    if offer["price"] is None:
        return "no price"
    if offer["kind"] not in OWN_KINDS or offer["tax_included"] is False:
        return "not the shelf price"
    return "sold by others" if offer["seller_is_shop"] is False else ""


def _row(offer: Mapping[str, Any], is_variant: bool) -> ProductRow | None:
    said = {name: offer[name] for name in SAID if offer[name]}
    sku = offer["sku"] or offer["mpn"] or offer["gtin"] or _last_part(offer["url"])
    family = {"family": _last_part(_page(offer))} if is_variant else {}
    try:
        return ProductRow.model_validate({**said, **family, "sku": sku, "place": offer["url"]})
    except ValidationError:
        return None


def _page(offer: Mapping[str, Any]) -> str:
    """The address that a product's variants have in common."""
    return str(offer["url"]).partition("?")[0].partition("#")[0]


def _last_part(url: str) -> str:
    return unquote(urlsplit(url).path.rstrip("/").rpartition("/")[2])
