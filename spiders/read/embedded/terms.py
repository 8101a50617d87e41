"""The price of a product's node, wherever below it stands and however it is written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from pricevane.model import EXPONENTS, PriceKind
from spiders.read.currency import iso
from spiders.read.document import Document
from spiders.read.embedded.fields import ELSEWHERE, Keys
from spiders.read.embedded.find import Tree
from spiders.read.money import machine_price

DEEPEST = 4
LONGEST = 40
MOST = 60
PRICES = frozenset(["now", "plain", "was", "shown", "cents", "low", "high", "holder"])
_WHOLE = re.compile(r"\d{1,12}")
_PRICE = re.compile(r"[^\d-]{0,8}\d[\d.,'’\s]*[^\d]{0,8}")
_SHIFT = 2


@dataclass(slots=True)
class Slot:
    """A price text and its place; `sure` if the place says whether it is in major units."""

    text: str
    path: str
    sure: bool = False


@dataclass(slots=True)
class Terms:
    """What a node asks: the slots `now`, `plain`, `was`, `low`, `high`, and what qualifies them."""

    slots: dict[str, Slot] = field(default_factory=dict)
    shown: list[str] = field(default_factory=list)
    currency: str = ""
    on_sale: bool = True

    def take(self, kind: str, slot: Slot) -> None:
        """Keep the first of a kind that is a price at all."""
        if kind == "shown":
            self.shown.append(slot.text)
        elif kind not in self.slots:
            self.slots[kind] = slot


@dataclass(frozen=True, slots=True)
class Asked:
    """The price of a node in major units as text, where it stood, and what is unclear."""

    price: str
    path: str
    regular: str = ""
    currency: str = ""
    kind: PriceKind = PriceKind.STANDARD
    doubts: tuple[str, ...] = ()


class Prices:
    """Reads the prices of one page's trees: its currency and language, and whether its state writes decimals."""

    def __init__(self, page: Document, keys: Keys) -> None:
        """`keys` is the page's own memory of outer field names."""
        self._page = page
        self._keys = keys
        self._inner = Keys(inside=True)

    @cached_property
    def _minor(self) -> bool:
        """Whether the shop's engine writes whole numbers in hundredths, as Shopify's templates do."""
        return b"cdn.shopify.com" in self._page.body or b"Shopify.shop" in self._page.body

    def asked(self, node: dict[str, Any], currency: str, tree: Tree) -> Asked | None:
        """The price of a product's node in `tree`, or None where it asks none.

        Whole numbers are doubtful unless the tree or the shop's engine says what they are.
        """
        terms = Terms()
        self._gather(node, "", terms, self._keys, DEEPEST)
        code = terms.currency or currency
        chosen, was, kind = self._chosen(terms)
        if chosen is None:
            return None
        found = self._settled(chosen, terms, code, tree)
        if found is None:
            return None
        price, doubts = found
        regular = self._settled(was, terms, code, tree) if was else None
        higher = regular is not None and self._number(regular[0]) > self._number(price)
        if "now" in terms.slots and was is None and terms.slots["now"] is not chosen and terms.on_sale:
            doubts += (f"the sale price {terms.slots['now'].text!r} is above the price {price!r}",)
        return Asked(price, chosen.path, regular[0] if regular and higher else "", code, kind, doubts)

    def _chosen(self, terms: Terms) -> tuple[Slot | None, Slot | None, PriceKind]:
        """The slot that is asked, the one that was, and the kind of price."""
        now, plain, was = (terms.slots.get(kind) for kind in ("now", "plain", "was"))
        if now and plain and (not terms.on_sale or self._number(now.text) > self._number(plain.text)):
            now = None
        asked = now or plain
        if asked:
            return asked, was or (plain if now else None), PriceKind.STANDARD
        low, high = terms.slots.get("low"), terms.slots.get("high")
        if low:
            single = high and self._number(high.text) == self._number(low.text)
            return low, was, PriceKind.STANDARD if single else PriceKind.FROM
        shown = Slot(terms.shown[0], "", True) if terms.shown else None
        return shown, was, PriceKind.STANDARD

    def _gather(self, node: dict[str, Any], path: str, terms: Terms, keys: Keys, depth: int) -> None:
        below: list[tuple[str, str, dict[str, Any]]] = []
        exponent = ""
        for key, value in list(node.items())[: MOST * 5]:
            kinds = keys[key]
            if kinds is ELSEWHERE or value is None:
                continue
            where = f"{path}.{key}"
            if "exponent" in kinds:
                exponent = str(value)
            elif "currency" in kinds:
                terms.currency = terms.currency or currency_code(value)
            elif "sale" in kinds and value is False:
                terms.on_sale = False
            elif kind := next(iter(sorted(kinds & PRICES)), ""):
                below += self._scalar_or_below(kind, value, where, terms)
        if exponent.isdecimal():
            self._shift(terms, path, int(exponent))
        for kind, where, inner in below if depth else ():
            self._into(kind, inner, where, terms, depth)

    def _scalar_or_below(
        self, kind: str, value: Any, where: str, terms: Terms
    ) -> Iterator[tuple[str, str, dict[str, Any]]]:
        if isinstance(value, list) and len(value) == 1:
            value, where = value[0], f"{where}[0]"
        if isinstance(value, dict):
            yield kind, where, value
        elif isinstance(value, str) and kind != "holder" and self._number(value) > 0:
            if kind == "cents":
                terms.take(
                    "plain", Slot(str(Decimal(value).scaleb(-_SHIFT)) if _WHOLE.fullmatch(value) else "", where, True)
                )
            else:
                terms.take(kind, Slot(value, where))

    def _into(self, kind: str, node: dict[str, Any], where: str, terms: Terms, depth: int) -> None:
        """What a node in the place of a price says: it all for a holder, one price for the others."""
        inner = Terms(on_sale=terms.on_sale)
        self._gather(node, where, inner, self._inner, depth - 1)
        terms.currency = terms.currency or inner.currency
        terms.shown += inner.shown
        if kind in {"holder", "plain"}:
            for name, slot in inner.slots.items():
                terms.take(name, slot)
            return
        one = self._chosen(inner)[0]
        if one:
            terms.take(kind, one)

    def _shift(self, terms: Terms, path: str, exponent: int) -> None:
        """`centAmount` beside `fractionDigits`: the digits are the currency's own."""
        for slot in terms.slots.values():
            if slot.sure and exponent != _SHIFT and slot.path.startswith(path) and exponent <= 4:
                slot.text = str(Decimal(slot.text).scaleb(_SHIFT - exponent))

    def _number(self, text: str) -> Decimal:
        """The amount of a text, or zero."""
        raw = text.strip()
        if len(raw) > LONGEST or not _PRICE.fullmatch(raw):
            return Decimal(0)
        found = machine_price(raw, language=self._page.language, currency=self._page.hints.currency)
        return found.amount if found else Decimal(0)

    def _settled(self, slot: Slot, terms: Terms, currency: str, tree: Tree) -> tuple[str, tuple[str, ...]] | None:
        """The text in major units with its doubts; a formatted twin decides what whole numbers are."""
        text = slot.text.strip()
        if self._number(text) <= 0:
            return None
        code = iso(currency, self._page.language) or self._page.hints.currency
        if slot.sure or tree.major or not _WHOLE.fullmatch(text):
            return text, ()
        whole = Decimal(text)
        scaled = whole.scaleb(-EXPONENTS.get(code, 2))
        if self._minor and not tree.tracking:
            return str(whole.scaleb(-_SHIFT)), ()
        twins = {self._number(shown) for shown in terms.shown}
        twins |= {self._number(one.text) for one in terms.slots.values() if not _WHOLE.fullmatch(one.text.strip())}
        if whole in twins or EXPONENTS.get(code, 2) == 0:
            return text, ()
        if scaled in twins:
            return str(scaled), ()
        written = any(twin != twin.to_integral_value() and twin < whole * 3 and whole < twin * 3 for twin in twins)
        return text, () if written else (f"{text!r} may be in whole units or in hundredths",)


def currency_code(value: Any) -> str:
    """A currency's code or symbol, also of a node like `{"isoCode": "EUR"}`."""
    if isinstance(value, dict):
        value = next((value[key] for key in ("code", "isoCode", "iso", "currencyCode") if key in value), "")
    return value.strip() if isinstance(value, str) and len(value.strip()) <= 5 and not value.strip().isdigit() else ""
