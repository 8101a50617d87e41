"""What every command shares: where the configuration is, opening the house, saying what went wrong."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pricevane import config as configuration
from pricevane import jobs
from pricevane.house import House, open_house
from pricevane.intake.sheet import BadFile

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="The toml to use (default: pricevane.toml here, or PRICEVANE_CONFIG)."),
]
WhoOption = Annotated[str, typer.Option("--by", help="Who decides; your login name if absent.", show_default=False)]
WhyOption = Annotated[str, typer.Option("--why", help="The reason, kept with the decision.")]
ContactOption = Annotated[
    str, typer.Option("--contact", help="Where the shop's owner can complain; from the toml if there is one.")
]


class Browser(StrEnum):
    """When pages are opened in a browser."""

    AUTO = "auto"
    NEVER = "never"
    ALWAYS = "always"

    @property
    def render(self) -> str:
        """What `SiteState.render` calls it."""
        return {Browser.AUTO: "auto", Browser.NEVER: "http", Browser.ALWAYS: "browser"}[self]


BrowserOption = Annotated[Browser, typer.Option("--browser", help="always for prices made by JavaScript.")]


class Failed(RuntimeError):
    """A command could not do what it was asked; the message is shown as it is."""


def house(path: Path | None) -> House:
    """The house that a toml names, its database open and up to date."""
    return open_house(configuration.load(path))


def configuration_if_any(path: Path | None) -> configuration.Config | None:
    """The configuration that is named, or the one that is here; None where neither is."""
    if path is None and not Path(configuration.FILE).exists():
        return None
    return configuration.load(path)


def now() -> datetime:
    """The clock, read once at the door."""
    return datetime.now(UTC)


def who(name: str) -> str:
    """A name for the log of decisions."""
    if name:
        return name
    try:
        return getpass.getuser()
    except (KeyError, OSError) as error:
        raise Failed("nobody is logged in here: name who decides with --by") from error


EXPECTED = (*jobs.EXPECTED, BadFile, Failed)
