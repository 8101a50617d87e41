"""Labelled pages made worse the way real shops go wrong, without their label ever becoming untrue."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from html import escape
from pathlib import Path
from random import Random

from selectolax.lexbor import LexborHTMLParser, LexborNode

from benchmarks.pages.cases import Case
from benchmarks.pages.rewriting import moved, rewritten
from benchmarks.pages.written import shows
from spiders.read.document import in_utf8

BOM = b"\xef\xbb\xbf"
SILENT = frozenset(["script", "style", "noscript", "textarea", "template", "title"])
MARKED = ("itemprop", "itemscope", "itemtype", "typeof", "property", "vocab", "content")
PRICED = re.compile(r"pri[csx]|pre[cç]|preis|amount|precio", re.IGNORECASE)
SIGN = r"(?:[$£€¥₹₺₽฿]|\b[A-Z]{3}\b|z[łl]\b|\bkr\b|K[čc]\b|\blei\b|\bFt\b|\bRs\b)"
SIGNED = re.compile(SIGN)
AMOUNT = re.compile(rf"(?:{SIGN}\s?)?\d(?:[\d.,'’ ]*\d)?(?:\s?{SIGN})?")
CLIMB, LONGEST = 4, 60
FILLERS = 150
BEFORE = 0.5
STALE = ("1.1", "0.9", "1.25", "0.5", "0.37", "2.4")
SENTENCE = "Our craftsmen choose every part with care and check it twice before it leaves the house"
WORDS = SENTENCE.split()
# By language, the factor of an amount that is no price, and what stands before and after it.
EXTRAS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
RELATED = ("", "<h2>You may also like</h2>", "<h3>Customers also bought</h3>", "<h4>Recently viewed</h4>")
OLD = ("<del>{}</del> ", "<s class='was'>{}</s> ", "<span style='text-decoration: line-through'>{}</span> ")


@dataclass(frozen=True, slots=True)
class Perturbed:
    """A worse copy of a page; `certain` says that its label still is what a shopper would answer."""

    case: Case
    origin: Case
    name: str
    certain: bool = True


@dataclass(frozen=True)
class _Subject:
    """A page to be changed in place: its tree, its price, the elements that show it, and what is drawn by lot."""

    tree: LexborHTMLParser
    price: Decimal
    shown: tuple[LexborNode, ...]
    draw: Random

    @cached_property
    def chosen(self) -> LexborNode:
        """The first element after the headline that shows the price, or the first of all."""
        heading = self.tree.css_first("h1")
        order = {node.mem_id: place for place, node in enumerate(_all(self.tree))}
        start = order.get(heading.mem_id, 0) if heading else 0
        return min(self.shown, key=lambda node: (order[node.mem_id] < start, order[node.mem_id]))

    def like(self, factor: Decimal) -> str | None:
        """The shown price times a factor, written the same way; None where that cannot be done."""
        new = moved(self.price, factor)
        text = " ".join(self.chosen.text(separator=" ").split())
        written = next((one for one in AMOUNT.findall(text) if shows(one.encode(), self.price)), "")
        found = rewritten(written.encode(), self.price, new).decode()
        return found if 0 < new != self.price and shows(found.encode(), new) else None


Change = Callable[[_Subject], bool]


def perturbed(case: Case, seed: int = 0) -> Iterator[Perturbed]:
    """Every worse copy that can be made of a page with one labelled price which it shows to people."""
    prices = [value for value in case.truth.get("price", ()) if isinstance(value, Decimal)]
    if len(prices) != 1 or prices[0] <= 0:
        return
    body = in_utf8(case.body)
    for name, change in CHANGES.items():
        tree = LexborHTMLParser(body)
        shown = tuple(_shown(tree, prices[0]))
        subject = _Subject(tree, prices[0], shown, Random(f"{seed}:{name}:{case.id}"))
        if shown and change(subject):
            worse = replace(case, id=f"{case.id}~{name}", body=BOM + (tree.html or "").encode(errors="replace"))
            certain = name != "price_gone"
            if _is_seen(worse.body, prices[0]) is certain:
                yield Perturbed(worse, case, name, certain)


def _is_seen(body: bytes, price: Decimal) -> bool:
    return any(_shown(LexborHTMLParser(body), price))


def _shown(tree: LexborHTMLParser, price: Decimal) -> Iterator[LexborNode]:
    """The smallest elements that show the price with a currency, or where the shop's names speak of one."""
    known: set[int] = set()
    body, first = tree.body, str(price)[0]
    for node in body.traverse(include_text=True) if body else ():
        text = node.text_content or "" if node.tag == "-text" else ""
        if first not in text:
            continue
        found = _smallest(node.parent, price)
        if found is not None and found.mem_id not in known:
            known.add(found.mem_id)
            yield found


def _smallest(node: LexborNode | None, price: Decimal) -> LexborNode | None:
    for _ in range(CLIMB):
        if node is None or node.tag in SILENT or node.tag == "body" or _is_hidden(node):
            return None
        text = node.text(separator=" ")
        if len(text) > LONGEST * 4 or len(text := " ".join(text.split())) > LONGEST:
            return None
        named = PRICED.search(f"{node.attributes.get('class')} {node.attributes.get('id')}")
        if (named or SIGNED.search(text)) and shows(text.encode(errors="replace"), price):
            return None if any(map(_is_hidden, _around(node))) else node
        node = node.parent
    return None


def _is_hidden(node: LexborNode) -> bool:
    style = (node.attributes.get("style") or "").replace(" ", "")
    return "hidden" in node.attributes or "display:none" in style or node.tag in SILENT


def _around(node: LexborNode) -> Iterator[LexborNode]:
    one: LexborNode | None = node
    while one is not None and one.tag not in ("body", "html"):
        yield one
        one = one.parent


def _all(tree: LexborHTMLParser) -> Iterator[LexborNode]:
    return tree.root.traverse() if tree.root else iter(())


def _element(html: str) -> LexborNode:
    """The first element of a piece of HTML."""
    found = LexborHTMLParser(html).css_first("body > *")
    if found is None:
        raise ValueError(f"there is no element in {html!r}")
    return found


def _text_only(subject: _Subject) -> bool:
    """No scripts, no markup of prices: what is left is for people."""
    changed = False
    for node in list(_all(subject.tree)):
        if node.tag == "script" or (node.tag == "meta" and _is_priced_meta(node)):
            node.decompose()
            changed = True
        else:
            gone = [name for name in node.attributes if name in MARKED or name.startswith("data-")]
            for name in gone if node.tag != "meta" else ():
                del node.attrs[name]
            changed = changed or bool(gone)
    return changed


def _is_priced_meta(node: LexborNode) -> bool:
    names = " ".join(node.attributes.get(name) or "" for name in ("property", "name", "itemprop"))
    return bool(PRICED.search(names)) or "itemprop" in node.attributes or "og:type" in names


def _stale(subject: _Subject) -> bool:
    """Whatever machines read says another price."""
    new = moved(subject.price, Decimal(subject.draw.choice(STALE)))
    if new in (0, subject.price):
        return False
    changed = [_stale_node(node, subject.price, new) for node in list(_all(subject.tree))]
    return any(changed)


def _stale_node(node: LexborNode, old: Decimal, new: Decimal) -> bool:
    changed = False
    if node.tag == "script" and node.child is not None and (text := node.text()):
        said = rewritten(text.encode(), old, new).decode()
        changed = said != text
        if changed:
            node.inner_html = said
        return changed
    for name, value in node.attributes.items():
        if value and (name in ("content", "value") or name.startswith("data-")):
            said = rewritten(value.encode(), old, new).decode()
            if said != value:
                node.attrs[name] = said
                changed = True
    if (node.attributes.get("itemprop") or "").lower() in ("price", "lowprice") and "content" not in node.attributes:
        node.attrs["content"] = str(new)
        changed = True
    return changed


def _price_gone(subject: _Subject) -> bool:
    for node in subject.shown:
        for child in list(node.iter(include_text=True)):
            child.remove()
    return True


def _old_beside(subject: _Subject) -> bool:
    """A struck-through higher price before or after the price."""
    text = subject.like(Decimal(subject.draw.choice(("1.2", "1.5", "2"))))
    html = subject.draw.choice(OLD)
    return text is not None and _beside(subject, [html.format(escape(text))])


def _beside(subject: _Subject, parts: list[str]) -> bool:
    """Put each part before or after the price, as it falls."""
    for html in parts:
        place = subject.chosen.insert_before if subject.draw.random() < BEFORE else subject.chosen.insert_after
        place(_element(html))
    return True


def _related_before(subject: _Subject) -> bool:
    """Cards of other products, which lead to their own pages, between the headline and the price."""
    cards = []
    for number in range(subject.draw.randint(2, 6)):
        text = subject.like(Decimal(subject.draw.randint(30, 300)) / 100)
        if text is None:
            return False
        picture = f"<a href='/p/other-{number}'><img src='/other-{number}.jpg' alt=''></a>"
        title = f"<a href='/p/other-{number}'>Borealis {WORDS[number]}</a>"
        cards.append(f"<li class='card'>{picture}{title}<span class='price'>{escape(text)}</span></li>")
    block = f"<div class='related'>{subject.draw.choice(RELATED)}<ul>{''.join(cards)}</ul></div>"
    _branch(subject).insert_before(_element(block))
    return True


def _branch(subject: _Subject) -> LexborNode:
    """The widest element around the price that does not hold the headline."""
    heading = subject.tree.css_first("h1")
    above = {node.mem_id for node in _around(heading)} if heading else set()
    chain = list(_around(subject.chosen))
    apart = [node for node in chain if node.mem_id not in above]
    return (apart[-1] if heading else apart[min(2, len(apart) - 1)]) if apart else chain[0]


def _renamed(subject: _Subject) -> bool:
    """Class names and ids that a build step made up, the same one for the same one."""
    changed = False
    for node in list(_all(subject.tree)):
        for name in ("class", "id"):
            if value := node.attributes.get(name):
                node.attrs[name] = " ".join(map(_hashed, value.split()))
                changed = True
    return changed


def _hashed(token: str) -> str:
    return f"c{hashlib.sha256(token.encode(errors='replace')).hexdigest()[:7]}"


def _extras(subject: _Subject) -> bool:
    """Amounts around the price that are for something else, in the page's language where it is known."""
    html = subject.tree.css_first("html")
    language = ((html.attributes.get("lang") or "") if html else "")[:2].lower()
    parts = []
    chosen = subject.draw.sample(EXTRAS.get(language, EXTRAS["any"]), 2)
    for factor, before, after in chosen:
        text = subject.like(Decimal(factor))
        if text is None:
            return False
        parts.append(f"<div class='note'>{before}{escape(text)}{after}</div>")
    return _beside(subject, parts)


def _far_away(subject: _Subject) -> bool:
    """Three hundred nodes of text between the headline and the price."""
    draw = subject.draw
    text = "".join(f"<p>{' '.join(draw.sample(WORDS, 8))}</p>" for _ in range(FILLERS))
    _branch(subject).insert_before(_element(f"<div>{text}</div>"))
    return True


CHANGES: dict[str, Change] = {
    "text_only": _text_only,
    "stale": _stale,
    "price_gone": _price_gone,
    "old_beside": _old_beside,
    "related_before": _related_before,
    "renamed": _renamed,
    "extras": _extras,
    "far_away": _far_away,
}
