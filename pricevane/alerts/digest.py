"""The digest: what a category manager is told, as subject, HTML, plain text and charts; no I/O but its templates."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from mjml import mjml2html

from pricevane.alerts import wording
from pricevane.alerts.series import Series
from pricevane.alerts.wording import Number
from pricevane.model import Money

# Mail clients cut a longer message off (Gmail at 102 KB); headers and boundaries need some of it.
LONGEST_HTML = 100_000
SHOWN_RIVALS = 6
LONGEST_SUBJECT = 120


@dataclass(frozen=True, slots=True)
class Rival:
    """A rival's last believed price; `was` is the price before a move."""

    site: str
    price: Money
    url: str
    at: datetime
    availability: str
    was: Money | None


@dataclass(frozen=True, slots=True)
class Line:
    """One proposal. `trail` holds (guardrail, from, to); `effect` shares, per cent, indices and counts."""

    proposal_id: int
    sku: str
    name: str
    category: str
    current: Money
    proposed: Money
    rule: str
    reason: str
    binding: str
    trail: tuple[tuple[str, Money, Money], ...]
    rivals: tuple[Rival, ...]
    effect: Mapping[str, Number]
    series: tuple[Series, ...]

    @property
    def cid(self) -> str:
        """Content id of the chart."""
        return f"chart-{self.proposal_id}@pricevane"

    @property
    def shown(self) -> list[Rival]:
        """At most six rivals, cheapest first: those that moved, then the cheapest."""
        first = sorted(self.rivals, key=lambda rival: (rival.was is None, rival.price.amount))
        return sorted(first[:SHOWN_RIVALS], key=lambda rival: rival.price.amount)

    @property
    def clamp(self) -> tuple[Money, Money] | None:
        """What the binding guardrail changed the price from and to."""
        found = ((before, after) for name, before, after in reversed(self.trail) if name == self.binding)
        return next(found, None)


@dataclass(frozen=True, slots=True)
class Digest:
    """All that one recipient is told; `held` is why the whole run is held, or empty.

    `more` counts proposals that are not in `lines`; `blocked` and `not_comparable` count by reason.
    """

    recipient: str
    as_of: datetime
    time_zone: str
    lines: tuple[Line, ...]
    more: int
    held: str
    blocked: Mapping[str, int]
    quarantined: int
    not_comparable: Mapping[str, int]
    notices: tuple[str, ...]
    listings: int
    runs: tuple[str, ...]

    @property
    def total(self) -> int:
        """How many proposals there are."""
        return len(self.lines) + self.more


@dataclass(frozen=True, slots=True)
class Rendered:
    """A mail's parts; `pictures` maps content ids to PNG."""

    subject: str
    html: str
    text: str
    pictures: Mapping[str, bytes]


def _templates() -> Environment:
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(("mjml",), default=False),
        finalize=wording.printable,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for word in (wording.link, wording.money, wording.age, wording.moment, wording.facts, wording.count):
        templates.filters[word.__name__] = word
    templates.globals["signed_pct"] = wording.signed_pct
    return templates


TEMPLATES = _templates()


def render(digest: Digest) -> Rendered:
    """The digest as a mail. Proposals that would make the HTML longer than mail clients show are only counted."""
    subject = _subject(digest)
    digest = _fitted(digest, subject)
    pictures = _pictures(digest)
    text = TEMPLATES.get_template("digest.txt").render(digest=digest)
    return Rendered(subject, _html(digest, subject, pictures), text, pictures)


def _fitted(digest: Digest, subject: str) -> Digest:
    """As many of its proposals as fit; measured before the charts, which take the time."""
    while digest.lines and len(_html(digest, subject, [line.cid for line in digest.lines]).encode()) > LONGEST_HTML:
        digest = replace(digest, lines=digest.lines[:-1], more=digest.more + 1)
    return digest


def _pictures(digest: Digest) -> dict[str, bytes]:
    """Charts by content id; the rivals in the table come first, so that they get the colours."""
    from pricevane.alerts.charts import price_chart

    found = {}
    for line in digest.lines:
        seen = {rival.site: rival.at for rival in line.rivals}
        shown = {rival.site for rival in line.shown}
        series = sorted(line.series, key=lambda one: one.name not in shown)
        if png := price_chart(series, line.current.currency, digest.as_of, seen):
            found[line.cid] = png
    return found


def _html(digest: Digest, subject: str, pictures: Container[str]) -> str:
    mjml = TEMPLATES.get_template("digest.mjml").render(digest=digest, subject=subject, pictures=pictures)
    return mjml2html(mjml)


def _subject(digest: Digest) -> str:
    if digest.held:
        subject = "Prices held: have a look before anything is approved"
    elif digest.lines:
        line = digest.lines[0]
        change = f"{wording.money(line.current)} → {wording.money(line.proposed)}"
        subject = f"{wording.count(digest.total, 'price proposal')}: {change} {line.name}"
    else:
        subject = "No price proposals" + (f", {wording.count(len(digest.notices), 'notice')}" if digest.notices else "")
    return str(wording.printable(subject))[:LONGEST_SUBJECT]
