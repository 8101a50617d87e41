"""What the visible page says of its product's availability: made pages in many tongues, and the traps of real shops."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from selectolax.lexbor import LexborNode

from pricevane.market.stockpages import GONE, StockPage, stock_pages
from pricevane.model import Availability
from spiders.read.available import settle
from spiders.read.document import Document, PageHints
from spiders.read.stock import Stock, stock

PAGES = stock_pages()
CASES = json.loads((Path(__file__).parent / "read_stock.json").read_text(encoding="utf-8"))


def seen(html: str, css: str = "bdi, .price-item, .price, form > div > div > span") -> Stock | None:
    page = Document.parse(html, "https://shop.example/p/1", PageHints())
    price: LexborNode | None = page.tree.css_first(css)
    return stock(page, page.tree.css_first("h1"), price)


def state_of(page: StockPage) -> Availability:
    found = seen(page.html)
    return found.availability if found else Availability.UNKNOWN


def f1(wanted: Availability, answers: list[tuple[Availability, Availability]]) -> float:
    hits = sum(truth == found == wanted for truth, found in answers)
    named = sum(truth == wanted for truth, _ in answers) + sum(found == wanted for _, found in answers)
    return 2 * hits / named


def test_made_pages_cover_sixty_of_each_side_in_twelve_languages_and_are_always_the_same() -> None:
    out = [page for page in PAGES if page.availability is Availability.OUT_OF_STOCK]
    assert len(out) >= 60
    assert len(PAGES) - len(out) >= 60
    assert len({page.language for page in PAGES}) >= 12
    assert {page.availability for page in PAGES} == set(Availability) - {Availability.UNKNOWN}
    assert len({page.url for page in PAGES}) == len(PAGES)
    assert stock_pages() == PAGES


def test_out_of_stock_is_seen_on_made_pages_with_f1_of_at_least_97_per_cent() -> None:
    answers = [(page.availability, state_of(page)) for page in PAGES]
    assert f1(Availability.OUT_OF_STOCK, answers) >= 0.97
    assert sum(truth == found for truth, found in answers) / len(answers) >= 0.97


def test_no_made_page_that_sells_is_taken_for_sold_out() -> None:
    assert not [page.name for page in PAGES if page.availability not in GONE and state_of(page) in GONE]


@pytest.mark.parametrize("case", CASES, ids=[case["rule"] for case in CASES])
def test_trap_of_a_real_shop_is_decided_as_its_rule_says(case: dict[str, Any]) -> None:
    found = seen(case["html"])
    assert (found.availability if found else None) == case["availability"]
    assert (found.quantity if found else None) == case.get("quantity")
    assert found is None or found.path.startswith(f"stock:{case['kind']}")


def test_page_without_headline_and_price_says_nothing() -> None:
    page = Document.parse("<p>Out of stock</p>", "https://shop.example/p/1", PageHints())
    assert stock(page, None, None) is None


def test_headline_alone_leads_to_the_notice_below_it() -> None:
    found = seen("<body><main><h1>Lamp</h1><div><p>Ausverkauft</p></div></main>", "nothing")
    assert found == Stock(Availability.OUT_OF_STOCK, "Ausverkauft", "stock:notice:p")


DISABLED = (
    "<body><main><h1>Lamp</h1><div>{price}</div><form><button class='add-to-cart' disabled>Add to cart</button></form>"
)


@pytest.mark.parametrize(
    ("html", "css", "kind"),
    [
        (DISABLED.format(price="<b class='price'>9.00</b>"), ".price", "disabled"),
        (DISABLED.format(price=""), "nothing", "idle"),
        (
            DISABLED.format(price="<b class='price'>9.00</b>") + "<script id='__NEXT_DATA__'>{}</script>",
            ".price",
            "idle",
        ),
        (DISABLED.format(price="<div>" * 5 + "<b class='price'>9.00</b>" + "</div>" * 5), ".price", "idle"),
    ],
    ids=["beside its price", "without a price", "kept by a framework", "far from the price"],
)
def test_disabled_button_outdoes_markup_only_where_no_script_may_enable_it(html: str, css: str, kind: str) -> None:
    found = seen(html, css)
    assert found is not None
    assert found.path.startswith(f"stock:{kind}")
    sold_out = kind == "disabled"
    assert settle(Availability.IN_STOCK, found) is (Availability.OUT_OF_STOCK if sold_out else Availability.IN_STOCK)
