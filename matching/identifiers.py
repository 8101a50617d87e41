"""Which of our products a listing is, by the identifiers that both sides print."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

GTIN_SCORE = 1.0
MPN_SCORE = 0.97
SKU_SCORE = 0.97
SHORTEST_MPN = 3
# So many pairs with one GTIN, and this share of a brand's, make two brands one.
FEWEST_TO_LEARN, SHARE_TO_LEARN = 3, 0.9
# What shops write where they have no part number.
GENERIC = frozenset(
    [
        "na",
        "none",
        "null",
        "unknown",
        "default",
        "various",
        "mpn",
        "sku",
        "notavailable",
        "notapplicable",
        "doesnotapply",
    ]
)
GENERIC_BRANDS = frozenset(
    ["na", "none", "null", "unknown", "generic", "unbranded", "various", "brand", "noname", "nobrand"]
)
# GS1 prefixes 02, 04 and 2: numbers that every shop may give out for itself.
IN_STORE = "00[24]|02"
COLUMNS = ["listing_id", "product_id", "method", "score"]


NO_ALIASES: Mapping[str, str] = {}


def match(listings: pd.DataFrame, products: pd.DataFrame, brands: Mapping[str, str] = NO_ALIASES) -> pd.DataFrame:
    """Certain matches, key listing_id: product_id, method ("gtin" or "mpn"), score.

    listings, key listing_id, and products, key product_id: gtin (14 digits or ""), brand, mpn (text).
    Brand and mpn are compared without case and punctuation. A listing stays unmatched where an identifier
    stands on two of our products, where gtin and mpn point at different products, and by mpn where both
    sides print a gtin and these differ. `brands` are what `aliases` learned.
    """
    left, right = _keyed(listings, "listing_id", brands), _keyed(products, "product_id")
    found = left
    for on, other in (("gtin", "part"), ("part", "gtin")):
        found = found.merge(_joined(left, right, on, other), on="listing_id", how="left", validate="one_to_one")
    differ = found["gtin"].ne("") & found["part_gtin"].fillna("").ne("") & found["gtin"].ne(found["part_gtin"])
    of_another = found["by_part"].notna() & found["by_gtin"].ne(found["by_part"])
    shared = found["part"].isin(_twice(right["part"])) & found["part"].ne(found["gtin_part"])
    contradicts = found["by_gtin"].notna() & (of_another | shared)
    ambiguous = found["gtin"].isin(_twice(right["gtin"]))
    part = found["by_part"].mask((differ | ambiguous).astype(bool))
    made = found.assign(
        product_id=found["by_gtin"].fillna(part).mask(contradicts.astype(bool)),
        method="mpn",
        score=MPN_SCORE,
    )
    certain = found["by_gtin"].notna()
    made["method"] = made["method"].mask(certain, "gtin")
    made["score"] = made["score"].mask(certain, GTIN_SCORE)
    kept = made.loc[made["product_id"].notna(), COLUMNS]
    return kept.astype({"product_id": "int64"}).sort_values("listing_id", ignore_index=True)


def unmatched(listings: pd.DataFrame, matches: pd.DataFrame) -> pd.DataFrame:
    """The listings, key listing_id, that no row of `matches` names."""
    return listings[~listings["listing_id"].isin(matches["listing_id"])].reset_index(drop=True)


def match_by_sku(listings: pd.DataFrame, matched: pd.DataFrame) -> pd.DataFrame:
    """Matches, as from `match`, of listings that bear the sku of a matched one of the same shop for another region.

    listings, key listing_id: site_id (a shop for one region), shop, sku, gtin; matched: listing_id, product_id. A
    sku is a shop's own: it says nothing to other shops, and where it stands on several listings of a site (all
    variants of a thing) it says nothing either.
    """
    named = listings.loc[listings["sku"].ne(""), ["listing_id", "site_id", "shop", "sku", "gtin"]]
    named = named[~named.duplicated(["site_id", "sku"], keep=False)]
    known = named.merge(matched[["listing_id", "product_id"]], on="listing_id", how="left", validate="one_to_one")
    settled = known[known["product_id"].notna()]
    single = settled[~settled.duplicated(["shop", "sku"], keep=False)]
    rest = known[known["product_id"].isna()].drop(columns="product_id")
    made = rest.merge(single, on=["shop", "sku"], suffixes=("", "_known"), validate="many_to_one")
    contradicts = made["gtin"].ne("") & made["gtin_known"].ne("") & made["gtin"].ne(made["gtin_known"])
    made = made[~contradicts].assign(method="sku", score=SKU_SCORE)
    return made[COLUMNS].astype({"product_id": "int64"}).sort_values("listing_id", ignore_index=True)


def aliases(listings: pd.DataFrame, products: pd.DataFrame, matched: pd.DataFrame) -> dict[str, str]:
    """Listings' brands that are ours by another name: bare brand -> our bare brand ("hp" -> "hewlettpackard").

    `matched` (listing_id, product_id) are pairs that are the same for other reasons than their brands.
    """
    pairs = matched.merge(listings[["listing_id", "brand"]], on="listing_id", validate="one_to_one")
    ours = products[["product_id", "brand"]]
    pairs = pairs.merge(ours, on="product_id", suffixes=("", "_ours"), validate="many_to_one")
    sides = pd.DataFrame({"theirs": _bare(pairs["brand"]), "ours": _bare(pairs["brand_ours"])})
    sides = sides[~sides.isin({"", *GENERIC_BRANDS}).any(axis=1)]
    counts = sides.value_counts().rename("pairs").reset_index()
    of_brand = counts.groupby("theirs")["pairs"].transform("sum")
    learned = counts[
        counts["theirs"].ne(counts["ours"])
        & counts["pairs"].ge(FEWEST_TO_LEARN)
        & counts["pairs"].ge(SHARE_TO_LEARN * of_brand)
        & ~counts["theirs"].isin(_bare(products["brand"]))
    ]
    return dict(zip(learned["theirs"], learned["ours"], strict=True))


def with_our_brands(listings: pd.DataFrame, brands: Mapping[str, str]) -> pd.DataFrame:
    """The listings with brands that `aliases` learned under the name that they have with us."""
    theirs = _bare(listings["brand"])
    return listings.assign(brand=listings["brand"].mask(theirs.isin(list(brands)), theirs.replace(dict(brands))))


def _keyed(rows: pd.DataFrame, key: str, brands: Mapping[str, str] = NO_ALIASES) -> pd.DataFrame:
    """The key, gtin, and part: normalised brand and mpn together, "" where either says nothing."""
    brand, mpn = _bare(rows["brand"]).replace(dict(brands)), _bare(rows["mpn"])
    usable = mpn.str.len().ge(SHORTEST_MPN) & ~mpn.isin(GENERIC) & mpn.str.strip("0").ne("")
    gtin = rows["gtin"].fillna("").astype("str")
    usable &= brand.ne("") & ~brand.isin(GENERIC_BRANDS)
    return pd.DataFrame(
        {key: rows[key], "gtin": gtin.mask(gtin.str.match(IN_STORE), ""), "part": (brand + "|" + mpn).where(usable, "")}
    )


def _bare(text: pd.Series[str]) -> pd.Series[str]:
    folded = text.fillna("").astype("str").str.normalize("NFKC").str.casefold()
    return folded.str.replace(r"[\W_]+", "", regex=True)


def _twice(values: pd.Series[str]) -> pd.Series[str]:
    return values[values.duplicated(keep=False) & values.ne("")]


def _joined(left: pd.DataFrame, right: pd.DataFrame, on: str, other: str) -> pd.DataFrame:
    """listing_id, by_<on>: the one product with the same non-empty value, and <on>_<other>: what else it bears."""
    single = right[right[on].ne("") & ~right[on].isin(_twice(right[on]))]
    known = left.loc[left[on].ne(""), ["listing_id", on]]
    found = known.merge(single, on=on, validate="many_to_one")
    made = found.rename(columns={"product_id": f"by_{on}", other: f"{on}_{other}"}).drop(columns=on)
    return made.astype({f"by_{on}": "Int64"})
