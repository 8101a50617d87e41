"""One offer a listing and crawl; two that contradict each other make both doubtful."""

from __future__ import annotations

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from pricevane.model import CrawlReport, Money, Offer


class DeduplicatePipeline:
    """Third step. `contradicted` holds the (region, key) of listings read with two prices in one crawl."""

    def __init__(self, report: CrawlReport, contradicted: set[tuple[str, str]]) -> None:
        self.report = report
        self.contradicted = contradicted
        self.seen: dict[tuple[str, str], Money | None] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> DeduplicatePipeline:
        spider = crawler.spider
        spider.contradicted = set()  # type: ignore[union-attr]
        return cls(spider.report, spider.contradicted)  # type: ignore[union-attr]

    def process_item(self, item: Offer) -> Offer:
        key = (item.region, item.key)
        if key not in self.seen:
            self.seen[key] = item.price
            return item
        reason = "duplicate"
        if self.seen[key] != item.price:
            self.contradicted.add(key)
            reason = "contradicts another reading of this crawl"
        self.report.drop(reason)
        raise DropItem(reason)
