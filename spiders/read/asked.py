"""What a schema.org Offer asks: its price among several specifications, and the terms beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pricevane.model import PriceKind
from spiders.read.document import Document
from spiders.read.nodes import Node, amount_said, exact, is_equal, name_of, nodes, said

# Not of the vocabulary: what a layer saw struck through beside an offer.
STRUCK = " struck through"
LIST_PRICES = frozenset(["ListPrice", "StrikethroughPrice", "RegularPrice", "MSRP", "SRP"])
NO_PRICES = frozenset(["MinimumAdvertisedPrice", "MAP"])
SALE_PRICES = frozenset(["SalePrice"])
PIECES = frozenset(["", "C62", "EA", "H87", "PCE", "PC", "ST"])
MOST_SPECS = 30
_RATES = ("billingDuration", "billingIncrement", "priceComponentType")


def asked(offer: Node, page: Document) -> dict[str, Any]:
    """Price, regular price, currency, kind, tax and the other strings of one offer, by Reading's fields."""
    specs = [spec for spec in _specs(offer) if _is_price(spec, offer)]
    listed = [spec for spec in specs if _type(spec) in LIST_PRICES]
    public = [spec for spec in specs if spec not in listed and "validForMemberTier" not in spec and not _is_rate(spec)]
    sales = [spec for spec in public if _type(spec) in SALE_PRICES]
    plain = _taxed([spec for spec in public if spec not in sales], page)
    chosen = next((one for one in (*sales, offer, *plain, *specs) if _price(one)), offer)
    price, kind = _price(chosen), _kind(chosen, listed)
    if not price and (low := amount_said(offer.get("lowPrice"))):
        price, kind = low, _kind_of_range(low, offer)
    before = [one for one in (*listed, *((offer, *plain) if chosen in sales else ())) if _price(one)]
    return {
        "price": price,
        "kind": kind,
        "currency": _currency(chosen) or _currency(offer),
        "regular_price": next(map(_price, before), said(offer.get(STRUCK))),
        "tax_included": _tax(price, chosen, offer, specs),
        "promotion_ends": _ends(chosen, offer),
        "doubts": tuple(_doubts(price, chosen, offer, sales, plain)),
        **_per_unit(offer),
        "shipping": _shipping(offer, page),
        "stock": amount_said(offer.get("inventoryLevel")),
    }


def is_for_several(offer: Node) -> bool:
    """Whether an offer or a specification asks its price only of those who buy more than one."""
    for quantity in nodes(offer.get("eligibleQuantity")):
        least = exact(said(quantity.get("minValue")) or said(quantity.get("value")))
        if least is not None and least > 1:
            return True
    return False


def _specs(offer: Node) -> list[Node]:
    return nodes(offer.get("priceSpecification"))[:MOST_SPECS]


def _price(spec: Node) -> str:
    return amount_said(spec.get("price"))


def _type(spec: Node) -> str:
    return name_of(spec.get("priceType"))


def _currency(spec: Node) -> str:
    inner = next((said(one.get("priceCurrency") or one.get("currency")) for one in nodes(spec.get("price"))), "")
    return said(spec.get("priceCurrency")) or said(spec.get("currency")) or inner


def _is_rate(spec: Node) -> bool:
    return any(key in spec for key in _RATES)


def _is_price(spec: Node, offer: Node) -> bool:
    """Whether a specification is of the whole thing's price: for no measure, no fee, no limit to sellers."""
    if "Charge" in name_of(spec.get("@type")) or _type(spec) in NO_PRICES or is_for_several(spec):
        return False
    reference = next(iter(nodes(spec.get("referenceQuantity"))), None)
    if reference is None:
        return True
    if nodes(reference.get("valueReference")):
        return not _price(offer) or is_equal(_price(offer), _price(spec))
    return not _unit(reference)


def _unit(reference: Node) -> str:
    """The base of a price per unit as text, or "" where it is for the one thing sold."""
    unit = said(reference.get("unitCode")) or said(reference.get("unitText"))
    value = said(reference.get("value"))
    many = (exact(value) or 1) != 1
    return f"{value} {unit or 'C62'}".strip() if unit.upper() not in PIECES or many else ""


def _per_unit(offer: Node) -> dict[str, str]:
    """The price per unit with its base; where the base hangs below, the reference is the pack (Google's form)."""
    for spec in (*_specs(offer), offer):
        for reference in nodes(spec.get("referenceQuantity"))[:1]:
            unit = _unit(reference)
            if nodes(reference.get("valueReference")):
                return {"pack": unit}
            if unit and spec is not offer and _price(spec):
                return {"unit_price": f"{_price(spec)} {_currency(spec) or _currency(offer)}".strip(), "unit": unit}
    return {}


def _taxed(specs: list[Node], page: Document) -> list[Node]:
    """Of prices with and without tax those that this page's price is: with tax, unless the shop sells without."""
    flags = {_flag(spec) for spec in specs}
    if {True, False} <= flags:
        return [spec for spec in specs if _flag(spec) is not (page.hints.tax_included is False)]
    return specs


def _flag(spec: Node) -> bool | None:
    value = spec.get("valueAddedTaxIncluded")
    if isinstance(value, str):
        return name_of(value).lower() == "true"
    return None if value is None else value is True


def _tax(price: str, chosen: Node, offer: Node, specs: Sequence[Node]) -> bool | None:
    """The word of the price's own node, else of the offer's, else of a specification of the same or of no price."""
    others = (spec for spec in specs if not _price(spec) or is_equal(_price(spec), price))
    return next((flag for one in (chosen, offer, *others) if (flag := _flag(one)) is not None), None)


def _kind(spec: Node, listed: Sequence[Node]) -> PriceKind:
    if "validForMemberTier" in spec:
        return PriceKind.MEMBER
    if _is_rate(spec):
        return PriceKind.INSTALMENT
    return PriceKind.FROM if spec in listed else PriceKind.STANDARD


def _kind_of_range(low: str, offer: Node) -> PriceKind:
    single = is_equal(low, amount_said(offer.get("highPrice"))) or said(offer.get("offerCount")) == "1"
    return PriceKind.STANDARD if single else PriceKind.FROM


def _ends(chosen: Node, offer: Node) -> str:
    return (
        said(chosen.get("validThrough"))
        or said(offer.get("priceValidUntil"))
        or said(offer.get("validThrough"))
        or said(offer.get("availabilityEnds"))
    )


def _doubts(price: str, chosen: Node, offer: Node, sales: Sequence[Node], plain: Sequence[Node]) -> Iterator[str]:
    if chosen in sales:
        own = _price(offer)
        if own and not is_equal(own, price) and (said(chosen.get("validFrom")) or said(chosen.get("validThrough"))):
            yield f"offers.price is {own!r}, its sale price {price!r} holds for a time only"
        return
    others = [
        text for spec in plain if (text := _price(spec)) and not is_equal(text, price) and _flag(spec) is not False
    ]
    if others and chosen is offer:
        yield f"offers.price is {price!r}, but its priceSpecification {others[0]!r}"


def _shipping(offer: Node, page: Document) -> str:
    """The one rate that is asked here, like `4.95 EUR`; none where it depends on more than the country."""
    details = [one for one in nodes(offer.get("shippingDetails")) if name_of(one.get("doesNotShip")).lower() != "true"]
    here = [one for one in details if page.hints.region and page.hints.region in _countries(one)]
    rates = {_rate(one) for one in here or details}
    charges = [one for one in _specs(offer) if "DeliveryCharge" in name_of(one.get("@type"))]
    if not details:
        rates = {f"{_price(one)} {_currency(one)}".strip() for one in charges if "eligibleTransactionVolume" not in one}
    return rates.pop() if len(rates) == 1 else ""


def _rate(details: Node) -> str:
    rate = next(iter(nodes(details.get("shippingRate"))), {})
    return f"{amount_said(rate.get('value'))} {_currency(rate)}".strip() if "value" in rate else ""


def _countries(details: Node) -> list[str]:
    places = nodes(details.get("shippingDestination"))
    return [name.upper() for place in places for name in _texts(place.get("addressCountry"))]


def _texts(value: object) -> Iterator[str]:
    for one in value if isinstance(value, list) else [value]:
        if text := said(one, "name", "@id"):
            yield text
