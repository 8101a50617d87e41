"""The command line: one file a command group, no logic of its own."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from pricevane.cli import catalogue, crawling, decisions, demo, house, prices
from pricevane.cli.output import err
from pricevane.cli.session import EXPECTED

app = typer.Typer(
    name="pricevane",
    help="Watch what rivals charge and decide what to do about it.",
    epilog="Start with: pricevane demo, then pricevane init",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for group in (crawling, catalogue, decisions, prices, house, demo):
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
        hint = "" if isinstance(error, EXPECTED) else f" ({type(error).__name__}; more with pricevane --debug)"
        err.print(f"pricevane: {error}{hint}")
        raise SystemExit(1) from None
