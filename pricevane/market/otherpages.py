"""Pages that shops serve beside product pages, in ten languages: on none of them may a price be read as a product's."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from html import escape
from string import Template
from typing import Any

from pricevane.market.wording import PAGES
from pricevane.model import PageKind

KINDS = (
    PageKind.BLOCKED,
    PageKind.GONE,
    PageKind.LISTING,
    PageKind.SEARCH,
    PageKind.CONSENT,
    PageKind.LOCALE,
    PageKind.SHELL,
    PageKind.HOME,
)
ROUNDS = 4
TILES = {PageKind.GONE: 8, PageKind.LISTING: 16, PageKind.SEARCH: 12, PageKind.HOME: 6}
_SEPARATOR = "<!--layout-->\n"
_FOLDER = PAGES / "other"
_LABELS = (
    *("basket", "account", "help", "delivery", "returns", "terms", "privacy", "sort", "next", "from"),
    *("add", "also", "filter", "colour", "accept", "reject", "continue", "send"),
)
_CURRENCIES = {"en": "GBP", "pl": "PLN", "sv": "SEK", "cs": "CZK"}
_COUNTRIES = ("en-gb", "de-de", "de-at", "fr-fr", "es-es", "it-it", "nl-nl", "pl-pl", "sv-se", "pt-pt", "cs-cz")
# Addresses by round: what is asked for may be a product, for a wall stands at any address.
_PATHS = {
    PageKind.LISTING: ("/c/12", "/collections/new", "/{slug}", "/shop/{slug}/", "/{slug}?page=1"),
    PageKind.SEARCH: ("/{find}?q={asked}", "/?s={asked}", "/catalogsearch/result/?q={asked}", "/{find}/{asked}"),
    PageKind.HOME: ("/", "/{lang}/", "/index.html", "/"),
    PageKind.LOCALE: ("/", "/countries", "/p/{slug}", "/welcome"),
}
_ANY_PATH = ("/p/{slug}-{number}", "/{slug}.html", "/product/{number}", "/")


@dataclass(frozen=True, slots=True)
class OtherPage:
    """One made page: its kind, language, address and markup, and how many tiles with a link and a price it shows."""

    name: str
    kind: PageKind
    language: str
    url: str
    html: str
    tiles: int


def other_pages() -> list[OtherPage]:
    """All made pages, the same on every call: each kind in every language, in ROUNDS layouts."""
    return list(_made())


def _made() -> Iterator[OtherPage]:
    for kind in KINDS:
        for place, (language, said) in enumerate(_wordings().items()):
            for turn in range(ROUNDS):
                yield _page(kind, language, said, place, turn)


def _page(kind: PageKind, language: str, said: dict[str, Any], place: int, turn: int) -> OtherPage:
    layouts = _layouts(kind.value)
    number = place + turn
    fields = _fields(kind, language, said, number)
    path = _PATHS.get(kind, _ANY_PATH)[turn].format_map({**fields, "asked": number, "slug": f"a{number}-{place}"})
    fields["url"] = f"https://{said['host']}{path}"
    layout = layouts[(place * 3 + turn) % len(layouts)]
    tiles = TILES.get(kind, 0) if "$tiles" in layout.template else 0
    shown = {name: escape(text) for name, text in fields.items()}
    shown["tiles"] = "".join(_tile(said, language, one, number) for one in range(tiles))
    html = layout.substitute(shown, header=_part(0, said, shown), footer=_part(1, said, shown), countries=_countries())
    return OtherPage(f"{kind.value}-{language}-{turn + 1}", kind, language, fields["url"], html, tiles)


def _fields(kind: PageKind, language: str, said: dict[str, Any], number: int) -> dict[str, str]:
    """The texts of a page, not yet escaped."""
    title, headline, text = _headlines(kind, said, number)
    return {
        **dict(zip(_LABELS, said["small"], strict=True)),
        "lang": language,
        "shop": said["shop"],
        "host": said["host"],
        "title": title,
        "headline": headline,
        "text": text,
        "find": said["search"][0],
        "script": said["shell"][0],
        "loading": said["shell"][1],
        "first": said["goods"][number % len(said["goods"])],
        "department": said["departments"][number % len(said["departments"])],
        "price": _price(said, _amount(number)),
        "zero": _price(said, Decimal("0.00")),
        "number": str(40_031 + 97 * number),
    }


def _headlines(kind: PageKind, said: dict[str, Any], number: int) -> tuple[str, str, str]:
    if kind is PageKind.SEARCH:
        asked = said["goods"][number % len(said["goods"])].lower()
        return (
            said["search"][1].format(asked),
            said["search"][2].format(TILES[kind], asked),
            said["search"][3].format(asked),
        )
    if kind is PageKind.HOME:
        return said["home"][0], said["home"][1], ""
    wordings = said.get(kind.value) or [("", "", "")]
    return wordings[number % len(wordings)] if kind is not PageKind.SHELL else ("", "", "")


def _amount(number: int) -> Decimal:
    """A price in major units that a shop might ask."""
    return Decimal(9 + 37 * number % 240) + Decimal((95, 50, 0, 99)[number % 4]) / 100


def _price(said: dict[str, Any], amount: Decimal) -> str:
    return str(said["price"]).format(f"{amount:.2f}".replace(".", said["point"]))


def _tile(said: dict[str, Any], language: str, place: int, number: int) -> str:
    """One of four kinds of tile, the same on the whole page."""
    amount = _amount(place * 5 + number)
    fields = {
        "path": f"/p/{number}-{place}",
        "name": f"{said['goods'][place % len(said['goods'])]} {place + 1}",
        "price": _price(said, amount),
        "was": _price(said, amount + 20),
        "amount": str(amount),
        "currency": _CURRENCIES.get(language, "EUR"),
        "add": said["small"][_LABELS.index("add")],
        "from": said["small"][_LABELS.index("from")],
    }
    return _layouts("parts")[2 + number % 4].substitute({name: escape(text) for name, text in fields.items()})


def _part(which: int, said: dict[str, Any], shown: dict[str, str]) -> str:
    """The header (0) or the footer (1) of a shop."""
    links = "".join(f'<li><a href="/c/{n}">{escape(name)}</a></li>' for n, name in enumerate(said["departments"]))
    return _layouts("parts")[which].substitute(shown, links=links)


def _countries() -> str:
    return "".join(f'<li><a href="/{code}/" hreflang="{code}">{code[-2:].upper()}</a></li>' for code in _COUNTRIES)


@cache
def _wordings() -> dict[str, dict[str, Any]]:
    return tomllib.loads((_FOLDER / "wordings.toml").read_text(encoding="utf-8"))


@cache
def _layouts(name: str) -> list[Template]:
    """The layouts in a file of templates."""
    return [Template(text) for text in (_FOLDER / f"{name}.html").read_text(encoding="utf-8").split(_SEPARATOR)]
