"""Data attributes as trees: products that elements carry for the shop's scripts."""

from __future__ import annotations

import re
from contextlib import suppress

from selectolax.lexbor import LexborNode

from spiders.read.document import Document
from spiders.read.embedded import literal
from spiders.read.embedded.find import Tree
from spiders.read.embedded.identity import Identity

MOST = 60
# One search over a page's whole text, for each costs as much as reading its scripts.
_MARKS = re.compile(
    rb"data-(?:product(?:=|-price=|-json=|_variations=)|price=|gtm-?product|mage-init=[\"'][^\"']{0,99}rice)"
)
_ASKED = (
    "[data-product], [data-price], [data-product-price], [data-product-json], [data-gtmproduct], [data-gtm-product],"
    " [data-product_variations], [data-mage-init*=rice]"
)


def elements(page: Document) -> list[LexborNode]:
    """The elements that may carry a product's price for scripts."""
    found = page.tree.css(_ASKED)[: 4 * MOST] if _MARKS.search(page.body) else []
    return list({element.mem_id: element for element in found}.values())[:MOST]


def trees(carriers: list[LexborNode], identity: Identity) -> list[Tree]:
    """A tree for each element that carries a product's fields, and one for each JSON among them."""
    found: list[Tree] = []
    for element in carriers:
        given = {key[5:]: value for key, value in element.attributes.items() if key.startswith("data-") and value}
        place = (element.tag or "") + (f"#{element.id}" if element.id else "")
        plain = {key: value for key, value in given.items() if len(value) < 500 and value[:1] not in "{["}
        if len(plain) > 1 and identity.may_be_in(" ".join(plain.values())):
            found.append(Tree(f"{place}.data", plain))
        for key, value in given.items():
            if value[:1] in "{[" and "rice" in value and identity.may_be_in(value):
                with suppress(ValueError, RecursionError):
                    found.append(Tree(f"{place}.data-{key}", literal.DECODER.raw_decode(value)[0], "gtm" in key))
    return found
