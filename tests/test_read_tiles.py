"""Tiles of lists: each price is the product's that its own block links to, and nothing unclear is good."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from pricevane.market.otherpages import other_pages
from pricevane.model import Availability, PageKind, Status
from spiders.read.amounts import look
from spiders.read.document import Document, PageHints
from spiders.read.judge import judge, place
from spiders.read.reading import Reading
from spiders.read.tiles import Tile, count, offers, tiles
from spiders.read.visible import Sight, walk

URL = "https://shop.example/lamps"
AT = datetime(2026, 5, 1, tzinfo=UTC)
MIXED = (Path(__file__).parent / "tiles" / "mixed.html").read_text(encoding="utf-8")


def seen(html: str, url: str = URL, currency: str = "GBP") -> tuple[Document, list[Sight]]:
    """A page with its judged amounts."""
    page = Document.parse(html, url, PageHints(currency=currency))
    view = walk(page)
    look(view, page, currency)
    return page, judge(view, place(view), tiles=True)


def read(html: str, listed: dict[str, Reading] | None = None) -> dict[str, Tile]:
    """Tiles by the last part of their addresses."""
    return {tile.url.rpartition("/")[2]: tile for tile in tiles(*seen(html), listed)}


@pytest.mark.parametrize(
    ("slug", "name", "price", "regular"),
    [
        ("plain-1", "Brass lamp", "19.50", None),
        ("struck-2", "Oak lamp", "21.00", "30.00"),
        ("from-3", "Glass lamp", "40.00", None),
        ("unit-4", "Lamp oil", "8.00", None),
        ("saving-5", "Clay lamp", "12.00", None),
        ("split-6", "Wool lamp", "64.99", None),
        ("swatch-7", "Tin lamp", "33.00", None),
        ("none-9", "Lost lamp", None, None),
    ],
)
def test_a_tile_has_its_own_name_and_its_one_current_price(
    slug: str, name: str, price: str | None, regular: str | None
) -> None:
    tile = read(MIXED)[slug]
    assert tile.name == name
    assert (tile.price.amount if tile.price else None) == (Decimal(price) if price else None)
    assert (tile.regular.amount if tile.regular else None) == (Decimal(regular) if regular else None)


def test_only_plain_prices_are_good_and_tiles_without_a_price_or_of_another_shop_make_no_offer() -> None:
    page, sights = seen(MIXED)
    found = {offer.key: offer for offer in offers(tiles(page, sights), page, AT)}
    doubtful = {key for key, offer in found.items() if offer.status is Status.DOUBTFUL}
    assert doubtful == {"/p/from-3", "/p/two-8"}
    assert "/p/none-9" not in found
    assert not [key for key in found if "ad-10" in key or not key.startswith("/p/")]
    assert found["/p/plain-1"].availability is Availability.IN_STOCK
    assert found["/p/struck-2"].availability is Availability.OUT_OF_STOCK
    assert found["/p/plain-1"].image == "https://shop.example/i/1.jpg"


def test_a_listed_reading_that_agrees_adds_confidence_and_one_that_does_not_makes_a_doubt() -> None:
    page, sights = seen(MIXED)
    listed = {
        f"https://shop.example/p/{slug}": Reading("jsonld", "jsonld:Product", price="19.50", currency="GBP")
        for slug in ("plain-1", "saving-5")
    }
    found = {offer.key: offer for offer in offers(tiles(page, sights, listed), page, AT)}
    assert found["/p/plain-1"].confidence > found["/p/unit-4"].confidence
    assert found["/p/plain-1"].evidence.layers == ("dom", "jsonld")
    assert found["/p/saving-5"].status is Status.DOUBTFUL


def test_every_tile_of_the_made_lists_is_found_with_a_price_that_stands_after_its_link() -> None:
    pages = [one for one in other_pages() if one.kind in {PageKind.LISTING, PageKind.SEARCH}]
    for made in pages:
        page, sights = seen(made.html, made.url, "")
        found = [tile for tile in tiles(page, sights) if tile.price]
        assert (count(page, sights), len(found)) == (made.tiles, made.tiles), made.name
        for tile in found:
            link = f'href="{tile.url.removeprefix(made.url[: made.url.index("/", 8)])}"'
            own = made.html[made.html.rindex(link) :]
            stop = own.find('href="/p/', len(link))
            assert tile.raw.split()[-1] in own[: stop if stop > 0 else None].replace("\xa0", " "), made.name


def test_amounts_that_were_not_looked_at_closely_are_no_prices() -> None:
    page = Document.parse(MIXED, URL, PageHints(currency="GBP"))
    view = walk(page)
    look(view, page, "GBP")
    shallow = judge(view, place(view))
    assert count(page, shallow) >= 9
    assert not any(tile.price for tile in tiles(page, shallow))


@pytest.mark.parametrize(
    "html",
    [
        "<ul>" + "<li class=x><a href=/p/{0}>Lamp</a> £5.00".replace("{0}", "1") * 40_000,
        "<div class=x><a href=/p/1>Lamp</a> £5.00" * 2900,
        "<ul>" + "".join(f"<li class=x><a href=/p/{'a/' * 200}{n}-.!>Lamp {n}</a> £5.00" for n in range(500)),
    ],
)
def test_hostile_lists_end_soon_and_give_no_more_than_300_tiles(html: str) -> None:
    page, sights = seen(html)
    began = time.process_time()
    assert len(tiles(page, sights)) <= 300
    assert time.process_time() - began < 3
