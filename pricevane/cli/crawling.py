"""`scan` and `crawl`."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

import typer

from pricevane import jobs, visit
from pricevane.cli.output import Format, FormatOption, err, plain, progress, show
from pricevane.cli.session import ConfigOption, configuration_if_any, house
from pricevane.model import CrawlReport, Origin, Publication, SiteState

SCANNED = ("name", "price", "currency", "regular_price", "availability", "status", "gtin", "sku", "page")
SCANNED_ALL = (
    *("url", "name", "price", "currency", "availability", "gtin", "sku", "evidence"),
    *("regular_price", "status", "doubts", "kind", "brand", "mpn", "condition", "seller", "confidence", "at"),
    *("unit_price", "unit_base", "pack", "shipping", "stock", "promotion", "promotion_ends_on"),
    *("attributes", "seller_is_shop", "currency_raw"),
)


class Render(StrEnum):
    """How pages are fetched."""

    AUTO = "auto"
    HTTP = "http"
    BROWSER = "browser"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(epilog="Example: pricevane scan https://shop.example/ --contact you@retailer.example -f json")(scan)
    app.command(epilog="Example: pricevane crawl rival-fr rival-de")(crawl)


def scan(
    url: Annotated[str, typer.Argument(help="A shop, or one product page.")],
    form: FormatOption = Format.TABLE,
    contact: Annotated[
        str, typer.Option(help="Where the shop's owner can complain; from the toml if there is one.")
    ] = "",
    currency: Annotated[str, typer.Option(help="For pages that do not say, for example EUR.")] = "",
    language: Annotated[str, typer.Option(help="For pages that do not say, for example fr.")] = "",
    render: Annotated[Render, typer.Option(help="browser for prices made by JavaScript.")] = Render.AUTO,
    max_pages: Annotated[int, typer.Option(min=1, help="Stop after so many pages.")] = 1000,
    config: ConfigOption = None,
) -> None:
    """Read any shop, or one product page, from its address and print what it asks. Nothing is stored."""
    offers: list[Mapping[str, Any]] = []
    try:
        Origin.of(url)
    except ValueError as error:
        raise typer.BadParameter(f"{error}; for example https://shop.example/", param_hint="URL") from error
    known = configuration_if_any(config)
    state = SiteState(
        url=url,
        contact=contact or (known.contact if known else ""),
        currency=currency.upper(),
        language=language,
        render=render.value,
        max_pages=max_pages,
    )
    with progress("scan") as told:
        report = jobs.scan(state, offers.append, told)
    rows = [{**offer, "doubts": "; ".join(offer["doubts"])} for offer in sorted(offers, key=_address)]
    if form is Format.TABLE:
        rows = [{**row, "page": row["url"].removeprefix(state.origin.url)} for row in rows]
    show(rows, SCANNED if form is Format.TABLE else SCANNED_ALL, form, empty="no prices were read")
    summarise(report)
    raise typer.Exit(report.exit_code)


def _address(offer: Mapping[str, Any]) -> str:
    return str(offer["url"])


def crawl(
    sites: Annotated[list[str] | None, typer.Argument(help="Names from pricevane.toml; all of them if none.")] = None,
    form: FormatOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Crawl shops and keep every price with its proof."""
    home = house(config)
    names = sites or list(home.config.sites)
    if not names:
        raise visit.UnknownSite("pricevane.toml names no site yet; add one under [[competitors]]")
    for name in names:
        visit.site_named(home.config, name)
    rows, codes = [], []
    for name in names:
        with progress(name) as told:
            done = jobs.crawl(home, name, on_progress=told)
        rows.append(_row(done))
        codes.append(done.report.exit_code)
        if done.publication is Publication.SUSPECT:
            err.print(f"{name}: held, nothing of this crawl is priced on: {done.reason}")
        summarise(done.report, name)
    show(rows, ("site", "listings", "changed", "doubtful", "pages", "seconds", "state", "publication"), form)
    raise typer.Exit(_overall(codes))


def _overall(codes: list[int]) -> int:
    """One exit code for several crawls: their common one, else partial."""
    return codes[0] if len(set(codes)) == 1 else 3


def _row(done: jobs.Crawled) -> dict[str, Any]:
    report = done.report
    return {
        "site": done.site,
        "listings": report.stored,
        "changed": report.changed,
        "doubtful": report.doubtful,
        "pages": report.pages,
        "seconds": round(report.seconds, 1),
        "state": "complete" if report.finished else "incomplete",
        "publication": done.publication.value,
    }


def summarise(report: CrawlReport, name: str = "") -> None:
    """Say on standard error what the pages were, what was learned anew and what went wrong, if anything."""
    head = f"{name}: " if name else ""
    if report.kinds:
        kinds = sorted(report.kinds.items(), key=lambda pair: (-pair[1], pair[0]))
        err.print(plain(f"{head}pages: {', '.join(f'{count} {kind}' for kind, count in kinds)}"))
    for line in (line for text in report.repairs for line in text.splitlines()):
        err.print(plain(f"{head}{line}"))
    counted = {**report.failed, **{f"dropped: {reason}": count for reason, count in report.dropped.items()}}
    if report.blocked:
        counted["blocked by the shop"] = report.blocked
    if report.refused_by_robots:
        counted[f"not allowed by robots.txt ({report.robots_line or 'rule'})"] = report.refused_by_robots
    for reason, count in sorted(counted.items()):
        err.print(plain(f"{head}{reason}: {count}"))
    if report.reason:
        err.print(plain(f"{head}{report.reason.splitlines()[0]}"))
