"""The only step that writes: offers in batches, one transaction each."""

from __future__ import annotations

from scrapy.crawler import Crawler
from sqlalchemy import Engine

from pricevane.model import CrawlReport, Offer, Status
from pricevane.storage.engine import open_engine
from pricevane.storage.history import doubt, keep

BATCH = 250


class StorePipeline:
    """Last step. A batch is lost whole or kept whole; delivering it again adds nothing."""

    def __init__(
        self, engine: Engine | None, run_id: int, report: CrawlReport, contradicted: set[tuple[str, str]]
    ) -> None:
        self.engine = engine
        self.run_id = run_id
        self.report = report
        self.contradicted = contradicted
        self.batch: list[Offer] = []

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> StorePipeline:
        spider = crawler.spider
        url = crawler.settings.get("PRICEVANE_DATABASE")
        engine = open_engine(url) if url else None
        return cls(engine, spider.state.run_id, spider.report, spider.contradicted)  # type: ignore[union-attr]

    def process_item(self, item: Offer) -> Offer:
        self.report.offers += 1
        self.report.doubtful += item.status is Status.DOUBTFUL
        if self.engine:
            self.batch.append(item)
            if len(self.batch) >= BATCH:
                self.flush()
        return item

    def flush(self) -> None:
        if not self.engine or not self.batch:
            return
        batch, self.batch = self.batch, []
        with self.engine.begin() as connection:
            kept = keep(connection, self.run_id, batch)
        self.report.stored += kept.stored
        self.report.changed += kept.changed

    def close_spider(self) -> None:
        self.flush()
        if self.engine:
            with self.engine.begin() as connection:
                doubt(connection, self.run_id, self.contradicted)
            self.engine.dispose()
