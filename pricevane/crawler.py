"""The one Scrapy process: a job on stdin; progress, pages, offers and at last the report on stdout."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import logging
import os
import re
import signal
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scrapy import Request, signals
from scrapy.crawler import AsyncCrawlerProcess, Crawler
from scrapy.http import HtmlResponse
from scrapy.settings import Settings

from pipelines.clean import clean
from pipelines.store import OFFERS_KEPT
from pipelines.validate import flaw, validate
from pricevane import settings as differences
from pricevane.archive import ArchivedPage, ArchiveWriter, Archivist
from pricevane.chromium import launch_environment
from pricevane.model import Examination, Offer, SiteState, Status
from pricevane.storage.history import Kept
from pricevane.wire import JOB, Job, encode, examination_row, offer_row
from spiders.fetch import download, region
from spiders.fetch.conditional import ConditionalMiddleware
from spiders.shop import ShopSpider
from spiders.sites import all_sites, for_state

VERSION = "0.1"
LOCAL_CONNECTIONS = 8
PR_SET_PDEATHSIG = 1
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
LARGE_BLOCK, MOST_KEPT = 1024 * 1024, 8 * 1024 * 1024
# As many as a few ordinary pages make.
NEW_OBJECTS = 20_000
LOG_LEVELS = {"": "INFO", "scrapy": "WARNING"}
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


class PlainFormatter(logging.Formatter):
    """Log lines in which no string from a page can start a new line or move the terminal's cursor."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        return _escaped(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802
        return "\n".join(_escaped(line) for line in super().formatException(ei).splitlines())


def _escaped(text: str) -> str:
    return CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", text)


def log_to_stderr() -> None:
    """One safe line a message; called after Scrapy has set up its own logging, which it replaces."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(PlainFormatter(differences.LOG_FORMAT))
    logging.basicConfig(handlers=[handler], force=True)
    for name, level in LOG_LEVELS.items():
        logging.getLogger(name).setLevel(level)


def user_agent(contact: str) -> str:
    """Who we are and where to complain."""
    return f"pricevane/{VERSION} (+{CONTROL.sub('', contact)})" if contact else f"pricevane/{VERSION}"


def settings_for(job: Job) -> Settings:
    """Scrapy's settings for one crawl: a stranger's shop slowly and one by one, an own one freely."""
    state = job.state
    settings = Settings()
    settings.setmodule(differences, priority="project")
    settings.update(_pace(state), priority="project")
    agent = user_agent(state.contact)
    headers = {**settings["DEFAULT_REQUEST_HEADERS"], **region.headers(state)}
    settings.update(
        {
            # The spider's class is given, so none is looked for.
            "SPIDER_MODULES": [],
            "USER_AGENT": agent,
            "DEFAULT_REQUEST_HEADERS": headers,
            "CLOSESPIDER_TIMEOUT": state.max_seconds,
            "PRICEVANE_DATABASE": job.database,
            "PRICEVANE_FEED": job.feed,
            "ASYNCIO_EVENT_LOOP": None if sys.platform == "win32" else "uvloop.Loop",
        },
        priority="project",
    )
    if state.render != "http":
        # Scripts see the region's time of day.
        environment = {**launch_environment(Path(job.chromium)), "TZ": state.time_zone} if job.chromium else None
        chosen = download.settings(job.chromium, environment, state.render)
        for name in ("DOWNLOAD_HANDLERS", "DOWNLOADER_MIDDLEWARES"):
            chosen[name] = {**settings[name], **chosen[name]}
        settings.update(chosen, priority="project")
    return settings


def _pace(state: SiteState) -> dict[str, Any]:
    """Delay in seconds and connections; the browser keeps a fixed delay, as rendering is not latency."""
    by_browser = state.render == "browser"
    connections = download.pages_at_once(state) if by_browser else LOCAL_CONNECTIONS if state.is_local else 1
    delay_s = 0.0 if state.is_local else max(1.0, state.delay_s)
    return {
        "DOWNLOAD_DELAY": delay_s,
        "CONCURRENT_REQUESTS": connections,
        "CONCURRENT_REQUESTS_PER_DOMAIN": connections,
        "AUTOTHROTTLE_ENABLED": not state.is_local and not by_browser,
        "AUTOTHROTTLE_START_DELAY": delay_s,
    }


def die_with_parent() -> None:
    """End this process when its parent ends: the kernel's signal on Linux, end-of-file on stdin everywhere."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

    def wait() -> None:
        while os.read(0, 4096):
            pass
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def give_back_memory() -> None:
    """Let the C library return large blocks as soon as they are free (mallopt(3)); without effect where it cannot.

    Left alone it raises both limits with the first large page, and keeps what later ones needed.
    """
    if sys.platform == "linux" and (choose := getattr(ctypes.CDLL(None), "mallopt", None)):
        choose(M_MMAP_THRESHOLD, LARGE_BLOCK)
        choose(M_TRIM_THRESHOLD, MOST_KEPT)


def collect_rarely() -> None:
    """Spare Python's collector of reference cycles what it finds nothing in: the modules, and the nodes of one page.

    It would look through all of them again and again, for a tenth of the crawl's time.
    """
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS)


def read_line() -> bytes:
    """The first line of stdin, unbuffered, so that a thread may go on reading it."""
    line = bytearray()
    while not line.endswith(b"\n") and (chunk := os.read(0, 65536)):
        line += chunk
    return bytes(line)


class Reporter:
    """Writes lines about a running crawl, progress once a second."""

    def __init__(self, crawler: Crawler, feed: bool, write: Callable[[bytes], object]) -> None:
        self.crawler = crawler
        self.write = write
        self.ticking: asyncio.Task[None] | None = None
        crawler.signals.connect(self.opened, signals.spider_opened)
        crawler.signals.connect(self.closed, signals.spider_closed)
        if feed:
            crawler.signals.connect(self.offered, signals.item_scraped)

    @property
    def spider(self) -> ShopSpider:
        """The crawl's spider; raises TypeError before there is one."""
        if not isinstance(self.crawler.spider, ShopSpider):
            raise TypeError("the crawl has not begun")
        return self.crawler.spider

    def opened(self) -> None:
        self.ticking = asyncio.ensure_future(self._tick())

    def closed(self) -> None:
        if self.ticking:
            self.ticking.cancel()

    def offered(self, item: Offer) -> None:
        self.write(encode("offer", offer_row(item)))

    def _progress(self) -> dict[str, Any]:
        report = self.spider.report
        seconds = (self.spider.now() - self.spider.began_at).total_seconds()
        counts = {name: getattr(report, name) for name in ("pages", "offers", "requests")}
        return {**counts, "seconds": round(seconds, 3), "expected": self.spider.expected}

    async def _tick(self) -> None:
        while True:
            self.write(encode("progress", self._progress()))
            await asyncio.sleep(1)


class Keeper:
    """Hands a crawl's pages to its archive, and tells the report when they cannot be kept."""

    def __init__(self, crawler: Crawler, job: Job) -> None:
        state = job.state
        began_at = state.clock_at or datetime.now(UTC)
        self.crawler = crawler
        self.writer = ArchiveWriter(Path(job.archive or ""), state.run_id, began_at)
        self.archivist = Archivist(self.writer, not job.archive_all, self._failed)
        crawler.signals.connect(self.kept, OFFERS_KEPT)
        crawler.signals.connect(self.writer.close, signals.engine_stopped)

    def read(self, seen: Examination, body: bytes) -> None:
        """Hold a page with offers."""
        if seen.offers:
            first = seen.offers[0]
            self.archivist.hold(ArchivedPage(first.evidence.page_hash, seen.url, first.at, body))

    def kept(self, kept: Kept) -> None:
        self.archivist.kept(kept.pages, kept.proofs)

    def _failed(self) -> None:
        if isinstance(self.crawler.spider, ShopSpider):
            self.crawler.spider.report.fail("archive")


def explainer(write: Callable[[bytes], object]) -> Callable[[Examination, bytes], None]:
    """Writes what was seen on each page."""

    def explain(seen: Examination, body: bytes) -> None:
        write(encode("examination", examination_row(seen, body)))

    return explain


def verifier(crawler: Crawler) -> Callable[[Kept], None]:
    """Tells what reads otherwise than before, so that lying validators and signals are found out."""

    def tell(kept: Kept) -> None:
        if middleware := crawler.get_downloader_middleware(ConditionalMiddleware):
            middleware.stored(kept.proofs)
        if isinstance(crawler.spider, ShopSpider):
            crawler.spider.finding.heard.stored(kept.pages, kept.proofs)

    return tell


def read_saved(job: Job, write: Callable[[bytes], object]) -> None:
    """Read the job's page as a crawl would if it came from the state's address, and write the same lines."""
    body = job.page or b""
    spider = for_state(job.state)
    recognisable = all_sites() if spider is ShopSpider else ()
    reader = spider(job.state, recognisable, on_page=explainer(write))
    report = reader.report
    saved = HtmlResponse(url := job.state.url, body=body, encoding=charset(body), request=Request(url))
    for offer in map(clean, reader.read(saved)):
        if reason := flaw(offer):
            report.drop(reason)
            continue
        valid = validate(offer)
        report.offers += 1
        report.doubtful += valid.status is Status.DOUBTFUL
        write(encode("offer", offer_row(valid)))
    report.finished = True
    write(encode("report", report.as_json()))


def charset(body: bytes) -> str | None:
    """UTF-8 for what is UTF-8, whatever a saved page still says of itself; else None, to be found out."""
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return "utf-8"


def crawl(job: Job, write: Callable[[bytes], object]) -> None:
    """Run one crawl to its end and write its lines; a process can do this once."""
    spider = for_state(job.state)
    process = AsyncCrawlerProcess(settings_for(job))
    log_to_stderr()
    crawler = process.create_crawler(spider)
    reporter = Reporter(crawler, job.feed, write)
    recognisable = all_sites() if spider is ShopSpider else ()
    on_page = explainer(write) if job.explain else Keeper(crawler, job).read if job.archive else None
    crawler.signals.connect(verifier(crawler), OFFERS_KEPT, weak=False)
    process.crawl(crawler, state=job.state, recognisable=recognisable, on_page=on_page)
    collect_rarely()
    process.start()
    report = reporter.spider.report
    report.reason = report.reason or ("" if report.finished else "it did not begin; its log says why")
    write(encode("report", report.as_json()))


def main() -> None:
    """Take over stdout for lines, send everything else to stderr, and crawl."""
    lines = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    job = JOB.validate_json(read_line())
    die_with_parent()
    give_back_memory()
    (crawl if job.page is None else read_saved)(job, lines.write)


if __name__ == "__main__":
    main()
