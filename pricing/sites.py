"""When a rival's whole site cannot be trusted: too much of it in quarantine, or one error everywhere."""

from __future__ import annotations

import numpy as np
import pandas as pd

FAULTY_SHARE = 0.20
SAME_RATIO = 0.01  # half a per cent either way
SAME_RATIO_LISTINGS = 5
# On a large site five errors of one kind are chance.
SAME_RATIO_SHARE = 0.01


def latest(judged: pd.DataFrame) -> pd.DataFrame:
    """What each site's last 24 hours were like, key site: at, listings, quarantined, implausible (counts)."""
    rows = _last_day(judged)
    counted = rows.assign(quarantined=~rows["accepted"], implausible=~rows["accepted"] & ~rows["plausible"]).groupby(
        "site", sort=True
    )
    return counted.agg(
        at=("at", "max"),
        listings=("listing_id", "size"),
        quarantined=("quarantined", "sum"),
        implausible=("implausible", "sum"),
    ).reset_index()


def faults(judged: pd.DataFrame, sites: pd.DataFrame) -> pd.DataFrame:
    """Sites that are held, key site: reason. `sites` is what `latest` made."""
    share = sites["quarantined"] / sites["listings"]
    many = sites[share.gt(FAULTY_SHARE)]
    told = [
        (site, f"{quarantined} of {listings} listings are in quarantine")
        for site, quarantined, listings in zip(many["site"], many["quarantined"], many["listings"], strict=True)
    ]
    told += [(site, _common(count, jump)) for site, count, jump in _common_ratios(judged, sites)]
    made = pd.DataFrame(told, columns=["site", "reason"]).groupby("site")["reason"].agg("; ".join)
    return made.reset_index()


def _common(count: int, jump: float) -> str:
    return f"{count} listings changed by the same {100 * np.expm1(jump):+.1f} %"


def _common_ratios(judged: pd.DataFrame, sites: pd.DataFrame) -> list[tuple[str, int, float]]:
    """(site, listings, log ratio) where so many quarantined listings share one ratio to their last price."""
    rows = _last_day(judged)
    jumps = rows[~rows["accepted"] & rows["jump"].notna()]
    found = []
    for site, ratios in jumps.groupby("site")["jump"]:
        whole = int(sites.loc[sites["site"].eq(site), "listings"].iloc[0])
        ordered = np.sort(ratios.to_numpy())
        counts = np.searchsorted(ordered, ordered + SAME_RATIO, "right") - np.arange(len(ordered))
        best = int(counts.argmax())
        if counts[best] >= max(SAME_RATIO_LISTINGS, SAME_RATIO_SHARE * whole):
            found.append((str(site), int(counts[best]), float(ordered[best])))
    return found


def _last_day(judged: pd.DataFrame) -> pd.DataFrame:
    """Each listing's newest row within the 24 hours before its site's newest one."""
    newest = judged.groupby("site")["at"].transform("max")
    return judged[judged["at"].gt(newest - pd.Timedelta(hours=24))].drop_duplicates("listing_id", keep="last")
