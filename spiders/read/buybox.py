"""What is to be seen around a price: a bounded walk outwards that passes over what is hidden or of other things."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from selectolax.lexbor import LexborNode

from pricevane.model import Availability
from spiders.read import markup, states

BUDGET = 220
_MAX_BUTTONS = 25
_MAX_LEVELS = 12
_NOTICE_LENGTH = 120
_INLINE = frozenset(["b", "strong", "em", "i", "span", "u", "small", "mark", "font"])


@dataclass(frozen=True, slots=True)
class Sighting:
    """One thing that speaks of availability; `kind` is notice, button, disabled, waiting, flag or around.

    `level` counts the steps outwards from the price; `switched` marks words whose own class names the state
    or that stand in a badge: templates leave these on every page for a style sheet to show or hide.
    """

    kind: str
    state: Availability
    raw: str
    place: str
    level: int
    switched: bool = False
    quantity: int | None = None


@dataclass(slots=True)
class _Walk:
    left: int = BUDGET
    level: int = 0
    picker: bool = False
    button_level: int = _MAX_LEVELS
    seen: list[Sighting] = field(default_factory=list)

    def add(self, kind: str, state: Availability, raw: str, node: LexborNode, switched: bool = False) -> None:
        if kind in {"button", "disabled", "waiting"}:
            self.button_level = min(self.button_level, self.level)
        count = states.quantity(raw) if kind in {"notice", "flag"} else None
        self.seen.append(Sighting(kind, state, raw, markup.place(node), self.level, switched, count))


def sightings(start: LexborNode, headline: LexborNode | None) -> list[Sighting]:
    """All that speaks of availability around `start`, nearest first; a disabled button is none where one must pick."""
    walk = _Walk()
    outer = _ancestors(headline) if headline is not None else frozenset()
    node = start
    if start.tag != "h1":
        _visit(start, walk)
    while (parent := node.parent) is not None and parent.tag not in {"html", None} and walk.level < _MAX_LEVELS:
        walk.level += 1
        _around(parent, walk)
        if walk.left > 0 and not _is_done(walk, node, outer):
            _children(parent, walk, besides=node.mem_id)
        if parent.tag == "body":
            break
        node = parent
    return [one for one in walk.seen if not (walk.picker and one.kind == "disabled")]


def first_button(page: LexborNode) -> list[Sighting]:
    """The page's first button that buys or refuses to, for boxes too far from the headline to walk to."""
    for node in page.css("button, input[type=submit]")[:_MAX_BUTTONS]:
        walk = _Walk(level=_MAX_LEVELS)
        _press(node, node.attributes, walk)
        if any(one.kind == "button" for one in walk.seen) and not _is_covered(node):
            return walk.seen
    return []


def _is_covered(node: LexborNode) -> bool:
    """Whether the element or one that holds it is hidden or of another thing."""
    current: LexborNode | None = node
    while current is not None and current.tag not in {"body", "html"}:
        if _is_passed_over(current.tag or "", current.attributes):
            return True
        current = current.parent
    return False


def _ancestors(node: LexborNode) -> frozenset[int]:
    found = set()
    current: LexborNode | None = node
    while current is not None:
        found.add(current.mem_id)
        current = current.parent
    return frozenset(found)


def _is_done(walk: _Walk, node: LexborNode, outer: frozenset[int]) -> bool:
    """Whether the block of headline and price is behind us and its button too."""
    enclosed = not outer or node.mem_id in outer
    return enclosed and walk.level > walk.button_level


def _is_passed_over(tag: str, attributes: Mapping[str, str | None]) -> bool:
    return tag in markup.UNREAD or markup.is_hidden(attributes) or markup.is_elsewhere(attributes)


def _around(node: LexborNode, walk: _Walk) -> None:
    """The classes and flags of an element that holds the price."""
    if state := markup.flag(node.attributes):
        walk.add("around", state, markup.flag_text(node.attributes), node)


def _children(node: LexborNode, walk: _Walk, besides: int = 0) -> None:
    child = node.child
    while child is not None and walk.left > 0:
        if child.mem_id != besides and not child.is_empty_text_node:
            _visit(child, walk)
        child = child.next


def _visit(node: LexborNode, walk: _Walk) -> None:
    tag = node.tag or ""
    if tag == "-text":
        _read(node, walk)
        return
    if tag[:1] in "-_!":
        return
    walk.left -= 1
    if tag in markup.UNREAD:
        walk.picker |= tag in markup.PICKERS and not _counts(node.attributes)
        return
    attributes = node.attributes
    if not attributes:
        if tag == "button":
            _press(node, attributes, walk)
        else:
            _children(node, walk)
        return
    if markup.is_hidden(attributes) or markup.is_elsewhere(attributes):
        return
    if tag == "input":
        walk.picker |= attributes.get("type") == "radio"
    if markup.is_button(tag, attributes):
        _press(node, attributes, walk)
        return
    if state := markup.flag(attributes):
        walk.add("flag", state, markup.flag_text(attributes), node)
    _children(node, walk)


def _counts(attributes: Mapping[str, str | None]) -> bool:
    """Whether a control asks how many pieces to buy."""
    return markup.COUNTING.search(f"{attributes.get('name')} {attributes.get('id')}") is not None


def _press(node: LexborNode, attributes: Mapping[str, str | None], walk: _Walk) -> None:
    """What a button's words and state say."""
    text = " ".join(node.text(separator=" ").split())[:_NOTICE_LENGTH] or next(
        (value for name in ("value", "aria-label", "title", "alt") if (value := attributes.get(name))), ""
    )
    state = states.spoken(text)
    buying = states.is_buying(text)
    if buying and state not in {Availability.IN_STOCK, Availability.PREORDER, Availability.BACKORDER}:
        return
    if states.is_waiting(text):
        walk.add("waiting", Availability.OUT_OF_STOCK, text, node)
    elif not buying and state not in {Availability.UNKNOWN, Availability.IN_STOCK, Availability.LOW_STOCK}:
        walk.add("button", state, text, node)
    elif buying or markup.BUYING_NAME.search(" ".join(attributes.get(name) or "" for name in ("class", "id", "name"))):
        if markup.is_disabled(attributes):
            walk.add("disabled", Availability.OUT_OF_STOCK, text, node)
        else:
            walk.add("button", Availability.IN_STOCK if state is Availability.UNKNOWN else state, text, node)


def _read(node: LexborNode, walk: _Walk) -> None:
    """A text between tags, widened to its sentence where a tag stands inside one."""
    text = (node.text_content or "").strip()
    if not 1 < len(text) <= _NOTICE_LENGTH or not any(map(str.isalpha, text)):
        return
    walk.left -= 1
    state = states.spoken(text)
    if state is Availability.UNKNOWN:
        return
    parent = node.parent
    if parent is None:
        return
    if (widened := _widened(parent)) and (wider := states.spoken(widened)) is not Availability.UNKNOWN:
        text, state = widened, wider
    if states.is_waiting(text):
        walk.add("waiting", Availability.OUT_OF_STOCK, text, parent)
    elif not states.is_buying(text):
        walk.add("notice", state, text, parent, markup.is_switched(parent))


def _widened(node: LexborNode) -> str:
    parent = node.parent if node.tag in _INLINE else node
    text = " ".join(parent.text(separator=" ").split()) if parent is not None and _is_mixed(parent) else ""
    return text if len(text) <= _NOTICE_LENGTH else ""


def _is_mixed(node: LexborNode) -> bool:
    """Whether the element has words of its own beside other elements."""
    words = elements = False
    child = node.child
    while child is not None:
        if child.tag == "-text":
            words |= bool((child.text_content or "").strip())
        else:
            elements = True
        child = child.next
    return words and elements
