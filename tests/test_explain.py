"""`explain` says of a page what it is, which prices were weighed and why, and what was stored; it fetches one page."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pricevane.market import Market, World
from pricevane.model import page_hash
from pricevane.storage.tables import Evidence, Observation
from tests.cli_house import Door, door
from tests.crawl_shop import Reply, Shop, category, open_shop, page, product, robots, sitemap
from tests.house_rows import rows

__all__ = ["door"]
pytestmark = pytest.mark.slow
SITE = """
[[competitors]]
name = "Own"
[[competitors.sites]]
name = "own-shop"
url = "{url}/"
currency = "EUR"
local = true
[archive]
folder = "pages"
"""


@pytest.fixture
def shop() -> Iterator[Shop]:
    """Two kettles and a front page."""
    with open_shop() as shop:
        shop.replies |= {path: product(shop, path) for path in ("/p/1", "/p/2")}
        shop.replies |= {"/": category("/p/1", "/p/2"), "/sitemap.xml": Reply(sitemap(shop, "/p/1", "/p/2"))}
        yield shop


@pytest.fixture
def crawled(door: Door, shop: Shop) -> Door:
    """A house that has crawled the shop once and keeps its pages."""
    assert door.engine
    door.add(SITE.format(url=shop.url))
    assert door.run("crawl", "own-shop").code == 0
    return door


def whole(door: Door, *words: str | Path) -> dict[str, Any]:
    """All that `explain` says of a page with an offer."""
    said = door.run("explain", *words, "-f", "json")
    assert said.code == 0, said.err
    told: dict[str, Any] = json.loads(said.out)
    return told


def test_an_address_is_explained_by_fetching_that_page_and_robots_txt_only(door: Door, shop: Shop) -> None:
    told = whole(door, f"{shop.url}/p/1")
    assert shop.paths == ["/robots.txt", "/p/1"]
    assert (told["kind"], told["source"], told["stored"]) == ("product", "fetched now", [])
    assert told["page_hash"] == page_hash(product(shop, "/p/1").body) == told["offers"][0]["evidence"]["page_hash"]
    (winner,) = [one for one in told["candidates"] if one["chosen"]]
    assert (winner["amount"], winner["currency"]) == (told["offers"][0]["price"], "EUR") == ("19.90", "EUR")
    assert {"jsonld", "dom"} <= set(winner["layers"])
    assert winner["reasons"]


def test_a_page_without_a_price_ends_with_4_and_no_link_is_followed(door: Door, shop: Shop) -> None:
    for address in (f"{shop.url}/", shop.url):
        said = door.run("explain", address)
        assert said.code == 4
        assert "no price candidates" in said.out
    assert set(shop.paths) <= {"/robots.txt", "/"}


BLOCKED = {
    "robots.txt": {"/robots.txt": robots("User-agent: *\nDisallow: /\n")},
    "challenge": {"/p/1": Reply(page("challenge"), status=403)},
}


@pytest.mark.parametrize("why", BLOCKED)
def test_a_page_that_the_shop_refuses_ends_with_5(door: Door, shop: Shop, why: str) -> None:
    shop.replies |= BLOCKED[why]
    said = door.run("explain", f"{shop.url}/p/1")
    assert said.code == 5
    assert "nothing was read" in said.out or "blocked" in said.out


def test_a_strangers_page_is_not_fetched_without_a_contact(door: Door) -> None:
    assert "somebody else's shop: set contact" in door.refused("explain", "https://rival.example/p/1")


def test_a_saved_page_of_a_stranger_is_read_without_any_fetch(door: Door, shop: Shop, tmp_path: Path) -> None:
    saved = tmp_path / "saved.html"
    saved.write_bytes(product(shop, "/p/1", "7.49").body)
    told = whole(door, "--file", saved, "--url", "https://stranger.example/p/1")
    assert shop.asked == []
    assert (told["offers"][0]["price"], told["page_hash"]) == ("7.49", page_hash(saved.read_bytes()))
    told = whole(door, "https://stranger.example/p/1", "--file", saved)
    assert told["url"] == "https://stranger.example/p/1"


def test_a_saved_page_in_an_old_charset_keeps_its_sign(door: Door, tmp_path: Path) -> None:
    saved = tmp_path / "saved.html"
    text = page("plainshop").decode().replace('charset="utf-8"', 'charset="windows-1252"')
    for charset in ("windows-1252", "utf-8"):
        saved.write_bytes(text.encode(charset))
        (offer,) = whole(door, "--file", saved, "--url", "https://stranger.example/p/1")["offers"]
        assert (offer["name"], offer["price"], offer["currency"]) == ("Wasserkocher WK 5", "1299.00", "EUR"), charset
        assert "selectors" in offer["evidence"]["layers"]


def test_a_listing_is_explained_with_what_was_stored_and_whether_its_page_changed(crawled: Door, shop: Shop) -> None:
    proof, seen = rows(crawled.engine, Evidence)[0], rows(crawled.engine, Observation)[0]
    path = proof.url.removeprefix(shop.url)
    for target in (str(proof.listing_id), f"own-shop:{path}", f"{shop.url}{path}"):
        (stored,) = whole(crawled, target)["stored"]
        assert stored["listing_id"] == proof.listing_id
        assert Decimal(stored["price"]).scaleb(2) == seen.price_minor
        assert {name: stored[name] for name in ("raw", "path", "layers", "page_hash")} == {
            name: getattr(proof, name) for name in ("raw", "path", "layers", "page_hash")
        }
        assert (stored["run_id"], stored["is_same_page"], stored["is_archived"]) == (1, True, True)
    shop.replies[path] = product(shop, path, "24.90")
    told = whole(crawled, str(proof.listing_id))
    assert told["offers"][0]["price"] == "24.90"
    assert (told["stored"][0]["price"], told["stored"][0]["is_same_page"]) == ("19.90", False)
    assert len(rows(crawled.engine, Observation)) == 2


def test_the_archived_page_is_explained_as_it_was_though_the_shop_is_gone(crawled: Door, shop: Shop) -> None:
    shop.replies.clear()
    asked = len(shop.asked)
    told = whole(crawled, "1", "--archived")
    assert len(shop.asked) == asked
    assert told["source"] == "from the archive"
    assert told["stored"][0]["is_same_page"]
    (offer,) = told["offers"]
    assert (offer["price"], offer["evidence"]["page_hash"]) == ("19.90", told["stored"][0]["page_hash"])


def test_an_archived_page_is_shown_byte_for_byte_and_never_on_a_terminal(crawled: Door, shop: Shop) -> None:
    wanted = product(shop, "/p/1").body
    command = [sys.executable, "-W", "error", "-m", "pricevane", "archive", "show", page_hash(wanted)]
    done = subprocess.run(command, cwd=crawled.folder, capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (wanted, b"")
    screen, terminal = os.openpty()
    with open(terminal, "wb") as stdout, open(screen, "rb"):  # noqa: PTH123
        refused = subprocess.run(command, cwd=crawled.folder, stdout=stdout, stderr=subprocess.PIPE, check=False)
    assert (refused.returncode, b"not for a terminal" in refused.stderr) == (1, True)


def test_prune_says_what_left(crawled: Door) -> None:
    assert crawled.run("archive", "prune").out == "0 files deleted, older than 90 days\n"
    (folder,) = (path for path in crawled.folder.iterdir() if path.is_dir())
    for path in list(folder.iterdir()):
        path.rename(folder / f"20200101{path.name[8:]}")
    assert crawled.run("archive", "prune").out == "2 files deleted, older than 90 days\n"
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("words", [("explain", "--archived", "1"), ("archive", "show", "0" * 32), ("archive", "prune")])
def test_without_an_archive_it_says_how_to_have_one(door: Door, words: tuple[str, ...]) -> None:
    door.see("19.90")
    assert door.refused(*words).endswith("pages are not archived; name a folder under [archive] in pricevane.toml")


WRONG = {
    "no such listing": (("explain", "99"), 1, "no listing 99 was ever read"),
    "no such key": (("explain", "rival-fr:/p/99"), 1, "no listing rival-fr:/p/99 was ever read"),
    "neither": (("explain", "kettle"), 2, "is none of these"),
    "nothing": (("explain",), 2, "is none of these"),
    "no http": (("explain", "ftp://x/"), 2, "not an http or https"),
    "no file": (
        ("explain", "--file", "nowhere.html", "--url", "https://x.example/p"),
        1,
        "nowhere.html cannot be read",
    ),
    "no hash": (("archive", "show", "../../etc/passwd"), 1, "is not a page's hash"),
}


@pytest.mark.parametrize("why", WRONG)
def test_a_wrong_target_is_refused_with_what_would_be_right(door: Door, why: str) -> None:
    words, code, message = WRONG[why]
    assert door.engine
    said = door.run(*words)
    assert (said.code, said.out) == (code, "")
    assert message in " ".join(said.err.replace("│", " ").split())


def test_hostile_text_of_a_page_reaches_no_terminal(door: Door, shop: Shop) -> None:
    body = product(shop, "/p/1").body.replace("Nørd".encode(), b"N\\u001b[31mred :warning: [bold]\\u202e\\nx")
    shop.replies["/p/1"] = Reply(body.replace(b"19.90</p>", b"19.90\x1b]0;owned\x07</p>"))
    said = door.run("explain", f"{shop.url}/p/1")
    assert said.code == 0
    assert all(character.isprintable() for line in said.out.splitlines() for character in line)
    assert ":warning: [bold]" in said.out


def test_pages_of_the_market_are_explained_with_the_price_that_is_shown(door: Door) -> None:
    with Market(World(products=30, days=2)) as market:
        for shop in ("north", "boutique", "plainshop"):
            shown = next(one for one in market.world.truth(0) if one.shop == shop)
            told = whole(door, market.urls[shop].rstrip("/") + shown.path)
            assert Decimal(told["offers"][0]["price"]) == shown.shown
            assert [Decimal(one["amount"]) for one in told["candidates"] if one["chosen"]] == [shown.shown]
