"""Learning where a type of page shows its fields: propose on some pages, keep only what is right on the others too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import islice

from spiders.read.document import Document
from spiders.read.places.paths import LONGEST_CSS, Path, overlap, paths
from spiders.read.places.place import (
    AVAILABILITY,
    FIELDS,
    NAME,
    OWN_TEXT,
    PRICE,
    REGULAR,
    Hit,
    Place,
    Value,
    hit,
    is_selector,
    lower_beside,
)
from spiders.read.places.sightings import sightings

LEAST_PAGES = 5
LEAST_HELD_OUT = 3
RIGHT_SHARE = 0.9
BACKUP_STRENGTH = 0.75
MOST_PROPOSALS = 60
# A text that is the same everywhere proves nothing about where it stands.
LEAST_VALUES = {PRICE: 3, REGULAR: 3, AVAILABILITY: 2, NAME: 3}
_HIDDEN = 0.2


@dataclass(frozen=True, slots=True)
class Sample:
    """A page and what it is known to say: field → exact amount, stock state or name; price always, others if known.

    An empty string says that the page has no such field (no regular price).
    """

    page: Document
    wanted: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Learned:
    """Places in reading order, at most two a field, and the pages that proved the price's: all, and held out."""

    places: tuple[Place, ...]
    pages: int
    held_out: int


@dataclass(frozen=True, slots=True)
class _Proposal:
    place: Place
    path: Path
    score: float


def learn(samples: Sequence[Sample]) -> Learned | None:
    """The places that samples of one page type agree on; None unless the price's place is proved.

    Of at least LEAST_PAGES samples a third (at least LEAST_HELD_OUT) is held out. A place must be right on
    RIGHT_SHARE of the pages that have the field, of all and of those held out, and wrong on none.
    """
    count = max(LEAST_HELD_OUT, len(samples) // 3)
    if len(samples) < LEAST_PAGES:
        return None
    kept, held = samples[:-count], samples[-count:]
    found = {field: _field(field, kept, held) for field in FIELDS}
    if not found[PRICE]:
        return None
    return Learned(tuple(place for field in FIELDS for place in found[field]), len(samples), count)


def _field(field: str, kept: Sequence[Sample], held: Sequence[Sample]) -> list[Place]:
    known = [one for one in (*kept, *held) if one.wanted.get(field)]
    if len({one.wanted[field] for one in known}) < LEAST_VALUES[field]:
        return []
    proposals = [one for one in _proposals(field, kept) if _is_proved(one.place, kept) and _is_proved(one.place, held)]
    return [_finished(one.place, known) for one in _best(proposals)]


def _proposals(field: str, kept: Sequence[Sample]) -> list[_Proposal]:
    """Selectors that lead to the known value on nearly all pages that have it, best first."""
    votes: Counter[tuple[str, str]] = Counter()
    seen: dict[tuple[str, str], Path] = {}
    pages = [one for one in kept if one.wanted.get(field)]
    for sample in pages:
        here: dict[tuple[str, str], Path] = {}
        for node, attribute in sightings(sample.page, field, sample.wanted[field]):
            here.update(((path.css, attribute), path) for path in paths(node) if len(path.css) <= LONGEST_CSS)
        votes.update(here.keys())
        seen.update(here)
    made = [
        _Proposal(Place(field, css, attribute), seen[css, attribute], _score(seen[css, attribute], attribute))
        for (css, attribute), count in votes.items()
        if count >= RIGHT_SHARE * len(pages) and is_selector(css)
    ]
    return sorted(made, key=lambda one: -one.score)[:MOST_PROPOSALS]


def _score(path: Path, attribute: str) -> float:
    return path.score - _HIDDEN * (attribute not in {"", OWN_TEXT})


def _is_proved(place: Place, samples: Sequence[Sample]) -> bool:
    """Whether a place is right often enough and never wrong; a page that lacks the field must read as lacking it."""
    right = asked = 0
    for sample in samples:
        if (wanted := sample.wanted.get(place.field)) is None:
            continue
        found = hit(place, sample.page)
        if found and found.value != wanted:
            return False
        asked += bool(wanted)
        right += bool(wanted) and found is not None
    return right >= RIGHT_SHARE * asked


def _best(proposals: Iterable[_Proposal]) -> list[_Proposal]:
    """The first, and as its backup the one that shares fewest names with it, if it is steady."""
    ranked = list(proposals)
    if not ranked:
        return []
    first = ranked[0]
    steady: Callable[[_Proposal], bool] = lambda one: one.path.is_named and one.score >= BACKUP_STRENGTH  # noqa: E731
    others = [one for one in ranked[1:] if steady(one) and not overlap(one.path, first.path)]
    return [first, *islice(others, 1)]


def _finished(place: Place, known: Sequence[Sample]) -> Place:
    """The place with what its surroundings looked like on all pages."""
    if place.field != PRICE:
        return place
    hits = [(found, one.page) for one in known if (found := hit(place, one.page))]
    return replace(place, lowest=not any(lower_beside(found, page) for found, page in hits))


def shows_plainly(page: Document, price: Decimal) -> bool:
    """Whether a page shows an amount that is not struck through and has no lower price beside it."""
    return any(
        not lower_beside(Hit(str(price), price, node), page)
        for node, attribute in sightings(page, PRICE, price)
        if attribute in {"", OWN_TEXT}
    )
