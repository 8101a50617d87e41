"""What a crawl did about places that fail, as texts for people: a diff with its proof, or why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import unified_diff
from urllib.parse import urlsplit

from spiders.read.places import Learned, Place, Sample
from spiders.read.places.place import PRICE, hit
from spiders.read.text import clean

SHOWN = 3


def adopted(name: str, old: Sequence[Place], right: int, learned: Learned, samples: Sequence[Sample]) -> str:
    """A unified diff of a page type's places, below it what the new ones were proved on."""
    diff = unified_diff(
        _lines(old),
        _lines(learned.places),
        f"{name} (had been right on {right} pages)",
        f"{name} (learned from {learned.pages} pages, right on the {learned.held_out} held out, wrong on none)",
        lineterm="",
    )
    place = next(one for one in learned.places if one.field == PRICE)
    proofs = [(one, found) for one in samples[-SHOWN:] if (found := hit(place, one.page))]
    shown = [
        f" {clean(urlsplit(one.page.address).path, 80)}: {clean(found.raw, 40)!r} is the known {one.wanted[PRICE]}"
        for one, found in proofs
    ]
    return "\n".join([*diff, *shown])


def given_up(name: str, old: Sequence[Place], steady: int, pages: int) -> str:
    """Why a page type's places were not learned anew."""
    return "\n".join(
        [
            f"--- {name}: the learned places fail, nothing was learned in their stead",
            *(f" {line}" for line in _lines(old)),
            f" the last good price stands plainly on {steady} of {pages} pages, and no place proved right on enough",
            " of them; until layers agree again, this type's prices are doubtful",
        ]
    )


def _lines(places: Sequence[Place]) -> list[str]:
    return [f"{place.field}: {place}" for place in places]
