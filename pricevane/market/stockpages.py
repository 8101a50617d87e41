"""Product pages whose availability is known: every wording in several layouts, with true, lying and no markup."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from html import escape
from itertools import count
from pathlib import Path
from string import Template
from typing import Any

from pricevane.market.wording import in_script
from pricevane.model import Availability

PAGES = Path(__file__).parent / "pages" / "stock"
# Layouts that show a notice, then those that say it by a button, a class or a form alone.
NOTICES = ("plain", "labelled", "classic", "columns", "template")
SILENT = ("stateful", "disabled", "notify")
MARKUPS = ("none", "true", "lie", "meta")
KEYS = {
    "out": Availability.OUT_OF_STOCK,
    "here": Availability.IN_STOCK,
    "low": Availability.LOW_STOCK,
    "later": Availability.BACKORDER,
    "soon": Availability.PREORDER,
    "gone": Availability.DISCONTINUED,
}
SCHEMA = {
    Availability.OUT_OF_STOCK: "OutOfStock",
    Availability.IN_STOCK: "InStock",
    Availability.LOW_STOCK: "LimitedAvailability",
    Availability.BACKORDER: "BackOrder",
    Availability.PREORDER: "PreOrder",
    Availability.DISCONTINUED: "Discontinued",
}
GONE = frozenset([Availability.OUT_OF_STOCK, Availability.DISCONTINUED])


@dataclass(frozen=True, slots=True)
class StockPage:
    """One made page and its truth: what a shopper sees, whatever the markup says; `price` in major units."""

    name: str
    language: str
    url: str
    html: str
    availability: Availability
    price: Decimal
    currency: str


def stock_pages() -> list[StockPage]:
    """All pages, always the same: five sold out a language and eleven that are something else."""
    return [page for language, words in _words().items() for page in _of_language(language, words)]


@cache
def _words() -> dict[str, dict[str, Any]]:
    return tomllib.loads((PAGES / "words.toml").read_text(encoding="utf-8"))


@cache
def _template(name: str) -> Template:
    return Template((PAGES / f"{name}.html").read_text(encoding="utf-8"))


def _of_language(language: str, words: dict[str, Any]) -> Iterator[StockPage]:
    """Layouts and markups turn with the language, so that each wording meets others."""
    turn = list(_words()).index(language)
    numbers = count(turn)
    for key, state in KEYS.items():
        notices = [words[key]] if isinstance(words[key], str) else words[key]
        for notice in notices:
            number = next(numbers)
            layout = "button" if key == "out" and number % 6 == 0 else NOTICES[number % len(NOTICES)]
            yield _page(language, words, layout, notice, state, number)
    for layout in SILENT:
        yield _page(language, words, layout, "", Availability.OUT_OF_STOCK, next(numbers))
    for layout in SILENT[:2]:
        yield _page(language, words, layout, "", Availability.IN_STOCK, next(numbers))


def _page(
    language: str, words: dict[str, Any], layout: str, notice: str, state: Availability, number: int
) -> StockPage:
    name = f"{language}-{number}-{layout}-{state}"
    url = f"https://{language}.stock.example/p/{number}-{layout}-{state}"
    price = Decimal(1999 + 100 * number).scaleb(-2)
    markup = MARKUPS[number % len(MARKUPS)]
    text = _text(words, notice, state) | {"name": f"Aurelia {number}", "url": url, "language": language}
    text["price"] = words["price"].format(str(price) if language == "en" else str(price).replace(".", ","))
    box = _template(layout).substitute(
        {key: escape(value) for key, value in text.items()},
        button=_button(words, state, number),
        disabled=" disabled" if state in GONE else "",
    )
    head = _head(markup, state, price, words["currency"], text["name"], url)
    html = _template("page").substitute({key: escape(value) for key, value in text.items()}, box=box, head=head)
    return StockPage(name, language, url, html, state, price, words["currency"])


def _text(words: dict[str, Any], notice: str, state: Availability) -> dict[str, str]:
    """The other product on the page, and what is hidden, say the opposite."""
    gone = state in GONE
    return {
        "notice": notice,
        "label": words["label"],
        "buy": words["buy"],
        "notify": words["notify"],
        "trap": words["trap"],
        "css": "out-of-stock" if gone else "in-stock",
        "count": "0" if gone else "5",
        "other": words["here"][0] if gone else words["out"][0],
        "other_class": "in-stock" if gone else "out-of-stock",
    }


def _button(words: dict[str, Any], state: Availability, number: int) -> str:
    if state not in GONE:
        return f'<button type="submit" class="btn buy">{escape(words["buy"])}</button>'
    if number % 2:
        return f'<button type="submit" class="btn buy" disabled>{escape(words["buy"])}</button>'
    return ""


def _head(markup: str, state: Availability, price: Decimal, currency: str, name: str, url: str) -> str:
    """JSON-LD that is right, JSON-LD that says the opposite, product tags, or nothing."""
    if markup == "none":
        return ""
    if markup == "meta":
        word = "oos" if state in GONE else "instock"
        return f'<meta property="product:availability" content="{word}">'
    opposite = Availability.IN_STOCK if state in GONE else Availability.OUT_OF_STOCK
    shown = SCHEMA[opposite if markup == "lie" else state]
    offer = {
        "@type": "Offer",
        "price": str(price),
        "priceCurrency": currency,
        "availability": f"http://schema.org/{shown}",
    }
    product = {"@context": "https://schema.org", "@type": "Product", "name": name, "url": url, "offers": offer}
    return f'<script type="application/ld+json">{in_script(product)}</script>'
