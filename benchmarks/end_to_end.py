"""Does the whole house get real shops' prices right, and does the manager hear when they move?"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

import typer

from benchmarks.options import BESIDE_THE_CHECKOUT, Data, Json, Quick, Seed
from benchmarks.output import Figures, tell
from benchmarks.pages.days import Found, live
from benchmarks.pages.labels import FOLDER, TRUTH, Page, read_pages
from benchmarks.pages.moves import NewPrice, rewrite_half
from benchmarks.pages.peer import peer_price
from benchmarks.pages.readings import Moved
from benchmarks.pages.retailer import sku
from benchmarks.pages.scoring import Prices, Score, score

QUICK = 3  # one shop in so many


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run measured, and the first crawl's score with the prices it rests on (by page id)."""

    figures: Figures
    score: Score
    prices: Prices


def main(
    data: Data = BESIDE_THE_CHECKOUT,
    quick: Quick = False,
    json: Json = None,
    seed: Seed = 7,
    show_wrong: Annotated[bool, typer.Option("--show-wrong", help="List the pages that are not right.")] = False,
) -> None:
    """Crawl saved pages of real shops, match, propose and mail, while half of the prices move by 5 %."""
    if not (data / FOLDER / TRUTH).exists():
        tell({}, [f"end_to_end: there is no {FOLDER}/{TRUTH} in the data folder; name it with --data"], json)
        return
    outcome = measure(read_pages(data), datetime.now(UTC), seed, quick)
    if show_wrong:
        _show(outcome)
    tell(outcome.figures, ["end_to_end: two shops of three (--quick)"] if quick else [], json)


def measure(pages: Sequence[Page], as_of: datetime, seed: int, quick: bool = False) -> Outcome:
    """Run everything; shares are of the pages with a labelled price, `moves_*` of matched rewritten pages."""
    began = time.monotonic()
    hosts = sorted({page.host for page in pages})[:: QUICK if quick else 1]
    pages = [page for page in pages if page.host in hosts]
    new = rewrite_half(pages, seed)
    found = live(pages, new.prices, as_of)
    prices = _by_page(found)
    graded = score(pages, prices)
    figures: Figures = {
        "pages": len(pages),
        "shops": len(hosts),
        "priced_pages": graded.priced,
        "offers": len(found.first),
        **graded.shares(),
        **score(pages, _peer_prices(pages)).shares("extruct_"),
        "rewritten": len(new.prices),
        "rewriting_left_out": len(new.left_out),
        **_match_figures(pages, found),
        **_move_figures(new.prices, found),
        "proposals": found.proposals,
        "mails": found.mails,
        "seconds": round(time.monotonic() - began, 1),
    }
    return Outcome(figures, graded, prices)


def _by_page(found: Found) -> dict[str, list[Decimal]]:
    """Page id -> the good prices that the first crawl read on it."""
    prices = defaultdict(list)
    for read in found.first:
        if read.price is not None:
            prices[read.page_id].append(read.price)
    return prices


def _peer_prices(pages: Sequence[Page]) -> dict[str, list[Decimal]]:
    return {page.id: [price] for page in pages if (price := peer_price(page.body))}


def _match_figures(pages: Sequence[Page], found: Found) -> dict[str, int]:
    """Products, and listings by how they were matched; wrong ones are matched to another page's product."""
    page_of = {read.listing_id: read.page_id for read in found.first}
    own = {sku(page): page.id for page in pages}
    right = [match for match in found.matches if page_of.get(match.listing_id) == own[match.sku]]
    by_hand = sum(match.method == "manual" for match in right)
    return {
        "products": sum(bool(page.accepted) for page in pages),
        "products_with_identifier": sum(bool(page.accepted) and page.identified for page in pages),
        "matched": len(right) - by_hand,
        "confirmed_by_hand": by_hand,
        "matched_wrong": len(found.matches) - len(right),
    }


def _move_figures(new: Mapping[str, NewPrice], found: Found) -> dict[str, int]:
    page_of = {read.listing_id: read.page_id for read in found.first}
    watched = {page_of[match.listing_id] for match in found.matches if match.listing_id in page_of}
    true = {Moved(page_id, price.amount) for page_id, price in new.items()}
    expected = {move for move in true if move.page_id in watched}
    return {
        "moves_found": len(expected & set(found.moves)),
        "moves_missed": len(expected - set(found.moves)),
        "moves_false": sum(move not in true for move in found.moves),
    }


def _show(outcome: Outcome) -> None:
    """A line for each page that is wrong, then for each that was left alone."""
    for page in outcome.score.wrong:
        read = ", ".join(map(str, outcome.prices[page.id]))
        print(f"wrong: {page.host}{page.path} read {read}, accepted {', '.join(map(str, page.accepted)) or 'none'}")
    for page in outcome.score.silent:
        print(f"no good price: {page.host}{page.path} accepted {', '.join(map(str, page.accepted))}")


if __name__ == "__main__":
    typer.run(main)
