"""What screening remembers of every listing while it walks through time, as arrays."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pricing.comparable import BEYOND
from pricing.signatures import Bools, Floats, Ints

DAY_US = 86_400_000_000
STALE_DAYS = 6
SAME_LEVEL = 0.02
ANOTHER = 0.01  # variants within one per cent cannot be told apart
# A second look within the hour sees the same cached page and is no second witness.
APART_US = 3_600_000_000
KEY = 2 * BEYOND


class Memory:
    """Last accepted prices by listing and by (product, site), in minor units; 0 stands for none yet.

    `rows` has a line per observation with `listing`, `pair` (product and site) and `group` (site and
    family, -1 without family) as codes from 0, and `product_id`.
    """

    def __init__(self, rows: pd.DataFrame) -> None:
        listings = rows.drop_duplicates("listing").sort_values("listing")
        self.pair = listings["pair"].to_numpy(np.int64)
        self.group = listings["group"].to_numpy(np.int64)
        size = len(listings)
        self.last, self.base, self.regular = (np.zeros(size, np.int64) for _ in range(3))
        self.pending, self.pending_at, self.since_at = (np.zeros(size, np.int64) for _ in range(3))
        self.single, self.pending_clean = (np.zeros(size, np.bool_) for _ in range(2))
        pairs = rows.drop_duplicates("pair").sort_values("pair")
        self.pair_last, self.pair_at = (np.zeros(len(pairs), np.int64) for _ in range(2))
        self.peers = _peers(pairs["product_id"].to_numpy(np.int64))

    def middle(self, listing: Ints, own: Ints, at: Ints) -> Floats:
        """The median of our own price and the other sites' last accepted prices that are not stale."""
        peers = self.peers[self.pair[listing]]
        fresh = (peers >= 0) & (self.pair_last[peers] > 0) & (at[:, None] - self.pair_at[peers] <= STALE_DAYS * DAY_US)
        prices = np.where(fresh, self.pair_last[peers], np.inf)
        ordered = np.sort(np.column_stack([prices, own.astype(float)]), axis=1)
        count = fresh.sum(axis=1) + 1
        row = np.arange(len(count))
        return np.asarray((ordered[row, (count - 1) // 2] + ordered[row, count // 2]) / 2, dtype=np.float64)

    def twice(self, listing: Ints, price: Ints, at: Ints) -> Bools:
        """Whether the sighting just before was the same level (2 % either way) and quarantined."""
        pending = self.pending[listing]
        seen = (pending > 0) & (at - self.pending_at[listing] >= APART_US)
        with np.errstate(divide="ignore"):
            return np.asarray(seen & (np.abs(np.log(price / pending)) <= SAME_LEVEL), dtype=np.bool_)

    def expected(self, listing: Ints, reference: Floats) -> Floats:
        """The level that is pending without a signature, else `reference`."""
        awaited = (self.pending[listing] > 0) & self.pending_clean[listing]
        return np.asarray(np.where(awaited, self.pending[listing], reference), dtype=np.float64)

    def of_another_variant(self, listing: Ints, price: Ints) -> Bools:
        """Whether a page of another variant (same site and family) has this very price, before or now.

        Variants that had one price and move together are not each other's mistake.
        """
        last, group, pair = self.last[listing], self.group[listing], self.pair[listing]
        kept = (self.last > 0) & (self.group >= 0)
        before = _count(self.group[kept], self.last[kept], group, price)
        before -= _count(self.pair[kept], self.last[kept], pair, price)
        together = np.unique(group * KEY + last, return_inverse=True)[1]
        now = _count(group, price, group, price) - _count(together, price, together, price)
        changed = (group >= 0) & (last > 0) & (np.abs(price - last) > ANOTHER * last)
        return np.asarray(changed & ((before > 0) | (now > 0)), dtype=np.bool_)

    def accept(self, listing: Ints, price: Ints, regular: Ints, at: Ints, first: Bools, moved: Bools) -> None:
        """Take these prices as the listings' last; `moved` ones start a new base for the next move."""
        self.since_at[listing] = np.where(self.last[listing] == price, self.since_at[listing], at)
        self.base[listing] = np.where(moved, price, self.base[listing])
        self.last[listing], self.regular[listing] = price, regular
        self.single[listing] = first
        self.pending[listing] = 0
        self.pair_last[self.pair[listing]], self.pair_at[self.pair[listing]] = price, at

    def doubt(self, listing: Ints, price: Ints, at: Ints, clean: Bools) -> None:
        """Keep these prices in mind; a level that is pending already keeps its first sighting.

        `clean` ones bear no signature: what follows is compared with them too.
        """
        pending = self.pending[listing]
        with np.errstate(divide="ignore"):
            new = (pending == 0) | (np.abs(np.log(price / pending)) > SAME_LEVEL)
        self.pending[listing[new]], self.pending_at[listing[new]] = price[new], at[new]
        self.pending_clean[listing] = clean


def _peers(product: Ints) -> Ints:
    """For each (product, site) pair the pairs of the same product, itself left out, padded with -1."""
    frame = pd.DataFrame({"product": product, "pair": np.arange(len(product))})
    both = frame.merge(frame, on="product", validate="many_to_many", suffixes=("", "_peer"))
    both = both[both["pair"] != both["pair_peer"]]
    place = both.groupby("pair").cumcount()
    peers = np.full((len(product), 1 if both.empty else int(place.max()) + 1), -1, np.int64)
    peers[both["pair"].to_numpy(), place.to_numpy()] = both["pair_peer"].to_numpy()
    return peers


def _count(group: Ints, price: Ints, wanted_group: Ints, wanted_price: Ints) -> Ints:
    """How often each wanted (group, price) occurs."""
    keys = np.sort(group * KEY + price)
    wanted = wanted_group * KEY + wanted_price
    return np.asarray(np.searchsorted(keys, wanted, "right") - np.searchsorted(keys, wanted, "left"), dtype=np.int64)
