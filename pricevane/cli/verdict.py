"""The demo's judge: what the house found, set against what the simulated market truly did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, select

from pricevane.market import Shown, TrueMove, World
from pricevane.model import Money
from pricevane.storage.history import AnyRow
from pricevane.storage.tables import Listing, Match, Move, Observation, Proposal, Quarantine, Site

Page = tuple[str, str]  # shop, path
LEAST_RIGHT = 0.99
SIZES = ((0.05, "under 5 %"), (0.12, "5 to 12 %"), (9.9, "over 12 %"))


@dataclass(frozen=True, slots=True)
class Verdict:
    """Counts of page-days, of moves by size, and of quarantined prices by whether they were right.

    `moves_found` and `moves_missed` count true moves of matched listings that at least two crawls in a row
    could see, `moves_unmatched` those of listings of our products that no identifier ties to them;
    `moves_false` accepted changes that never happened.
    """

    pages: int
    poisoned: int
    right: int
    wrong: int
    moves_found: Mapping[str, int]
    moves_missed: Mapping[str, int]
    missed: tuple[TrueMove, ...]
    moves_unmatched: int
    moves_false: int
    poison_of_ours: int
    poison_caught: int
    real_held: int
    real_held_open: int
    proposals: int
    proposals_on_wrong_prices: int

    @property
    def faults(self) -> list[str]:
        """What a sound house would not have let happen; empty when all is well."""
        found = {
            f"only {self.right_share:.2%} of the prices are right": self.right_share < LEAST_RIGHT,
            f"missed: {', '.join(f'{move.shop}{move.path} on day {move.day}' for move in self.missed)}": self.missed,
            f"{self.moves_false} moves never happened": self.moves_false,
            f"{self.proposals_on_wrong_prices} proposals rest on a wrong price": self.proposals_on_wrong_prices,
        }
        return [fault for fault, true in found.items() if true]

    @property
    def right_share(self) -> float:
        """Prices right / unpoisoned pages shown; a page that was not read is not right."""
        return self.right / max(self.pages - self.poisoned, 1)


def judge(connection: Connection, world: World, days: Mapping[int, datetime]) -> Verdict:
    """Compare the database with the truth of the crawled days (day number -> the crawl's clock)."""
    truth = {(day, shown.shop, shown.path): shown for day in days for shown in world.truth(day)}
    day_of = _day_finder(days)
    read = _observations(connection, day_of)
    poisoned = {key for key, shown in truth.items() if shown.poison}
    clean = [key for key in truth if key not in poisoned]
    right = sum(read.get(key) == truth[key].price for key in clean)
    wrong = [key for key in clean if read.get(key) is not None and read[key] != truth[key].price]
    matched = _matched(connection)
    moved = _moves(connection, world, truth, sorted(days))
    followed = [move for move in moved.persisted if _page(move) in matched]
    found = [move for move in followed if (*_page(move), move.after) in moved.accepted]
    missed = [move for move in followed if move not in found]
    ours = {key for key in poisoned if key[1:] in matched and key in read}
    held = _quarantine(connection, day_of)
    real = {key: state for key, state in held.items() if key not in poisoned}
    proposals, bad = _proposals(connection, truth, day_of)
    return Verdict(
        pages=len(truth),
        poisoned=len(poisoned),
        right=right,
        wrong=len(wrong),
        moves_found=_by_size(found),
        moves_missed=_by_size(missed),
        missed=tuple(missed),
        moves_unmatched=len(moved.persisted) - len(followed),
        moves_false=len(moved.accepted - moved.real),
        poison_of_ours=len(ours),
        poison_caught=len(ours & held.keys()),
        real_held=len(real),
        real_held_open=sum(state == "open" for state in real.values()),
        proposals=proposals,
        proposals_on_wrong_prices=bad,
    )


def _day_finder(days: Mapping[int, datetime]) -> Any:
    """A function from an instant to the number of the day whose crawl it belongs to."""
    dates = {at.date(): day for day, at in days.items()}
    return lambda at: dates[at.date()]


def _pages() -> Any:
    return (Site.name.label("site"), Listing.key)


def _path(key: str) -> str:
    return urlsplit("//" + key).path


def _observations(connection: Connection, day_of: Any) -> dict[tuple[int, str, str], Decimal | None]:
    query = (
        select(Observation.at, Observation.price_minor, Observation.currency, Observation.status, *_pages())
        .join(Listing, Listing.id == Observation.listing_id)
        .join(Site, Site.id == Listing.site_id)
    )
    return {
        (day_of(row.at), row.site, _path(row.key)): _amount(row) if row.status == "good" else None
        for row in connection.execute(query)
    }


def _amount(row: AnyRow) -> Decimal | None:
    return None if row.price_minor is None else Money.from_minor(row.price_minor, row.currency).amount


@dataclass(frozen=True, slots=True)
class Moves:
    """True moves that two crawls in a row could see, and all true and all accepted levels (shop, path, price)."""

    persisted: list[TrueMove]
    real: set[tuple[str, str, Decimal]]
    accepted: set[tuple[str, str, Decimal]]


def _page(move: TrueMove) -> Page:
    return (move.shop, move.path)


def _matched(connection: Connection) -> set[Page]:
    query = select(*_pages()).join(Site, Site.id == Listing.site_id).join(Match, Match.listing_id == Listing.id)
    return {(row.site, _path(row.key)) for row in connection.execute(query.where(Match.state == "confirmed"))}


def _moves(
    connection: Connection,
    world: World,
    truth: Mapping[tuple[int, str, str], Shown],
    days: Sequence[int],
) -> Moves:
    query = (
        select(Move.to_minor, Move.currency, *_pages())
        .join(Listing, Listing.id == Move.listing_id)
        .join(Site, Site.id == Listing.site_id)
    )
    accepted = {
        (row.site, _path(row.key), Money.from_minor(row.to_minor, row.currency).amount)
        for row in connection.execute(query)
    }
    real = world.moves(days[0], days[-1])
    levels = {(*_page(move), move.after) for move in real}
    return Moves([move for move in real if move.sku and _persisted(move, truth, days)], levels, accepted)


def _persisted(move: TrueMove, truth: Mapping[tuple[int, str, str], Shown], days: Sequence[int]) -> bool:
    """Whether two crawls in a row could read the new price."""
    seen = [
        day >= move.day and (shown := truth.get((day, move.shop, move.path))) is not None and shown.shown == move.after
        for day in days
    ]
    return any(first and second for first, second in pairwise(seen))


def _by_size(moves: Sequence[TrueMove]) -> Mapping[str, int]:
    counted = Counter(
        next(name for limit, name in SIZES if abs(float(move.after / move.before) - 1) < limit) for move in moves
    )
    return {name: counted[name] for _, name in SIZES}


def _quarantine(connection: Connection, day_of: Any) -> dict[tuple[int, str, str], str]:
    query = (
        select(Quarantine.at, Quarantine.state, *_pages())
        .join(Listing, Listing.id == Quarantine.listing_id)
        .join(Site, Site.id == Listing.site_id)
    )
    return {(day_of(row.at), row.site, _path(row.key)): row.state for row in connection.execute(query)}


def _proposals(connection: Connection, truth: Mapping[tuple[int, str, str], Shown], day_of: Any) -> tuple[int, int]:
    """How many proposals were ever made, and how many of them name a rival's price that was not true then."""
    keys = {
        row.id: (row.site, _path(row.key))
        for row in connection.execute(select(Listing.id, *_pages()).join(Site, Site.id == Listing.site_id))
    }
    made = connection.execute(select(Proposal.rivals)).scalars().all()
    bad = sum(
        any(
            truth[day_of(datetime.fromisoformat(rival["at"])), *keys[rival["listing_id"]]].price
            != Money.from_minor(rival["price_minor"], rival["currency"]).amount
            for rival in rivals
        )
        for rivals in made
    )
    return len(made), bad
