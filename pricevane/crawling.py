"""Runs a crawl in a child process and listens to it."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from threading import Thread
from typing import IO, Any

from pricevane.model import CrawlReport, SiteState
from pricevane.wire import JOB, Job

TAIL = 20
LISTEN_S = 5

log = logging.getLogger(__name__)
Told = Callable[[Mapping[str, Any]], object]


class CrawlDied(RuntimeError):
    """The crawl's process ended without a report; the message carries its exit code and last words."""


def run_crawl(
    state: SiteState,
    database: str | None = None,
    chromium: str | None = None,
    feed: bool = False,
    on_progress: Told | None = None,
    on_offer: Told | None = None,
    on_examination: Told | None = None,
    page: bytes | None = None,
    archive: str | None = None,
    archive_all: bool = False,
) -> CrawlReport:
    """Crawl one site and return what it learned; blocks until the end.

    `on_progress` gets pages, offers, requests, seconds and expected (pages, or None) about once a second,
    and ends the crawl early, with what it has, by returning True;
    `on_offer` gets a row (see `wire.offer_row`) for each offer if `feed` is set, `on_examination` one (see
    `wire.examination_row`) for each page, before its offers. For `page` and `archive` see `wire.Job`. The child
    is killed when anything is raised here, KeyboardInterrupt included; a terminal's Ctrl-C does not reach it by
    itself. Raises CrawlDied.
    """
    job = Job(state, database, chromium, feed, on_examination is not None, page, archive, archive_all)
    told = {"progress": on_progress, "offer": on_offer, "examination": on_examination}
    child = subprocess.Popen(
        [sys.executable, "-m", "pricevane.crawler"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        process_group=0,
    )
    tail: deque[str] = deque(maxlen=TAIL)
    listener = Thread(target=_listen, args=(child.stderr, tail), daemon=True)
    listener.start()
    try:
        report = _talk(child, job, told)
    finally:
        child.kill()
        child.wait()
        listener.join(LISTEN_S)
    if report is None:
        raise CrawlDied(f"the crawl of {state.url} ended with code {child.returncode}:\n" + "\n".join(tail))
    return report


def _listen(stderr: IO[bytes], tail: deque[str]) -> None:
    with stderr:
        for line in stderr:
            text = line.decode("utf-8", "replace").rstrip()
            tail.append(text)
            log.info("%s", text)


def _talk(child: subprocess.Popen[bytes], job: Job, told: Mapping[str, Told | None]) -> CrawlReport | None:
    """Give the child its job and pass on its lines until the report; None when it ends without one."""
    assert child.stdin is not None  # noqa: S101
    assert child.stdout is not None  # noqa: S101
    ending = False
    with child.stdout, child.stdin:
        with suppress(BrokenPipeError):
            child.stdin.write(JOB.dump_json(job) + b"\n")
            child.stdin.flush()
        for text in child.stdout:
            ((kind, content),) = json.loads(text).items()
            if kind == "report":
                return CrawlReport(**content)
            if (tell := told[kind]) and tell(content) is True and not ending:
                ending = True
                child.terminate()
    return None
