"""What `explain` says, as lines for a person; every string of the page is made harmless."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pricevane.cli.output import plain

MOST_CANDIDATES = 12
MOST_OFFERS = 5
WIDTH = 20
# Told in this order; evidence comes last.
OFFER = (
    *("url", "key", "region", "name", "brand", "gtin", "mpn", "sku", "category", "image", "price", "regular_price"),
    *("currency", "currency_raw", "kind", "tax_included", "unit_price", "unit_base", "pack", "shipping"),
    *("availability", "stock", "condition", "seller", "seller_is_shop", "promotion", "promotion_ends_on"),
    *("attributes", "at", "status", "confidence", "doubts"),
)
PROOF = ("raw", "path", "layers", "page_hash")
STORED = (
    *("name", "price", "currency", "kind", "availability", "status", "confidence", "run_id", "publication", "at"),
    *("seen_at", "raw", "currency_raw", "path", "layers"),
)


def account(whole: Mapping[str, Any]) -> Iterator[str]:
    """The lines: the page, its price candidates, its offers, what is stored; see `cli.explain`."""
    yield plain(whole["url"])
    why = f" ({whole['why']})" if whole["why"] else ""
    yield plain(f"  {whole['kind'] or 'no'} page{why}, {whole['source']}, read in {1000 * whole['seconds']:.0f} ms")
    if whole["page_hash"]:
        yield _line("page hash", whole["page_hash"])
        yield from _candidates(whole["candidates"])
    for number, offer in enumerate(whole["offers"][:MOST_OFFERS], 1):
        yield from _offer(offer, number, len(whole["offers"]))
    if len(whole["offers"]) > MOST_OFFERS:
        yield f"\n{len(whole['offers']) - MOST_OFFERS} more offers; -f json shows them all"
    for proof in whole["stored"]:
        yield from _stored(proof)


def _line(name: str, value: object) -> str:
    return f"  {name.replace('_', ' '):{WIDTH}}{_said(value)}"


def _said(value: object) -> str:
    """A value as text, "-" for one that is not known."""
    if isinstance(value, (list, tuple)):
        value = ", ".join(map(str, value))
    if isinstance(value, Mapping):
        value = ", ".join(f"{name}: {text}" for name, text in value.items())
    if isinstance(value, bool):
        value = "yes" if value else "no"
    return plain(value).strip() or "-"


def _candidates(candidates: list[Mapping[str, Any]]) -> Iterator[str]:
    yield f"\n{len(candidates) or 'no'} price candidate{'' if len(candidates) == 1 else 's'}"
    for one in candidates[:MOST_CANDIDATES]:
        mark = "->" if one["chosen"] else "  "
        yield plain(f"{mark} {one['amount']} {one['currency'] or '(no currency)'}  score {one['score']:+.1f}")
        yield _line("   layers", one["layers"])
        yield _line("   says", one["raw"])
        yield _line("   stands at", one["path"])
        for heading, reasons in (("for", "+"), ("against", "-")):
            told = [reason for reason in one["reasons"] if reason.rpartition(" ")[2].startswith(reasons)]
            if told:
                yield _line(f"   {heading}", "; ".join(told))
        other = [reason for reason in one["reasons"] if not reason.rpartition(" ")[2].startswith(("+", "-"))]
        if other:
            yield _line("   also", "; ".join(other))
    if len(candidates) > MOST_CANDIDATES:
        yield f"   {len(candidates) - MOST_CANDIDATES} more; -f json shows them all"


def _offer(offer: Mapping[str, Any], number: int, offers: int) -> Iterator[str]:
    """Every field; those that the page does not tell in one line."""
    yield f"\noffer {number} of {offers}" if offers > 1 else "\noffer"
    told = {name: _said(offer.get(name)) for name in OFFER}
    yield from (_line(name, text) for name, text in told.items() if text != "-")
    yield from (_line(name, offer["evidence"][name]) for name in PROOF)
    yield _line("not told", ", ".join(name.replace("_", " ") for name, text in told.items() if text == "-") or "-")


def _stored(proof: Mapping[str, Any]) -> Iterator[str]:
    region = f", region {proof['region']}" if proof["region"] else ""
    yield ""
    yield plain(f"stored: listing {proof['listing_id']}, {proof['site']}:{proof['key']}{region}")
    yield from (_line(name, proof[name]) for name in STORED)
    same = "the page read above" if proof["is_same_page"] else "another page than the one read above"
    kept = "archived" if proof["is_archived"] else "not archived"
    yield _line("page hash", f"{proof['page_hash']} ({same}; {kept})")
