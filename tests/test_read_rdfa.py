"""RDFa: a page's own product from typed elements, in schema.org's words and GoodRelations'."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path

import pytest

from spiders.read import rdfa
from spiders.read.document import Document, PageHints

PAGES = Path(__file__).parent / "rdfa"
URL = "https://shop.example/p/trail-boot"


@pytest.mark.parametrize("path", sorted(PAGES.glob("*.html")), ids=lambda path: path.stem)
def test_typed_elements_give_the_readings_beside_the_page(path: Path) -> None:
    wanted = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["readings"]
    found = [asdict(one) for one in rdfa.readings(Document.parse(path.read_bytes(), URL, PageHints()))]
    assert [
        {key: list(v) if isinstance(v := one[key], tuple) else v for key in want}
        for one, want in zip(found, wanted, strict=True)
    ] == wanted


@pytest.mark.parametrize(
    "body",
    [
        "<p>The operator typeof is JavaScript's</p>",
        '<div typeof="Person"><b property="name">Ann</b></div>',
        '<div typeof="Product"></div>',
        '<div typeof=""><b property="price">5</b></div>',
    ],
)
def test_pages_without_a_typed_product_give_nothing(body: str) -> None:
    assert rdfa.readings(Document.parse(f"<h1>Boot</h1>{body}", URL, PageHints())) == []


def test_a_bomb_of_typed_elements_is_cut_off() -> None:
    inner = '<div typeof="Product" property="offers"><b property="name">x</b>' * 2000
    began = time.process_time()
    rdfa.readings(Document.parse(inner + "y" * 1_000_000, URL, PageHints()))
    assert time.process_time() - began < 3
