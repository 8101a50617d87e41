"""Pages that this project makes, as cases: the simulated market's, other kinds of pages, and a real shop program's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.pages.cases import Case, accepted
from benchmarks.pages.fields import STATES
from benchmarks.pages.labels import PRODUCT
from benchmarks.pages.parts import part
from pricevane.model import Availability, PageKind

OSCAR_LISTS = frozenset(["category", "home"])
OSCAR_SHOPS = (("GBP", "en-gb"), ("EUR", "de"), ("EUR", "fr"))


@dataclass(frozen=True, slots=True)
class Made:
    """One made page and the kind of page that it is."""

    case: Case
    kind: PageKind


def market_cases() -> list[Case]:
    """Product pages of the simulated market in every state of availability; raises Missing."""
    pages = part("pricevane.market.stockpages", "stock_pages")()
    return [_product(f"market-{page.name}", page.url, page.html, page) for page in pages]


def other_cases() -> list[Made]:
    """Pages of every kind but product pages; raises Missing."""
    pages = part("pricevane.market.otherpages", "other_pages")()
    return [
        Made(_priceless(f"made-{number}-{page.name}", page.url, page.html, page.kind is PageKind.LISTING), page.kind)
        for number, page in enumerate(pages)
    ]


def oscar_cases(shops: Sequence[tuple[str, str]] = OSCAR_SHOPS) -> list[Case]:
    """Every page of django-oscar in some currencies and languages; raises Missing."""
    render = part("tests.oscar", "render")
    return list(chain.from_iterable(_of_oscar(render, *shop) for shop in shops))


def _of_oscar(render: Callable[..., Iterable[Any]], currency: str, language: str) -> Iterator[Case]:
    with TemporaryDirectory(prefix="pricevane-oscar-") as folder:
        for page in render(Path(folder), currency, language):
            name = f"oscar-{language}-{page.path}"
            yield (
                _product(name, page.url, page.html, page)
                if page.kind == PRODUCT
                else _priceless(name, page.url, page.html, page.kind in OSCAR_LISTS)
            )


def _product(case_id: str, url: str, html: str | bytes, page: Any) -> Case:
    """A case from any page that knows its price and availability; what is given away has no price to compare."""
    truth = {
        "price": accepted("price", [page.price] if page.price else []),
        "availability": accepted("availability", [STATES[Availability(page.availability)]]),
    }
    return Case(case_id, url, _bytes(html), truth)


def _priceless(case_id: str, url: str, html: str | bytes, tiles: bool) -> Case:
    """A page that has no price of its own."""
    return Case(case_id, url, _bytes(html), {"price": frozenset()}, priceless=True, tiles=tiles)


def _bytes(html: str | bytes) -> bytes:
    return html.encode() if isinstance(html, str) else html
