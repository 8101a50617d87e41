"""Verdicts on pairs from a table that a person filled in, imported whole or not at all."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator
from sqlalchemy import Connection, select

from pricevane.intake.sheet import BadFile, Row
from pricevane.storage.history import AnyRow, chunks
from pricevane.storage.matches import VERDICTS, decide_match, pair_id
from pricevane.storage.tables import Listing, Match, Product, Site

WORDS = {
    **{verdict: verdict for verdict in VERDICTS},
    **dict.fromkeys(("yes", "y"), "confirmed"),
    **dict.fromkeys(("no", "n"), "rejected"),
    "": "",
}
# What an export puts before a cell that a spreadsheet would run.
GUARD = re.compile(r"""(?:^|(?<=;))'(?=[\s"]*[-=+@＝＋－＠﹦﹢﹣﹫])""")


def _verdict(value: object) -> object:
    word = str(value).strip().lower()
    if word not in WORDS:
        raise ValueError(f"{word[:60]!r} is no verdict; write confirmed, rejected or comparable, or leave it empty")
    return WORDS[word]


class VerdictRow(Row):
    """One pair: their listing by its address (and site or number, where that is not enough), our product by sku."""

    url: str
    sku: str
    verdict: Annotated[str, BeforeValidator(_verdict)]
    site: str = ""
    listing: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """How many verdicts an import wrote by kind, how many stood so already, overruled a person's, or were empty."""

    written: Mapping[str, int]
    same: int
    overruled: int
    empty: int


@dataclass(frozen=True, slots=True)
class _Said:
    row: VerdictRow
    listing_id: int
    product_id: int

    @property
    def pair(self) -> tuple[int, int]:
        return self.listing_id, self.product_id


def unique(row: VerdictRow) -> object:
    """What two rows of one table may not share."""
    return row.site, row.listing, row.url, row.sku


def import_verdicts(
    connection: Connection, rows: Sequence[VerdictRow], who: str, why: str, at: datetime, dry_run: bool = False
) -> Told:
    """Decide what the rows say, each with its own reason or `why`; what stands so already is not written again.

    Raises BadFile for addresses, sites and skus that are not known, pairs that are named twice, listings that are
    confirmed as two products, and "comparable" where no factor is known; nothing is written then.
    """
    filled = [row for row in rows if row.verdict]
    said = _resolved(connection, filled)
    standing = _standing(connection, said)
    _check(said, standing)
    fresh = [one for one in said if not _stands(standing.get(one.pair), one.row.verdict)]
    overruled = sum(one.pair in standing and standing[one.pair].method == "manual" for one in fresh)
    if not dry_run:
        for one in fresh:
            match_id = pair_id(connection, *one.pair, at)
            decide_match(connection, match_id, one.row.verdict, who, one.row.why or why, at)
    written = Counter(one.row.verdict for one in fresh)
    return Told(written, len(said) - len(fresh), overruled, len(rows) - len(filled))


def _refuse(errors: Sequence[str]) -> None:
    if errors:
        raise BadFile.of("nothing was imported", errors)


def _resolved(connection: Connection, rows: Sequence[VerdictRow]) -> list[_Said]:
    """The rows with what they name; raises BadFile for what is not there or not clear."""
    listings = _listings(connection, {form for row in rows for form in _forms(row.url)})
    products = dict(connection.execute(select(Product.sku, Product.id)).all())
    errors, said = [], []
    for row in rows:
        found = next(filter(None, (listings.get(form) for form in _forms(row.url))), [])
        named = [key for key, site in found if row.site in ("", site) and row.listing in ("", str(key))]
        product_id = next((products[form] for form in _forms(row.sku) if form in products), None)
        if len(named) != 1:
            errors.append(f"{row.place}: url: {_unclear(row, len(found), len(named))}")
        if product_id is None:
            errors.append(f"{row.place}: sku: no product has the sku {row.sku[:100]!r}")
        if len(named) == 1 and product_id is not None:
            said.append(_Said(row, named[0], product_id))
    _refuse(errors)
    return said


def _unclear(row: VerdictRow, by_url: int, left: int) -> str:
    if not by_url:
        return f"no listing has the address {row.url[:200]!r}"
    if not left:
        return f"no listing of site {row.site[:60]!r} and number {row.listing[:20]!r} has this address"
    return f"{left} listings have this address; name one of them in the columns site and listing"


def _forms(text: str) -> tuple[str, ...]:
    """A cell as it stands, and without the guards that an export puts into it."""
    return (text, bare) if (bare := GUARD.sub("", text)) != text else (text,)


def _listings(connection: Connection, urls: set[str]) -> dict[str, list[tuple[int, str]]]:
    """Address -> (id, site) of its listings, for these addresses."""
    found: dict[str, list[tuple[int, str]]] = {}
    query = select(Listing.url, Listing.id, Site.name).join(Site, Site.id == Listing.site_id).order_by(Listing.id)
    for url, key, site in connection.execute(query):
        if url in urls:
            found.setdefault(url, []).append((key, site))
    return found


def _standing(connection: Connection, said: Iterable[_Said]) -> dict[tuple[int, int], AnyRow]:
    """The matches of the listings that are spoken of, by listing and product."""
    found: dict[tuple[int, int], Any] = {}
    for part in chunks(sorted({one.listing_id for one in said})):
        query = select(*Match.__table__.c).where(Match.listing_id.in_(part))
        found |= {(row.listing_id, row.product_id): row for row in connection.execute(query)}
    return found


def _check(said: Iterable[_Said], standing: Mapping[tuple[int, int], AnyRow]) -> None:
    pairs: dict[tuple[int, int], str] = {}
    confirmed: dict[int, _Said] = {}
    errors = []
    for one in said:
        place = one.row.place
        if (before := pairs.setdefault(one.pair, place)) != place:
            errors.append(f"{place}: the same pair is in {before} already; keep one of the two")
        elif one.row.verdict == "confirmed" and (first := confirmed.setdefault(one.listing_id, one)) is not one:
            errors.append(
                f"{place}: verdict: {first.row.place} confirms this listing as {first.row.sku[:100]!r};"
                " it can be one product only"
            )
        elif one.row.verdict == "comparable" and getattr(standing.get(one.pair), "factor", None) is None:
            errors.append(f"{place}: verdict: no factor is known for this pair; it can be confirmed or rejected")
    _refuse(errors)


def _stands(row: AnyRow | None, verdict: str) -> bool:
    if row is None or row.method != "manual" or row.flag:
        return False
    return all(getattr(row, name) == value for name, value in VERDICTS[verdict].items())
