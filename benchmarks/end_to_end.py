"""Does the whole house get real shops' prices right, and does the manager hear when they move?"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

import typer

from benchmarks.options import BESIDE_THE_CHECKOUT, Data, Json, Quick, Seed
from benchmarks.output import Figures, tell
from benchmarks.pages.days import Found, live
from benchmarks.pages.labels import FOLDER, TRUTH, Page, read_pages
from benchmarks.pages.moves import Moves, Rewriting, grade, rewrite_half
from benchmarks.pages.peer import peer_price
from benchmarks.pages.readings import own_prices, several_prices
from benchmarks.pages.retailer import sku
from benchmarks.pages.scoring import score

QUICK = 3  # one shop in so many


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run measured, and a line for each page that it got wrong, left alone or left out."""

    figures: Figures
    remarks: tuple[str, ...]


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
    for remark in outcome.remarks if show_wrong else ():
        print(remark)
    tell(outcome.figures, ["end_to_end: two shops of three (--quick)"] if quick else [], json)


def measure(pages: Sequence[Page], as_of: datetime, seed: int, quick: bool = False) -> Outcome:
    """Run everything; shares are of the pages with a labelled price, `moves_*` of matched rewritten pages."""
    began = time.monotonic()
    hosts = sorted({page.host for page in pages})[:: QUICK if quick else 1]
    pages = [page for page in pages if page.host in hosts]
    new = rewrite_half(pages, seed)
    found = live(pages, new.bodies, as_of)
    prices = own_prices(found.first)
    graded, moved = score(pages, prices), grade(new.prices, found)
    figures: Figures = {
        "pages": len(pages),
        "shops": len(hosts),
        "priced_pages": graded.priced,
        "offers": len(found.first),
        **graded.shares(),
        "pages_with_several_prices": several_prices(found.first),
        **score(pages, _peer_prices(pages)).shares("extruct_"),
        "rewritten": len(new.prices),
        "rewriting_left_out": len(new.left_out),
        **_match_figures(pages, found),
        "moves_found": len(moved.found),
        "moves_missed": len(moved.missed),
        "moves_false": len(moved.false),
        "crawls_held": found.crawls_held,
        "proposals": found.proposals,
        "mails": found.mails,
        "seconds": round(time.monotonic() - began, 1),
    }
    return Outcome(figures, (*graded.remarks(prices), *_remarks(pages, new, moved)))


def _peer_prices(pages: Sequence[Page]) -> dict[str, Decimal]:
    return {page.id: price for page in pages if (price := peer_price(page.body))}


def _match_figures(pages: Sequence[Page], found: Found) -> dict[str, int]:
    """Products, and listings by how they were matched; wrong ones are matched to another page's product."""
    own = {sku(page): page.id for page in pages}
    right = [match for match in found.matches if found.page_of.get(match.listing_id) == own[match.sku]]
    by_hand = sum(match.method == "manual" for match in right)
    return {
        "products": sum(bool(page.accepted) for page in pages),
        "products_with_identifier": sum(bool(page.accepted) and page.identified for page in pages),
        "matched": len(right) - by_hand,
        "confirmed_by_hand": by_hand,
        "matched_wrong": len(found.matches) - len(right),
    }


def _remarks(pages: Sequence[Page], new: Rewriting, moved: Moves) -> Iterator[str]:
    """A line for each page that was not rewritten, and for each move that is missing or should not be there."""
    of = {page.id: page for page in pages}
    for page_id in new.left_out:
        yield f"not rewritten: {of[page_id].address}, still shows {of[page_id].accepted[0]} or never did"
    for what, some in (("missed", moved.missed), ("false", moved.false)):
        for move in sorted(some, key=lambda move: move.page_id):
            yield f"move {what}: {of[move.page_id].address} from {of[move.page_id].accepted[0]} to {move.to}"


if __name__ == "__main__":
    typer.run(main)
