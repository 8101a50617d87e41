"""What stands beside a price becomes exact fields of the offer, or is dropped without taking the offer along."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import bound
from pricevane.model import Money, PriceKind, Quantity, Status
from spiders.read.document import Document, PageHints
from spiders.read.page import read_page
from spiders.read.quantity import base, quantities, quantity
from spiders.read.reading import Reading
from spiders.read.schemaorg import readings
from spiders.read.terms import attributes, pieces, symbol, terms, unit_price
from spiders.read.trail import category, is_own

HERE = Path(__file__).parent
ROWS: dict[str, list[list[Any]]] = json.loads((HERE / "read_terms.json").read_text(encoding="utf-8"))
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
UNITS = ("g", "kg", "ml", "cl", "l", "m", "m2", "m3", "piece", "wash")
PRICE = Money(Decimal("39.99"), "EUR")
LISTED = Money(Decimal("49.99"), "EUR")


def page(body: str = "", language: str = "de") -> Document:
    """A shop's page in euros."""
    html = f'<html lang="{language}"><meta property="og:site_name" content="Nordhandel"><body>{body}'
    return Document.parse(html, "https://www.nordhandel.de/p/1", PageHints(currency="EUR"))


def told(**fields: Any) -> dict[str, Any]:
    """The terms of a reading on sale at PRICE."""
    return terms(Reading("jsonld", "jsonld:Product.offers", **fields), PRICE, LISTED, page(), AT)


def text(value: object) -> str | None:
    return None if value is None else str(value)


@pytest.mark.parametrize(("shown", "language", "wanted"), ROWS["quantities"])
def test_a_quantity_is_the_whole_text_or_nothing(shown: str, language: str, wanted: str | None) -> None:
    assert text(quantity(shown, language)) == wanted


@pytest.mark.parametrize(("shown", "unit", "language", "money", "per"), ROWS["unit_prices"])
def test_a_unit_price_has_an_amount_and_a_base_or_is_dropped(
    shown: str, unit: str, language: str, money: str | None, per: str | None
) -> None:
    found = unit_price(shown, unit, page(language=language), "" if "£" in shown else "EUR")
    assert (text(found[0]), text(found[1])) == (money, per) if found else (money, per) == (None, None)


@pytest.mark.parametrize(("shown", "wanted"), ROWS["shipping"])
def test_shipping_is_in_the_currency_of_the_price_or_dropped(shown: str, wanted: str | None) -> None:
    assert text(told(shipping=shown)["shipping"]) == wanted


@pytest.mark.parametrize(("shown", "wanted"), ROWS["ends"])
def test_a_promotion_ends_within_the_year_or_says_nothing(shown: str, wanted: str | None) -> None:
    assert text(told(promotion_ends=shown)["promotion_ends_on"]) == wanted


@pytest.mark.parametrize(("shown", "wanted"), ROWS["categories"])
def test_a_category_is_a_path_of_names(shown: str, wanted: str) -> None:
    assert category(shown, "Kettle", page()) == wanted


@pytest.mark.parametrize(("shown", "wanted"), ROWS["sellers"])
def test_a_seller_is_the_shop_only_by_the_name_it_gives_itself(shown: str, wanted: bool | None) -> None:
    assert is_own(shown, page()) is wanted


@pytest.mark.parametrize(("shown", "wanted"), ROWS["pieces"])
def test_stock_counts_whole_pieces(shown: str, wanted: int | None) -> None:
    assert pieces(shown) == wanted


@given(st.decimals("0.01", "99999", places=2), st.sampled_from(UNITS))
def test_a_quantity_written_out_is_read_back(amount: Decimal, unit: str) -> None:
    wanted = Quantity(amount, unit)
    assert quantity(str(wanted), "en") == wanted
    assert base(str(wanted), "en") == wanted


@given(st.text(max_size=80))
def test_no_text_breaks_a_term(shown: str) -> None:
    found = told(unit_price=shown, unit=shown, pack=shown, shipping=shown, promotion=shown, promotion_ends=shown)
    assert found["unit_price"] is None or found["unit_base"] is not None
    assert len(found["promotion"]) <= 300


def test_quantities_inside_a_name_are_found_but_numbers_of_models_are_not() -> None:
    assert list(map(str, quantities("Kaffee Crema 2 x 500 g, ganze Bohne", "de"))) == ["1000 g"]
    assert list(quantities("Kessel KT1700G 5GHz", "de")) == []


def test_attributes_keep_their_order_and_a_name_once() -> None:
    pairs = (("colour", "red"), ("size", " M\u202e "), ("colour", "blue"), ("", "x"), ("no", ""))
    found = attributes((*pairs, ("n" * 90, "v" * 900)))
    assert found == (("colour", "red"), ("size", "M"), ("n" * 60, "v" * 200))


def test_a_unit_price_in_another_currency_is_dropped() -> None:
    assert told(unit_price="4.98 USD", unit="kg")["unit_price"] is None
    assert told(unit_price="4.98 EUR", unit="kg")["unit_price"] == Money(Decimal("4.98"), "EUR")


def test_the_currency_as_found_is_the_sign_on_the_page_before_the_code_in_the_data() -> None:
    listed = Reading("jsonld", "", price="39.99", currency="EUR")
    assert symbol(listed, ()) == "EUR"
    assert symbol(listed, (Reading("dom", "", price="39,99 €", currency="EUR"),)) == "€"


@pytest.mark.parametrize("path", sorted((HERE / "pages").glob("*/*.json")), ids=lambda path: path.stem)
def test_the_store_keeps_every_term_that_the_reader_gives(path: Path) -> None:
    case = json.loads(path.read_text(encoding="utf-8"))
    html = path.with_suffix(".html").read_bytes()
    for offer in read_page(html, case["url"], AT, PageHints(**case.get("hints", {})), case.get("selectors")):
        kept = bound.terms(offer, offer.price)
        assert {name: getattr(offer, name) for name in kept} == kept


@pytest.mark.parametrize("key", ["offers", "hasVariant", "priceSpecification", "seller", "shippingDetails"])
def test_references_in_circles_cost_little(key: str) -> None:
    product: dict[str, Any] = {"@type": "Product", "name": "Kettle"}
    offer: dict[str, Any] = {"@type": "Offer", "price": "39.99"}
    product |= {"offers": [offer], key: [product] * 300}
    offer |= {key: [offer, product] * 150}
    began = time.process_time()
    readings(product, "jsonld", page())
    assert time.process_time() - began < 2


@pytest.mark.parametrize(("beside", "wanted"), ROWS["beside"])
def test_a_unit_price_that_stands_beside_the_price_is_read_with_its_base(beside: str, wanted: str | None) -> None:
    html = (
        f'<html lang="de"><title>Tee | Nordhandel</title><body><main><h1>Tee</h1><p class="price">4,98 €</p>{beside}'
        "<p>inkl. MwSt.</p><button>In den Warenkorb</button></main>"
    )
    [offer] = read_page(html, "https://www.nordhandel.de/p/1", AT, PageHints(currency="EUR"))
    assert (text(offer.price), offer.kind, offer.status) == ("4.98 EUR", PriceKind.STANDARD, Status.GOOD)
    assert (f"{offer.unit_price} / {offer.unit_base}" if offer.unit_price else None) == wanted
