"""`propose`, `proposals`, `digest`: from matched prices to a manager's decision."""

from __future__ import annotations

import csv
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import Connection

from pricevane import jobs
from pricevane.cli.output import Format, FormatOption, err, out, plain, safe_cell, show
from pricevane.cli.session import ConfigOption, Failed, WhoOption, WhyOption, house, now, who
from pricevane.model import Money
from pricevane.storage.desk import decide_proposal, last_pricing_run, proposals_query, release_run
from pricevane.storage.history import AnyRow
from pricevane.storage.tables import Proposal

LISTED = ("id", "sku", "name", "current", "proposed", "currency", "change", "state", "rule", "binding", "reason")
EXPORTED = ("sku", "price", "currency", "proposal", "at")
IdsArgument = Annotated[list[int], typer.Argument(help="Numbers from `pricevane proposals list`.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("propose", epilog="Example: pricevane propose --format json")(propose)
    app.command("digest", epilog="Example: pricevane digest")(digest)
    group = typer.Typer(help="Read proposals and decide.", no_args_is_help=True)
    group.command("list", epilog="Example: pricevane proposals list --state approved --format csv")(listing)
    group.command("show", epilog="Example: pricevane proposals show 17")(detail)
    group.command("approve", epilog='Example: pricevane proposals approve 17 18 --why "agreed with Ana"')(approve)
    group.command("reject", epilog='Example: pricevane proposals reject 17 --why "clearance next week"')(reject)
    group.command("release", epilog='Example: pricevane proposals release --why "looked at all of them"')(release)
    group.command("export", epilog="Example: pricevane proposals export approved.csv")(export)
    app.add_typer(group, name="proposals")


def propose(form: FormatOption = Format.TABLE, config: ConfigOption = None) -> None:
    """Believe or quarantine what was read, find rivals' moves, and propose the changes they call for."""
    home = house(config)
    priced = jobs.propose(home, now())
    for notice in priced.made.notices:
        err.print(notice)
    for why, count in sorted(priced.made.not_comparable.items()):
        err.print(f"not comparable, {why}: {count}")
    for why, count in sorted(Counter(priced.made.blocked["reason"]).items()):
        err.print(f"{count} products cannot move: {why}")
    if priced.made.publication == "suspect":
        err.print(f"held: {priced.made.reason}; look at them, then pricevane proposals release")
    with home.engine.connect() as connection:
        _show(connection, "proposed", form)


def listing(
    state: Annotated[str, typer.Option(help="proposed, approved, rejected, expired, applied or all.")] = "proposed",
    form: FormatOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Proposals, the most money at stake first."""
    with house(config).engine.connect() as connection:
        _show(connection, state, form)


def _show(connection: Connection, state: str, form: Format) -> None:
    query = proposals_query()
    if state != "all":
        query = query.where(Proposal.state == state)
    columns = LISTED[:-1] if form is Format.TABLE else LISTED
    show([_row(row) for row in connection.execute(query)], columns, form, empty=f"no {state} proposals")


def _row(row: AnyRow) -> dict[str, Any]:
    current = Money.from_minor(row.current_minor, row.currency)
    proposed = Money.from_minor(row.proposed_minor, row.currency)
    return {
        **{name: getattr(row, name) for name in ("id", "sku", "name", "currency", "rule", "binding", "reason")},
        "current": str(current).split()[0],
        "proposed": str(proposed).split()[0],
        "change": f"{(proposed.amount / current.amount - 1) * 100:+.1f} %",
        "state": "held" if row.state == "proposed" and row.publication == "suspect" else row.state,
    }


def detail(
    proposal: Annotated[int, typer.Argument(help="A number from `pricevane proposals list`.")],
    config: ConfigOption = None,
) -> None:
    """All that led to one proposal: reason, rivals with their pages, guardrails, facts."""
    with house(config).engine.connect() as connection:
        row = connection.execute(proposals_query().where(Proposal.id == proposal)).one_or_none()
    if row is None:
        raise Failed(f"there is no proposal {proposal}; pricevane proposals list shows them")
    told = _row(row)
    lines = [
        f"{row.id}  {row.sku}  {row.name}",
        f"{told['current']} -> {told['proposed']} {row.currency} ({told['change']}), {told['state']}",
        row.reason,
        *(f"  {rival['site']}: {_money(rival['price_minor'], rival)}  {rival['url']}" for rival in row.rivals),
        *(f"  {name}: {_money(a, row)} -> {_money(b, row)}" for name, a, b in row.trail),
        *(f"  {name.replace('_', ' ')}: {value}" for name, value in row.effect.items() if value is not None),
        f"valid until {row.expires_at:%Y-%m-%d %H:%M} UTC",
    ]
    for line in lines:
        out.print(plain(line), soft_wrap=True)


def _money(minor: int, row: Any) -> str:
    return str(Money.from_minor(minor, row["currency"] if isinstance(row, dict) else row.currency))


def approve(ids: IdsArgument, by: WhoOption = "", why: WhyOption = "", config: ConfigOption = None) -> None:
    """Approve proposals; each is checked against the guardrails and today's market once more."""
    answers = jobs.approve(house(config), ids, who(by), why, now())
    for proposal_id, problems in answers.items():
        out.print(f"{proposal_id}: " + (f"not approved: {'; '.join(problems)}" if problems else "approved"))
    raise typer.Exit(1 if any(answers.values()) else 0)


def reject(ids: IdsArgument, by: WhoOption = "", why: WhyOption = "", config: ConfigOption = None) -> None:
    """Reject proposals; nothing is proposed for them again until a rival moves anew."""
    name, home, closed = who(by), house(config), 0
    with home.engine.begin() as connection:
        for proposal_id in ids:
            done = decide_proposal(connection, proposal_id, "rejected", name, why, now())
            closed += not done
            out.print(f"{proposal_id}: " + ("rejected" if done else "not rejected: it is not open"))
    raise typer.Exit(1 if closed else 0)


def release(by: WhoOption = "", why: WhyOption = "", config: ConfigOption = None) -> None:
    """Let the proposals of a held run be approved, after a look at them."""
    name, home = who(by), house(config)
    with home.engine.begin() as connection:
        run = last_pricing_run(connection)
        if run is None or run.publication != "suspect":
            raise Failed("the last run is not held; there is nothing to release")
        release_run(connection, run.id, f"{run.reason}; released by {name}: {why}")
    out.print(f"run {run.id} is released; pricevane proposals list shows what can be approved")


def export(
    file: Annotated[Path, typer.Argument(help="Where to write sku, price, currency; - for standard output.")],
    config: ConfigOption = None,
) -> None:
    """Write the approved prices as CSV for your shop. They count as applied once an import shows them."""
    with house(config).engine.connect() as connection:
        rows = connection.execute(proposals_query().where(Proposal.state == "approved")).all()
    cells = [
        (row.sku, str(Money.from_minor(row.proposed_minor, row.currency)).split()[0], row.currency, row.id, row.at)
        for row in rows
    ]
    if str(file) == "-":
        show([dict(zip(EXPORTED, line, strict=True)) for line in cells], EXPORTED, Format.CSV)
        return
    if file.is_dir():
        raise Failed(f"{file} is a folder; name a file in it, for example {file / 'approved.csv'}")
    part = file.with_name(file.name + ".part")
    try:
        with part.open("w", newline="", encoding="utf-8") as target:
            writer = csv.writer(target)
            writer.writerow(EXPORTED)
            writer.writerows([safe_cell(cell) for cell in line] for line in cells)
        part.replace(file)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise Failed(f"{file} cannot be written: {error.strerror}") from error
    out.print(f"{len(cells)} approved prices written to {file}", soft_wrap=True)


def digest(config: ConfigOption = None) -> None:
    """Mail each category manager what the last pricing run found; a run is told once."""
    told = jobs.digest(house(config), now())
    for mail in told:
        out.print(f"{mail.recipient}: {mail.subject}\n  {mail.where}", soft_wrap=True)
    if not told:
        out.print("nothing new to tell")
