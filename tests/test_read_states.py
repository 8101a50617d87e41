"""Words for availability and condition in six languages, and the addresses that listings are known by."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spiders.read import states
from spiders.read.address import key, listing_url, own_url

TABLES = json.loads((Path(__file__).parent / "read_states.json").read_text(encoding="utf-8"))
ROWS = [(table, words, state) for table in TABLES for state, all_ in TABLES[table].items() for words in all_]
PAGE = "https://shop.example/p/1"


@pytest.mark.parametrize(("table", "words", "state"), ROWS)
def test_words_of_a_shop_mean_the_state_of_the_table(table: str, words: str, state: str) -> None:
    assert getattr(states, table)(words) == state


@pytest.mark.parametrize(
    ("found", "own"),
    [
        ("/p/2", "https://shop.example/p/2"),
        ("https://shop.example:443/p/2#top", "https://shop.example/p/2"),
        ("http://shop.example/p/2", "https://shop.example/p/2"),
        ("//SHOP.example/p/2?b=2&a=1", "https://shop.example/p/2?a=1&b=2"),
        ("https://www.shop.example/p/2", ""),
        ("https://shop.example.evil.example/p/2", ""),
        ("https://shop.example:8443/p/2", ""),
        ("https://shop.example@evil.example/p/2", ""),
        ("javascript:alert(1)", ""),
        ("https://[broken", ""),
        ("", ""),
    ],
)
def test_only_an_address_on_the_same_host_and_port_is_the_shops_own(found: str, own: str) -> None:
    assert own_url(found, PAGE) == own


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("https://shop.example", "/"),
        ("https://shop.example/p/1?utm_source=a&UTM_Medium=b&gclid=c&fbclid=d&srsltid=e", "/p/1"),
        ("https://shop.example/p/1?size=2&colour=red#reviews", "/p/1?colour=red&size=2"),
        ("https://shop.example/p/1?empty=", "/p/1?empty="),
        ("https://shop.example/p/caf%C3%A9", "/p/caf%C3%A9"),
        ("https://shop.example/p/café", "/p/caf%C3%A9"),
    ],
)
def test_key_is_path_and_query_without_tracking_and_fragment(url: str, wanted: str) -> None:
    assert key(listing_url(url)) == wanted
    assert listing_url(listing_url(url)) == listing_url(url)
