"""Which products the listings are: identifiers first, then names, beside what people decided and what that teaches."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from matching.assign import CANDIDATE, CONFIRMED
from matching.candidates import candidates
from matching.checks import checked
from matching.drift import drifting
from matching.features import Comparison
from matching.identifiers import aliases, match, match_by_sku, with_our_brands
from matching.judge import Known, judge
from matching.learn import DECIDED, FEWEST, corrected, implied, recalibrated, thresholds
from matching.readings import read
from matching.scorer import AMONG, Scorer, shipped
from pricevane.storage import frames

PAIR = ["listing_id", "product_id"]
SAVED = (*PAIR, "state", "method", "score", "veto", "flag", "factor", "evidence")
EVIDENCE = (*AMONG, "proven")
TEXT = ["name", "brand", "gtin", "mpn", "category", "text"]
BY_ANOTHER = "its identifiers say another product, or speak against themselves"
# A person who confirmed a match is asked about its price no sooner than after so long.
ASKED_AGAIN = timedelta(days=30)
STANDING = timedelta(days=2)
LONGEST_ATTRIBUTE, MOST_ATTRIBUTES = 60, 6


@dataclass(frozen=True, slots=True)
class Sides:
    """What matching starts from: listings and decided pairs (see storage.frames), and products with own prices."""

    listings: pd.DataFrame
    products: pd.DataFrame
    decided: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Found:
    """What a matching run says: fingerprints of the listings it speaks of, rows of Match for them (columns SAVED),
    flags for persons' matches (match_id -> flag), and what was counted on the way."""

    judged: dict[int, str]
    pairs: pd.DataFrame
    flags: dict[int, str]
    unreadable: int = 0
    brands: dict[str, str] = field(default_factory=dict)


def load(connection: Connection, as_of: datetime) -> Sides:
    """Both sides, with full names and with prices where they are in the currency that most products have.

    A matched listing's price that changed just now is screening's to believe, so matches are doubted by prices that
    stand (standing_minor); a new match by any price.
    """
    products = frames.products(connection)
    usual = products["currency"].mode()[:1]
    own = frames.own_prices(connection, as_of).drop_duplicates("product_id", keep="last")
    prices = own[own["currency"].isin(usual)].set_index("product_id")["price_minor"]
    products = products.assign(price_minor=_looked_up(products["product_id"], prices), text="")
    listings = frames.listings(connection)
    price = listings["price_minor"].where(listings["currency"].isin(usual))
    standing = price.where(listings["changed_at"].le(as_of - STANDING) | listings["product_id"].isna())
    listings = listings.assign(
        name=_full_names(listings), text=listings["sku"], price_minor=price, standing_minor=standing
    )
    return Sides(listings, products, frames.decided_pairs(connection))


def _full_names(listings: pd.DataFrame) -> list[str]:
    """Names with the pack and the variant's attributes that they leave out."""
    rows = zip(listings["name"], listings["pack"], listings["attributes"], strict=True)
    return [_full_name(name, pack, attributes) for name, pack, attributes in rows]


def _full_name(name: str, pack: str, attributes: Any) -> str:
    values = list(attributes.values())[:MOST_ATTRIBUTES] if isinstance(attributes, dict) else []
    parts = [text for value in (*values, pack) if (text := str(value).strip()[:LONGEST_ATTRIBUTE])]
    said = f" {name.casefold()} "
    return " ".join([name, *(part for part in parts if f" {part.casefold()} " not in said)])


def find(sides: Sides, marketplaces: frozenset[int], as_of: datetime) -> Found:
    """What every listing is now, as far as anything changed since it was last judged.

    `marketplaces` are ids of sites where a product may have many listings.
    """
    scorer, auto = _taught(sides)
    certain, brands = _certain(sides)
    usual = _usual(sides, certain)
    certain = _doubting(certain, usual, sides)
    fingerprints = _fingerprints(sides, scorer, auto)
    settled = certain[certain["state"].eq(CONFIRMED)]
    by_person = sides.listings.loc[sides.listings["method"].eq("manual"), "listing_id"]
    rest = sides.listings[~sides.listings["listing_id"].isin([*settled["listing_id"], *by_person])]
    far = rest["listing_id"].isin(usual.loc[drifting(usual).ne(""), "listing_id"])
    changed = rest[far | rest["judged"].ne(rest["listing_id"].map(fingerprints))]
    # A listing's rivals are the others of its site, so these are judged beside it.
    stale = rest[rest["site_id"].isin(changed["site_id"])]
    ours = sides.products if len(stale) else sides.products[:0]
    named = judge(with_our_brands(stale, brands), ours, _known(sides, settled, stale, marketplaces, auto), scorer)
    pairs = _doubting(named.pairs.assign(method="text"), usual, sides)
    doubted = set(pairs.loc[pairs["state"].ne(named.pairs["state"]), "listing_id"])
    pairs = _joined(pairs, certain[certain["listing_id"].isin(stale["listing_id"])])
    fresh = _fresh(settled, sides, fingerprints)
    told = {key: "" if key in doubted else fingerprints[key] for key in stale["listing_id"].tolist()}
    every = pd.concat([settled[settled["listing_id"].isin(fresh)], pairs], ignore_index=True)
    flags = _of_persons(sides, usual, as_of)
    return Found({**fresh, **told}, _with_evidence(every), flags, named.unreadable, brands)


def _certain(sides: Sides) -> tuple[pd.DataFrame, dict[str, str]]:
    """Matches by identifiers, checked, and the brands' other names that they taught.

    None for pairs that a person decided on, or listings that one confirmed.
    """
    said = sides.decided.loc[sides.decided["state"].eq(CONFIRMED), PAIR]
    found = match(sides.listings, sides.products)
    by_gtin = found.loc[found["method"].eq("gtin"), PAIR]
    brands = aliases(sides.listings, sides.products, pd.concat([said, by_gtin]).drop_duplicates("listing_id"))
    found = match(sides.listings, sides.products, brands) if brands else found
    known = pd.concat([said, found[PAIR]]).drop_duplicates("listing_id")
    found = pd.concat([found, match_by_sku(sides.listings, known)], ignore_index=True)
    found = found[~found["listing_id"].isin(said["listing_id"]) & ~_among(found, sides.decided)]
    return checked(found.reset_index(drop=True), sides.listings, sides.products), brands


def _among(pairs: pd.DataFrame, known: pd.DataFrame) -> Any:
    return pd.MultiIndex.from_frame(pairs[PAIR]).isin(pd.MultiIndex.from_frame(known[PAIR]))


def _usual(sides: Sides, certain: pd.DataFrame) -> pd.DataFrame:
    """The pairs from which a site's usual price ratio is known: what stands, and what identifiers say now."""
    stands = sides.listings.loc[sides.listings["product_id"].notna(), PAIR].astype("int64")
    known = pd.concat([stands, certain.loc[certain["state"].eq(CONFIRMED), PAIR]]).drop_duplicates(PAIR)
    return _priced(known, sides)


def _priced(pairs: pd.DataFrame, sides: Sides) -> pd.DataFrame:
    listed, ours = sides.listings.set_index("listing_id"), sides.products.set_index("product_id")
    return pairs[PAIR].assign(
        site_id=listed["site_id"].reindex(pairs["listing_id"]).to_numpy(),
        price_minor=_looked_up(pairs["listing_id"], listed["standing_minor"]),
        own_minor=_looked_up(pairs["product_id"], ours["price_minor"]),
    )


def _looked_up(keys: pd.Series[int], values: pd.Series[int]) -> pd.Series[int]:
    """Amounts (Int64) by the values' index, missing where that lacks a key."""
    return values.reindex(keys).astype("Int64").set_axis(keys.index)


def _doubting(pairs: pd.DataFrame, usual: pd.DataFrame, sides: Sides) -> pd.DataFrame:
    """Confirmed pairs whose price is far from the site's usual become candidates, with the reason as their flag."""
    flag = drifting(_priced(pairs, sides), usual).where(pairs["state"].eq(CONFIRMED), "")
    far = flag.ne("")
    return pairs.assign(state=pairs["state"].mask(far, CANDIDATE), flag=pairs["flag"].mask(far, flag))


def _of_persons(sides: Sides, usual: pd.DataFrame, as_of: datetime) -> dict[int, str]:
    """Flags of the matches that persons confirmed some time ago."""
    said = sides.decided[sides.decided["state"].eq(CONFIRMED) & sides.decided["made_at"].lt(as_of - ASKED_AGAIN)]
    flags = drifting(_priced(said, sides), usual)
    return dict(zip(said["match_id"].tolist(), flags.tolist(), strict=True))


def _known(
    sides: Sides, settled: pd.DataFrame, stale: pd.DataFrame, marketplaces: frozenset[int], auto: dict[int, float]
) -> Known:
    stands = sides.listings[
        sides.listings["product_id"].notna() & ~sides.listings["listing_id"].isin(stale["listing_id"])
    ]
    taken = settled.merge(sides.listings[["listing_id", "site_id"]], on="listing_id", validate="one_to_one")
    columns = ["site_id", "product_id"]
    both = pd.concat([stands[columns].astype("int64"), taken[columns]]).drop_duplicates()
    return Known(sides.decided[PAIR], both, marketplaces, auto)


def _joined(named: pd.DataFrame, certain: pd.DataFrame) -> pd.DataFrame:
    """Pairs by name beside doubtful ones by identifiers: names confirm nothing there, and each pair is told once."""
    contested = named["listing_id"].isin(certain["listing_id"]) & named["state"].eq(CONFIRMED)
    named = named.assign(
        state=named["state"].mask(contested, CANDIDATE), flag=named["flag"].mask(contested, BY_ANOTHER)
    )
    seen = certain.merge(named[[*PAIR, *EVIDENCE]], on=PAIR, how="left", validate="one_to_one")
    both: pd.DataFrame = pd.concat([seen, named[~_among(named, certain)]], ignore_index=True)
    return both


def _fingerprints(sides: Sides, scorer: Scorer, auto: dict[int, float]) -> dict[int, str]:
    """listing_id -> what its judgement by name depends on: its own text, all products, and what was learned."""
    listings, products = sides.listings, sides.products
    own = pd.util.hash_pandas_object(listings[[*TEXT, "is_gone"]], index=False)
    ours = pd.util.hash_pandas_object(products[["product_id", *TEXT]], index=False)
    learned = (scorer.among, scorer.sure, scorer.match, sorted(auto.items()), sorted(scorer.corrections.items()))
    shared = hash_of(repr((int(ours.sum()), len(products), learned)))
    return {key: f"{text:016x}{shared:016x}" for key, text in zip(listings["listing_id"].tolist(), own, strict=True)}


def hash_of(text: str) -> int:
    """A stable hash of a text."""
    return int(pd.util.hash_array(np.array([text], dtype=object))[0])


def _fresh(settled: pd.DataFrame, sides: Sides, fingerprints: dict[int, str]) -> dict[int, str]:
    """Fingerprints of the listings that identifiers settle, where anything about them is new."""
    judged = sides.listings.set_index("listing_id")["judged"]
    rows = zip(settled["listing_id"].tolist(), settled["product_id"], settled["method"], strict=True)
    made = {key: f"{fingerprints[key][:16]}-{method}-{product}" for key, product, method in rows}
    return {key: said for key, said in made.items() if judged[key] != said}


def _with_evidence(pairs: pd.DataFrame) -> pd.DataFrame:
    """The rows to save; what no name was compared for has no evidence."""
    seen = pairs.reindex(columns=list(EVIDENCE)).astype("object")
    known = seen.notna().all(axis=1)
    told = [
        {name: _rounded(value) for name, value in zip(EVIDENCE, row, strict=True)} if there else {}
        for row, there in zip(seen.itertuples(index=False, name=None), known, strict=True)
    ]
    return pairs.assign(evidence=pd.Series(told, pairs.index, dtype="object"))[list(SAVED)]


def _rounded(value: Any) -> float | bool:
    return bool(value) if isinstance(value, (bool, np.bool_)) else round(float(value), 4)


def _taught(sides: Sides) -> tuple[Scorer, dict[int, float]]:
    """The shipped scorer with what the decisions teach, and the sites' own automatic thresholds."""
    decided = sides.decided[[bool(seen) for seen in sides.decided["evidence"]]]
    if decided.empty:
        return shipped(), {}
    seen = pd.DataFrame(decided["evidence"].tolist(), index=decided.index)
    rows = decided.assign(**seen[list(EVIDENCE)], vetoed=decided["veto"].ne(""), label=decided["state"].eq(CONFIRMED))
    scorer = recalibrated(_corrected(sides, decided), rows[list(DECIDED)])
    return scorer, thresholds(scorer, rows[list(DECIDED)])


def _corrected(sides: Sides, decided: pd.DataFrame) -> Scorer:
    """The shipped scorer with its features weighed anew, once there are enough decisions."""
    if len(decided) < FEWEST:
        return shipped()
    listings = sides.listings[sides.listings["listing_id"].isin(decided["listing_id"])]
    left, right = read(listings, "listing_id"), read(sides.products, "product_id")
    pairs = candidates(left, right)
    pairs = pairs.assign(listing_id=left.ids[pairs["left"]], product_id=right.ids[pairs["right"]])
    labels = implied(pairs, decided.assign(label=decided["state"].eq(CONFIRMED).astype("float64")))
    known = ~np.isnan(labels)
    features = Comparison(left, right).features(pairs[known])
    return corrected(shipped(), features, labels[known], pairs["left"].to_numpy(np.int64)[known], len(decided))
