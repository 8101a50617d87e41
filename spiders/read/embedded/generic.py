"""The page's own product among the candidates of all state trees, and what it says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from spiders.read.document import Document
from spiders.read.embedded.fields import ELSEWHERE, Keys
from spiders.read.embedded.find import Tree
from spiders.read.embedded.identity import Identity
from spiders.read.embedded.terms import Asked, Prices
from spiders.read.embedded.walk import MOST_SEEN, Seen, seen
from spiders.read.reading import Reading
from spiders.read.text import clean, gtin
from spiders.read.variants import alike, amount_of, apart

LAYER = "embedded"
MOST_VARIANTS = 200
MOST_OWN = 12
_TEXTS = ("name", "brand", "sku", "mpn", "image", "category", "seller", "condition", "url")
_NESTED = ("name", "label", "title", "value", "url", "src")


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate and how surely it is the page's own: (address, name, place, not written for analytics)."""

    rank: tuple[int, int, int, int]
    seen: Seen

    @property
    def is_own(self) -> bool:
        """Whether something ties it to the page: its address, or its whole name, or its name and its place."""
        address, name, place, _ = self.rank
        return address > 0 or name == 2 or (name == 1 and place > 0)


class State:
    """The trees of one page, read with one memory of field names."""

    def __init__(self, page: Document, identity: Identity) -> None:
        """Nothing is read yet."""
        self._page = page
        self._keys = Keys()
        self._prices = Prices(page, self._keys)
        self._identity = identity

    def readings(self, trees: list[Tree]) -> list[Reading]:
        """The readings of the page's own product, none where no candidate is tied to the page."""
        ranked = self._ranked(trees)
        own = sorted((one for one in ranked if one.is_own), key=lambda one: one.rank, reverse=True)
        found = [(one.rank, readings) for one in own[:MOST_OWN] if (readings := self._read(one.seen))]
        if found:
            best = [readings for rank, readings in found if rank[:2] == found[0][0][:2]]
            return self._agreed(best, [readings for _, readings in found])
        alone = [one for one in ranked if one.rank[2] and _texts(one.seen.node, self._keys).get("name")]
        if len(alone) != 1:
            return []
        doubt = "nothing ties this product to the page"
        return [replace(one, doubts=(*one.doubts, doubt)) for one in self._read(alone[0].seen)]

    def _ranked(self, trees: list[Tree]) -> list[Ranked]:
        found: list[Ranked] = []
        for tree in trees:
            for one in seen(tree, self._keys):
                found.append(Ranked(self._rank(one), one))
                if len(found) >= MOST_SEEN:
                    return found
        return found

    def _rank(self, one: Seen) -> tuple[int, int, int, int]:
        values: dict[str, list[str]] = {}
        for key, value in one.node.items():
            if isinstance(value, str) and value:
                for kind in self._keys[key]:
                    values.setdefault(kind, []).append(value)
        ids = [*values.get("id", ()), *values.get("sku", ()), one.key]
        here = self._identity.by_address(values.get("handle", ()), values.get("url", ())) or self._identity.by_id(ids)
        names = values.get("name") or [text for node in self._variant_nodes(one)[:1] for text in self._names(node)]
        name = max((self._identity.by_name(text) for text in names), default=0)
        return int(here), name, int(one.main), int(not one.tree.tracking)

    def _read(self, one: Seen) -> list[Reading]:
        """One reading for the candidate, or one for each variant where they ask differently."""
        mine = self._one(one.node, one, one.path)
        variants = list(self._variants(one))
        if mine and not mine.price and not any(variant.price for variant in variants):
            return []
        priced = [replace(_under(variant, mine)) for variant in variants if variant.price]
        if len({self._amount(reading) for reading in priced}) <= 1:
            return [self._whole(mine, priced)] if mine.price or priced else []
        chosen = [reading for reading in priced if self._identity.by_id([reading.variant])]
        return chosen if len(chosen) == 1 else apart(priced, self._page) or alike(priced, self._page)

    def _whole(self, mine: Reading, priced: list[Reading]) -> Reading:
        """The product's reading; its variants' one price stands in where it has none itself."""
        stock = {reading.availability for reading in priced}
        available = mine.availability or next((text for text in ("InStock", *sorted(stock)) if text in stock), "")
        if mine.price and priced and self._amount(mine) != self._amount(priced[0]):
            other = f"the product says {mine.price!r}, its variants {priced[0].price!r}"
            return replace(mine, availability=available, doubts=(*mine.doubts, other))
        if mine.price or len(priced) == 1:
            lone = priced[0] if len(priced) == 1 else mine
            fields: dict[str, Any] = {
                name: getattr(mine, name) or getattr(lone, name) for name in ("sku", "gtin", "mpn")
            }
            source = mine if mine.price else lone
            return replace(source, **fields, variant="", attributes=(), url="", availability=available)
        own = {name: getattr(mine, name) for name in ("sku", "gtin", "mpn")}
        return replace(priced[0], **own, variant="", attributes=(), url="", availability=available)

    def _names(self, node: dict[str, Any]) -> list[str]:
        return [text for key, text in node.items() if "name" in self._keys[key] and isinstance(text, str)]

    def _variant_nodes(self, one: Seen) -> list[dict[str, Any]]:
        lists = [value for key, value in one.node.items() if "variants" in self._keys[key] and isinstance(value, list)]
        return [node for value in lists[:1] for node in value[:MOST_VARIANTS] if isinstance(node, dict)]

    def _variants(self, one: Seen) -> Iterator[Reading]:
        for key, value in one.node.items():
            if "variants" not in self._keys[key]:
                continue
            pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
            for place, node in list(pairs)[:MOST_VARIANTS]:
                if isinstance(node, dict):
                    path = f"{one.path}.{key}[{place}]"
                    yield self._one(node, one, path, str(place) if isinstance(value, dict) else "")
            return

    def _one(self, node: dict[str, Any], one: Seen, path: str, name: str = "") -> Reading:
        """What one node says; a variant's id is its own or its key."""
        currency = one.currency
        asked = self._prices.asked(node, currency, one.tree)
        asked = asked or Asked("", "", currency=currency)
        texts = _texts(node, self._keys)
        fields: dict[str, Any] = {key: texts.get(key, "") for key in _TEXTS}
        ids = [text for key, text in node.items() if isinstance(text, str) and "id" in self._keys[key]]
        return Reading(
            LAYER,
            f"{LAYER}:{path}{asked.path}",
            price=asked.price,
            regular_price=asked.regular,
            currency=asked.currency,
            kind=asked.kind,
            gtin=next((code for text in texts.get("gtin", "").split() if (code := gtin(text))), ""),
            availability=texts.get("availability", ""),
            stock=texts.get("stock", ""),
            variant=next(iter(ids), name),
            attributes=_options(node),
            doubts=asked.doubts,
            **fields,
        )

    def _amount(self, reading: Reading) -> Any:
        amount = amount_of(reading, self._page)
        return amount.amount if amount else None

    def _agreed(self, best: list[list[Reading]], every: list[list[Reading]]) -> list[Reading]:
        """The best candidate's readings, its gaps filled by others about the same; doubtful where equals differ."""
        lead = next((one for one in best if not any(reading.doubts for reading in one)), best[0])
        if len(lead) > 1:
            return lead
        mine = replace(lead[0], variant="")
        singles = [one[0] for one in every if len(one) == 1]
        same = [one for one in singles if self._amount(one) == self._amount(mine)]
        names = (
            "name",
            "brand",
            "gtin",
            "mpn",
            "sku",
            "image",
            "category",
            "availability",
            "currency",
            "regular_price",
        )
        gaps: dict[str, Any] = {
            name: next((text for one in same if (text := getattr(one, name))), "") for name in names
        }
        filled = replace(mine, **{name: getattr(mine, name) or text for name, text in gaps.items()})
        sure = any(not one.doubts for one in same)
        others = [one[0] for one in best if self._amount(one[0]) not in {self._amount(mine), None}]
        doubts = () if sure else mine.doubts
        if others and not others[0].path.startswith("embedded:dataLayer"):
            doubts += (f"{mine.path} says {mine.price!r}, {others[0].path} says {others[0].price!r}",)
        return [replace(filled, doubts=doubts)]


def _under(variant: Reading, product: Reading) -> Reading:
    """A variant with what its product says of both."""
    shared: dict[str, Any] = {
        name: getattr(variant, name) or getattr(product, name)
        for name in ("name", "brand", "image", "category", "currency", "seller", "condition")
    }
    return replace(variant, **shared)


def _texts(node: dict[str, Any], keys: Keys) -> dict[str, str]:
    """The texts of a node by kind of field, the first of each kind."""
    found: dict[str, str] = {}
    for key, value in node.items():
        kinds = keys[key]
        if not kinds or kinds is ELSEWHERE or value in (None, "", [], {}):
            continue
        state = _state(kinds, value)
        if state:
            found.setdefault("availability", state)
        text = _text(value)
        if text:
            for kind in kinds:
                found[kind] = f"{found[kind]} {text}" if kind == "gtin" and kind in found else found.get(kind, text)
    return found


def _state(kinds: frozenset[str], value: Any) -> str:
    """InStock or OutOfStock where a flag or a count says so."""
    if isinstance(value, bool):
        if "available" in kinds:
            return "InStock" if value else "OutOfStock"
        return ("OutOfStock" if value else "") if "soldout" in kinds else ""
    if "stock" in kinds and isinstance(value, str) and value.isdecimal() and int(value[:12]):
        return "InStock"
    return ""


def _text(value: Any) -> str:
    """A text itself, or the name of a node, or the first of a list."""
    if isinstance(value, list):
        value = value[0] if value else ""
    if isinstance(value, dict):
        value = next((value[key] for key in _NESTED if isinstance(value.get(key), str)), "")
    return clean(value, 2000) if isinstance(value, str) else ""


def _options(node: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """A variant's own choices, like (("color", "red"),)."""
    named = {
        key: value for key, value in node.items() if key.lower() in {"color", "colour", "size", "option1", "option2"}
    }
    given = node.get("attributes") or node.get("selectedOptions")
    if isinstance(given, dict):
        named.update(given)
    elif isinstance(given, list):
        named.update({str(o.get("name")): o.get("value") for o in given if isinstance(o, dict) and o.get("name")})
    pairs = ((clean(key.removeprefix("attribute_"), 60), _text(value)[:100]) for key, value in named.items())
    return tuple(pair for pair in pairs if all(pair))[:8]
