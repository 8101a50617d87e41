"""Codes, brands and packs that pages print, and whose word counts: made pages in many tongues, idioms and traps."""

from __future__ import annotations

import json
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from selectolax.lexbor import LexborNode

from spiders.read.document import Document, PageHints
from spiders.read.fields import address_code, bare, choose
from spiders.read.reading import Reading
from spiders.read.specs import Specs, folded, is_code, specs

CASES = json.loads((Path(__file__).parent / "read_specs.json").read_text(encoding="utf-8"))
CHOICES = json.loads((Path(__file__).parent / "read_fields.json").read_text(encoding="utf-8"))
URL = "https://shop.example/p/drill"


def texts(page: Document) -> list[tuple[int, LexborNode, str]]:
    assert page.tree.body is not None
    nodes = enumerate(page.tree.body.traverse(include_text=True))
    found = [(order, node, (node.text_content or "").strip()) for order, node in nodes if node.tag == "-text"]
    return [one for one in found if one[2]]


def read(html: str, url: str = URL) -> tuple[Document, Specs]:
    page = Document.parse(f"<html><body>{html}</body></html>", url, PageHints())
    return page, specs(texts(page), page)


@pytest.mark.parametrize("case", CASES, ids=[case["rule"] for case in CASES])
def test_printed_value_is_found_or_left_as_its_rule_says(case: dict[str, Any]) -> None:
    found = read(case["html"])[1]
    values = {name: one.value if (one := found.first(name)) else "" for name in case["says"]}
    assert values == case["says"]


@pytest.mark.parametrize("case", CHOICES, ids=[case["rule"] for case in CHOICES])
def test_chosen_value_is_the_one_that_its_rule_names(case: dict[str, Any]) -> None:
    page, found = read(case.get("html", ""), case.get("url", URL))
    readings = [Reading(layer, f"{layer}:Product", **fields) for layer, fields in case.get("readings", [])]
    chosen = {name: choose(name, readings, found, page) for name in case["wins"]}
    assert {name: value for name, (value, _) in chosen.items()} == case["wins"]
    assert all(bool(value) == bool(path) for value, path in chosen.values())


@pytest.mark.parametrize(
    "text", ["12.03.24", "+43 1 234567", "(030) 123 45 67", "19,99 €", "55 cm", "www.a.example/1", "a b c d 5"]
)
def test_dates_telephones_amounts_measures_and_addresses_are_no_codes(text: str) -> None:
    assert not is_code(text)


@pytest.mark.parametrize("text", ["0638", "GARNI 570 EASY II", "466/7999", "PU_1061/01", "1750 5066", "TE50-1293415"])
def test_what_shops_print_as_codes_are_codes(text: str) -> None:
    assert is_code(text)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://shop.example/rain-blocks/blue/p4999298", "4999298"),
        ("https://shop.example/Prod/144432/", "144432"),
        ("https://shop.example/drill-112949990.html", "112949990"),
        ("https://shop.example/store/36064?pid=262388", "262388"),
        ("https://shop.example/dp/B07XJ8C8F5", "B07XJ8C8F5"),
        ("https://shop.example/news/20240131", ""),
        ("https://shop.example/iphone-12", ""),
        ("https://shop.example/2021/shoe", ""),
        ("https://shop.example/c-1234567/shoe", ""),
        ("https://shop.example/", ""),
    ],
)
def test_number_in_the_address_is_the_shops_own_unless_it_is_a_date_or_a_part_of_the_name(url: str, code: str) -> None:
    assert address_code(read("", url)[0])[0] == code


def test_label_is_looked_up_without_case_space_and_signs() -> None:
    assert folded("  Art.-Nr. :\n") == "art-nr"


@pytest.mark.parametrize(
    "text", ["N/A", "-", "none", "NULL", "{{ product.brand }}", "$metabrand", "${brand}", "<b></b>", "Keine Angabe"]
)
def test_placeholders_and_words_for_nothing_are_no_values(text: str) -> None:
    assert bare(text) == ""


def test_page_of_ten_thousand_labels_is_read_in_bounded_time() -> None:
    page = Document.parse(f"<h1>Drill</h1><div>{'<p>SKU: <b>A-1</b></p>' * 10_000}</div>", URL, PageHints())
    given = texts(page)
    began = process_time()
    specs(given, page)
    assert process_time() - began < 1
