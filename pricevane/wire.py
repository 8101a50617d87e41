"""What a crawl's parent and child say to each other: one job in, progress, offers and a report out, as JSON Lines."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pydantic import ConfigDict, TypeAdapter

from pricevane.model import Offer, SiteState


@dataclass(frozen=True, slots=True)
class Job:
    """One crawl. With `feed`, offers come back as lines; without a database nothing is stored."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(hide_input_in_errors=True)

    state: SiteState
    database: str | None = field(default=None, repr=False)
    chromium: str | None = None
    feed: bool = False


JOB: TypeAdapter[Job] = TypeAdapter(Job)
OFFER: TypeAdapter[Offer] = TypeAdapter(Offer)


def offer_row(offer: Offer) -> dict[str, Any]:
    """An offer as one flat row of JSON values.

    Amounts are plain digits as text ("12.50") in `currency`, quantities text like "100 g"; `at` is ISO 8601
    in UTC, `promotion_ends_on` an ISO date; `attributes` is an object, and so is `evidence` with `raw`, `path`,
    `layers` and `page_hash`.
    """
    row: dict[str, Any] = OFFER.dump_python(offer, mode="json")
    money = offer.price or offer.regular_price
    row["currency"] = money.currency if money else ""
    for name in ("price", "regular_price", "shipping"):
        amount = getattr(offer, name)
        row[name] = str(amount).split()[0] if amount else None
    row["unit_price"] = f"{offer.unit_price.amount:f}" if offer.unit_price else None
    for name in ("unit_base", "pack"):
        row[name] = str(getattr(offer, name) or "")
    row["attributes"] = dict(offer.attributes)
    return row


def encode(kind: str, content: dict[str, Any]) -> bytes:
    """One line, `{kind: content}`; kinds are progress, offer and report."""
    return json.dumps({kind: content}).encode() + b"\n"
