"""Is a rival's price real: what is accepted, what waits in quarantine, and which moves happened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pricing.comparable import compared, not_comparable
from pricing.memory import SAME_LEVEL, STALE_DAYS, Memory
from pricing.signatures import ORDINARY, Bools, Floats, Ints, signature
from pricing.sites import faults, latest

FAR_FROM_KNOWN = np.log(1.45)
FAR = np.log(1.35)
STRIKE_PER_MILLE = 5
MOVE_PER_MILLE = 4
INSTANT = "datetime64[us, UTC]"

Columns = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Screened:
    """Frames of one screening; prices are gross minor units in our own currency.

    accepted, key listing_id: product_id, site_id, site, at, since_at, price_minor, currency,
    availability, url, evidence_id, name, stale, contested, single (seen once only). `at` is when the
    price was last confirmed.
    quarantine, key (listing_id, at): product_id, site, price_minor, currency, reason, state (open or
    cleared), plausible, waiting (no later price of the listing was accepted: a person's word would count).
    moves, key (listing_id, at): product_id, site, from_minor, to_minor, currency, kind.
    sites, key site: at, listings, quarantined, implausible on the site's latest day.
    held_sites, key site: reason.
    """

    accepted: pd.DataFrame
    quarantine: pd.DataFrame
    moves: pd.DataFrame
    sites: pd.DataFrame
    held_sites: pd.DataFrame
    not_comparable: dict[str, int]


def screen(observations: pd.DataFrame, own: pd.DataFrame, as_of: datetime) -> Screened:
    """Walk through the observations of confirmed matches in time order and judge each against the last.

    A small change near the market is accepted at once, a large one when seen twice in a row; a price
    that looks like a known error needs a proof beside repetition (see `_proven`).
    observations, key (listing_id, at), and own, key (product_id, valid_from), as the storage gives them.
    """
    told = observations[observations["at"].le(as_of) & observations["verdict"].ne("refused")]
    rows = compared(told, own[own["valid_from"].le(as_of)])
    judged, memory = _walk(_coded(rows[rows["unlike"].eq("")]))
    sites = latest(judged)
    return Screened(
        accepted=_accepted(judged, rows, memory, as_of),
        quarantine=_quarantine(judged),
        moves=_moves(judged),
        sites=sites,
        held_sites=faults(judged, sites),
        not_comparable=not_comparable(rows),
    )


def _coded(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with codes from 0 for listing, (product, site) and (site, family)."""
    family = rows.groupby(["site_id", "family"], sort=True).ngroup()
    return rows.reset_index(drop=True).assign(
        listing=rows.groupby("listing_id", sort=True).ngroup().to_numpy(),
        pair=rows.groupby(["product_id", "site_id"], sort=True).ngroup().to_numpy(),
        group=family.where(rows["family"].ne(""), -1).to_numpy(),
    )


def _slices(rows: pd.DataFrame) -> Iterator[NDArray[np.intp]]:
    """Positions of rows in time order, cut so that a listing stands at most once in a slice."""
    day = rows["at"].dt.floor("D").astype("int64").to_numpy()
    turn = rows.groupby([day, rows["listing_id"].to_numpy()]).cumcount().to_numpy()
    order = np.lexsort((np.arange(len(rows)), turn, day))
    cuts = np.flatnonzero((np.diff(day[order]) != 0) | (np.diff(turn[order]) != 0)) + 1
    return (part for part in np.split(order, cuts) if part.size)


def _walk(rows: pd.DataFrame) -> tuple[pd.DataFrame, Memory]:
    """Each row's judgement beside it, and what is remembered at the end."""
    memory = Memory(rows)
    columns = _columns(rows)
    made: Columns = {
        "accepted": np.zeros(len(rows), np.bool_),
        "reason": np.full(len(rows), "", dtype=object),
        "plausible": np.zeros(len(rows), np.bool_),
        "from_minor": np.zeros(len(rows), np.int64),
        "jump": np.full(len(rows), np.nan),
    }
    for part in _slices(rows):
        for name, values in _judge({key: column[part] for key, column in columns.items()}, memory).items():
            made[name][part] = values
    return rows.assign(**made).astype({"reason": "str"}), memory


def _columns(rows: pd.DataFrame) -> Columns:
    whole = {
        "listing": rows["listing"],
        "price": rows["price_minor"],
        "regular": rows["regular_minor"].fillna(0),
        "own": rows["own_minor"],
        "layers": rows["layers"],
        "delivery": rows["delivery_minor"],
    }
    return {name: column.to_numpy(np.int64) for name, column in whole.items()} | {
        "at": rows["at"].to_numpy("datetime64[us]").astype(np.int64),
        "vat": rows["vat_bp"].to_numpy(np.float64) / 10_000,
        "vouched": rows["verdict"].eq("accepted").to_numpy(np.bool_),
    }


def _judge(now: Columns, memory: Memory) -> Columns:
    """The rule for one slice: accepted, reason, plausible, from_minor (0 unless a move), jump."""
    listing, price, at = now["listing"], now["price"], now["at"]
    last = memory.last[listing]
    known = last > 0
    middle = memory.middle(listing, now["own"], at)
    reference = np.where(known, last, middle)
    jump, distance = np.log(price / reference), np.abs(np.log(price / middle))
    error = _errors(now, memory, reference)
    twice = memory.twice(listing, price, at)
    ordinary = known & (np.abs(jump) < ORDINARY)
    calm = (twice | ~known) & (distance < FAR) | ordinary & (distance < FAR_FROM_KNOWN) | (price == last)
    accepted = now["vouched"] | calm & (error == "") | twice & _proven(now, memory, distance)
    corrects = memory.single[listing]
    base = memory.base[listing]
    away = np.abs(price - base) * 1000 >= MOVE_PER_MILLE * base
    moved = accepted & known & ~corrects & away
    plain = np.where(distance >= FAR, "far from the market", "first sight of a large change")
    yes, no = accepted, ~accepted
    renewed = moved | ~known | corrects
    memory.accept(listing[yes], price[yes], now["regular"][yes], at[yes], (~known & ~now["vouched"])[yes], renewed[yes])
    memory.doubt(listing[no], price[no], at[no], (error == "")[no])
    return {
        "accepted": accepted,
        "reason": np.where(accepted, "", np.where(error == "", plain, error)),
        "plausible": (error == "") & (distance < FAR),
        "from_minor": np.where(moved, base, 0),
        "jump": np.where(known, jump, np.nan),
    }


def _errors(now: Columns, memory: Memory, reference: Floats) -> NDArray[np.object_]:
    """The error that each price looks like, or ""; an unchanged price is none."""
    found = np.full(reference.shape, "", dtype=object)
    changed = np.flatnonzero(now["price"] != memory.last[now["listing"]])
    listing, price, vat, fee = (now[name][changed] for name in ("listing", "price", "vat", "delivery"))
    known = memory.last[listing] > 0
    error = signature(price, reference[changed], vat, fee, known)
    awaited = signature(price, memory.expected(listing, reference[changed]), vat, fee, np.zeros_like(known))
    error = np.where(error == "", awaited, error)
    error[(error == "") & memory.of_another_variant(listing, price)] = "another variant's price"
    found[changed] = error
    return found


def _proven(now: Columns, memory: Memory, distance: Floats) -> Bools:
    """Whether a level seen twice in a row has a proof that clears a signature.

    The proofs: its struck-through price is the last accepted one, or it is the one that was struck
    through then (both at any level); two layers of the page agree; or what it contradicts was seen once.
    """
    listing = now["listing"]
    last = memory.last[listing]
    struck = (last > 0) & (_within(now["regular"], last) | _within(now["price"], memory.regular[listing]))
    backed = (distance < FAR) & ((now["layers"] >= 2) | memory.single[listing])
    return np.asarray(struck | backed, dtype=np.bool_)


def _within(price: Ints, other: Ints) -> Bools:
    return np.asarray((other > 0) & (np.abs(price - other) * 1000 <= STRIKE_PER_MILLE * other), dtype=np.bool_)


def _accepted(judged: pd.DataFrame, rows: pd.DataFrame, memory: Memory, as_of: datetime) -> pd.DataFrame:
    newest = judged.drop_duplicates("listing", keep="last").set_index("listing")
    good = judged[judged["accepted"]].drop_duplicates("listing", keep="last").set_index("listing", drop=False)
    # A page that stopped showing a price still says whether the thing can be had.
    told = rows[rows["unlike"].isin(["", "no price"])].drop_duplicates("listing_id", keep="last")
    made = good.assign(
        since_at=pd.to_datetime(memory.since_at[good["listing"]], unit="us", utc=True).astype(INSTANT),
        availability=good["listing_id"].map(told.set_index("listing_id")["availability"]),
        contested=~newest["accepted"].loc[good.index],
        single=memory.single[good["listing"]],
        stale=good["at"].lt(pd.Timestamp(as_of) - pd.Timedelta(days=STALE_DAYS)),
        price_minor=good["price_minor"].astype("int64"),
    )
    names = "listing_id product_id site_id site at since_at price_minor currency availability url evidence_id name"
    return made[[*names.split(), "stale", "contested", "single"]].sort_values("listing_id", ignore_index=True)


def _quarantine(judged: pd.DataFrame) -> pd.DataFrame:
    price = judged["price_minor"].astype("float64")
    later = price.where(judged["accepted"]).groupby(judged["listing"]).bfill()
    cleared = np.abs(np.log(later / price)) <= SAME_LEVEL
    made = judged.assign(state=np.where(cleared, "cleared", "open"), waiting=later.isna())[~judged["accepted"]]
    names = "listing_id at product_id site price_minor currency reason state plausible waiting"
    return made[names.split()].astype({"state": "str"}).reset_index(drop=True)


def _moves(judged: pd.DataFrame) -> pd.DataFrame:
    moved = judged[judged["from_minor"].gt(0)]
    promoted = moved["regular_minor"].gt(moved["price_minor"]).fillna(False).astype(bool)
    made = moved.assign(
        to_minor=moved["price_minor"].astype("int64"), kind=np.where(promoted, "promotion", "permanent")
    )
    names = "listing_id at product_id site from_minor to_minor currency kind"
    return made[names.split()].astype({"kind": "str"}).reset_index(drop=True)
