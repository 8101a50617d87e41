"""A crawl's process: its death is noticed, it never outlives its parent, and it keeps its secret."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from pricevane.crawling import CrawlDied, run_crawl
from pricevane.wire import JOB, Job
from tests.crawl_shop import Reply, Shop, open_shop, sitemap

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")]
PARENT = """
import sys
from pricevane.crawling import run_crawl
from pricevane.wire import JOB
job = JOB.validate_json(sys.argv[1])
run_crawl(job.state, on_progress=lambda seen: print("crawling", flush=True))
"""


@pytest.fixture
def slow_shop() -> Iterator[Shop]:
    """A shop that takes its time."""
    with open_shop({"*": Reply(b"<p>hm", wait_s=0.3)}) as shop:
        shop.replies["/sitemap.xml"] = Reply(sitemap(shop, *(f"/p/{number}" for number in range(400))))
        yield shop


def children(pid: int) -> list[int]:
    """The processes that a process started."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def crawlers(pid: int) -> list[int]:
    """The crawl processes that a process started."""
    return [child for child in children(pid) if b"pricevane.crawler" in Path(f"/proc/{child}/cmdline").read_bytes()]


def is_alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(true: Callable[[], bool], seconds: float = 5.0) -> bool:
    """Whether something becomes true in time."""
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.05)
    return true()


def test_a_killed_crawl_raises_with_its_code(slow_shop: Shop) -> None:
    def kill(seen: Mapping[str, Any]) -> None:
        for child in crawlers(os.getpid()):
            os.kill(child, signal.SIGKILL)

    with pytest.raises(CrawlDied, match=r"ended with code -9"):
        run_crawl(slow_shop.state(), on_progress=kill)


def test_a_crawl_that_cannot_start_says_why() -> None:
    with open_shop() as shop, pytest.raises(CrawlDied, match="render"):
        run_crawl(shop.state(render=None))


def test_an_interrupted_parent_leaves_no_crawl_behind(slow_shop: Shop) -> None:
    seen: list[int] = []

    def interrupt(progress: Mapping[str, Any]) -> None:
        seen.extend(crawlers(os.getpid()))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_crawl(slow_shop.state(), on_progress=interrupt)
    assert seen
    assert not any(is_alive(child) for child in seen)


def test_the_crawl_ends_with_its_parent(slow_shop: Shop) -> None:
    job = JOB.dump_json(Job(slow_shop.state())).decode()
    with subprocess.Popen([sys.executable, "-c", PARENT, job], stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        assert parent.stdout.readline() == b"crawling\n"
        (crawler,) = crawlers(parent.pid)
        parent.kill()
    assert wait_until(lambda: not is_alive(crawler))


def test_the_crawl_ends_when_its_stdin_does(slow_shop: Shop) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "pricevane.crawler"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as crawler:
        assert crawler.stdin
        assert crawler.stdout
        crawler.stdin.write(JOB.dump_json(Job(slow_shop.state())) + b"\n")
        crawler.stdin.flush()
        assert b"progress" in crawler.stdout.readline()
        crawler.stdin.close()
        assert crawler.wait(5) == 1


def test_a_terminated_crawl_reports_that_it_was_interrupted(slow_shop: Shop) -> None:
    def stop(seen: Mapping[str, Any]) -> None:
        if seen["requests"] > 3:
            for child in crawlers(os.getpid()):
                os.kill(child, signal.SIGTERM)

    report = run_crawl(slow_shop.state(), on_progress=stop)
    assert (report.finished, report.reason) == (False, "interrupted")


def test_the_time_cap_ends_a_crawl(slow_shop: Shop) -> None:
    report = run_crawl(slow_shop.state(max_seconds=2))
    assert (report.finished, report.reason) == (False, "time cap")
    assert len(slow_shop.asked) < 300


def test_the_database_is_named_neither_in_arguments_nor_environment_nor_log(
    slow_shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "hunter2"
    seen: list[bytes] = []

    def look(progress: Mapping[str, Any]) -> None:
        for child in crawlers(os.getpid()):
            seen.extend(Path(f"/proc/{child}/{name}").read_bytes() for name in ("cmdline", "environ"))

    caplog.set_level("DEBUG")
    database = f"postgresql+psycopg://u:{secret}@127.0.0.1:1/x"
    run_crawl(slow_shop.state(max_seconds=2), database=database, on_progress=look)
    with pytest.raises(CrawlDied) as died:
        run_crawl(slow_shop.state(render=None), database=database)
    assert seen
    assert not any(secret.encode() in text for text in seen)
    assert secret not in caplog.text + str(died.value)
