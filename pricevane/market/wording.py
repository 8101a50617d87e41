"""How shops write prices, stock and markup: formats by language, templates from pages/, everything escaped."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from pricevane.market.nouns import Listing, Shown
from pricevane.model import Availability

PAGES = Path(__file__).parent / "pages"
# Thousands separator, decimal sign and place of the currency sign.
PRICES = {
    "en": (",", ".", "€{}"),
    "fr": ("\N{NARROW NO-BREAK SPACE}", ",", "{}\N{NO-BREAK SPACE}€"),
    "de": (".", ",", "{} €"),
}
STOCK = {
    "en": ("In stock", "Only 3 left", "Out of stock"),
    "fr": ("En stock", "Plus que 3 exemplaires", "Rupture de stock"),
    "de": ("Auf Lager", "Nur noch 3 Stück", "Nicht verfügbar"),
}
STATES = (Availability.IN_STOCK, Availability.LOW_STOCK, Availability.OUT_OF_STOCK)
SCHEMA = dict(zip(STATES, ("InStock", "LimitedAvailability", "OutOfStock"), strict=True))


def money(amount: Decimal, language: str) -> str:
    """The visible price, like `1 299,00 €`."""
    thousands, decimal, pattern = PRICES[language]
    signs = str.maketrans({",": thousands, ".": decimal})
    return pattern.format(f"{amount:,.2f}".translate(signs))


def stock(availability: Availability, language: str) -> str:
    """The visible stock notice."""
    return STOCK[language][STATES.index(availability)]


def schema(availability: Availability) -> str:
    """The schema.org address of a state."""
    return f"https://schema.org/{SCHEMA[availability]}"


@cache
def _template(name: str) -> Template:
    return Template((PAGES / name).read_text(encoding="utf-8"))


def fill(template: str, text: Mapping[str, object], **markup: str) -> str:
    """The page template with `text` escaped and `markup` as it is; raises KeyError for a field left empty."""
    return _template(template).substitute({name: escape(str(value)) for name, value in text.items()}, **markup)


def linked_product(listing: Listing, shown: Shown, base: str) -> dict[str, Any]:
    """The schema.org Product of a listing, with its codes where the shop shows them."""
    url = f"{base}{listing.path}"
    offer = {
        "@type": "Offer",
        "url": url,
        "price": str(shown.shown),
        "priceCurrency": shown.currency,
        "availability": schema(shown.availability),
        "itemCondition": "https://schema.org/NewCondition",
    }
    if shown.regular is not None:
        offer["priceSpecification"] = _list_price(listing, shown.regular, shown.currency)
    codes = {"gtin13": listing.gtin, "mpn": listing.mpn}
    return {
        "@context": "https://schema.org",
        "@type": "Product",
        "@id": url,
        "name": listing.name,
        "image": f"{base}/img/{listing.number}.svg",
        "sku": str(listing.number),
        "brand": {"@type": "Brand", "name": listing.good.brand},
        **{name: code for name, code in codes.items() if code},
        "offers": offer,
    }


def _list_price(listing: Listing, regular: Decimal, currency: str) -> Any:
    kind = "ListPrice" if listing.number % 2 else "StrikethroughPrice"
    return {
        "@type": "UnitPriceSpecification",
        "priceType": f"https://schema.org/{kind}",
        "price": str(regular),
        "priceCurrency": currency,
    }


def in_script(value: Any) -> str:
    """JSON that cannot end the script element it stands in."""
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")
