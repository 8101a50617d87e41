"""The one place that composes the stages: crawl, match, propose, alert."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from pricevane import archive, chromium, planning, schedule
from pricevane.alerts.digest import render
from pricevane.alerts.gather import gather
from pricevane.alerts.mail import MailRefused, OutboxUnwritable, as_page, compose, deliver
from pricevane.crawling import CrawlDied, run_crawl
from pricevane.environment import ConfigError
from pricevane.health import judge
from pricevane.house import House
from pricevane.model import CrawlReport, Publication, SiteState
from pricevane.storage import frames, history, outbox
from pricevane.storage.delisting import delist
from pricevane.storage.desk import (
    decide_proposal,
    proposals_query,
    save_pricing,
    save_screening,
    shown_products,
)
from pricevane.storage.engine import DatabaseUnreachable
from pricevane.storage.figures import figures
from pricevane.storage.history import AnyRow
from pricevane.storage.matches import match_counts, save_matches, set_flags
from pricevane.storage.tables import Proposal
from pricevane.visit import ContactMissing, UnknownSite, scan_state, site_named, with_contact
from pricing.propose import Proposed, check
from pricing.propose import propose as run_pricing

WINDOW = timedelta(days=60)
MOVE = ("listing_id", "at", "from_minor", "to_minor", "currency", "kind")
HELD = ("listing_id", "at", "reason", "state")
PROPOSAL = (
    *("product_id", "at", "expires_at", "current_minor", "proposed_minor", "currency", "rule", "reason"),
    *("binding", "trail", "rivals", "effect", "score"),
)
EXPECTED = (ConfigError, DatabaseUnreachable, CrawlDied, UnknownSite, OutboxUnwritable, MailRefused)
log = logging.getLogger(__name__)
if TYPE_CHECKING:
    from pricevane.pairing import Found
OnTold = Callable[[Mapping[str, Any]], object]


@dataclass(frozen=True, slots=True)
class Matched:
    """How many listings there are, how many have a product, how many of those are new, how many wait for a person."""

    listings: int
    matched: int
    new: int
    waiting: int
    found: Found


@dataclass(frozen=True, slots=True)
class Priced:
    """A pricing run and what the pricing stages made of it."""

    run_id: int
    made: Proposed


@dataclass(frozen=True, slots=True)
class Told:
    """A mail that left: to whom, what about, where it went, and itself as a page for a browser."""

    recipient: str
    subject: str
    where: str
    page: str


@dataclass(frozen=True, slots=True)
class Crawled:
    """One crawl: its report, and whether the rest of the house may use it."""

    site: str
    run_id: int
    report: CrawlReport
    publication: Publication
    reason: str


@dataclass(frozen=True, slots=True)
class Explained:
    """What was seen on one page (`wire.examination_row`, None if nothing was read), its offers, and how it went."""

    page: Mapping[str, Any] | None
    offers: list[Mapping[str, Any]]
    report: CrawlReport


def crawl(house: House, name: str, clock_at: datetime | None = None, on_progress: OnTold | None = None) -> Crawled:
    """Crawl a site in a process of its own, store what it reads, and publish or hold the run.

    Raises UnknownSite or ContactMissing before anything is fetched. A crawl that dies keeps the
    batches it stored, as an incomplete run.
    """
    started_at = clock_at or datetime.now(UTC)
    state = planning.next_visit(house, name, started_at, clock_at)
    with house.engine.begin() as connection:
        site_id = history.site_id(connection, name)
        state = replace(state, run_id=history.start_run(connection, site_id, started_at))
    report = _run(house, state, on_progress)
    with house.engine.begin() as connection:
        run = figures(connection, state.run_id)
        report.stored, report.offers = run.observed, report.offers or run.observed
        publication, reason = judge(report, run)
        if publication is Publication.PUBLISHED and report.finished:
            delist(connection, state.run_id)
        ended_at = started_at + timedelta(seconds=report.seconds)
        history.end_run(connection, state.run_id, ended_at, report, publication, reason)
        if publication is Publication.PUBLISHED:
            planning.learn_rates(connection, site_id, state.region, state.run_id, ended_at)
    prune_archive(house, ended_at)
    return Crawled(name, state.run_id, report, publication, reason)


def crawl_all(house: House, names: Iterable[str], clock_at: datetime | None = None) -> list[Crawled]:
    """Crawl several sites side by side, as many as this machine has cores, each in its own process.

    Those that need the browser begin first, since they take longest; the answer is in that order. Sites of one host
    wait for each other.
    """
    ordered = sorted(names, key=lambda name: site_named(house.config, name).render != "browser")
    hosts: dict[str, list[str]] = {}
    for name in ordered:
        hosts.setdefault(site_named(house.config, name).origin.key, []).append(name)
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as workers:
        found = workers.map(lambda same: [crawl(house, name, clock_at) for name in same], hosts.values())
        return [done for same in found for done in same]


def _run(house: House, state: SiteState, on_progress: OnTold | None) -> CrawlReport:
    folder, settings = house.config.archive_folder, house.config.archive
    state, browser = _equipped(state)
    try:
        return run_crawl(
            state,
            database=house.engine.url.render_as_string(hide_password=False),
            chromium=browser,
            on_progress=on_progress,
            archive=str(folder) if folder else None,
            archive_all=not settings.changed_only,
        )
    except CrawlDied as died:
        report = CrawlReport(reason=f"the crawl died: {died}")
        report.fail("crawl died")
        return report


def _equipped(state: SiteState) -> tuple[SiteState, str | None]:
    """The state with the browser's path; without a browser on this machine "auto" means plain HTTP."""
    found = chromium.find() if state.render != "http" else None
    without = state.render == "auto" and found is None
    return replace(state, render="http") if without else state, str(found) if found else None


def scan(state: SiteState, on_offer: OnTold, on_progress: OnTold | None) -> CrawlReport:
    """Read a shop or one product page from its address alone and store nothing; see `scan_state`.

    With render "auto" a page is shown in the browser only if no clear offer was read from it by plain HTTP.
    """
    state, browser = _equipped(scan_state(state))
    return run_crawl(state, chromium=browser, feed=True, on_offer=on_offer, on_progress=on_progress)


def probe(state: SiteState, on_progress: OnTold | None = None) -> CrawlReport:
    """Find out how a shop's pages are to be read, by reading some both ways; stores nothing, like a scan.

    `learned` of the report has under "ladder" the verdict by page type (see `ladder.PageRung.as_json`), under
    "ladder_cost" what a page cost in the browser. Raises ChromiumMissing without a browser.
    """
    if chromium.find() is None:
        raise chromium.ChromiumMissing("no Chromium found to compare with; run `python -m pricevane.chromium`")
    state, browser = _equipped(replace(scan_state(state), single_page=False, render="auto"))
    return run_crawl(state, chromium=browser, on_progress=on_progress)


def explain(state: SiteState, page: bytes | None = None) -> Explained:
    """Read one page and tell all that was seen on it; see `visit.page_state`. Nothing is stored.

    With `page`, a saved one, nothing is fetched; else raises ContactMissing for a shop of others.
    """
    seen: list[Mapping[str, Any]] = []
    offers: list[Mapping[str, Any]] = []
    state, browser = _equipped(with_contact(state) if page is None else replace(state, render="http"))
    report = run_crawl(
        state, chromium=browser, feed=True, on_offer=offers.append, on_examination=seen.append, page=page
    )
    return Explained(seen[-1] if seen else None, offers, report)


def prune_archive(house: House, as_of: datetime) -> int:
    """Delete archived pages that are older than the toml keeps them; how many files."""
    folder = house.config.archive_folder
    return archive.prune(folder, as_of - timedelta(days=house.config.archive.keep_days)) if folder else 0


def match(house: House, as_of: datetime) -> Matched:
    """Match all listings to products, by identifiers and then by names; what a person decided stays.

    Listings are judged anew where their text, a product, or what decisions teach has changed.
    """
    # What it loads takes a second that no other command has to wait for.
    from pricevane import pairing

    with house.engine.connect() as connection:
        sides = pairing.load(connection, as_of)
    many = {site.name for site in house.config.sites.values() if site.marketplace}
    rows = sides.listings
    marketplaces = frozenset(rows.loc[rows["site"].isin(many), "site_id"].tolist())
    found = pairing.find(sides, marketplaces, as_of)
    with house.engine.begin() as connection:
        new = save_matches(connection, found.judged, records(found.pairs, pairing.SAVED), as_of)
        set_flags(connection, found.flags, as_of)
        counts = match_counts(connection)
    return Matched(len(sides.listings), counts["matched"], new, counts["waiting"], found)


def propose(house: House, as_of: datetime) -> Priced:
    """Screen the last 60 days, find moves, and write the proposals that they call for as one pricing run."""
    since = as_of - WINDOW
    with house.engine.begin() as connection:
        made = _price(house, connection, as_of)
        screened = made.screened
        held = screened.quarantine.assign(state=screened.quarantine["waiting"].map({True: "open", False: "cleared"}))
        save_screening(connection, records(screened.moves, MOVE), records(held, HELD), since)
        report = {
            "notices": list(made.notices),
            "not_comparable": made.not_comparable,
            "moves": len(screened.moves),
            "quarantined": int(screened.quarantine["waiting"].sum()),
        }
        run = {"at": as_of, "publication": made.publication, "reason": made.reason, "report": report}
        blocked = records(made.blocked, ("product_id", "reason"))
        run_id = save_pricing(connection, run, records(made.proposals, PROPOSAL), blocked)
    return Priced(run_id, made)


def _price(house: House, connection: Connection, as_of: datetime) -> Proposed:
    guardrails = house.config.guardrails
    return run_pricing(
        frames.observations(connection, as_of - WINDOW, as_of, guardrails.min_match_score),
        frames.own_prices(connection, as_of),
        frames.products(connection),
        frames.sales(connection),
        house.config.rules,
        guardrails,
        as_of,
        standing=shown_products(connection),
    )


def approve(house: House, proposal_ids: Sequence[int], who: str, why: str, as_of: datetime) -> dict[int, list[str]]:
    """Approve proposals that may still stand; proposal id -> what speaks against it, [] if it is approved.

    Each must be open, not held and not out of date, its own price unchanged, and within the guardrails
    against the market as it is now.
    """
    answers = {}
    with house.engine.begin() as connection:
        now = _price(house, connection, as_of)
        products, own = frames.products(connection), frames.own_prices(connection, as_of)
        open_now = {row.id: row for row in connection.execute(proposals_query().where(Proposal.id.in_(proposal_ids)))}
        for proposal_id in proposal_ids:
            row = open_now.get(proposal_id)
            problems = ["there is no such proposal"] if row is None else _outdated(row, own, as_of)
            if row is not None and not problems:
                product = products[products["product_id"] == row.product_id]
                problems = check(product, own, row.proposed_minor, now.market, house.config.guardrails, as_of)
            if not problems and not decide_proposal(connection, proposal_id, "approved", who, why, as_of):
                problems = ["it is not open any more"]
            answers[proposal_id] = problems
    return answers


def _outdated(row: AnyRow, own: pd.DataFrame, as_of: datetime) -> list[str]:
    """Why a proposal cannot be decided on any more, before any guardrail is asked."""
    prices = own.loc[own["product_id"] == row.product_id, "price_minor"]
    found = {
        f"it is {row.state}": row.state != "proposed",
        "its run is held; look at it, then pricevane proposals release": row.publication == "suspect",
        f"it was valid until {row.expires_at:%Y-%m-%d %H:%M} UTC; run pricevane propose": row.expires_at < as_of,
        "your own price has changed since": prices.empty or prices.iloc[-1] != row.current_minor,
    }
    return [problem for problem, true in found.items() if true][:1]


def records(frame: pd.DataFrame, columns: tuple[str, ...]) -> list[dict[str, Any]]:
    """Rows of a frame as plain Python values for a statement; missing ones as None."""
    return [
        {name: _plain(value) for name, value in zip(columns, row, strict=True)}
        for row in frame[list(columns)].itertuples(index=False, name=None)
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime()
    if isinstance(value, (list, dict, str)) or value is None:
        return value
    if pd.isna(value):
        return None
    return value.item() if hasattr(value, "item") else value


def digest(house: House, as_of: datetime) -> list[Told]:
    """One mail per manager about the last pricing run, through the outbox; the same run is told once.

    Raises OutboxUnwritable or MailRefused after all were tried; what did not leave is kept as a row and
    sent by the next digest.
    """
    mail = house.config.mail
    with house.engine.begin() as connection:
        for letter in gather(connection, house.config, as_of):
            rendered = render(letter.digest)
            message = compose(rendered, mail.sender, letter.digest.recipient, as_of, letter.key)
            text = message.as_bytes().decode("ascii")
            outbox.add_alert(connection, letter.key, letter.digest.recipient, rendered.subject, text, as_of)
    with house.engine.connect() as connection:
        waiting = outbox.pending(connection)
    told, refused = [], []
    for row in waiting:
        try:
            told.append(_send(house, row, as_of))
        except (OutboxUnwritable, MailRefused) as error:
            refused.append(error)
    if refused:
        raise refused[0]
    return told


def _send(house: House, row: AnyRow, as_of: datetime) -> Told:
    try:
        where = deliver(row.message.encode(), house.config.mail, house.config.root, row.key, row.made_at)
    except (OutboxUnwritable, MailRefused) as error:
        with house.engine.begin() as connection:
            outbox.failed(connection, row.id, str(error))
        raise
    with house.engine.begin() as connection:
        outbox.sent(connection, row.id, as_of)
    return Told(row.recipient, row.subject, where, as_page(row.message.encode()))


STAGES: Mapping[str, Callable[[House, datetime], object]] = {"match": match, "propose": propose, "digest": digest}


def run_due(house: House, due: schedule.Due, stopping: Callable[[], bool] = lambda: False) -> None:
    """Run a due schedule and note how it ended, whatever happens; `stopping` ends it early."""
    try:
        errors = _chain(house, due, stopping)
    except Exception as error:
        log.exception("schedule %s failed", due.name)
        errors = [f"{type(error).__name__}: {error}"]
    schedule.end(house.engine, due, datetime.now(UTC), "; ".join(errors))


def _chain(house: House, due: schedule.Due, stopping: Callable[[], bool]) -> list[str]:
    """Crawl the sites one after the other, then run the stages; what went wrong."""
    errors = []
    for name in due.sites or house.config.sites:
        try:
            crawl(house, name, on_progress=lambda _: stopping())
        except (UnknownSite, ContactMissing, SQLAlchemyError) as error:
            errors.append(f"{name}: {error}")
        if stopping():
            return [*errors, f"stopped in the crawl of {name}"]
    for stage in due.then:
        try:
            STAGES[stage](house, datetime.now(UTC))
        except (SQLAlchemyError, OutboxUnwritable, MailRefused) as error:
            return [*errors, f"{stage}: {error}"]
    return errors
