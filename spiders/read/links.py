"""Which of a tile's links leads to its product, and what the product is called there."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from selectolax.lexbor import LexborNode

from spiders.read import states
from spiders.read.blocks import Block
from spiders.read.labels import Role, is_buying, named, plain_names, said
from spiders.read.text import clean
from spiders.read.tree import ancestors
from spiders.read.visible import NEAR, Sight

HEADINGS = "h1, h2, h3, h4, h5, h6"
CLOSE_CALL = 1.5
SHARED = 4
CLIMB = 10
LEAST = 1.0
MOST_NODES, MOST_TEXTS = 100, 5
_NAMES = '[itemprop="name"], [class*="title" i], [class*="name" i]'
_ROLES = frozenset(role.value for role in Role)
_LETTER = re.compile(r"[^\W\d_]{2}")
_NO_PAGE = re.compile(
    r"(?:^|[/?&=._-])(?:cart|basket|bag|checkout|wish-?list|wanted|favou?rites?|compare|comparison|login|signin|account|share|reviews?"
    r"|add|quick-?view|warenkorb|merkzettel|vergleich|panier|carrello|carrito|winkelwagen|koszyk|kosik)(?:$|[/?&=._-])",
    re.IGNORECASE,
)
_CUT = re.compile(r"\s*(?:…|\.{2,})$")


@dataclass(frozen=True, slots=True)
class Product:
    """A tile's product: its link as written, its name, and the links' elements."""

    href: str
    name: str
    anchors: tuple[LexborNode, ...]


def product_of(block: Block) -> Product | None:
    """The product of a block's links; None where no link or more than one may be its own."""
    by_target: defaultdict[str, list[LexborNode]] = defaultdict(list)
    for target, anchor in block.links:
        if not _NO_PAGE.search(target):
            by_target[target].append(anchor)
    chosen = next(iter(by_target)) if len(by_target) == 1 else _chosen(by_target, block)
    if not chosen or chosen in block.shared:
        return None
    anchors = by_target[chosen]
    return Product(_shortest(anchors), _name(anchors, block), tuple(anchors))


def _chosen(by_target: dict[str, list[LexborNode]], block: Block) -> str:
    weights = {target: _weight(target, anchors, block) for target, anchors in by_target.items()}
    best = max(weights.values(), default=0.0)
    close = {target: by_target[target] for target, weight in weights.items() if weight > best - CLOSE_CALL}
    if best < LEAST:
        return ""
    return next(iter(close)) if len(close) == 1 else _nearest(close, block.sights)


def _weight(target: str, anchors: Sequence[LexborNode], block: Block) -> float:
    """How much speaks for a link being the product's: a picture, a heading, a name, the price inside."""
    weight: float = min(len(anchors), 3) * 0.5 - (SHARED if target in block.shared else 0)
    looks = [_looks(anchor, block) for anchor in anchors]
    return weight + float(sum(max(kind) for kind in zip(*looks, strict=True)))


def _looks(anchor: LexborNode, block: Block) -> tuple[float, float, float, float]:
    text = clean(anchor.text(separator=" "))
    parent = anchor.parent
    heads = (parent is not None and (parent.tag or "") in HEADINGS) or anchor.css_first(HEADINGS) is not None
    said = clean(anchor.attributes.get("title") or "") or text
    return (
        2.0 * (anchor.css_first("img") is not None),
        2.0 * heads,
        _is_name(text) + 0.5 * _is_name(said),
        2.0 * any(_holds(anchor, sight) for sight in block.sights),
    )


def _holds(anchor: LexborNode, sight: Sight) -> bool:
    return any(one.mem_id == anchor.mem_id for one in ancestors(sight.node, CLIMB))


def _is_name(text: str) -> bool:
    """Whether a text may name a product: it has words and they are not a button's."""
    return bool(_LETTER.search(text)) and not is_buying(text[:60]) and not states.is_buying(text[:60])


def _nearest(links: dict[str, list[LexborNode]], sights: Sequence[Sight]) -> str:
    """The one target whose links every amount stands nearest to, or ""."""
    owners = {anchor.mem_id: target for target, anchors in links.items() for anchor in anchors}
    found = {_owner(sight, owners) for sight in sights}
    return found.pop() if len(found) == 1 else ""


def _owner(sight: Sight, owners: dict[int, str]) -> str:
    for one in ancestors(sight.node, CLIMB):
        if near := {owners[anchor.mem_id] for anchor in one.css("a[href]") if anchor.mem_id in owners}:
            return near.pop() if len(near) == 1 else ""
    return ""


def _shortest(anchors: Sequence[LexborNode]) -> str:
    """The address that says least of a variant."""
    return min(((anchor.attributes.get("href") or "").strip() for anchor in anchors), key=len)


def _name(anchors: Sequence[LexborNode], block: Block) -> str:
    """The fullest of what the links, their titles, headings and pictures call the product."""
    for found in _names(anchors, block):
        name = clean(found)
        if _is_name(name) and not _is_price(name, block.sights):
            return _uncut(name, anchors)
    return ""


def _names(anchors: Sequence[LexborNode], block: Block) -> Iterator[str]:
    for anchor in anchors:
        yield from (node.text(separator=" ") for node in anchor.css(HEADINGS)[:1])
    for anchor in anchors:
        if not any(_holds(anchor, sight) for sight in block.sights):
            yield anchor.text(separator=" ")
    for anchor in anchors:
        yield from (node.text(separator=" ") for node in anchor.css(_NAMES)[:2])
    yield from (node.text(separator=" ") for node in block.node.css(HEADINGS)[:1])
    yield from (anchor.attributes.get("title") or "" for anchor in anchors)
    yield from (node.text(separator=" ") for node in block.node.css(_NAMES)[:2])
    yield from (image.attributes.get("alt") or "" for anchor in anchors for image in anchor.css("img")[:1])
    yield from sorted((text for anchor in anchors for text in _texts(anchor)), key=len, reverse=True)[:MOST_TEXTS]


def _texts(anchor: LexborNode) -> Iterator[str]:
    nodes = islice(anchor.traverse(include_text=True), MOST_NODES)
    return ((node.text_content or "").strip() for node in nodes if node.tag == "-text")


def _is_price(text: str, sights: Sequence[Sight]) -> bool:
    return any(sight.text in text or text in sight.text for sight in sights)


def _uncut(name: str, anchors: Sequence[LexborNode]) -> str:
    """The whole name where a link shows only its beginning."""
    if not (cut := _CUT.sub("", name)) or cut == name:
        return name
    whole = (clean(anchor.attributes.get("title") or "") for anchor in anchors)
    return next((one for one in whole if one.startswith(cut)), name)


def own_roles(sight: Sight, block: LexborNode, name: str) -> frozenset[Role]:
    """A sight's roles but for those that only words outside its block, or the product's name, gave it."""
    text = " ".join(block.text(separator=" ").split())
    inside = text[: max(text.find(sight.text), 0)].rstrip()
    before = sight.before if len(inside) >= len(sight.before) else inside
    before = before.replace(name, " ") if name else before
    if before == sight.before:
        return sight.roles
    classes = (plain_names(one.attributes.get("class") or "") for one in ancestors(sight.node, NEAR))
    styled = {Role(meaning) for names in classes for meaning in named(names) if meaning in _ROLES}
    return sight.roles & (said(f"{before} {sight.text}", sight.after) | styled)
