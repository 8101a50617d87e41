"""Layer: the state that a shop's own scripts start from, and the data attributes they read."""

from __future__ import annotations

from spiders.read.document import Document
from spiders.read.embedded import attributes, find, platforms
from spiders.read.embedded.generic import LAYER, State
from spiders.read.embedded.identity import Identity
from spiders.read.reading import Reading

__all__ = ["LAYER", "readings"]


def readings(page: Document) -> list[Reading]:
    """The readings of the page's own product: none where nothing in the state is tied to the page.

    A number that may be in hundredths, or a product that nothing ties to the page, is doubtful.
    """
    carriers = attributes.elements(page)
    if own := platforms.readings(page, carriers):
        return own
    identity = Identity(page)
    found = find.trees(page, identity) + attributes.trees(carriers, identity)
    return State(page, identity).readings(found) if found else []
