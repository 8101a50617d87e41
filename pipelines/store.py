"""The only step that writes: offers in batches, one transaction each."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from scrapy.crawler import Crawler
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from pricevane.model import VISITED, CrawlReport, Offer, Status, Visit
from pricevane.storage.engine import open_engine
from pricevane.storage.history import Kept, doubt, keep
from pricevane.storage.pages import keep_visits

# Offers; visits of pages without any weigh half.
BATCH = 250
BROKEN = "database"
# A signal of Scrapy, sent after each batch with `kept`.
OFFERS_KEPT = object()

log = logging.getLogger(__name__)


class StorePipeline:
    """Last step. A batch is lost whole or kept whole; delivering it again adds nothing.

    When the database fails, the crawl stops with the reason "database", and what is not stored yet is
    tried once more at the end.
    """

    def __init__(
        self,
        engine: Engine | None,
        run_id: int,
        report: CrawlReport,
        contradicted: set[tuple[str, str]],
        stop: Callable[[], object],
        tell: Callable[[Kept], object] | None = None,
    ) -> None:
        self.engine = engine
        self.run_id = run_id
        self.report = report
        self.contradicted = contradicted
        self.stop = stop
        self.tell = tell
        self.stopping: object = None
        self.batch: list[Offer] = []
        self.visits: list[Visit] = []

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> StorePipeline:
        spider = crawler.spider
        url = crawler.settings.get("PRICEVANE_DATABASE")
        engine = open_engine(url) if url else None

        def stop() -> object:
            return asyncio.ensure_future(crawler.engine.close_spider_async(reason=BROKEN))

        def tell(kept: Kept) -> object:
            return crawler.signals.send_catch_log(OFFERS_KEPT, kept=kept)

        step = cls(engine, spider.state.run_id, spider.report, spider.contradicted, stop, tell)  # type: ignore[union-attr]
        crawler.signals.connect(step.visited, VISITED)
        return step

    def process_item(self, item: Offer) -> Offer:
        self.report.offers += 1
        self.report.doubtful += item.status is Status.DOUBTFUL
        if self.engine:
            self.batch.append(item)
            self._flush_if_full()
        return item

    def visited(self, visit: Visit) -> None:
        """One more page was read, or is unchanged."""
        if self.engine:
            self.visits.append(visit)
            self._flush_if_full()

    def _flush_if_full(self) -> None:
        is_full = len(self.batch) >= BATCH or len(self.visits) >= 2 * BATCH
        if is_full and self.report.reason != BROKEN:
            self._attempt(self.flush)
            if self.report.reason == BROKEN:
                self.stopping = self.stop()

    def flush(self) -> None:
        """Store the batch; raises what the database raises, and keeps the batch then."""
        if not self.engine or not (self.batch or self.visits):
            return
        with self.engine.begin() as connection:
            kept = keep(connection, self.run_id, self.batch)
            repeated = keep_visits(connection, self.run_id, self.visits)
        self.batch, self.visits = [], []
        self.report.stored += kept.stored + repeated
        self.report.changed += kept.changed
        if self.tell:
            self.tell(kept)

    def _attempt(self, step: Callable[[], None]) -> None:
        try:
            step()
        except SQLAlchemyError as error:
            log.error("the database failed: %s", getattr(error, "orig", error))
            self.report.fail(BROKEN)
            self.report.reason = BROKEN

    def _mark_contradicted(self) -> None:
        if self.engine:
            with self.engine.begin() as connection:
                self.report.doubtful += doubt(connection, self.run_id, self.contradicted)

    def close_spider(self) -> None:
        for step in (self.flush, self._mark_contradicted):
            self._attempt(step)
        if self.engine:
            self.engine.dispose()
