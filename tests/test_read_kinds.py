"""What a page is: made pages get their kinds, a product page is called nothing else, and no page costs much."""

from __future__ import annotations

import time
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from pricevane.market import Market, World
from pricevane.market.otherpages import KINDS, OtherPage, other_pages
from pricevane.model import PageKind
from spiders.read import jsonld, microdata, opengraph
from spiders.read.document import Document, PageHints
from spiders.read.kind import kind_of
from spiders.read.reading import Reading
from tests.market_pages import visitor

HERE = Path(__file__).parent
SITUATIONS = tomllib.loads((HERE / "read_kinds.toml").read_text(encoding="utf-8"))
CPU_SECONDS = 1.0
PADDED = "<p>" + "Lorem ipsum dolor sit amet. " * 60 + "</p>"
BOMBS = {
    "spaces in the title": f"<title>{' ' * 1_000_000}x</title><body>y",
    "spaces in the text": f"<body><p>{' ' * 1_000_000}x</p>",
    "spaces in a form's action": f'<body><form action="{"add " * 250_000}"><button>x</button></form>',
    "words of a buy form": f'<body><form action="{"cart/" * 200_000}">',
    "elements within elements": "<body>" + "<div>" * 2900 + "not found" + "</div>" * 2900,
    "headings within headings": "<body>" + "<h1><h2><h3>" * 900 + "x",
    "many buttons": "<body>" + "<button class=cart>add</button>" * 50_000,
    "attributes": "<body " + " ".join(f'a{n}="captcha"' for n in range(390)) + ">",
    "a class without end": f'<body class="{"single " * 200_000}">',
    "a query without end": "<body>x",
    "zero bytes": "\0" * 1_000_000,
    "nothing": "",
}


def parsed(html: str | bytes, url: str) -> tuple[Document, list[Reading]]:
    """A page and the structured readings of its main product."""
    page = Document.parse(html, url, PageHints())
    return page, [one for layer in (jsonld, microdata, opengraph) for one in layer.readings(page)]


@pytest.mark.parametrize("page", other_pages(), ids=lambda page: page.name)
def test_made_page_gets_its_kind_and_a_reason(page: OtherPage) -> None:
    kind, why = kind_of(*parsed(page.html, page.url), page.tiles)
    assert kind is page.kind, why
    assert why


def test_made_pages_are_all_different_and_at_least_thirty_a_kind_in_eight_languages() -> None:
    pages = other_pages()
    assert pages == other_pages()
    assert len({page.html for page in pages}) == len({page.name for page in pages}) == len(pages)
    kinds = Counter(page.kind for page in pages)
    assert set(kinds) == set(KINDS)
    assert min(kinds.values()) >= 30
    assert all(len({page.language for page in pages if page.kind is kind}) >= 8 for kind in KINDS)


def test_made_pages_show_as_many_tiles_as_they_say_and_tempt_with_prices_on_walls_too() -> None:
    pages = other_pages()
    assert all(page.html.count('href="/p/') == page.tiles for page in pages)
    signs = ("£", "€", "zł", "kr", "Kč")
    tempting = {page.kind for page in pages if any(sign in page.html for sign in signs)}
    assert {PageKind.BLOCKED, PageKind.CONSENT, PageKind.GONE, PageKind.SHELL} <= tempting


@pytest.mark.parametrize("case", SITUATIONS["page"], ids=lambda case: case["name"])
def test_situation_is_understood(case: dict[str, Any]) -> None:
    html = case["html"].replace("PADDING", PADDED)
    kind, why = kind_of(*parsed(html, case["url"]), case.get("tiles", 0))
    assert kind == case["kind"], why


@pytest.mark.parametrize("path", sorted((HERE / "pages").glob("*/*.html")), ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_saved_product_page_with_structured_data_is_a_product(path: Path) -> None:
    page, readings = parsed(path.read_bytes(), "https://shop.example/products/thing-1.html")
    kind, why = kind_of(page, readings, 0)
    assert kind is PageKind.PRODUCT or not readings, why


@pytest.mark.slow
@pytest.mark.parametrize("shop", ["north", "boutique", "plainshop"])
def test_page_of_a_simulated_shop_is_a_product(shop: str) -> None:
    with Market(World()) as market, visitor(market.urls[shop]) as get:
        paths = [shown.path for shown in market.world.truth(0) if shown.shop == shop][:60]
        found = [kind_of(*parsed(get(path)[1], market.urls[shop] + path), 0) for path in paths]
    assert found
    assert [why for kind, why in found if kind is not PageKind.PRODUCT] == []


@pytest.mark.parametrize("name", BOMBS)
def test_hostile_page_costs_little_and_is_no_product(name: str) -> None:
    url = "https://shop.example/x?" + ("q=" + "&q=" * 300_000 if "query" in name else "")
    page, readings = parsed(BOMBS[name], url)
    started = time.process_time()
    kind, why = kind_of(page, readings, 0)
    assert time.process_time() - started < CPU_SECONDS
    assert kind is not PageKind.PRODUCT, why
    assert len(why) < 500
