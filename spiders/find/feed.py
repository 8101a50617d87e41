"""What all feeds have in common: the products that a shop lists in a file, with the offers their pages would have."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from pricevane.model import Evidence, Money, Offer, PriceKind
from spiders.read.address import key
from spiders.read.text import clean, http_url

LAYER = "feed"
# How a product's own page may name what it sells: the product, each variant, or the first variant for all.
PLAIN, EACH, FIRST = "plain", "each", "first"
# The largest pages of real shops' feeds have a fifth of these; read, each takes some 700 bytes.
MOST_OBJECTS = 80_000
_AMOUNT = re.compile(r"\d{1,13}(?:\.\d{1,6})?", re.ASCII)


class UnreadableFeed(ValueError):
    """The answer is no feed of that kind."""


@dataclass(frozen=True, slots=True)
class FeedPage:
    """One answer of a feed: its address, when it was read, of which region, and the hash that proves it."""

    url: str
    at: datetime
    region: str
    page_hash: str

    def offer(self, url: str, raw: str, path: str, price: Money, regular: Money | None, **said: Any) -> Offer:
        """An offer with the feed's evidence; texts are made harmless, a regular price counts only if it is higher."""
        is_sale = regular is not None and regular.amount > price.amount
        said["image"] = http_url(said["image"], self.url) if said.get("image") else ""
        texts = {name: clean(value) for name, value in said.items() if type(value) is str}
        return Offer(
            url=url,
            key=key(url),
            at=self.at,
            evidence=Evidence(clean(raw, 100), path, (LAYER,), self.page_hash),
            region=self.region,
            price=price,
            regular_price=regular if is_sale else None,
            kind=PriceKind.SALE if is_sale else PriceKind.STANDARD,
            **{**said, **texts},
        )


@dataclass(frozen=True, slots=True)
class FeedProduct:
    """A product of a feed: its page, its form (products of one form are named alike), and its offers by naming.

    `namings` is empty where the feed does not make the price clear.
    """

    url: str
    form: str = "single"
    namings: Mapping[str, Sequence[Offer]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """A feed: its name, where its pages are (by number from 1; None after the last), and what reads one.

    `sign` stands on the pages or among the sitemaps of shops that have it; `where` is its name in the report.
    """

    name: str
    address: Callable[[int], str | None]
    read: Callable[[bytes, FeedPage], list[FeedProduct]]
    where: str = "platform"
    sign: re.Pattern[str] | None = None


def amount(text: object) -> Decimal | None:
    """A plain decimal number above zero, as feeds write prices; None for anything else."""
    if not isinstance(text, str) or not _AMOUNT.fullmatch(text):
        return None
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if found > 0 else None


def parsed(body: bytes) -> Any:
    """The JSON of a feed's answer; raises UnreadableFeed for what is none, or holds more than any real one."""
    if body.count(b"{") + body.count(b"[") > MOST_OBJECTS:
        raise UnreadableFeed(f"more than {MOST_OBJECTS} objects in one answer")
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UnreadableFeed("the answer is no JSON") from error


def text_of(found: object) -> str:
    """A JSON value if it is a text, else ""."""
    return found if isinstance(found, str) else ""


def objects(found: object) -> list[dict[str, Any]]:
    """The objects of a JSON list; empty for anything else."""
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
