"""The browser: which Chromium is used, and how it is started for pages nobody trusts."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

VARIABLE = "PRICEVANE_CHROMIUM"
PROGRAMS = ("chromium", "chromium-headless-shell", "google-chrome", "chromium-browser")
ROOT = Path(__file__).parents[2]

logger = logging.getLogger(__name__)


class ChromiumMissing(RuntimeError):
    """No Chromium that starts; the message says what to install or to set."""


def find(environ: Mapping[str, str] = os.environ) -> Path | None:
    """The first Chromium that answers `--version`, or None.

    Looked at in turn: PRICEVANE_CHROMIUM, the programs on PATH, Playwright's own download, and the
    one that `python -m pricevane.chromium` unpacked. Raises ChromiumMissing when PRICEVANE_CHROMIUM
    names something that is not a Chromium, rather than taking another browser unasked.
    """
    if named := environ.get(VARIABLE):
        if not version(Path(named)):
            raise ChromiumMissing(f"{VARIABLE} names {named}, which does not start as a Chromium; correct or unset it")
        return Path(named)
    return next((path for path in _candidates(environ) if version(path)), None)


def _candidates(environ: Mapping[str, str]) -> Iterator[Path]:
    for program in PROGRAMS:
        if found := shutil.which(program, path=environ.get("PATH", "")):
            yield Path(found)
    # The synchronous interface refuses to start where an event loop runs, hence a thread of its own.
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(_of_playwright).result()
    yield from sorted(cache().glob("*/chromium"), reverse=True)


def _of_playwright() -> Path:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path)


def cache() -> Path:
    """Where a downloaded Chromium is unpacked: beside the source tree, else in the user's cache."""
    beside = (ROOT / "pyproject.toml").exists()
    return ROOT / ".chromium" if beside else Path.home() / ".cache" / "pricevane" / "chromium"


def version(path: Path) -> str:
    """What the program calls itself, such as `Chromium 156.0.8078.79`; empty if it does not start."""
    try:
        told = subprocess.run(  # noqa: S603
            [path, "--version"], env=launch_environment(path), capture_output=True, text=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return told.stdout.strip() if told.returncode == 0 else ""


def launch_environment(path: Path) -> dict[str, str]:
    """The environment to start `path` in: without our settings and secrets, with its own libraries."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PRICEVANE_")}
    if path.parent.parent == cache():
        libraries = [str(path.parent / "lib"), str(path.parent), os.environ.get("LD_LIBRARY_PATH", "")]
        environment["LD_LIBRARY_PATH"] = ":".join(filter(None, libraries))
        if not Path("/etc/fonts").exists():
            environment["FONTCONFIG_PATH"] = str(path.parent / "fonts")
    return environment


def sandbox_args() -> list[str]:
    """Chromium's sandbox stays on, except for root, for whom it cannot work."""
    if os.geteuid() != 0:
        return []
    logger.warning("running as root: Chromium's sandbox is off; use an ordinary account for crawls you rely on")
    return ["--no-sandbox"]


def launch_options() -> dict[str, Any]:
    """Playwright's launch options for the Chromium found; raises ChromiumMissing if there is none."""
    path = find()
    if path is None:
        raise ChromiumMissing(f"no Chromium found; run `python -m pricevane.chromium`, or set {VARIABLE} to one")
    arguments = sandbox_args()
    return {
        "executable_path": str(path),
        "headless": True,
        "chromium_sandbox": not arguments,
        "args": arguments,
        "env": launch_environment(path),
    }
