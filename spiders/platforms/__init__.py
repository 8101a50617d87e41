"""Shop platforms that publish their catalogue: one file each, recognised by a sign on a page or among its sitemaps."""

from __future__ import annotations

from spiders.find.feed import Source
from spiders.platforms import magento, shopify, woocommerce

PLATFORMS: tuple[Source, ...] = (shopify.SOURCE, woocommerce.SOURCE, magento.SOURCE)


def recognised(text: str) -> Source | None:
    """The platform whose sign stands on a page or among the addresses of sitemaps."""
    return next((one for one in PLATFORMS if one.sign and one.sign.search(text)), None)


def named(name: object) -> Source | None:
    """The platform of that name."""
    return next((one for one in PLATFORMS if one.name == name), None)
