"""Embedded state: the page's own product among all that a shop's scripts carry, and only where it is certain."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spiders.read import embedded
from spiders.read.document import Document, PageHints
from spiders.read.embedded import literal

PAGES = Path(__file__).parent / "embedded"
URL = "https://shop.example/p/trail-boot-88123"


def page(body: str, url: str = URL) -> Document:
    """A page about a boot with `body` under its headline."""
    return Document.parse(f"<html lang=en><body><h1>Trail Boot</h1>{body}</body></html>", url, PageHints())


@pytest.mark.parametrize("path", sorted(PAGES.glob("*.html")), ids=lambda path: path.stem)
def test_state_gives_the_readings_beside_the_page(path: Path) -> None:
    case = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    found = embedded.readings(Document.parse(path.read_bytes(), case["url"], PageHints(**case.get("hints", {}))))
    plain = [json.loads(json.dumps(asdict(one))) for one in found]
    wanted = case["readings"]
    assert [{key: one[key] for key in want} for one, want in zip(plain, wanted, strict=False)] == wanted
    assert len(found) == len(wanted)


def test_every_state_page_has_its_answers() -> None:
    assert {p.stem for p in PAGES.glob("*.html")} == {p.stem for p in PAGES.glob("*.json")}
    assert len(list(PAGES.glob("*.html"))) > 25


BOMBS = {
    "deep": "var x = " + '{"product":' * 50_000 + "1" + "}" * 50_000 + "; price 88123",
    "deep literal": "var x = " + "{product:" * 50_000 + "; price 88123",
    "wide": "var x = " + json.dumps({"88123": [{"a": {"price": 1}} for _ in range(60_000)]}),
    "many starts": "price 88123 " + "x={" * 100_000,
    "open string": 'price 88123 x={"' + "a" * 1_000_000,
    "circle": 'window.__APOLLO_STATE__={"ROOT_QUERY":{"a":{"__ref":"b"}},"b":{"price":{"__ref":"b"},"id":"88123"}}',
    "long number": 'var x = {"product":{"id":"88123","price":' + "9" * 100_000 + "}}",
    "comments": "price 88123 x={" + "/*" * 200_000,
}


@pytest.mark.parametrize("script", BOMBS.values(), ids=BOMBS)
def test_no_state_bomb_raises_or_takes_long(script: str) -> None:
    hostile = page(f"<script>{script}</script>")
    began = time.process_time()
    assert [one.price for one in embedded.readings(hostile)] == []
    assert time.process_time() - began < 2


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["price", "product", "name", "id", "offers", "variants", "88123"]), inner)
    ),
    max_leaves=25,
)


@settings(max_examples=150, deadline=None)
@given(JSON_VALUES)
def test_any_state_is_read_without_exception(state: Any) -> None:
    text = json.dumps({"product": state, "id": "88123"}).replace("</", "<\\/")
    for one in embedded.readings(page(f"<script>window.__X__ = {text}</script>")):
        assert one.layer == "embedded"
        assert one.path.startswith("embedded:__X__")


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=10) | st.booleans() | st.none(), min_size=1))
def test_a_literal_reads_what_json_writes(value: dict[str, Any]) -> None:
    text = json.dumps(value)
    assert literal.read(text, 0) == (value, len(text))
    assert literal.read(text[:-1] + ",}", 0)[0] == value


@pytest.mark.parametrize("code", ["{a: f()}", "{a: 'x' + y}", "{a: () => 1}", "{...rest}", "{a: `${b}`}"])
def test_code_is_refused_as_data(code: str) -> None:
    with pytest.raises(ValueError, match=r"literal|Expecting"):
        literal.read(code, 0)
