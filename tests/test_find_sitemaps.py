"""Sitemaps as they really are: broken, packed, hostile, in several languages."""

from __future__ import annotations

import gzip
import tracemalloc
from datetime import UTC, datetime

import pytest

from pricevane.model import SiteState
from spiders.find.languages import Copies, code_of, copy_of, of_sitemap, own_sitemaps, own_twin
from spiders.find.sitemaps import LARGEST, MOST, Entry, UnreadableSitemap, read_sitemap
from tests.finding_files import read

SHOP = "https://s.example"


def test_of_a_broken_sitemap_every_sound_entry_is_kept_with_its_whole_address() -> None:
    pages = read_sitemap(read("broken.xml")).pages
    assert [page.url for page in pages] == [
        f"{SHOP}/p/1?a=1&b=2&c=3",
        *(f"{SHOP}/p/{number}" for number in range(2, 7)),
    ]
    assert pages[0].changed_at == datetime(2031, 5, 4, 8, tzinfo=UTC)
    assert pages[1].changed_at is None


def test_a_packed_sitemap_is_read_as_far_as_it_came() -> None:
    whole = b"".join(b"<url><loc>%s/p/%d</loc></url>" % (SHOP.encode(), number) for number in range(5000))
    packed = gzip.compress(b"<urlset>" + whole + b"</urlset>")
    assert len(read_sitemap(packed).pages) == 5000
    assert 100 < len(read_sitemap(packed[: len(packed) // 2]).pages) < 4000


def test_entities_are_never_resolved_and_good_entries_beside_them_kept() -> None:
    assert [page.url for page in read_sitemap(read("entities.xml")).pages] == [f"{SHOP}/p/1"]


@pytest.mark.parametrize(
    "body",
    [
        b"<!doctype html><html><body><a href='/p/1'>home</a></body></html>",
        b"\n<html lang=de>",
        b'<?xml version="1.0"?><!-- <urlset> --><html xmlns="http://www.w3.org/1999/xhtml"></html>',
        b'<?xml version="1.0"?><rss><channel></channel></rss>',
        b"Not found",
    ],
)
def test_a_page_that_answers_in_place_of_a_sitemap_is_none(body: bytes) -> None:
    with pytest.raises(UnreadableSitemap):
        read_sitemap(body)


def test_a_bomb_is_unpacked_to_its_bound_in_little_memory() -> None:
    bomb = gzip.compress(b"<urlset>" + b"<url><loc>x</loc></url>" * 10 + b" " * (4 * LARGEST))
    tracemalloc.start()
    listed = read_sitemap(bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(listed.pages) == 10
    assert peak < 40 * 1024 * 1024


def test_more_addresses_than_a_sitemap_may_hold_are_cut_and_said_to_be() -> None:
    body = b"<urlset>" + b"<url><loc>https://s.example/p</loc></url>" * (MOST + 1) + b"</urlset>"
    listed = read_sitemap(body)
    assert (len(listed.pages), listed.is_cut) == (MOST, True)


@pytest.mark.parametrize(
    ("text", "code"),
    [("de", "de"), ("de-AT", "de-at"), ("fr_CH", "fr-ch"), ("at", "at"), ("pc", ""), ("shop", ""), ("de-xx", "")],
)
def test_language_and_country_codes_are_told_from_other_words(text: str, code: str) -> None:
    assert code_of(text) == code


@pytest.mark.parametrize(
    ("url", "copy"),
    [
        (f"{SHOP}/de/p/1", ("de", "/p/1?[]")),
        (f"{SHOP}/p/1?lang=fr", ("fr", "/p/1?[]")),
        (f"{SHOP}/p/1", ("", "/p/1?[]")),
        (f"{SHOP}/desk/1", ("", "/desk/1?[]")),
    ],
)
def test_the_copy_of_an_address_is_its_first_folder_or_its_parameter(url: str, copy: tuple[str, str]) -> None:
    assert copy_of(url) == copy


COPIES = ("{}/p/{}", "{}/de/p/{}", "{}/fr/p/{}")
CODED = ("{}/en/x{}", "{}/de/y{}", "{}/de-at/z{}")


@pytest.mark.parametrize(
    ("patterns", "state", "own"),
    [
        (COPIES, SiteState(SHOP, language="fr"), "fr"),
        (COPIES, SiteState(f"{SHOP}/de/"), "de"),
        (COPIES, SiteState(SHOP), ""),
        (COPIES, SiteState(SHOP, language="it"), ""),
        (CODED, SiteState(SHOP), "en"),
        (CODED, SiteState(SHOP, language="de", region="AT"), "de-at"),
        (CODED, SiteState(SHOP, language="de", region="DE"), "de"),
        (("{}/tv/{}", "{}/it/x{}"), SiteState(SHOP, language="it"), None),
        (("{}/p/{}",), SiteState(SHOP, language="de"), None),
    ],
)
def test_of_several_copies_the_sites_own_is_crawled(
    patterns: tuple[str, ...], state: SiteState, own: str | None
) -> None:
    copies = Copies(state)
    for number in range(30):
        for pattern in patterns:
            copies.note(pattern.format(SHOP, number))
    assert copies.own == own


@pytest.mark.parametrize(
    ("url", "wanted", "is_own"),
    [("/p/1", {"en"}, True), ("/p/1", {"de"}, False), ("/de/p/1", {"de", "at"}, True), ("/p/1", {"it"}, True)],
)
def test_hreflang_names_the_copy_that_is_wanted(url: str, wanted: set[str], is_own: bool) -> None:
    twins = (("x-default", f"{SHOP}/p/1"), ("en", f"{SHOP}/p/1"), ("de", f"{SHOP}/de/p/1"))
    assert own_twin(Entry(SHOP + url, twins=twins), wanted) is is_own


def test_copies_on_other_hosts_take_nothing_from_the_site_itself() -> None:
    twins = (("en", f"{SHOP}/p/1"), ("de", "https://s-de.example/p/1"))
    assert own_twin(Entry(f"{SHOP}/p/1", twins=twins), {"de"})


def test_an_index_by_languages_is_read_in_the_wanted_one_only() -> None:
    entries = [Entry(f"{SHOP}/{name}.xml") for name in ("sitemap-de", "sitemap_fr", "en/sitemap", "sitemap-misc")]
    assert [of_sitemap(entry.url) for entry in entries] == ["de", "fr", "en", ""]
    kept = own_sitemaps(entries, {"fr"})
    assert [entry.url for entry in kept] == [entries[1].url, entries[3].url]
    assert own_sitemaps(entries[:1], {"fr"}) == entries[:1]
