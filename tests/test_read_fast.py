"""The fast path reads plain product pages as the full reading does, and declines whatever is unusual."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from spiders.read.fast import read_fast
from spiders.read.page import PageHints, read_page
from tests.crawl_shop import page

URL = "https://shop.example/p/7.html"
AT = datetime(2031, 5, 4, tzinfo=UTC)
HTML = page("product", number="7", url=URL, price="1299.50").decode()
BEFORE = HTML[HTML.index("<h1") : HTML.index("€ 1299.50")]
LD = HTML[HTML.index("<script") : HTML.index("</script>") + 9]


def fast(html: str | bytes) -> Decimal | None:
    """The price on the fast path; None where it declines."""
    offers = read_fast(html, URL, AT, PageHints())
    return offers[0].price.amount if offers and offers[0].price else None


def test_a_plain_page_is_read_as_in_full_but_for_who_agrees() -> None:
    [quick], [full] = read_fast(HTML, URL, AT, PageHints()) or [], read_page(HTML, URL, AT, PageHints())
    for name in ("url", "key", "price", "kind", "availability", "name", "status"):
        assert getattr(quick, name) == getattr(full, name), name
    assert (quick.brand, quick.gtin, quick.mpn, quick.sku) == ("", "", "", "")
    assert quick.evidence.page_hash == full.evidence.page_hash
    assert quick.evidence.layers == ("jsonld",)
    assert quick.confidence < full.confidence


@pytest.mark.parametrize("shown", ["€ 1,299.50", "1.299,50 €", "1&nbsp;299,50 EUR", "1299.50"])
def test_the_price_may_be_shown_in_any_way_of_writing(shown: str) -> None:
    assert fast(HTML.replace("€ 1299.50", shown)) == Decimal("1299.50")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("€ 1299.50", "€ 1199.50"),
        ("€ 1299.50", "€ 11299.50"),
        ("€ 1299.50", "<s>€ 1299.50</s> € 999.50"),
        ("€ 1299.50", "<!-- 1299.50 --><script>1299.50</script>"),
        ("€ 1299.50", f"<script>'1299.50 €'{' ' * 50_000}</script>"),
        (f"{BEFORE}€ 1299.50", f"<script>{' ' * 9000}'1299.50 €'</script>{BEFORE}"),
        (LD, f"<!-- {LD} -->"),
        (LD, f"<!-- {LD}{LD} -->"),
        (LD, LD.replace("</script>", "")),
        (LD, LD + LD.replace("1299.50", "1199.50")),
        ("schema.org/InStock", "schema.org/"),
        ('"EUR"', '""'),
        ("<title>Kettle 7", "<title>Product not found"),
    ],
)
def test_what_is_unusual_is_left_to_the_full_reading(old: str, new: str) -> None:
    assert old in HTML
    assert fast(HTML.replace(old, new)) is None


@pytest.mark.parametrize("part", ["<script", "<!--", "<link ", "<h1", "1299.50", "ld+json", "canonical", "<html"])
def test_hostile_pages_take_no_time(part: str) -> None:
    began = time.process_time()
    fast(part * 200_000 + HTML)
    assert time.process_time() - began < 2
