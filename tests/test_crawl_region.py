"""One shop read as two regions: each with its own listings, and no price of the one stored as the other's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from pricevane import jobs
from pricevane.config import load
from pricevane.environment import ConfigError
from pricevane.house import House, open_house
from pricevane.storage.tables import Listing, Observation
from tests.crawl_shop import Reply, Shop, open_shop, page, sitemap
from tests.gateway import Gateway, open_gateway
from tests.house_rows import rows

TOML = """
[[competitors]]
name = "Rival"
[[competitors.sites]]
name = "rival-de"
url = "{url}/"
local = true
render = "http"
language = "de"
region = "DE"
currency = "EUR"
[[competitors.sites]]
name = "rival-ch"
url = "{url}/"
local = true
render = "http"
language = "de"
region = "CH"
currency = "CHF"
"""


# A script that tells the shop what time of day it is where the visitor is.
ZONE = b'<script>fetch("/zone/" + Intl.DateTimeFormat().resolvedOptions().timeZone)</script>'


@pytest.fixture
def shop() -> Iterator[Shop]:
    """A shop that asks in francs of visitors with the parameter or the cookie of Switzerland, or through a proxy."""
    with open_shop() as shop:

        def answer(path: str) -> Reply:
            headers = shop.asked[-1].headers
            in_francs = "country=CH" in path or "land=CH" in headers.get("Cookie", "") or "Via" in headers
            bare = path.partition("?")[0]
            body = page("product", number=bare[3:], url=shop.url + bare, price="29.90" if in_francs else "19.90")
            body = body.replace(b'"EUR"', b'"CHF"').replace("€".encode(), b"CHF") if in_francs else body
            return Reply(body.replace(b"</body>", ZONE + b"</body>"))

        shop.replies |= {"/sitemap.xml": Reply(sitemap(shop, "/p/1", "/p/2")), "/p/*": answer}
        yield shop


def house_of(
    shop: Shop,
    folder: Path,
    more: str,
    render: str = 'render = "http"',
    environ: Mapping[str, str] = MappingProxyType({}),
) -> House:
    toml = TOML.format(url=shop.url).replace('render = "http"', render)
    (folder / "pricevane.toml").write_text(toml + more, "utf-8")
    return open_house(load(folder / "pricevane.toml", environ))


@pytest.mark.slow
@pytest.mark.parametrize("way", ["query", "cookies"])
def test_each_region_has_its_own_listings_and_currency(shop: Shop, tmp_path: Path, way: str) -> None:
    house = house_of(shop, tmp_path, f'{way} = {{ {"country" if way == "query" else "land"} = "CH" }}\n')
    jobs.crawl_all(house, ["rival-de", "rival-ch"])
    seen = {row.id: (row.region, row.url.removeprefix(shop.url)) for row in rows(house, Listing)}
    prices = sorted(
        (*seen[row.listing_id], row.price_minor, row.currency, row.status) for row in rows(house, Observation)
    )
    assert prices == [
        ("CH", "/p/1", 2990, "CHF", "good"),
        ("CH", "/p/2", 2990, "CHF", "good"),
        ("DE", "/p/1", 1990, "EUR", "good"),
        ("DE", "/p/2", 1990, "EUR", "good"),
    ]
    assert {asked.headers["Accept-Language"] for asked in shop.asked} == {"de-DE, de;q=0.9", "de-CH, de;q=0.9"}
    house.engine.dispose()


@pytest.mark.slow
def test_the_browser_asks_as_a_visitor_of_the_region_too(shop: Shop, tmp_path: Path) -> None:
    more = 'cookies = { land = "CH" }\ntime_zone = "Europe/Zurich"\n'
    house = house_of(shop, tmp_path, more, 'render = "browser"')
    assert jobs.crawl(house, "rival-ch").report.browser_pages == 2
    assert [(row.price_minor, row.currency, row.status) for row in rows(house, Observation)] == [
        (2990, "CHF", "good"),
        (2990, "CHF", "good"),
    ]
    assert "/zone/Europe/Zurich" in shop.paths
    house.engine.dispose()


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with open_gateway() as gateway:
        yield gateway


@pytest.mark.slow
@pytest.mark.parametrize("render", ["http", "browser"])
def test_a_region_is_asked_through_its_own_proxy_only(
    shop: Shop, gateway: Gateway, tmp_path: Path, render: str
) -> None:
    more = f'proxy = "{gateway.url}"\nproxy_login = "PRICEVANE_CH"\n'
    house = house_of(shop, tmp_path, more, f'render = "{render}"', {"PRICEVANE_CH": "ana:s:e%c"})
    assert jobs.crawl(house, "rival-ch").report.browser_pages == 2 * (render == "browser")
    prices = [(row.price_minor, row.currency, row.status) for row in rows(house, Observation)]
    assert prices == [(2990, "CHF", "good")] * 2
    assert all("Via" in asked.headers for asked in shop.asked)
    assert not any("Proxy-Authorization" in asked.headers for asked in shop.asked)
    assert set(gateway.logins) == {"ana:s:e%c"}
    house.engine.dispose()


@pytest.mark.slow
def test_a_shop_is_not_asked_directly_where_its_proxy_is_down(shop: Shop, tmp_path: Path) -> None:
    house = house_of(shop, tmp_path, 'proxy = "http://127.0.0.1:1/"\n')
    done = jobs.crawl(house, "rival-ch")
    assert (done.report.exit_code, shop.asked) == (1, [])
    house.engine.dispose()


@pytest.mark.slow
def test_a_price_in_another_currency_than_asked_for_is_doubtful(shop: Shop, tmp_path: Path) -> None:
    house = house_of(shop, tmp_path, "")
    done = jobs.crawl(house, "rival-ch")
    assert [(row.currency, row.status) for row in rows(house, Observation)] == [("EUR", "doubtful")] * 2
    assert done.report.doubtful == 2
    house.engine.dispose()


@pytest.mark.parametrize("value", ["a;b", "a\\r\\nX: 1", "", "a b"])
def test_a_cookie_that_would_be_more_than_one_is_refused(shop: Shop, tmp_path: Path, value: str) -> None:
    with pytest.raises(ConfigError, match="cookies"):
        house_of(shop, tmp_path, f'cookies = {{ land = "{value}" }}\n')


def test_two_sites_at_one_address_need_two_regions(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "pricevane.toml").write_text(TOML.format(url=shop.url).replace('"DE"', '"CH"'), "utf-8")
    with pytest.raises(ConfigError, match="two entries for site address"):
        load(tmp_path / "pricevane.toml", {})
