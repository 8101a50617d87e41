"""What a reader is asked and what it answers: pages with their truth, and answers in comparable form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from selectolax.lexbor import LexborHTMLParser

from benchmarks.pages.fields import STATES, codes, form, values
from benchmarks.pages.labels import PRODUCT, Page
from benchmarks.pages.parts import part
from benchmarks.pages.protocol import Tally, Value, tally
from pricevane.model import Examination, Offer, Status
from spiders.read.address import listing_url, own_url
from spiders.read.page import PageHints, read_page

LISTS = frozenset(["category", "listing"])


@dataclass(frozen=True, slots=True)
class Case:
    """One page; `truth` has the accepted values of the fields that are labelled, empty where there is none.

    `priceless` pages show no price of their own; where `tiles` is true they may show those of other listings.
    """

    id: str
    url: str
    body: bytes
    truth: Mapping[str, frozenset[Value]] = field(default_factory=dict)
    priceless: bool = False
    tiles: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reader says: comparable values of the fields it answered, of which listing, and how sure it is."""

    values: Mapping[str, Value] = field(default_factory=dict)
    url: str = ""
    good: bool = True
    remark: str = ""


def case_of(page: Page) -> Case:
    """A labelled page as a case; only its price is asked for where a page sells nothing itself."""
    priceless = not page.accepted and (page.expect_no_price or page.kind != PRODUCT)
    truth = {} if priceless else {name: accepted(name, labels) for name, labels in page.labels.items()}
    if page.asserted:
        truth["price"] = frozenset(page.accepted)
    tiles = priceless and (page.expect_no_price or page.kind in LISTS)
    return Case(page.id, page.url, page.body, truth, priceless, tiles)


def accepted(name: str, labels: Iterable[object]) -> frozenset[Value]:
    """The comparable values of a field's labels; a currency stands for every code that it may mean."""
    if name == "currency":
        return frozenset(code for label in labels for code in codes(str(label)))
    formed = (form(name, label) for label in labels)
    return frozenset(value for value in formed if value is not None)


def own_answers(case: Case, at: datetime) -> list[Answer]:
    """What the house reads on a page as a stranger's: an answer for each offer, the page's own variant first."""
    return [_of_offer(offer) for offer in read_page(case.body, case.url, at, PageHints())]


def seen_on(case: Case, at: datetime) -> Examination:
    """All that the house saw on a page; raises Missing."""
    seen: Examination = part("spiders.read.page", "examine")(case.body, case.url, at, PageHints())
    return seen


def _of_offer(offer: Offer) -> Answer:
    found = {
        **{name: getattr(offer, name) for name in ("sku", "brand", "gtin", "mpn")},
        "price": offer.price and offer.price.amount,
        "currency": offer.price.currency if offer.price else offer.currency_raw,
        "availability": STATES[offer.availability],
    }
    remark = "; ".join((offer.status.value, *offer.doubts))
    return Answer(values(found), offer.url, offer.status is Status.GOOD, remark)


def of_page(case: Case, answers: Sequence[Answer]) -> list[Answer]:
    """The answers about the page itself: where there are tiles, those about other listings are left out."""
    if not case.tiles:
        return list(answers)
    own = _own_addresses(case)
    return [answer for answer in answers if not answer.url or listing_url(answer.url) in own]


def _own_addresses(case: Case) -> set[str]:
    """The address that was fetched, and those by which the page calls itself."""
    tree = LexborHTMLParser(case.body.decode("utf-8", "replace"))
    named = [node.attributes.get("href") for node in tree.css("link[rel=canonical]")]
    named += [node.attributes.get("content") for node in tree.css("meta[property='og:url']")]
    return {listing_url(case.url), *(own_url(name, case.url) for name in named if name)} - {""}


def graded(name: str, cases: Iterable[Case], said: Mapping[str, Answer], only: Value | None = None) -> Tally:
    """A field over the cases that label it; with `only`, that value is the attribute, and another one is silence."""
    return tally(
        (_only(case.truth[name], only), _one(said[case.id].values.get(name), only))
        for case in cases
        if name in case.truth
    )


def _only(truth: frozenset[Value], only: Value | None) -> frozenset[Value]:
    return truth if only is None else truth & {only}


def _one(value: Value | None, only: Value | None) -> Value | None:
    return value if only is None or value == only else None
