"""Crawlers that fetch and do nothing else, a process each: Scrapy as it comes, tuned, bared, and with our guards."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from scrapy import Request, Spider, signals
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.http import Response

from pricevane.crawler import settings_for
from pricevane.model import Offer, SiteState
from pricevane.wire import Job
from spiders.shop import ShopSpider

CONNECTIONS = 8
OURS = ("spiders.", "pipelines.")
UNPACKING = "spiders.fetch.decompress.DecompressMiddleware"
PARTS = ("DOWNLOADER_MIDDLEWARES", "SPIDER_MIDDLEWARES", "EXTENSIONS", "ITEM_PIPELINES", "DOWNLOAD_HANDLERS")
STOCK = {"LOG_ENABLED": False, "CONCURRENT_REQUESTS_PER_DOMAIN": CONNECTIONS}
# What makes Scrapy fast and takes nothing away that a crawler needs.
TUNED = {
    "CONCURRENT_ITEMS": 8,
    "COOKIES_ENABLED": False,
    "ASYNCIO_EVENT_LOOP": "uvloop.Loop",
    "DOWNLOADER_MIDDLEWARES": {
        "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
        UNPACKING: 590,
    },
}


class BareSpider(Spider):
    """Asks for each page and looks at none."""

    name = "bare"

    def __init__(self, state: SiteState, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.state = state

    async def start(self) -> AsyncIterator[Any]:
        for url in self.state.known:
            yield Request(url, self.parse, dont_filter=True)

    def parse(self, response: Response) -> None:
        """Nothing."""


class GuardedSpider(ShopSpider):
    """The product's spider with all that surrounds it, but for its reader."""

    def parse_page(self, response: Response, *_: Any, **__: Any) -> Iterator[Offer | Request]:
        """Nothing."""
        return iter(())


def settings(name: str, state: SiteState) -> Mapping[str, Any]:
    """Scrapy's settings of a crawler.

    stock is Scrapy as it comes, tuned the same made fast; bared has our settings without our parts, so not even
    redirects are followed; guarded has them all.
    """
    if name in ("stock", "tuned"):
        return STOCK | (TUNED if name == "tuned" else {})
    found = settings_for(Job(state)).copy_to_dict()
    if name == "bared":
        for part in PARTS:
            found[part] = {
                path: order
                for path, order in found[part].items()
                if path == UNPACKING or (not str(path).startswith(OURS) and not str(order).startswith(OURS))
            }
    return {**found, "LOG_ENABLED": False}


def main() -> None:
    """`bare.py NAME URL PAGES ENDING` prints {"pages", "seconds", "cpu_seconds"} of the crawl without its start.

    ENDING is that of the pages' addresses, such as `.html`.
    """
    name, url, pages, ending = sys.argv[1:]
    known = tuple(f"{url}/p/{number}{ending}" for number in range(int(pages)))
    state = SiteState(f"{url}/", local=(url,), known=known, strategy="refresh")
    process = AsyncCrawlerProcess(dict(settings(name, state)))
    crawler = process.create_crawler(GuardedSpider if name == "guarded" else BareSpider)
    told: dict[str, float] = {}
    came = [0]

    def opened() -> None:
        told.update(seconds=time.perf_counter(), cpu_seconds=time.process_time())

    def closed() -> None:
        told.update(
            pages=came[0],
            seconds=time.perf_counter() - told["seconds"],
            cpu_seconds=time.process_time() - told["cpu_seconds"],
        )

    def counted() -> None:
        came[0] += 1

    crawler.signals.connect(opened, signals.spider_opened)
    crawler.signals.connect(counted, signals.response_received)
    crawler.signals.connect(closed, signals.spider_closed)
    process.crawl(crawler, state=state)
    process.start()
    print(json.dumps(told))


if __name__ == "__main__":
    main()
