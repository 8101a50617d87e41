"""Matching by identifiers: certain or not at all."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.identifiers import match, unmatched

G1, G2, G3 = "04006381333931", "05012345678900", "03017620422003"


def side(key: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Listings or products; each row is numbered from 1."""
    columns = {name: pd.Series([row.get(name, "") for row in rows], dtype="str") for name in ("gtin", "brand", "mpn")}
    return pd.DataFrame({key: pd.Series(range(1, len(rows) + 1), dtype="int64"), **columns})


def matched(listings: list[dict[str, Any]], products: list[dict[str, Any]]) -> list[tuple[int, int, str]]:
    found = match(side("listing_id", listings), side("product_id", products))
    assert found["score"].tolist() == [1.0 if method == "gtin" else 0.97 for method in found["method"]]
    return list(zip(found["listing_id"], found["product_id"], found["method"], strict=True))


ACME = {"brand": "Acme", "mpn": "AB-12"}


@pytest.mark.parametrize(
    ("rule", "listing", "products", "found"),
    [
        ("the same gtin", {"gtin": G1}, [{"gtin": G2}, {"gtin": G1}], (2, "gtin")),
        ("the same brand and part number", {"brand": "ACME ", "mpn": "ab12"}, [ACME], (1, "mpn")),
        (
            "spelling with accents kept",
            {"brand": "Café", "mpn": "X-100"},
            [{"brand": "café", "mpn": "X 100"}],
            (1, "mpn"),
        ),
        ("gtin wins where both agree", {"gtin": G1, **ACME}, [{"gtin": G1, **ACME}], (1, "gtin")),
        ("a part number where we have no gtin", {"gtin": G1, **ACME}, [ACME], (1, "mpn")),
        ("a part number where the page has no gtin", ACME, [{"gtin": G1, **ACME}], (1, "mpn")),
        ("another brand", {"brand": "Bolt", "mpn": "AB-12"}, [ACME], None),
        ("a part number without brand", {"mpn": "AB-12"}, [{"mpn": "AB-12"}], None),
        ("a brand without part number", {"brand": "Acme"}, [{"brand": "Acme"}], None),
        ("a part number of two characters", {"brand": "Acme", "mpn": "A-1"}, [{"brand": "Acme", "mpn": "A1"}], None),
        ("a part number that says nothing", {"brand": "Acme", "mpn": "N/A."}, [{"brand": "Acme", "mpn": "na"}], None),
        ("a part number of noughts", {"brand": "Acme", "mpn": "0000"}, [{"brand": "Acme", "mpn": "0000"}], None),
        (
            "a placeholder",
            {"brand": "Acme", "mpn": "does not apply"},
            [{"brand": "Acme", "mpn": "Does not apply"}],
            None,
        ),
        ("a gtin on two of our products", {"gtin": G1}, [{"gtin": G1}, {"gtin": G1}], None),
        ("its part number does not help there", {"gtin": G1, **ACME}, [{"gtin": G1, **ACME}, {"gtin": G1}], None),
        ("a part number on two of our products", ACME, [ACME, {"gtin": G1, **ACME}], None),
        ("gtin and part number contradict", {"gtin": G1, **ACME}, [{"gtin": G1}, ACME], None),
        ("gtin against a shared part number", {"gtin": G1, **ACME}, [{"gtin": G1}, ACME, ACME], None),
        (
            "gtin within a shared part number",
            {"gtin": G1, **ACME},
            [{"gtin": G1, **ACME}, {"gtin": G2, **ACME}],
            (1, "gtin"),
        ),
        ("both have gtins and they differ", {"gtin": G1, **ACME}, [{"gtin": G2, **ACME}], None),
        ("a number that shops give out themselves", {"gtin": "02012345678903"}, [{"gtin": "02012345678903"}], None),
        ("nothing to go by", {}, [{}], None),
    ],
)
def test_a_listing_matches_by_certain_identifiers_only(
    rule: str, listing: dict[str, Any], products: list[dict[str, Any]], found: tuple[int, str] | None
) -> None:
    assert matched([listing], products) == ([(1, *found)] if found else []), rule


def test_several_listings_may_be_one_product_and_the_rest_is_unmatched() -> None:
    rows = [{"gtin": G1}, {"gtin": G3}, {"gtin": G1}, ACME]
    listings = side("listing_id", rows)
    found = match(listings, side("product_id", [{"gtin": G1, **ACME}]))
    assert found["listing_id"].tolist() == [1, 3, 4]
    assert unmatched(listings, found)["listing_id"].tolist() == [2]


def test_nothing_on_either_side_matches_nothing() -> None:
    assert matched([], [ACME]) == []
    assert matched([ACME], []) == []


IDENTIFIED = st.fixed_dictionaries(
    {
        "gtin": st.sampled_from(["", G1, G2]),
        "brand": st.sampled_from(["", "Acme", "ACME", "Bolt"]),
        "mpn": st.sampled_from(["", "AB-12", "ab12", "CD34"]),
    }
)


@settings(max_examples=50, deadline=None)
@given(st.lists(IDENTIFIED, max_size=6), st.lists(IDENTIFIED, max_size=4), st.randoms(use_true_random=False))
def test_the_order_of_listings_and_products_does_not_matter(listings: Any, products: Any, chance: Any) -> None:
    left, right = side("listing_id", listings), side("product_id", products)
    mixed = [frame.sample(frac=1, random_state=chance.randrange(1000)) for frame in (left, right)]
    pd.testing.assert_frame_equal(match(left, right), match(mixed[0], mixed[1]))


@settings(max_examples=50, deadline=None)
@given(IDENTIFIED, st.lists(IDENTIFIED, max_size=4))
def test_a_twin_of_the_matched_product_takes_the_match_away(
    listing: dict[str, str], products: list[dict[str, str]]
) -> None:
    found = matched([listing], products)
    if found:
        ((_, product, _),) = found
        assert matched([listing], [*products, products[product - 1]]) == []
