"""Shop engines whose state names no product because it can only be the page's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from selectolax.lexbor import LexborNode

from spiders.read.document import Document
from spiders.read.embedded import literal
from spiders.read.reading import Reading
from spiders.read.variants import alike, apart

LAYER = "embedded"
MOST = 200
Node = dict[str, Any]


def readings(page: Document, carriers: list[LexborNode]) -> list[Reading]:
    """What WooCommerce's variation form, Magento's price box or BigCommerce's page data say.

    `carriers` are the elements with data attributes for scripts.
    """
    forms = [one for one in carriers if one.tag == "form" and "data-product_variations" in one.attributes]
    every = [*_woocommerce(page, forms), *_magento(page, carriers), *_bigcommerce(page)]
    found = [one for one in every if one.price]
    if len({one.price for one in found}) > 1:
        return apart(found, page) or alike(found, page)
    return alike(found, page)


def _json(text: str | None) -> Any:
    with suppress(ValueError, RecursionError):
        return literal.DECODER.raw_decode((text or "").strip())[0]
    return None


def _woocommerce(page: Document, forms: list[LexborNode]) -> Iterator[Reading]:
    """Every variation of the one form that the page has; with several forms none is its own for certain."""
    variations = _json(forms[0].attributes.get("data-product_variations")) if len(forms) == 1 else None
    for i, one in enumerate(variations[:MOST] if isinstance(variations, list) else ()):
        if isinstance(one, dict):
            options = one.get("attributes")
            named = options.items() if isinstance(options, dict) else ()
            yield Reading(
                LAYER,
                f"{LAYER}:data-product_variations[{i}].display_price",
                price=_text(one.get("display_price")),
                regular_price=_text(one.get("display_regular_price")),
                name=page.headline,
                sku=_text(one.get("sku")),
                gtin=_text(one.get("gtin") or one.get("ean") or one.get("global_unique_id")),
                variant=_text(one.get("variation_id")),
                availability=_available(one.get("is_in_stock")),
                attributes=tuple((key.removeprefix("attribute_"), text) for key, v in named if (text := _text(v))),
            )


def _magento(page: Document, carriers: list[LexborNode]) -> Iterator[Reading]:
    """The price box or the options of Magento 2; its amounts are in major units."""
    for name, config in _magento_configs(page, carriers):
        prices = config.get("prices")
        if not isinstance(prices, dict):
            continue
        pattern = config.get("priceFormat")
        symbol = _text(pattern.get("pattern")).replace("%s", "") if isinstance(pattern, dict) else ""
        options = config.get("optionPrices")
        several = list(options.items())[:MOST] if isinstance(options, dict) else []
        for variant, asked in [*several] or [("", prices)]:
            where = f"{name}.optionPrices.{variant}" if variant else f"{name}.prices"
            yield Reading(
                LAYER,
                f"{LAYER}:{where}.finalPrice.amount",
                price=_amount(asked, "finalPrice"),
                regular_price=_amount(asked, "oldPrice"),
                currency=symbol.strip(),
                name=page.headline,
                variant=variant,
            )
        return


def _magento_configs(page: Document, carriers: list[LexborNode]) -> Iterator[tuple[str, Node]]:
    """Configurations with options first: their price box names only the lowest."""
    texts = [script.text() for script in page.inline if "magento-init" in (script.attributes.get("type") or "")]
    inits = [text for one in carriers if "priceBox" in (text := one.attributes.get("data-mage-init") or "")]
    texts += inits if len(inits) == 1 else []
    found = [
        (f"{widget}.{key}", config)
        for text in texts
        if "finalPrice" in text
        for widget, settings in _widgets(_json(text))
        for key in ("spConfig", "jsonConfig", "priceConfig")
        if isinstance(config := settings.get(key), dict)
    ]
    yield from sorted(found, key=lambda pair: "optionPrices" not in pair[1])


def _widgets(root: Any) -> Iterator[tuple[str, Node]]:
    for outer, inner in root.items() if isinstance(root, dict) else ():
        if isinstance(inner, dict):
            yield outer, inner
            yield from ((name, settings) for name, settings in inner.items() if isinstance(settings, dict))


def _bigcommerce(page: Document) -> Iterator[Reading]:
    """`BCData.product_attributes`, which only a product's page carries with a price."""
    for script in page.inline:
        text = script.text()
        start = re.search(r"BCData\s*=\s*(?=\{)", text)
        root = _json(text[start.end() :]) if start else None
        product = root.get("product_attributes") if isinstance(root, dict) else None
        price = product.get("price") if isinstance(product, dict) else None
        if not isinstance(product, dict) or not isinstance(price, dict):
            continue
        tax = "with_tax" if "with_tax" in price else "without_tax"
        asked = price.get(tax)
        if isinstance(asked, dict):
            yield Reading(
                LAYER,
                f"{LAYER}:BCData.product_attributes.price.{tax}.value",
                price=_text(asked.get("value")),
                regular_price=_value(price.get(f"non_sale_price_{tax}")) or _value(price.get(f"rrp_{tax}")),
                currency=_text(asked.get("currency")),
                tax_included=tax == "with_tax" or None,
                name=page.headline,
                sku=_text(product.get("sku")),
                mpn=_text(product.get("mpn")),
                gtin=_text(product.get("gtin") or product.get("upc")),
                availability=_available(product.get("instock")),
                stock=_text(product.get("stock")),
            )


def _amount(prices: Any, name: str) -> str:
    one = prices.get(name) if isinstance(prices, dict) else None
    return _text(one.get("amount")) if isinstance(one, dict) else ""


def _value(node: Any) -> str:
    return _text(node.get("value")) if isinstance(node, dict) else ""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _available(flag: Any) -> str:
    return {True: "InStock", False: "OutOfStock"}.get(flag, "") if isinstance(flag, bool) else ""
