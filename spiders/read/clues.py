"""What tells a page's kind, looked up only when asked: its head, headings, controls, and a bounded part of its text."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import islice
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from selectolax.lexbor import LexborNode

from spiders.read.document import Document
from spiders.read.text import clean
from spiders.read.tree import ancestors

MOST_NODES = 700
MOST_TEXT = 4000
LONGEST_TEXT = 3000
LITTLE_TEXT = 1800
MOST_ASKED = 3000
MOST_CONTROLS = 120
MOST_BUYS = 20
LONGEST_LABEL = 80
ENTRIES, ENTRY_DEPTH, MOST_SIBLINGS = 3, 7, 60
_ASKED = 'h1, h2, h3, form, button, select, input, a[class*="cart" i], a[class*="basket" i], a[class*="buy" i]'
# Asked of every element, and so only where the page's text has the word.
_ASKED_OF_ALL = {
    "next": '[rel~="next"]',
    "itemprop": '[itemprop="sku"]',
    "agination": '[class*="pagination" i]',
    "ItemList": '[itemtype$="ItemList"]',
}
_HIDDEN = frozenset(["script", "style", "noscript", "template", "textarea", "svg"])
_WORD = re.compile(r"\w+")
_PUTS = re.compile(
    r"(?:add|in)[\w/-]{0,12}(?:cart|basket|bag|kosik|koszyk)|add_product|buyproduct"
    r"|(?:cart|basket|kosik|koszyk|panier|carrello|warenkorb)[\w/-]{0,12}(?:add|insert|product)"
)
_ACCENTS = re.compile(f"[{''.join(filter(unicodedata.combining, map(chr, range(0x3100))))}]+")
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "_": " "})
_LABELS = ("name", "id", "value", "class", "aria-label", "title")


@lru_cache(1024)
def words(text: str) -> str:
    """The words of a text in a form to compare: lower case, no accents, one space before, between and after."""
    folded = text.casefold()
    if not folded.isascii():
        spread = unicodedata.normalize("NFKD", folded)
        folded = _ACCENTS.sub("", spread)
    return f" {' '.join(_WORD.findall(folded.translate(_LETTERS)))} "


def phrases(listed: Iterable[str], whole: bool = False) -> tuple[str, ...]:
    """Phrases to look for in `words`: from a word's start, or as `whole` words; scripts without spaces anywhere."""
    bare = [words(phrase).strip() for phrase in listed]
    return tuple(one if one[0] > "\u3000" else f" {one} " if whole else f" {one}" for one in bare)


def first(text: str, sought: Iterable[str]) -> str:
    """The first of the phrases that stands in the text, without its spaces, or ""."""
    return next((phrase.strip() for phrase in sought if phrase in text), "")


_TABLES = tomllib.loads((Path(__file__).parent / "kinds.toml").read_text(encoding="utf-8"))
HEADLINES = {name: phrases(listed, whole=name == "search") for name, listed in _TABLES["headline"].items()}
BUY = phrases(_TABLES["control"]["buy"], whole=True)
SECTIONS = frozenset(phrases(_TABLES["section"]["product"], whole=True))
CLASSES = {name: phrases(listed, whole=True) for name, listed in _TABLES["class"].items()}
PARTS = {name: frozenset(phrases(_TABLES["address"][name], whole=True)) for name in ("search", "listing", "product")}
MARKUP: dict[str, list[str]] = _TABLES["markup"]
STARTS, CODES = frozenset(_TABLES["address"]["start"]), frozenset(_TABLES["address"]["code"].split())
_QUERY = frozenset(_TABLES["address"]["query"])


@dataclass(frozen=True)
class Clues:
    """The page's clues; every text is in the form of `words` and bounded, whatever the page holds."""

    page: Document

    @cached_property
    def title(self) -> str:
        """The title's words."""
        head = self.page.tree.head
        node = head.css_first("title") if head else None
        return words(bounded(node, 300)) if node else words("")

    @cached_property
    def headline(self) -> str:
        """The words of the first h1, or of the first that has any once all headings are known."""
        return words(self.page.headline)

    @cached_property
    def top(self) -> str:
        """Title and headline together."""
        return f"{self.title}|{self.headline}"

    @cached_property
    def og_type(self) -> str:
        """What the head calls the page, like `product`."""
        for node in self.page.metas:
            if node.attributes.get("property") == "og:type":
                return (node.attributes.get("content") or "")[:40].lower()
        return ""

    @cached_property
    def body_class(self) -> str:
        """The words of the body's class and id, which shop engines set."""
        attributes = self.page.tree.body.attributes if self.page.tree.body else {}
        return words(f"{(attributes.get('class') or '')[:1500]} | {(attributes.get('id') or '')[:100]}")

    @cached_property
    def parts(self) -> list[str]:
        """The parts of the path in the form of `words`."""
        return [words(unquote(part)) for part in urlsplit(self.page.url).path.split("/")[:20] if part]

    @cached_property
    def asks(self) -> str:
        """What the address searches for, or ""."""
        pairs = parse_qsl(urlsplit(self.page.url).query)[:30]
        return next((value[:60] for name, value in pairs if name.lower() in _QUERY and value), "")

    def part(self, kind: str) -> str:
        """The first part of the path that names a kind of page, or ""."""
        return next((part.strip() for part in self.parts if part in PARTS[kind]), "")

    @cached_property
    def asked(self) -> dict[str, list[LexborNode]]:
        """Headings, controls and marks of lists by their tag, from one walk over the tree."""
        found: dict[str, list[LexborNode]] = {}
        body = self.page.tree.body
        asked = [_ASKED, *(one for word, one in _ASKED_OF_ALL.items() if word.encode() in self.page.body)]
        for node in (body.css(", ".join(asked)) if body else [])[:MOST_ASKED]:
            found.setdefault(node.tag or "", []).append(node)
        return found

    @cached_property
    def headings(self) -> list[str]:
        """The words of the first headings, those of level one first."""
        found = [node for tag in ("h1", "h2", "h3") for node in self.asked.get(tag, [])[:12]]
        return [said for node in found if (said := words(bounded(node, 200))).strip()]

    @cached_property
    def h1s(self) -> list[str]:
        """The words of all headings of level one that have any."""
        return [said for node in self.asked.get("h1", [])[:12] if (said := words(bounded(node, 200))).strip()]

    @property
    def buys(self) -> list[str]:
        """What the controls say that buy something: at most MOST_BUYS."""
        return [said for said, _ in self._buys]

    @property
    def own_buys(self) -> list[str]:
        """The same without controls in the entries of a list that lead to pages of their own."""
        return [said for said, node in self._buys if not _in_entry(node)]

    @cached_property
    def _buys(self) -> list[tuple[str, LexborNode]]:
        tags = [*self.asked.get("button", []), *self.asked.get("input", []), *self.asked.get("a", [])]
        said = [
            (first(words(f"{bounded(node, LONGEST_LABEL)} | {_label(node)}"), BUY), node)
            for node in tags[:MOST_CONTROLS]
        ]
        forms = [(_cart(node), node) for node in self.asked.get("form", [])[:60]]
        return [one for one in [*said, *forms] if one[0]][:MOST_BUYS]

    @cached_property
    def text(self) -> str:
        """The words of the first visible text, at most MOST_TEXT characters."""
        return words(" ".join(self._texts.get("", ())))

    @cached_property
    def unscripted(self) -> str:
        """The words of noscript elements."""
        return words(" ".join(self._texts.get("noscript", ())))

    @cached_property
    def marks(self) -> str:
        """Attribute values of the first elements and the starts of inline scripts, in lower case."""
        values = (
            value[:200] for node in self._start if node.tag != "-text" for value in node.attributes.values() if value
        )
        return " ".join([*values, *self._texts.get("script", ())]).lower()

    @property
    def small(self) -> bool:
        """Whether the text ends soon, as on pages that stand in another's place."""
        return len(self._start) < MOST_NODES and len(self.text) < LITTLE_TEXT

    @cached_property
    def _start(self) -> list[LexborNode]:
        """The page's first elements and texts."""
        root = self.page.tree.root
        return list(islice(root.traverse(include_text=True), MOST_NODES)) if root else []

    @cached_property
    def _texts(self) -> dict[str, list[str]]:
        """The texts of the page's start by the hidden element that they hang in, "" for what a visitor sees."""
        found: dict[str, list[str]] = {}
        length = 0
        for node in self._start:
            if (
                node.tag == "-text"
                and length < MOST_TEXT
                and (said := clean((node.text_content or "")[:LONGEST_TEXT], 1000))
            ):
                place = _place(node)
                found.setdefault(place, []).append(said)
                length += 0 if place else len(said)
        return found


class Reasons:
    """Weights that add up, each with its reason."""

    def __init__(self) -> None:
        self.score = 0
        self.reasons: list[str] = []

    def add(self, weight: int, seen: str | bool, reason: str) -> None:
        """Count what was seen; a reason quotes it in the place of {}."""
        if seen:
            self.score += weight
            self.reasons.append(reason.format(str(seen)[:60]))


def bounded(node: LexborNode, length: int) -> str:
    """The start of a node's text, without ever joining more than that."""
    found: list[str] = []
    for count, one in enumerate(node.traverse(include_text=True)):
        if count > 60 or sum(map(len, found)) >= length:
            break
        if one.tag == "-text" and one.parent is not None and one.parent.tag not in _HIDDEN:
            found.append(clean(one.text_content or "", length))
    return " ".join(found)[:length]


def _place(node: LexborNode) -> str:
    """The hidden element that a text hangs in, or ""; the title is not part of the visible text either."""
    parent = node.parent
    for _ in range(4):
        if parent is None:
            return ""
        if parent.tag in _HIDDEN or parent.tag in {"title", "head"}:
            return parent.tag or ""
        parent = parent.parent
    return ""


def _label(node: LexborNode) -> str:
    attributes = node.attributes
    return " | ".join((attributes.get(name) or "")[:LONGEST_LABEL] for name in _LABELS)


def _in_entry(node: LexborNode) -> bool:
    """Whether an element stands in one of several alike that each show a picture which leads elsewhere."""
    for one in ancestors(node, ENTRY_DEPTH):
        parent = one.parent
        if parent is None or one.css_first("a[href] img") is None:
            continue
        name = one.attributes.get("class")
        alike = sum(
            other.tag_id == one.tag_id and other.attributes.get("class") == name
            for other in islice(parent.iter(), MOST_SIBLINGS)
        )
        if alike >= ENTRIES:
            return True
    return False


def _cart(form: LexborNode) -> str:
    """Where a form puts things into a cart, or ""."""
    said = f"{form.attributes.get('action') or ''} {form.attributes.get('class') or ''}"[:300].lower()
    puts = _PUTS.search(said)
    return puts.group() if puts else ""
