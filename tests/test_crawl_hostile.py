"""A shop that means harm is survived: its harm counted, its products read, within the memory and the time stated."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from pricevane import jobs
from pricevane.config import load
from pricevane.house import House, open_house
from pricevane.storage.tables import Observation
from tests.certificates import Authority
from tests.hostile_shop import GOOD, HostileShop, Wire, crawled, open_hostile
from tests.hostile_sites import GREATEST, NO_ROBOTS, PAGES, ROBOTS, SITEMAPS, Attack, good, index, redirecting
from tests.house_rows import rows
from tests.test_crawl_keeping import TOML

pytestmark = pytest.mark.slow
PATIENCE_S = 6
WORLD: dict[str, Any] = {"settings": {"DOWNLOAD_TIMEOUT": PATIENCE_S}}
# What a crawl of a hostile shop may take more than that of an ordinary one.
MOST_MB = 64
TOGETHER = 6
BATCHES = [list(PAGES)[first::TOGETHER] for first in range(TOGETHER)]
SECONDS = 60
PUBLIC = "93.184.216.34"


@pytest.fixture(scope="module")
def ordinary_mb() -> float:
    """The greatest memory of a crawl that nobody disturbs."""
    with open_hostile({}) as shop:
        report, peak_mb = crawled(shop.state(), WORLD)
        assert (report.offers, report.failed) == (GOOD, {})
        return peak_mb


def counted(attacks: Iterable[Attack]) -> dict[str, int]:
    """What a crawl counts that meets each of them once."""
    return dict(sum((Counter(attack.failed) for attack in attacks), Counter[str]()))


@pytest.mark.parametrize("names", BATCHES, ids="-".join)
def test_harm_is_counted_by_its_reason_and_the_products_beside_it_are_read(
    names: list[str], ordinary_mb: float
) -> None:
    serve = {f"/a/{name}*": PAGES[name].serve for name in names}
    began = time.monotonic()
    with open_hostile(serve, tuple(f"/a/{name}" for name in names)) as shop:
        report, peak_mb = crawled(shop.state(), WORLD)
    assert (report.failed, report.offers) == (counted(PAGES[name] for name in names), GOOD)
    assert report.finished
    assert peak_mb <= ordinary_mb + MOST_MB
    assert time.monotonic() - began < SECONDS


@pytest.mark.parametrize("name", GREATEST)
def test_eight_of_the_greatest_pages_at_once_take_hardly_more_memory_than_one(name: str, ordinary_mb: float) -> None:
    with open_hostile({"/a/*": GREATEST[name].serve}, tuple(f"/a/{number}" for number in range(8))) as shop:
        report, peak_mb = crawled(shop.state(), {})
    assert (report.failed, report.offers) == ({}, GOOD)
    assert peak_mb <= ordinary_mb + MOST_MB


@pytest.mark.parametrize("batch", range(3))
def test_hostile_sitemaps_do_not_hide_the_good_one_beside_them(batch: int, ordinary_mb: float) -> None:
    attacks = dict(list(SITEMAPS.items())[batch::3])
    serve = {f"/s/{name}": attack.serve for name, attack in attacks.items()}
    with open_hostile({"/sitemap.xml": index(*attacks, "good"), "/s/good": good, **serve}) as shop:
        report, peak_mb = crawled(shop.state(), {})
        assert "/dtd" not in shop.asked
        assert {path for path in shop.asked if path.startswith("/p/")} == set(shop.listed)
    assert (report.failed, report.offers) == (counted(attacks.values()), GOOD)
    assert peak_mb <= ordinary_mb + MOST_MB


@pytest.mark.parametrize("name", ROBOTS)
def test_only_the_first_part_of_an_endless_robots_txt_counts(name: str, ordinary_mb: float) -> None:
    with open_hostile({"/robots.txt": ROBOTS[name].serve}) as shop:
        report, peak_mb = crawled(shop.state(), WORLD)
    assert (report.failed, report.offers) == ({}, GOOD)
    assert peak_mb <= ordinary_mb + MOST_MB


@pytest.mark.parametrize("name", NO_ROBOTS)
def test_nothing_is_asked_for_where_robots_txt_cannot_be_had(name: str) -> None:
    with open_hostile({"/robots.txt": NO_ROBOTS[name].serve}) as shop:
        report, _ = crawled(shop.state(), WORLD)
        assert set(shop.asked) == {"/robots.txt"}
    assert (report.failed.keys(), report.offers) == (NO_ROBOTS[name].failed.keys(), 0)
    assert report.failed or report.robots_line.startswith("robots.txt: ")
    assert report.exit_code in {1, 5}


def world(shop: HostileShop, names: Mapping[str, list[str]], **settings: object) -> dict[str, Any]:
    """A world in which every address leads to the shop, so that what should not be asked would be answered."""
    peers = {f"{address}:80": shop.port for addresses in names.values() for address in addresses}
    return {"names": names, "peers": peers, "settings": {"DOWNLOAD_TIMEOUT": PATIENCE_S, **settings}}


@pytest.mark.parametrize(
    ("addresses", "settings", "reason"),
    [
        ([PUBLIC], {}, ""),
        (["127.0.0.1"], {}, "private address"),
        (["169.254.169.254"], {}, "private address"),
        # The name leads elsewhere when it is asked for again: it is not asked for again.
        ([PUBLIC, "127.0.0.1"], {}, ""),
        # Even a resolver that forgets does not lead a connection into a private network.
        ([PUBLIC, "127.0.0.1"], {"DNSCACHE_ENABLED": False}, "private address"),
        (["silent"], {"DNS_TIMEOUT": 1}, "dns"),
    ],
)
def test_a_name_that_leads_into_a_private_network_is_not_followed(
    addresses: list[str], settings: dict[str, object], reason: str
) -> None:
    with open_hostile({}, host="shop.test") as shop:
        state = shop.state(url=f"{shop.url}/p/1", local=(), contact="a@b.example", single_page=True)
        report, _ = crawled(state, world(shop, {"shop.test": addresses}, **settings))
        assert shop.asked == ([] if reason else ["/robots.txt", "/p/1"])
    assert report.offers == (0 if reason else 1)
    assert not reason or reason in report.failed or reason in report.robots_line


@pytest.mark.parametrize("paths", [("/robots.txt",), ("/sitemap.xml", "/p/1")], ids="+".join)
def test_a_redirect_to_a_name_inside_a_private_network_is_not_made(paths: tuple[str, ...]) -> None:
    serve = dict.fromkeys(paths, redirecting("http://www.shop.test/secret"))
    with open_hostile(serve, host="shop.test") as shop:
        names = {"shop.test": [PUBLIC], "www.shop.test": ["169.254.169.254"]}
        state = shop.state(local=(), contact="a@b.example", known=(f"{shop.url}/p/1",))

        def is_enough(seen: Mapping[str, Any]) -> bool:
            return bool(set(paths) <= set(shop.asked) and seen["requests"] > 2 * len(paths) + 1)

        report, _ = crawled(state, world(shop, names), on_progress=is_enough)
        assert set(paths) <= set(shop.asked)
        assert "/secret" not in shop.asked
    assert report.failed.get("private address", 0) == (0 if paths == ("/robots.txt",) else len(paths))
    assert report.robots_line == ("robots.txt: private address" if paths == ("/robots.txt",) else "")


@pytest.mark.parametrize(
    ("host", "days", "is_trusted", "failed"),
    [
        ("shop.test", (-1, 1), True, {}),
        ("other.test", (-1, 1), True, {"certificate": 1}),
        ("shop.test", (-3, -1), True, {"certificate": 1}),
        ("shop.test", (-1, 1), False, {"certificate": 1}),
    ],
    ids=["good", "of another host", "expired", "of nobody"],
)
def test_a_shop_is_read_only_with_a_valid_certificate_of_its_own(
    host: str,
    days: tuple[int, int],
    is_trusted: bool,
    failed: dict[str, int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    authority = Authority(tmp_path)
    if is_trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
    with open_hostile({}, host="shop.test", context=authority.context(host, days)) as shop:
        state = shop.state(url=f"{shop.url}/p/1", local=(), contact="a@b.example", single_page=True)
        report, _ = crawled(state, {"names": {"shop.test": [PUBLIC]}, "peers": {f"{PUBLIC}:443": shop.port}})
        assert shop.asked == ([] if failed else ["/robots.txt", "/p/1"])
    assert (report.failed, report.offers) == (failed, 0 if failed else 1)


def test_what_was_read_before_a_shop_went_down_is_stored(tmp_path: Path) -> None:
    def go_down(wire: Wire) -> None:
        wire.shop.server.socket.close()

    listed = (
        *(f"/p/{number}" for number in range(100, 140)),
        "/p/down",
        *(f"/p/{number}" for number in range(200, 300)),
    )
    with open_hostile({"/p/down": go_down}, tuple(listed)) as shop:
        house = opened(shop, tmp_path)
        done = jobs.crawl(house, "rival")
        stored = len(rows(house, Observation))
        house.engine.dispose()
    assert (done.report.reason, done.report.finished, done.report.exit_code) == ("nothing answers", False, 3)
    assert "connection refused" in done.report.failed
    assert done.report.failed.keys() <= {"connection lost", "connection refused"}
    assert 0 < done.report.offers == done.report.stored == stored < GOOD + len(listed)


def opened(shop: HostileShop, folder: Path) -> House:
    """A house that knows the shop."""
    (folder / "pricevane.toml").write_text(TOML.format(url=shop.url), "utf-8")
    return open_house(load(folder / "pricevane.toml", {}))
