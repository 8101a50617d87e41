"""Layer: what the visible page says, an amount as a reading of its own."""

from __future__ import annotations

from selectolax.lexbor import LexborNode

from pricevane.model import PriceKind
from spiders.read.judge import TWINS_APART
from spiders.read.labels import Role
from spiders.read.reading import Reading
from spiders.read.visible import Sight, View

LAYER = "dom"
STEPS, LONGEST = 3, 200
_KINDS = {
    Role.INSTALMENT: PriceKind.INSTALMENT,
    Role.MEMBER: PriceKind.MEMBER,
    Role.COUPON: PriceKind.COUPON,
    Role.UNIT: PriceKind.UNIT,
    Role.USED: PriceKind.USED,
    Role.FROM: PriceKind.FROM,
}


def reading(sight: Sight, view: View) -> Reading:
    """A visible amount as what a layer says."""
    kind = next((kind for role, kind in _KINDS.items() if role in sight.roles), PriceKind.STANDARD)
    return Reading(
        LAYER,
        f"{LAYER}:{path_of(sight.node)}",
        price=sight.text,
        regular_price=_regular(sight, view),
        currency=sight.amount.currency,
        kind=kind,
        tax_included=False if Role.EX_TAX in sight.roles else None,
        name=view.heading[1].text(separator=" ") if view.heading else "",
        unit_price=_per_unit(sight, view),
    )


def _per_unit(sight: Sight, view: View) -> str:
    """The price per unit that stands beside this one, with its base, if all that do say the same."""
    near = [
        one
        for one in view.sights
        if Role.UNIT in one.roles and one is not sight and abs(one.order - sight.order) <= TWINS_APART
    ]
    return _with_base(near[0]) if len({one.amount.amount for one in near}) == 1 else ""


def _with_base(sight: Sight) -> str:
    """The amount per unit with its base, which may stand in the element beside it."""
    around = sight.node.parent
    if sight.amount.kind is PriceKind.UNIT or around is None:
        return sight.text
    return " ".join(around.text(separator=" ").split())[:LONGEST]


def _regular(sight: Sight, view: View) -> str:
    """The old price that stands beside this one, if just one does."""
    old = {
        one.text: one
        for one in view.sights
        if one.is_old and abs(one.order - sight.order) <= TWINS_APART and one.amount.amount > sight.amount.amount
    }
    return next(iter(old)) if len({one.amount.amount for one in old.values()}) == 1 else ""


def path_of(node: LexborNode, steps: int = STEPS) -> str:
    """Where an element stands, for people: like `div#buy > p.price > span`."""
    parts: list[str] = []
    one: LexborNode | None = node
    while one is not None and one.tag not in ("body", "html") and len(parts) < steps:
        attributes = one.attributes
        name, classes = attributes.get("id"), (attributes.get("class") or "").split()
        parts.insert(0, f"{one.tag}#{name}" if name else ".".join([one.tag or "", *classes[:2]]))
        if name:
            break
        one = one.parent
    return " > ".join(parts)
