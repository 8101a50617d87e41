"""What a crawl's parent and child say to each other: one job in, progress, pages, offers, a report out; JSON Lines."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

from pydantic import ConfigDict, TypeAdapter

from pricevane.model import Candidate, Examination, Offer, SiteState, page_hash


@dataclass(frozen=True, slots=True)
class Job:
    """One crawl. With `feed`, offers come back as lines; without a database nothing is stored.

    With `explain`, what was seen on each page comes back as a line before its offers; with `page`, that saved page
    is read as the one at the state's address, and nothing is fetched. `archive` is the folder where pages are
    kept: those behind changed readings, or with `archive_all` those behind every stored offer.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(
        hide_input_in_errors=True, ser_json_bytes="base64", val_json_bytes="base64"
    )

    state: SiteState
    database: str | None = field(default=None, repr=False)
    chromium: str | None = None
    feed: bool = False
    explain: bool = False
    page: bytes | None = field(default=None, repr=False)
    archive: str | None = None
    archive_all: bool = False


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


def examination_row(seen: Examination, body: bytes) -> dict[str, Any]:
    """What was seen on a page of that text, as JSON values, without its offers, which come as rows of their own.

    `page_hash` is as in evidence, `seconds` what reading took; for `candidates`, best first, see `candidate_row`.
    """
    return {
        "url": seen.url,
        "kind": seen.kind.value,
        "why": seen.why,
        "page_hash": page_hash(body),
        "seconds": round(seen.seconds, 4),
        "candidates": [candidate_row(one) for one in seen.candidates],
    }


def candidate_row(candidate: Candidate) -> dict[str, Any]:
    """A price candidate as JSON values: `amount` is plain digits as text, `score` in log-odds."""
    row = asdict(candidate)
    return {**row, "amount": f"{candidate.amount:f}", "score": round(candidate.score, 2)}


def encode(kind: str, content: dict[str, Any]) -> bytes:
    """One line, `{kind: content}`; kinds are progress, examination, offer and report."""
    return json.dumps({kind: content}).encode() + b"\n"
