"""Which of the products that a page describes the page is about."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from spiders.read.document import Document
from spiders.read.reading import Reading
from spiders.read.schemaorg import Node, name_of, nodes, readings, said
from spiders.read.text import clean
from spiders.read.variants import alike

# Compared in lower case, for shops write "product" too.
PRODUCT_TYPES = frozenset(
    [
        "product",
        "productgroup",
        "individualproduct",
        "productmodel",
        "someproducts",
        "vehicle",
        "car",
        "motorcycle",
        "book",
    ]
)
LIST_TYPES = frozenset(["ItemList", "OfferCatalog", "CollectionPage", "SearchResultsPage", "Review", "UserReview"])
MOST = 20
Role = Literal["", "main", "listed"]


@dataclass(frozen=True, slots=True)
class Found:
    """A product node and how the page presents it."""

    node: Node
    role: Role = ""

    def is_here(self, page: Document) -> bool:
        """Whether the node calls this page its own."""
        offers = nodes(self.node.get("offers"))
        places = [self.node.get("url"), self.node.get("@id"), self.node.get("mainEntityOfPage")]
        places += [offers[0].get("url")] if len(offers) == 1 else []
        return any(page.is_here(address) for place in places if (address := said(place, "@id", "url")))

    def is_elsewhere(self, page: Document) -> bool:
        """Whether the node names an address of its own that is not this page."""
        return bool(said(self.node.get("url"), "@id")) and not self.is_here(page)


def is_product(node: Node) -> bool:
    """Whether a node is a product that says anything."""
    types = node.get("@type")
    named = any(name_of(one).lower() in PRODUCT_TYPES for one in (types if isinstance(types, list) else [types]))
    return named and ("name" in node or "offers" in node or "hasVariant" in node)


def read(found: list[Found], layer: str, page: Document) -> list[Reading]:
    """The readings of the page's own product: none for a page that lists many, doubtful where it is unclear."""
    chosen, doubts = _chosen(found, page)
    each = [readings(one.node, layer, page) for one in chosen[:MOST]]
    priced = [one for one in each if any(reading.price for reading in one)]
    if len(priced) > 1 and not doubts:
        return alike([reading for one in priced for reading in one], page)
    return [replace(one, doubts=(*one.doubts, *doubts)) for one in next(iter(priced or each), [])]


def _chosen(found: list[Found], page: Document) -> tuple[list[Found], tuple[str, ...]]:
    mains = [one for one in found if one.role == "main"]
    single = [one for one in found if one.role != "listed"]
    here = [one for one in mains or found if one.is_here(page)]
    if len(mains) == 1 or here or len(single) == 1:
        return (mains if len(mains) == 1 else here or single), ()
    left = [one for one in single if not one.is_elsewhere(page)]
    named = [one for one in left if page.headline and clean(said(one.node.get("name"))) == page.headline]
    if len(left) <= 1 or named:
        return named or left, ()
    same = len({said(one.node.get("name")) for one in left}) == 1
    return left, () if same else (f"{len(left)} products on the page, none of them marked as its own",)
