"""What the tiles of a list say, an offer each: the link's product, its price and no other, and every doubt."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from itertools import chain, islice
from urllib.parse import urlsplit

from pricevane.model import Availability, Evidence, Money, Offer, PriceKind
from spiders.read import markup, states
from spiders.read.address import key, own_url
from spiders.read.blocks import Block, blocks, priceless
from spiders.read.claims import same
from spiders.read.document import Document
from spiders.read.dom import LAYER, path_of
from spiders.read.labels import Role
from spiders.read.links import Product, own_roles, product_of
from spiders.read.money import Amount
from spiders.read.offer import GOOD_KINDS, money
from spiders.read.reading import Reading
from spiders.read.text import RAW_LENGTH, clean, http_url
from spiders.read.variants import amount_of
from spiders.read.visible import Sight

MOST_TILES = 300
MOST_NODES = 200
LONGEST_NOTICE = 60
ALONE, AGREED = 0.85, 0.95
GREATEST_CUT = 10
MOST_LETTERS = 10
# All that `judge` says of a tile that it did not look at closely.
UNJUDGED = "one of many tiles"
_NOT_PRICES = frozenset([Role.SAVING, Role.SHIPPING, Role.UNIT, Role.INSTALMENT, Role.COUPON, Role.OTHER])
_KINDS = {
    Role.FROM: PriceKind.FROM,
    Role.MEMBER: PriceKind.MEMBER,
    Role.USED: PriceKind.USED,
    Role.EX_TAX: PriceKind.EX_TAX,
}
_LAZY = ("data-src", "data-original", "data-lazy-src", "data-lazy", "src", "data-srcset", "srcset")
_LETTER = re.compile(r"[^\W\d_]")
_PLAIN_PATH = re.compile(r"(?:/[\w~-]+)+(?:\.[a-z]+)?/?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Tile:
    """One block of a list: the address its product has on this host, its name, its price and what is doubtful.

    `price` is None where the block shows none that is its product's; `order` is its place in reading order,
    `layers` say who names the price, `raw` and `path` the price's own text and element.
    """

    url: str
    name: str
    price: Amount | None
    regular: Amount | None
    kind: PriceKind
    image: str
    availability: Availability
    path: str
    raw: str
    doubts: tuple[str, ...] = ()
    order: int = 0
    layers: tuple[str, ...] = (LAYER,)


@dataclass(frozen=True, slots=True)
class _Ask:
    """An amount in a block and its roles by the words inside the block."""

    sight: Sight
    roles: frozenset[Role]

    @property
    def is_old(self) -> bool:
        """Whether it is struck through or said to be an earlier price."""
        return Role.REGULAR in self.roles or (self.sight.is_old and Role.REGULAR not in self.sight.roles)


def count(page: Document, sights: Sequence[Sight]) -> int:
    """How many blocks of the page repeat with a link and an amount each; `sights` need not be judged."""
    return len(blocks(page, sights))


def tiles(page: Document, sights: Sequence[Sight], listed: Mapping[str, Reading] | None = None) -> list[Tile]:
    """The tiles of a page in reading order, from `sights` judged with `tiles=True`; those without a price come last.

    `listed` holds what structured data say of products, by their addresses on this host.
    """
    found = blocks(page, sights)
    priced = [tile for block in found if (tile := _tile(block, page, listed or {}))]
    bare = (tile for block in priceless(found) if (tile := _tile(block, page, {})))
    return list(islice(chain(priced, bare), MOST_TILES))


def offers(tiles: Iterable[Tile], page: Document, at: datetime) -> list[Offer]:
    """One offer for each address that has a price in a tile, seen at `at`; doubtful unless the price is plain."""
    by_address: defaultdict[str, list[Tile]] = defaultdict(list)
    for tile in tiles:
        if tile.price is not None and not page.is_here(tile.url):
            by_address[tile.url].append(tile)
    return [_offer(alike, page, at) for alike in by_address.values()]


def _tile(block: Block, page: Document, listed: Mapping[str, Reading]) -> Tile | None:
    """What one block says; None where it is not clear which product it is about, or that lies elsewhere."""
    product = product_of(block)
    url = _address(product.href, page) if product else ""
    if product is None or not url or url in {page.url, page.address}:
        return None
    asked = _asked(block, product.name)
    price, kind, doubts = _price(asked)
    tile = Tile(
        url=url,
        name=product.name,
        price=price.amount if price else None,
        regular=_regular(price, asked) if price else None,
        kind=kind,
        image=_image(block, page),
        availability=_availability(block, product),
        path=f"{LAYER}:{path_of(price.node)}" if price else "",
        raw=price.text if price else "",
        doubts=doubts,
        order=price.order if price else 0,
    )
    return _beside(tile, listed[url], page) if url in listed else tile


def _address(href: str, page: Document) -> str:
    """`own_url`, but at once for the plain paths that most tiles have."""
    return f"{_host(page.url)}{href}" if _PLAIN_PATH.fullmatch(href) else own_url(href, page.url)


@lru_cache(64)
def _host(url: str) -> str:
    return "{0.scheme}://{0.netloc}".format(urlsplit(url))


def _asked(block: Block, name: str) -> list[_Ask]:
    """The block's amounts that may be its price or old price."""
    judged = [one for one in block.sights if any(not reason.startswith(UNJUDGED) for reason in one.reasons)]
    judged = [one for one in judged if one.text not in name] or judged
    shown = [one for one in judged if not _says(one, "hidden")] or judged
    found = [_Ask(one, one.roles and own_roles(one, block.node, name)) for one in shown]
    asked = [one for one in found if _NOT_PRICES.isdisjoint(one.roles)]
    return [one for one in asked if one.sight.has_currency] or asked


def _price(asked: Sequence[_Ask]) -> tuple[Sight | None, PriceKind, tuple[str, ...]]:
    """The one current price, its kind, and what casts doubt on it: amounts beside it that nothing tells apart."""
    fresh = _current(asked)
    if not fresh:
        return None, PriceKind.STANDARD, ()
    chosen = min(fresh, key=lambda one: one.sight.amount.amount)
    price = chosen.sight
    kind = next((kind for role, kind in _KINDS.items() if role in chosen.roles), price.amount.kind)
    others = [one.sight.text for one in fresh if not same(one.sight.amount, price.amount)]
    doubts = [f"{text!r} stands beside {price.text!r}" for text in others]
    if len(_LETTER.findall(price.text)) > MOST_LETTERS:
        doubts.append(f"{price.text!r} is running text")
    return price, kind, tuple(doubts)


def _current(asked: Sequence[_Ask]) -> list[_Ask]:
    """The amounts that are not old, and of these the ones for everybody and with tax, if there are any."""
    fresh = [one for one in asked if not one.is_old]
    if not fresh and len({one.sight.amount.amount for one in asked}) == 1:
        fresh = [one for one in asked if not _says(one.sight, "struck")]
    for role in (Role.MEMBER, Role.USED, Role.EX_TAX):
        fresh = [one for one in fresh if role not in one.roles] or fresh
    return fresh


def _says(sight: Sight, mark: str) -> bool:
    return any(reason.startswith(mark) for reason in sight.reasons)


def _regular(price: Sight, asked: Sequence[_Ask]) -> Amount | None:
    """The old price, if just one stands in the block, in the same currency and not absurdly higher."""
    old = {one.sight.amount.amount: one.sight.amount for one in asked if one.is_old}
    amounts = [amount for amount in old.values() if amount.amount > price.amount.amount]
    if len(amounts) != 1 or amounts[0].currency != price.amount.currency:
        return None
    return amounts[0] if amounts[0].amount <= GREATEST_CUT * price.amount.amount else None


def _beside(tile: Tile, reading: Reading | None, page: Document) -> Tile:
    """The tile with what structured data say of its product: they agree, or they make it doubtful."""
    said = amount_of(reading, page) if reading else None
    if reading is None or said is None or tile.price is None:
        return tile
    if not same(said, tile.price):
        doubt = f"the tile says {tile.raw!r}, {reading.layer} says {reading.price.strip()!r}"
        return replace(tile, doubts=(*tile.doubts, doubt))
    known = replace(tile.price, currency=tile.price.currency or said.currency)
    kind = said.kind if tile.kind is PriceKind.STANDARD else tile.kind
    return replace(tile, price=known, kind=kind, layers=(*tile.layers, reading.layer))


def _image(block: Block, page: Document) -> str:
    for image in block.node.css("img")[:3]:
        attributes = image.attributes
        for name in _LAZY:
            found = (attributes.get(name) or "").split()
            if found and not found[0].startswith("data:"):
                address = found[0].rstrip(",")
                plain = _PLAIN_PATH.fullmatch(address)
                return f"{_host(page.url)}{address}" if plain else http_url(address, page.url)
    return ""


def _availability(block: Block, product: Product) -> Availability:
    """What the block's short texts or its class say; UNKNOWN where they contradict each other."""
    found = set()
    for node in islice(block.node.traverse(include_text=True), MOST_NODES):
        text = (node.text_content or "").strip() if node.tag == "-text" else ""
        if 1 < len(text) <= LONGEST_NOTICE and text not in product.name:
            found.add(states.spoken(text))
    found.discard(Availability.UNKNOWN)
    if not found and (flag := markup.flag(block.node.attributes)):
        return flag
    if len(found) > 1 and Availability.OUT_OF_STOCK not in found:
        found.discard(Availability.IN_STOCK)
    return found.pop() if len(found) == 1 else Availability.UNKNOWN


def _offer(alike: Sequence[Tile], page: Document, at: datetime) -> Offer:
    """The offer of the tiles that lead to one address."""
    tile = next((one for one in alike if not one.doubts), alike[0])
    price = money(tile.price)
    regular = money(tile.regular)
    kind = PriceKind.SALE if regular and tile.kind is PriceKind.STANDARD else tile.kind
    offer = Offer(
        url=tile.url,
        key=key(tile.url),
        at=at,
        evidence=Evidence(clean(tile.raw, RAW_LENGTH), clean(tile.path, RAW_LENGTH), tile.layers, page.page_hash),
        region=page.hints.region,
        name=tile.name,
        image=tile.image,
        price=price,
        regular_price=regular if _is_higher(regular, price) else None,
        kind=kind,
        availability=tile.availability,
        tax_included=page.hints.tax_included,
        confidence=AGREED if len(tile.layers) > 1 else ALONE,
    )
    for reason in dict.fromkeys(_doubts(tile, alike, offer)):
        offer = offer.doubt(clean(reason))
    return offer


def _is_higher(regular: Money | None, price: Money | None) -> bool:
    return regular is not None and price is not None and regular.amount > price.amount


def _doubts(tile: Tile, alike: Sequence[Tile], offer: Offer) -> Iterator[str]:
    """Why a tile's price is for people only."""
    yield from tile.doubts
    for other in alike:
        yield from other.doubts
        if tile.price and other.price and not same(tile.price, other.price):
            yield f"one tile says {tile.raw!r}, another {other.raw!r}"
    if offer.kind not in GOOD_KINDS:
        yield offer.kind.value
    if tile.price and not tile.price.currency:
        yield f"no currency known for {tile.raw!r}"
    elif offer.price is None:
        yield f"{tile.raw!r} is not an amount that can be paid"
    if not offer.name:
        yield "no name"
