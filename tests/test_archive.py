"""Pages behind changed prices are kept whole, found by their hash, survive a killed crawl, and leave in time."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from warcio.archiveiterator import ArchiveIterator
from warcio.checker import Checker

from pipelines.store import BATCH
from pricevane import archive, jobs
from pricevane.archive import ArchivedPage, ArchiveWriter, Archivist
from pricevane.config import load
from pricevane.house import House, open_house
from pricevane.model import page_hash
from pricevane.storage.tables import Evidence
from tests.crawl_shop import Reply, Shop, open_shop, product, sitemap
from tests.house_rows import rows
from tests.test_crawl_process import crawlers

AT = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
TOML = """
[archive]
folder = "{folder}"
{settings}
[[competitors]]
name = "Rival"
[[competitors.sites]]
name = "rival"
url = "{url}/"
local = true
render = "http"
"""


def made(number: int, size: int = 500) -> ArchivedPage:
    """A page that packs badly."""
    body = f"<p>{number} \u20ac {os.urandom(size).hex()}".encode()
    return ArchivedPage(page_hash(body), f"https://rival.example/p/{number}", AT, body)


def files(folder: Path, ending: str = archive.PAGES) -> list[Path]:
    return sorted(folder.glob(f"*{ending}"))


def addresses(path: Path) -> list[str]:
    """The addresses of a file's records, read to its end."""
    with path.open("rb") as stream:
        return [record.rec_headers.get_header("WARC-Target-URI") for record in ArchiveIterator(stream)]


def filled(folder: Path, *pages: ArchivedPage, run_id: int = 1, began_at: datetime = AT, **kwargs: Any) -> Path:
    writer = ArchiveWriter(folder, run_id, began_at, **kwargs)
    for page in pages:
        writer.add(page)
    writer.close()
    return folder


def test_a_page_is_found_by_its_hash_as_it_was_read(tmp_path: Path) -> None:
    pages = [made(number) for number in range(5)]
    filled(tmp_path, *pages)
    assert [archive.find(tmp_path, page.page_hash) for page in pages] == pages
    assert archive.find(tmp_path, "0" * 32) is None
    assert archive.find(tmp_path / "nowhere", pages[0].page_hash) is None


def test_a_full_file_is_followed_by_another_and_every_one_is_valid_warc(tmp_path: Path) -> None:
    pages = [made(number, 20_000) for number in range(6)]
    filled(tmp_path, *pages, largest=30_000)
    warcs = files(tmp_path)
    assert len(warcs) == len(files(tmp_path, archive.INDEX)) == 3
    assert [url for path in warcs for url in addresses(path)] == [page.url for page in pages]
    checker = Checker(type("Options", (), {"inputs": list(map(str, warcs)), "verbose": False}))
    for path in warcs:
        checker.process_one(str(path))
    assert checker.exit_value == 0


def test_two_crawls_of_one_run_never_write_into_the_same_file(tmp_path: Path) -> None:
    first, second = ArchiveWriter(tmp_path, 1, AT), ArchiveWriter(tmp_path, 1, AT)
    pages = [made(1), made(2)]
    for writer, page in zip((first, second), pages, strict=True):
        writer.add(page)
        writer.close()
    assert len(files(tmp_path)) == 2
    assert [archive.find(tmp_path, page.page_hash) for page in pages] == pages


@pytest.mark.parametrize("hostile", ["https://x.example/\r\nWARC-Type: metadata", "../../etc/passwd", "\ud800\x00", ""])
def test_an_address_can_neither_name_a_file_nor_add_a_header(tmp_path: Path, hostile: str) -> None:
    page = ArchivedPage(page_hash(b"<p>"), hostile, AT, b"<p>")
    filled(tmp_path / "pages", page)
    assert [path.parent for path in tmp_path.rglob("*.*")] == [tmp_path / "pages"] * 2
    (warc,) = files(tmp_path / "pages")
    with warc.open("rb") as stream:
        assert [record.rec_type for record in ArchiveIterator(stream)] == ["resource"]
    assert archive.find(tmp_path / "pages", page.page_hash) == page


@pytest.mark.parametrize("cut", [100, 300, 800])
def test_a_record_cut_off_by_a_crash_is_no_page_and_spoils_no_other(tmp_path: Path, cut: int) -> None:
    pages = [made(number) for number in range(3)]
    filled(tmp_path, *pages)
    (warc,) = files(tmp_path)
    warc.write_bytes(warc.read_bytes()[:-cut])
    assert [archive.find(tmp_path, page.page_hash) for page in pages] == [*pages[:2], None]


def test_half_a_line_of_the_index_is_no_line(tmp_path: Path) -> None:
    pages = [made(1), made(2)]
    filled(tmp_path, *pages)
    (index,) = files(tmp_path, archive.INDEX)
    index.write_bytes(index.read_bytes()[:-20])
    assert [archive.find(tmp_path, page.page_hash) for page in pages] == [pages[0], None]


def test_a_page_that_was_tampered_with_is_not_shown(tmp_path: Path) -> None:
    true, forged = made(1), ArchivedPage(made(1).page_hash, "https://rival.example/p/1", AT, b"<p>0.01")
    filled(tmp_path, forged)
    filled(tmp_path, true, run_id=2)
    assert archive.find(tmp_path, forged.page_hash) is None
    assert archive.find(tmp_path, true.page_hash) == true


def test_old_files_leave_and_nothing_else_in_the_folder_does(tmp_path: Path) -> None:
    old, new = made(1), made(2)
    filled(tmp_path, old, began_at=AT - timedelta(days=91))
    filled(tmp_path, new, began_at=AT - timedelta(days=89))
    for name in ("notes.txt", "20200101T000000Z-mine.warc.gz", "20209999T000000Z-run00000001-00001.warc.gz"):
        (tmp_path / name).write_text("mine")
    assert archive.prune(tmp_path, AT - timedelta(days=90)) == 2
    assert archive.find(tmp_path, old.page_hash) is None
    assert archive.find(tmp_path, new.page_hash) == new
    assert len(list(tmp_path.iterdir())) == 5


def test_a_page_waits_for_one_more_store_step_and_then_is_let_go(tmp_path: Path) -> None:
    early, late, gone = made(1), made(2), made(3)
    archivist = Archivist(ArchiveWriter(tmp_path, 1, AT), changed_only=True, failed=pytest.fail)
    for page in (early, late, gone):
        archivist.hold(page)
    archivist.kept({early.page_hash}, {early.page_hash})
    archivist.kept({late.page_hash}, {late.page_hash})
    archivist.kept({gone.page_hash}, {gone.page_hash})
    archivist.writer.close()
    assert addresses(files(tmp_path)[0]) == [early.url, late.url]


def test_pages_that_wait_are_bounded_in_bytes(tmp_path: Path) -> None:
    archivist = Archivist(ArchiveWriter(tmp_path, 1, AT), changed_only=True, failed=pytest.fail, most=100_000)
    pages = [made(number, 10_000) for number in range(100)]
    for page in pages:
        archivist.hold(page)
    held = [page for half in (archivist.older, archivist.newer) for page in half.values()]
    assert sum(len(page.body) for page in held) <= 100_000 + 2 * 10_100
    archivist.kept({pages[-1].page_hash}, {pages[-1].page_hash})
    archivist.writer.close()
    assert archive.find(tmp_path, pages[-1].page_hash) == pages[-1]


def test_a_folder_that_cannot_be_written_is_told_once_and_the_crawl_goes_on(tmp_path: Path) -> None:
    (tmp_path / "pages").write_text("a file")
    told: list[str] = []
    archivist = Archivist(ArchiveWriter(tmp_path / "pages", 1, AT), True, lambda: told.append("failed"))
    for page in (made(1), made(2)):
        archivist.hold(page)
        archivist.kept({page.page_hash}, {page.page_hash})
    assert told == ["failed"]


@pytest.fixture
def shop() -> Iterator[Shop]:
    """Thirty kettles, their prices fixed until a test changes them."""
    with open_shop() as shop:
        paths = [f"/p/{number}" for number in range(30)]
        shop.replies |= {path: product(shop, path) for path in paths}
        shop.replies |= {"/sitemap.xml": Reply(sitemap(shop, *paths))}
        yield shop


def opened(shop: Shop, root: Path, settings: str = "", folder: str = "pages") -> House:
    toml = root / "pricevane.toml"
    toml.write_text(TOML.format(url=shop.url, settings=settings, folder=folder), "utf-8")
    return open_house(load(toml, {}))


@pytest.mark.slow
def test_a_crawl_keeps_the_pages_of_changed_readings_and_of_no_others(shop: Shop, tmp_path: Path) -> None:
    house, pages = opened(shop, tmp_path), tmp_path / "pages"
    first = jobs.crawl(house, "rival")
    assert (first.report.changed, first.report.exit_code) == (30, 0)
    shop.replies["/p/7"] = product(shop, "/p/7", "21.50")
    shop.replies["/p/8"] = Reply(product(shop, "/p/8").body + b"<p>another banner, the same price")
    jobs.crawl(house, "rival")
    warcs = files(pages)
    assert [len(addresses(path)) for path in warcs] == [30, 1]
    assert addresses(warcs[1]) == [f"{shop.url}/p/7"]
    proofs = rows(house, Evidence)
    assert len(proofs) == 31
    for proof in proofs:
        page = archive.find(pages, proof.page_hash)
        assert page
        assert (page.url, page_hash(page.body)) == (proof.url, proof.page_hash)
        assert proof.raw.encode() in page.body
    house.engine.dispose()


@pytest.mark.slow
def test_all_pages_with_stored_offers_are_kept_if_the_toml_says_so(shop: Shop, tmp_path: Path) -> None:
    house = opened(shop, tmp_path, "changed_only = false")
    for _ in range(2):
        assert jobs.crawl(house, "rival").report.reason == ""
    assert [len(addresses(path)) for path in files(tmp_path / "pages")] == [30, 30]
    house.engine.dispose()


@pytest.mark.slow
def test_nothing_is_archived_unless_a_folder_is_named(shop: Shop, tmp_path: Path) -> None:
    house = opened(shop, tmp_path, folder="")
    jobs.crawl(house, "rival")
    assert not (tmp_path / "pages").exists()
    house.engine.dispose()


@pytest.mark.slow
def test_each_crawl_deletes_what_is_past_its_time(shop: Shop, tmp_path: Path) -> None:
    house = opened(shop, tmp_path, "keep_days = 5")
    jobs.crawl(house, "rival", clock_at=AT)
    assert len(files(tmp_path / "pages")) == 1
    jobs.crawl(house, "rival", clock_at=AT + timedelta(days=4))
    assert len(files(tmp_path / "pages")) == 1
    jobs.crawl(house, "rival", clock_at=AT + timedelta(days=6))
    assert list((tmp_path / "pages").iterdir()) == []
    house.engine.dispose()


@pytest.mark.slow
def test_an_archive_that_cannot_be_written_costs_no_price(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "pages").write_text("a file")
    house = opened(shop, tmp_path)
    done = jobs.crawl(house, "rival")
    assert (done.report.stored, done.report.failed, done.report.exit_code) == (30, {"archive": 1}, 3)
    house.engine.dispose()


@pytest.mark.slow
def test_a_killed_crawl_leaves_an_archive_in_which_every_indexed_page_is_whole(tmp_path: Path) -> None:
    with open_shop() as shop:

        def answer(path: str) -> Reply:
            number = int(path.rpartition("/")[2])
            body = product(shop, path).body + made(number, 3000).body
            return Reply(body, wait_s=0.3 if number > BATCH + 100 else 0.0)

        paths = [f"/p/{number}" for number in range(2 * BATCH)]
        shop.replies |= {"/sitemap.xml": Reply(sitemap(shop, *paths)), "/p/*": answer}
        house = opened(shop, tmp_path)

        def kill(seen: Mapping[str, Any]) -> None:
            if seen["offers"] >= BATCH:
                for child in crawlers(os.getpid()):
                    os.kill(child, signal.SIGKILL)

        done = jobs.crawl(house, "rival", on_progress=kill)
    assert done.report.reason.startswith("the crawl died: ")
    (warc,) = files(tmp_path / "pages")
    assert len(addresses(warc)) == BATCH
    proofs = rows(house, Evidence)
    assert len(proofs) == BATCH
    assert all(archive.find(tmp_path / "pages", proof.page_hash) for proof in proofs)
    house.engine.dispose()
