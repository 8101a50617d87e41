"""`match`: finding which product each listing is, and a person's part in it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import ColumnElement, true

from pricevane import jobs
from pricevane.cli.card import Cards
from pricevane.cli.exports import UnknownEnding, export_to
from pricevane.cli.kinds import Kind
from pricevane.cli.output import Format, FormatOption, out, plain, show
from pricevane.cli.review import SiteOption, review
from pricevane.cli.session import ConfigOption, Failed, WhoOption, WhyOption, house, now, who
from pricevane.intake.sheet import read_rows
from pricevane.review.queue import SOLD_WITHIN, Pair, Side, pair_of, price_ratio, queue, theirs_of
from pricevane.review.verdicts import VerdictRow, import_verdicts, unique
from pricevane.storage.matches import decisions_query, pairs_query, undo_match
from pricevane.storage.tables import Decision, Match, Site
from pricevane.visit import site_named

LISTED = ("id", "state", "score", "sku", "price", "our_price", "ratio", "a_pack", "site", "name", "reason")
KINDS = {
    **dict.fromkeys(("price", "our_price"), Kind.MONEY),
    **dict.fromkeys(("ratio", "a_pack", "score", "factor"), Kind.SHARE),
    **dict.fromkeys(("listing", "id"), Kind.COUNT),
}
NAMES = (
    *("url", "site", "sku", "verdict", "why", "name", "product", "brand", "our_brand", "price", "currency"),
    *("our_price", "our_currency", "ratio", "a_pack", "score", "veto", "flag"),
    *("reason", "factor", "state", "listing", "id"),
)
COLUMNS = {name: KINDS.get(name, Kind.TEXT) for name in NAMES}
IdArgument = Annotated[int, typer.Argument(help="A number from `pricevane match list`.")]


class Standing(StrEnum):
    """Which pairs: what waits for a person, or those in a state."""

    WAITING = "waiting"
    CANDIDATE = "candidate"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    ABSTAINED = "abstained"
    COMPARABLE = "comparable"
    ALL = "all"

    @property
    def condition(self) -> ColumnElement[bool]:
        """The pairs of that standing; not for WAITING, which is the queue's."""
        if self is Standing.COMPARABLE:
            return Match.comparable.is_(True)
        return true() if self is Standing.ALL else Match.state == self.value


StateOption = Annotated[Standing, typer.Option("--state", help="Which pairs; waiting is what a person is asked.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Which of your products each listing is.", invoke_without_command=True)
    group.callback(epilog="Example: pricevane match, then pricevane match review")(match)
    group.command("review", epilog="Example: pricevane match review --site rival-fr --by ana")(review)
    group.command("list", epilog="Example: pricevane match list --state confirmed --format csv")(listing)
    group.command("show", epilog="Example: pricevane match show 17")(detail)
    group.command("undo", epilog="Example: pricevane match undo 17 --why 'a colour I missed'")(undo)
    group.command("export", epilog="Example: pricevane match export pairs.csv")(export)
    group.command(
        "import",
        epilog="Columns: url, sku, verdict (confirmed, rejected, comparable, or empty); and site, listing, why."
        " Example: pricevane match import pairs.csv --dry-run",
    )(bring_in)
    app.add_typer(group, name="match")


def match(context: typer.Context, config: ConfigOption = None) -> None:
    """Find which of your products each listing is; what is left waits for `match review`."""
    if context.invoked_subcommand is not None:
        if config is not None:
            raise typer.BadParameter(f"write it after {context.invoked_subcommand}", param_hint="--config")
        return
    done = jobs.match(house(config), now())
    out.print(f"{done.matched} of {done.listings} listings matched, {done.new} of them new")
    out.print(
        f"{done.listings - done.matched} unmatched; {done.waiting} listings wait for a person: pricevane match review"
    )
    for name, ours in sorted(done.found.brands.items()):
        out.print(f"brand {plain(name)} is taken for our {plain(ours)}")
    if done.found.unreadable:
        out.print(f"{done.found.unreadable} names of listings and products say too little to be matched by")


def listing(
    state: StateOption = Standing.WAITING,
    site: SiteOption = "",
    form: FormatOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Pairs of a listing and a product; those that wait in the order of the review (csv and json show all of it)."""
    columns = LISTED if form is Format.TABLE else tuple(name for name in COLUMNS if name not in ("verdict", "why"))
    show(_rows(state, site, config), columns, form, empty=f"no {state.value} pairs")


def _rows(state: Standing, site: str, config: ConfigOption) -> list[dict[str, Any]]:
    """Pairs as rows of COLUMNS, what is waiting in the queue's order."""
    home = house(config)
    if site:
        site_named(home.config, site)
    with home.engine.connect() as connection:
        if state is Standing.WAITING:
            asked = queue(connection, now(), site or None)
            return [_row(one.site, one.listing_id, one.theirs, pair) for one in asked for pair in one.pairs]
        query = _query().where(state.condition, *([Site.name == site] if site else []))
        return [_row(row.site, row.listing_id, theirs_of(row), pair_of(row)) for row in connection.execute(query)]


def _query() -> Any:
    return pairs_query((now() - SOLD_WITHIN).date())


def _row(site: str, listing_id: int, theirs: Side, pair: Pair) -> dict[str, Any]:
    ours, ratio = pair.ours, price_ratio(theirs, pair.ours)
    price, our_price = (str(side.price or "").partition(" ") for side in (theirs, ours))
    names = {"name": theirs.name, "brand": theirs.brand, "product": ours.name, "our_brand": ours.brand}
    prices = {"price": price[0], "currency": price[2], "our_price": our_price[0], "our_currency": our_price[2]}
    return {
        **dict.fromkeys(("verdict", "why"), ""),
        **{name: getattr(pair, name) for name in ("veto", "flag", "reason", "factor")},
        **names,
        **prices,
        "id": pair.match_id,
        "listing": listing_id,
        "site": site,
        "url": theirs.url,
        "sku": ours.sku,
        "ratio": None if ratio is None else round(ratio, 2),
        "a_pack": None if ratio is None or not pair.factor else round(ratio / pair.factor, 2),
        "score": round(pair.score, 3),
        "state": Standing.COMPARABLE.value if pair.comparable else pair.state,
    }


def detail(pair: IdArgument, config: ConfigOption = None) -> None:
    """Both sides of a pair, what its score rests on, and every decision on it."""
    with house(config).engine.connect() as connection:
        row = connection.execute(_query().where(Match.id == pair)).one_or_none()
        if row is None:
            raise Failed(f"there is no pair {pair}; pricevane match list --state all shows them")
        decided = connection.execute(decisions_query().where(Decision.match_id == pair)).all()
    cards = Cards(out.width, marked=out.no_color or out.color_system is None)
    told = _row(row.site, row.listing_id, theirs_of(row), pair_of(row))
    out.print(f"{pair}  {told['state']} by {row.method}, {row.made_at:%Y-%m-%d %H:%M} UTC")
    out.print(cards.compared(row.site, theirs_of(row), pair_of(row), whole=True), width=cards.width)
    for one in decided:
        why = f": {one.why}" if one.why else ""
        out.print(plain(f"{one.at:%Y-%m-%d %H:%M} UTC  {one.who}  {one.verdict}{why}"), soft_wrap=True)


def undo(pair: IdArgument, by: WhoOption = "", why: WhyOption = "", config: ConfigOption = None) -> None:
    """Take the last decision on a pair back; that is kept as a decision too."""
    name = who(by)
    with house(config).engine.begin() as connection:
        if not undo_match(connection, pair, name, why, now()):
            raise Failed(f"there is no decision on pair {pair} to take back; pricevane match show {pair} tells its own")
    out.print(f"{pair}: the last decision is taken back")


def export(
    file: Annotated[Path, typer.Argument(help="Where to write; .csv is what import reads. - for standard output.")],
    state: StateOption = Standing.WAITING,
    site: SiteOption = "",
    config: ConfigOption = None,
) -> None:
    """Write pairs as a table whose column verdict a person fills in, for `match import`."""
    rows = _rows(state, site, config)
    if str(file) == "-":
        show(rows, tuple(COLUMNS), Format.CSV, empty=f"no {state.value} pairs")
        return
    try:
        target = export_to(file)
    except UnknownEnding as error:
        raise typer.BadParameter(str(error), param_hint="FILE") from error
    target.write(rows, COLUMNS)
    out.print(plain(f"{len(rows)} {state.value} pairs written to {file}"), soft_wrap=True)


def bring_in(
    file: Annotated[Path, typer.Argument(help="A CSV file as export writes it, the column verdict filled in.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and count only; write nothing.")] = False,
    encoding: Annotated[str, typer.Option(help="Encoding of the file, for example cp1252.")] = "utf-8",
    by: WhoOption = "",
    why: WhyOption = "",
    config: ConfigOption = None,
) -> None:
    """Keep the verdicts of a table, all or none; those that stand already are not written again."""
    name = who(by)
    rows = read_rows(file, VerdictRow, encoding, unique)
    with house(config).engine.begin() as connection:
        done = import_verdicts(connection, rows, name, why, now(), dry_run)
    counts = [f"{done.written[verdict]} {verdict}" for verdict in ("confirmed", "rejected", "comparable")]
    out.print(f"pairs: {', '.join(counts)}; {done.same} as they were, {done.empty} without a verdict")
    if done.overruled:
        out.print(f"{done.overruled} of them {'would overrule' if dry_run else 'overruled'} what a person said before")
    if dry_run:
        out.print("a dry run: nothing was written")
