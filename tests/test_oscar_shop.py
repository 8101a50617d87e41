"""The Oscar shop: its pages say what its database says, in Oscar's own words, and it ends when told."""

from __future__ import annotations

import os
import socket
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from gettext import GNUTranslations
from importlib.util import find_spec
from pathlib import Path
from urllib.request import urlopen

import pytest
from babel.numbers import format_currency
from selectolax.lexbor import LexborHTMLParser

from pricevane.model import Availability, gtin14
from tests.oscar import ChildFailed, OscarPage, OscarServer, render, serve

pytestmark = pytest.mark.slow

SHOPS = (("GBP", "en", 26), ("EUR", "de", 10), ("EUR", "fr", 10))
LANGUAGES = [language for _, language, _ in SHOPS]
Rendered = dict[str, list[OscarPage]]


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    """A small shop's pages by language."""
    folder = tmp_path_factory.mktemp("oscar")
    with ThreadPoolExecutor(len(SHOPS)) as pool:
        pages = pool.map(lambda shop: render(folder / shop[1], *shop), SHOPS)
        return dict(zip(LANGUAGES, pages, strict=True))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OscarServer]:
    """The whole shop on loopback."""
    with serve(tmp_path_factory.mktemp("served")) as running:
        yield running


def translations(language: str) -> GNUTranslations:
    """Oscar's own words, without importing Oscar."""
    spec = find_spec("oscar")
    assert spec is not None
    assert spec.origin is not None
    with (Path(spec.origin).parent / "locale" / language / "LC_MESSAGES" / "django.mo").open("rb") as words:
        return GNUTranslations(words)


def products(pages: Iterable[OscarPage]) -> list[OscarPage]:
    """The product pages among them."""
    return [page for page in pages if page.kind == "product"]


def texts(html: str, selector: str) -> list[str]:
    """The texts of all nodes that fit, in the page's order, with single spaces."""
    return [" ".join(node.text().split()) for node in LexborHTMLParser(html).css(selector)]


def read(url: str) -> str:
    """A page as the server sends it."""
    with urlopen(url, timeout=20) as answer:
        return str(answer.read().decode())


def labelled_price(page: OscarPage, language: str) -> str:
    """What the shop should print for the price in the database."""
    if page.price is None:
        return ""
    if not page.price:
        return translations(language).gettext("Free")
    return str(format_currency(page.price, page.currency, locale=language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_product_page_shows_the_price_that_the_database_holds(rendered: Rendered, language: str) -> None:
    pages = products(rendered[language])
    shown = {page.path: texts(page.html, ".product_main .price_color") for page in pages}
    assert shown == {page.path: [" ".join(labelled_price(page, language).split())] for page in pages}


@pytest.mark.parametrize("language", LANGUAGES)
def test_products_are_marked_sold_out_in_oscars_words_exactly_where_the_database_says_so(
    rendered: Rendered, language: str
) -> None:
    words = translations(language).gettext("Unavailable")
    for page in products(rendered[language]):
        said = texts(page.html, ".product_main")[0]
        assert (words in said) == (page.availability is Availability.OUT_OF_STOCK), page.path


def test_in_stock_pages_count_the_pieces_that_are_not_promised_to_others(rendered: Rendered) -> None:
    pattern = translations("de").gettext("In stock (%d available)")
    counted = [page for page in products(rendered["de"]) if page.stock]
    assert counted
    assert [pattern % page.stock for page in counted if page.stock] == [
        texts(page.html, ".product_main .availability")[0] for page in counted
    ]


def test_each_language_has_its_own_words_and_each_shop_its_currency(rendered: Rendered) -> None:
    assert len({translations(language).gettext("Unavailable") for language in rendered}) == len(rendered)
    assert {language: pages[0].currency for language, pages in rendered.items()} == {
        lang: cur for cur, lang, _ in SHOPS
    }
    assert all(f'<html lang="{language}"' in page.html for language, pages in rendered.items() for page in pages)


def test_lists_name_every_product_on_sale_once_and_categories_only_their_own(rendered: Rendered) -> None:
    pages = rendered["en"]
    on_sale = sorted(page.path for page in products(pages) if page.structure != "child")
    everything = [page for page in pages if page.path.startswith("/catalogue/?") or page.kind == "home"]
    leaves = [page for page in pages if page.kind == "category" and page.path.count("/") == 5]
    assert len(everything) > 1
    assert sorted(listed(everything)) == on_sale
    assert sorted(listed(leaves)) == on_sale


def listed(pages: list[OscarPage]) -> list[str]:
    """The addresses of the tiles on some lists."""
    tiles = [LexborHTMLParser(page.html).css(".product_pod h3 a") for page in pages]
    return [str(tile.attributes["href"]) for shown in tiles for tile in shown]


def test_search_finds_what_it_was_asked_for_and_nothing_else(rendered: Rendered) -> None:
    found = {page.title: texts(page.html, ".product_pod img") for page in rendered["en"] if page.kind == "search"}
    assert {title: bool(tiles) for title, tiles in found.items()} == {
        "Coffee": True,
        "Black": True,
        "nothing-like-it": False,
    }


def test_parents_link_exactly_the_variants_that_can_be_bought(rendered: Rendered) -> None:
    parents = [page for page in products(rendered["en"]) if page.structure == "parent"]
    assert parents
    for page in parents:
        sold = [one.title for one in page.variants if one.availability is not Availability.OUT_OF_STOCK]
        assert texts(page.html, '.product_main a[href^="/catalogue/"]:not(#write_review)') == sold


def test_catalogue_is_large_and_holds_every_state_with_valid_upcs(server: OscarServer) -> None:
    shown = products(server.pages)
    states = Counter(page.availability for page in shown)
    assert len(shown) >= 150
    assert states[Availability.OUT_OF_STOCK] >= 60
    assert states[Availability.LOW_STOCK] >= 10
    assert sum(page.stock == 0 for page in shown) >= 60
    assert sum(page.price is None for page in shown) >= 5
    assert any(page.stock is None and page.availability is Availability.IN_STOCK for page in shown)
    assert any(page.price == 0 for page in shown)
    assert any(len({one.price for one in page.variants}) > 1 for page in shown)
    assert all(gtin14(page.upc) for page in shown if page.structure != "parent")


def test_changed_price_and_stock_show_on_the_next_request(server: OscarServer) -> None:
    page = next(page for page in products(server.pages) if page.price and page.stock)
    assert texts(read(page.url), ".product_main .price_color") == [labelled_price(page, "en")]
    changed = server.change(page.upc, gross=Decimal("1234.56"), stock=0)
    html = read(page.url)
    assert changed.url == page.url
    assert (changed.price, changed.availability) == (Decimal("1234.56"), Availability.OUT_OF_STOCK)
    assert texts(html, ".product_main .price_color") == ["€1,234.56"]
    assert texts(html, ".product_main .availability") == ["Unavailable"]


def test_server_answers_many_at_once_and_says_what_is_gone(server: OscarServer) -> None:
    shown = products(server.pages)[:12]
    with ThreadPoolExecutor(6) as pool:
        titles = [texts(html, "h1")[0] for html in pool.map(read, (page.url for page in shown))]
    assert titles == [page.title for page in shown]
    with pytest.raises(OSError, match="404"):
        read(next(page.url for page in server.pages if page.kind == "gone"))


def test_nothing_outlives_the_block_however_it_ends(tmp_path: Path) -> None:
    with pytest.raises(ChildFailed, match="DoesNotExist"), serve(tmp_path, goods=12) as running:
        running.change("no such product", stock=1)
    with pytest.raises(ProcessLookupError):
        os.kill(running.pid, 0)
    with (
        pytest.raises(ConnectionRefusedError),
        socket.create_connection(("127.0.0.1", int(running.url.rsplit(":", 1)[1]))),
    ):
        pass


def test_broken_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "oscar.sqlite3").mkdir()
    with pytest.raises(ChildFailed, match="unable to open database file"):
        render(tmp_path)


def test_django_is_never_set_up_in_the_process_of_the_tests(rendered: Rendered) -> None:
    assert rendered
    assert not {"django", "oscar", "haystack"} & set(sys.modules)
