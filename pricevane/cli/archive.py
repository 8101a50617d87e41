"""`archive`: the pages behind stored prices."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from pricevane import archive, jobs
from pricevane import config as configuration
from pricevane.cli.output import out
from pricevane.cli.session import ConfigOption, Failed, house, now

HASH = re.compile(r"[0-9a-f]{32}")
OFF = "pages are not archived; name a folder under [archive] in pricevane.toml"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="The pages behind stored prices, if the toml has them kept.", no_args_is_help=True)
    group.command("show", epilog="Example: pricevane archive show 9f86d081884c7d659a2feaa0c55ad015 > page.html")(page)
    group.command("prune", epilog="Example: pricevane archive prune")(prune)
    app.add_typer(group, name="archive")


def page(
    page_hash: Annotated[str, typer.Argument(metavar="HASH", help="From `pricevane explain` or `history -f json`.")],
    config: ConfigOption = None,
) -> None:
    """Write an archived page to standard output, in UTF-8, as it was read."""
    found = archived(configuration.load(config), page_hash)
    if sys.stdout.isatty():
        raise Failed("this is a stranger's page, not for a terminal: send it to a file, with > page.html")
    sys.stdout.flush()
    sys.stdout.buffer.write(found.body)


def archived(config: configuration.Config, page_hash: str) -> archive.ArchivedPage:
    """The archived page of that hash; raises Failed where there is none."""
    if not HASH.fullmatch(page_hash):
        raise Failed(f"{page_hash!r} is not a page's hash, which has 32 digits from 0 to 9 and a to f")
    folder: Path | None = config.archive_folder
    if folder is None:
        raise Failed(OFF)
    if (found := archive.find(folder, page_hash)) is None:
        raise Failed(f"the archive in {folder} has no page {page_hash}: it was never kept, or is past keep_days")
    return found


def prune(config: ConfigOption = None) -> None:
    """Delete pages that are older than keep_days; each crawl does that as well."""
    home = house(config)
    if home.config.archive_folder is None:
        raise Failed(OFF)
    removed = jobs.prune_archive(home, now())
    out.print(f"{removed} files deleted, older than {home.config.archive.keep_days} days")
