"""`explain`: why a page's price was read as it was, and what was stored of it."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from pricevane import archive, jobs, visit
from pricevane import config as configuration
from pricevane.cli.account import account
from pricevane.cli.archive import archived
from pricevane.cli.output import out
from pricevane.cli.session import (
    Browser,
    BrowserOption,
    ConfigOption,
    ContactOption,
    Failed,
    configuration_if_any,
    house,
)
from pricevane.cli.summary import summarise
from pricevane.model import Money, SiteState
from pricevane.storage import proof
from pricevane.storage.history import AnyRow

NUMBER = re.compile("[0-9]{1,18}")
NONE_SUCH = "name a page's address, a listing's number, or site:key, for example rival-fr:/p/17"


class Form(StrEnum):
    """How the account is printed."""

    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be explained: an address, the configured site it belongs to, and what was stored of it."""

    url: str
    site: str = ""
    proofs: Sequence[AnyRow] = ()


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: pricevane explain https://shop.example/p/17 --contact you@retailer.example")(explain)


def explain(
    target: Annotated[str, typer.Argument(help="A page's address, a listing's number, or site:key.")] = "",
    form: Annotated[Form, typer.Option("--format", "-f", help="text, or all of it as one json object.")] = Form.TEXT,
    from_archive: Annotated[bool, typer.Option("--archived", help="Read the archived page behind its price.")] = False,
    file: Annotated[Path | None, typer.Option(help="Read this saved page; nothing is fetched.")] = None,
    url: Annotated[str, typer.Option(help="The address of the saved page.")] = "",
    contact: ContactOption = "",
    currency: Annotated[str, typer.Option(help="For pages that do not say, for example EUR.")] = "",
    language: Annotated[str, typer.Option(help="For pages that do not say, for example fr.")] = "",
    browser: BrowserOption = Browser.AUTO,
    config: ConfigOption = None,
) -> None:
    """Tell what a page is, which prices were considered, what spoke for each, and what was stored. Stores nothing."""
    known = configuration_if_any(config)
    found = _target(known, config, url or target)
    body, source, clock_at = None, "fetched now", None
    if file is not None:
        body, source = _saved(file), "from a saved file"
    elif from_archive:
        page = _behind(known, found)
        body, source, clock_at = page.body, "from the archive", page.at
        found = Target(page.url, found.site, found.proofs)
    typed = SiteState(
        url=found.url,
        name=found.site,
        contact=contact or (known.contact if known else ""),
        currency=currency.upper(),
        language=language,
        render=browser.render,
        clock_at=clock_at,
    )
    told = jobs.explain(visit.page_state(known, typed), body)
    proofs = found.proofs or _proofs_of(found, told, config)
    kept = _kept(proofs, known)
    _print(_gathered(found, told, source, [_stored(row, told, kept) for row in proofs]), form)
    summarise(told.report)
    raise typer.Exit(told.report.exit_code)


def _target(known: configuration.Config | None, path: Path | None, words: str) -> Target:
    """What the words name; a page of a configured site comes with what was stored at its address."""
    site, colon, key = words.partition(":")
    if key.startswith("//"):
        try:
            owner = visit.site_of(known, words) if known else None
        except ValueError as error:
            raise typer.BadParameter(f"{error}; {NONE_SUCH}", param_hint="TARGET") from error
        if owner is None:
            return Target(words)
        with house(path).engine.connect() as connection:
            return Target(words, owner.name, proof.proofs_at(connection, owner.name, words))
    if not colon and not NUMBER.fullmatch(words):
        raise typer.BadParameter(f"{words!r} is none of these: {NONE_SUCH}", param_hint="TARGET")
    with house(path).engine.connect() as connection:
        rows = proof.proofs_of_key(connection, site, key) if colon else proof.proof_of(connection, int(words))
    if not rows:
        raise Failed(f"no listing {words} was ever read; {NONE_SUCH}")
    return Target(rows[0].url, rows[0].site, rows)


def _proofs_of(found: Target, told: jobs.Explained, path: Path | None) -> list[AnyRow]:
    """What was stored of the listings that the page turned out to be."""
    if not found.site:
        return []
    with house(path).engine.connect() as connection:
        return [row for offer in told.offers for row in proof.proofs_of_key(connection, found.site, offer["key"])]


def _saved(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Failed(f"{file} cannot be read: {error.strerror}") from error


def _behind(known: configuration.Config | None, found: Target) -> archive.ArchivedPage:
    if known is None or not found.proofs:
        raise Failed(f"nothing was stored of {found.url}, so no archived page belongs to it")
    return archived(known, found.proofs[0].page_hash)


def _kept(rows: Sequence[AnyRow], known: configuration.Config | None) -> set[str]:
    """Those pages behind the rows that are archived."""
    folder = known.archive_folder if known else None
    wanted = {row.page_hash for row in rows} if folder else set()
    return {one for one in wanted if folder and archive.find(folder, one)}


def _stored(row: AnyRow, told: jobs.Explained, kept: set[str]) -> dict[str, Any]:
    """A listing's latest proof as JSON values, compared with the page that was read."""
    price = None if row.price_minor is None else str(Money.from_minor(row.price_minor, row.currency)).split()[0]
    return {
        **{name: value for name, value in row._mapping.items() if name != "price_minor"},
        "price": price,
        "is_same_page": told.page is not None and told.page["page_hash"] == row.page_hash,
        "is_archived": row.page_hash in kept,
    }


def _gathered(found: Target, told: jobs.Explained, source: str, stored: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """All of it as one object."""
    nothing = {"url": found.url, "kind": "", "why": "nothing was read", "page_hash": "", "seconds": 0, "candidates": []}
    return {**(told.page or nothing), "source": source, "offers": told.offers, "stored": stored}


def _print(whole: dict[str, Any], form: Form) -> None:
    if form is Form.JSON:
        sys.stdout.write(json.dumps(whole, default=_iso) + "\n")
        return
    for line in account(whole):
        out.print(Text(line), soft_wrap=True)


def _iso(value: Any) -> str:
    return str(value.isoformat())
