"""Labelled pairs of the data folder in their three layouts: two tables, lines of two titles, clusters of offers."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from matching.candidates import TOP, candidates
from matching.readings import Table, read

FOLDER = "matching"
PARTS = ("train", "valid", "test")
TABLES = ("tableA.csv", "tableB.csv")
CLUSTERS = "*_offers.csv.gz"
# What sets call our columns; the first that a table has counts.
NAMES = {
    "name": ("name", "title", "product_title", "product_name", "beer_name", "song_name"),
    "brand": ("brand", "manufacturer", "brew_factory_name"),
    "category": ("category", "category_label", "style", "genre"),
    "mpn": ("modelno", "mpn", "model"),
    "text": ("description", "features"),
    "price": ("price",),
}
AMOUNT = re.compile(r"\d+(?:\.\d+)?")
# What the crawler of the WDC sets left between titles.
LEFTOVER = re.compile(r'COL \w+ VAL|"@[a-zA-Z-]+|"null"|"', re.IGNORECASE)
VALID_SHARE = 4
PRINTED, RARE = 5, 3


@dataclass(frozen=True, slots=True)
class PairSet:
    """Two tables and labelled pairs: left, right (positions), label, part (train, valid or test), site.

    `whole` sets have whole tables: their pairs have rivals among all candidates.
    """

    name: str
    listings: Table
    products: Table
    pairs: pd.DataFrame
    whole: bool

    @property
    def scored(self) -> pd.Series[bool]:
        """The rows of the test part, of the valid part where there is none."""
        part = "test" if self.pairs["part"].eq("test").any() else "valid"
        return self.pairs["part"].eq(part)

    @property
    def titles(self) -> set[str]:
        """All names of both tables."""
        return {row.name for table in (self.listings, self.products) for row in table.rows}

    @property
    def disputed(self) -> pd.Series[bool]:
        """Pairs labelled 0 whose names print one model code that no product labelled 1 for the listing prints."""
        rows = self.products.rows
        printed = Counter(code for row in rows for code in row.codes)
        true = self.pairs[self.pairs["label"].eq(1)].groupby("left")["right"].agg(list).to_dict()

        def contradicts(left: int, right: int) -> bool:
            return any(
                len(code) >= PRINTED
                and 0 < printed[code] <= RARE
                and code in rows[right].codes
                and not any(code in rows[place].compact for place in true.get(left, ()))
                for code in self.listings.rows[left].codes
            )

        wrong = self.pairs[self.pairs["label"].eq(0)]
        found = [contradicts(a, b) for a, b in zip(wrong["left"].tolist(), wrong["right"].tolist(), strict=True)]
        return pd.Series(found, index=wrong.index, dtype="bool").reindex(self.pairs.index, fill_value=False)

    def everything(self, top: int = TOP) -> pd.DataFrame:
        """All candidates of the tables and the labelled pairs, each once; label is NaN where nobody judged."""
        found = candidates(self.listings, self.products, top)[["left", "right"]] if self.whole else None
        labelled = self.pairs.assign(disputed=self.disputed)
        pairs = pd.concat([labelled, found], ignore_index=True) if found is not None else labelled
        sites = pairs["left"].map(self.pairs.drop_duplicates("left").set_index("left")["site"]).fillna(0)
        return (
            pairs.drop_duplicates(["left", "right"])
            .assign(site=sites, disputed=pairs["disputed"].eq(True))
            .reset_index(drop=True)
        )


def sets(data: Path) -> Iterator[PairSet]:
    """Every set of the folder in a layout that is known, by name."""
    for path in sorted((data / FOLDER).glob("*")):
        if path.match(CLUSTERS):
            yield _clusters(path)
        elif all((path / table).exists() for table in TABLES):
            yield _tables(path)
        elif _lines(path, PARTS[0]):
            yield _titles(path)


def _tables(folder: Path) -> PairSet:
    """Two tables with pairs of ids; the shorter one stands for our products."""
    first, second = (pd.read_csv(folder / name).rename(columns=str.lower) for name in TABLES)
    parts = [pd.read_csv(path).assign(part=part) for part in PARTS if (path := folder / f"{part}.csv").exists()]
    labelled = pd.concat(parts, ignore_index=True)
    keys = ["rtable_id", "ltable_id"] if len(first) <= len(second) else ["ltable_id", "rtable_id"]
    products, listings = (first, second) if len(first) <= len(second) else (second, first)
    pairs = pd.DataFrame(
        {
            "left": pd.Index(listings["id"]).get_indexer(labelled[keys[0]]),
            "right": pd.Index(products["id"]).get_indexer(labelled[keys[1]]),
            "label": labelled["label"].astype("float64"),
            "part": labelled["part"],
            "site": 0,
        }
    )
    return PairSet(folder.name, read(_named(listings, "listing_id"), "listing_id"),
                   read(_named(products, "product_id"), "product_id"), pairs, whole=True)  # fmt: skip


def _named(table: pd.DataFrame, key: str) -> pd.DataFrame:
    found = {ours: next((name for name in theirs if name in table), None) for ours, theirs in NAMES.items()}
    made = pd.DataFrame({key: table["id"]} | {ours: table[name] for ours, name in found.items() if name})
    if "price" not in made:
        return made
    amounts = made["price"].astype("str").str.extract(f"({AMOUNT.pattern})")[0].astype("float64")
    return made.drop(columns="price").assign(price_minor=amounts * 100)


def _lines(folder: Path, part: str) -> list[Path]:
    return sorted(folder.glob(f"{part}.txt*"))


def _titles(folder: Path) -> PairSet:
    """Lines of two titles and a label; there are no tables, so pairs have no rivals."""
    rows = [
        (*map(_title, line.split("\t")[:2]), float(line.split("\t")[2]), part)
        for part in PARTS
        for path in _lines(folder, part)
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    labelled = pd.DataFrame(rows, columns=["one", "other", "label", "part"])
    sides = [pd.Index(labelled[column].unique()) for column in ("one", "other")]
    places = {
        "left": sides[0].get_indexer(pd.Index(labelled["one"])),
        "right": sides[1].get_indexer(pd.Index(labelled["other"])),
    }
    tables = [
        read(pd.DataFrame({key: np.arange(len(side)), "name": side}), key)
        for key, side in zip(("listing_id", "product_id"), sides, strict=True)
    ]
    pairs = labelled[["label", "part"]].assign(**places, site=0)
    return PairSet(folder.name, tables[0], tables[1], pairs.drop_duplicates(["left", "right"]), whole=False)


def _title(text: str) -> str:
    return LEFTOVER.sub(" ", text).strip()


def _clusters(path: Path) -> PairSet:
    """Offers are listings; the catalogue's name of a cluster stands for our product, other clusters are wrong."""
    offers = pd.read_csv(path).sort_values(["cluster_id", "product_id"], ignore_index=True)
    ours = offers.drop_duplicates("cluster_id").reset_index(drop=True)
    listed = pd.DataFrame({"listing_id": offers["product_id"], "name": offers["product_title"]})
    owned = pd.DataFrame({"product_id": ours["cluster_id"], "name": ours["cluster_label"]})
    listings, products = read(listed, "listing_id"), read(owned, "product_id")
    truth = pd.Index(ours["cluster_id"]).get_indexer(pd.Index(offers["cluster_id"]))
    true = pd.DataFrame({"left": np.arange(len(offers)), "right": truth})
    pairs = pd.concat([candidates(listings, products)[["left", "right"]], true]).drop_duplicates()
    pairs = pairs.sort_values(["left", "right"], ignore_index=True)
    held = offers["cluster_id"].map(lambda number: _hash(f"cluster {number}") % VALID_SHARE).to_numpy() == 0
    made = pairs.assign(
        label=(truth[pairs["left"]] == pairs["right"]).astype("float64"),
        part=np.where(held[pairs["left"]], "valid", "train"),
        site=offers["vendor_id"].to_numpy()[pairs["left"]],
    )
    return PairSet(path.name.partition("_")[0], listings, products, made, whole=True)


def _hash(text: str) -> int:
    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16)
