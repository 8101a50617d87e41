"""The command line: one file a command group, no logic of its own."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from pricevane.cli import (
    archive,
    catalogue,
    crawling,
    decisions,
    demo,
    explain,
    house,
    matching,
    prices,
    runs,
    scan,
    site,
)
from pricevane.cli.output import err, plain
from pricevane.cli.session import EXPECTED

app = typer.Typer(
    name="pricevane",
    help="Watch what rivals charge and decide what to do about it.",
    epilog="Start with: pricevane demo, then pricevane init",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for group in (scan, crawling, explain, catalogue, matching, decisions, prices, runs, site, archive, house, demo):
    group.register(app)


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show where in the program an error arose.")] = False,
) -> None:
    """Watch what rivals charge and decide what to do about it."""
    if debug:
        os.environ["PRICEVANE_DEBUG"] = "1"


def main() -> None:
    """The console script: any error becomes one clear line and exit code 1, a traceback only with --debug."""
    try:
        app()
    except Exception as error:
        if os.environ.get("PRICEVANE_DEBUG"):
            raise
        for line in _explained(error).splitlines():
            err.print(plain(line))
        raise SystemExit(1) from None
    finally:
        _flush()


def _flush() -> None:
    """Write what is still buffered; who reads no further, as `head` does, is no error."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _explained(error: Exception) -> str:
    """What an error says; of one that nobody expected the first line, and how to learn more."""
    if isinstance(error, EXPECTED):
        return f"pricevane: {error}"
    words = str(getattr(error, "orig", error)).strip().splitlines()
    return f"pricevane: {words[0] if words else 'failed'} ({type(error).__name__}; more with pricevane --debug)"
