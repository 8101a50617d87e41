"""What the tags, classes and attributes of an element say of it: hidden, of another thing, a button, a flag."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from selectolax.lexbor import LexborNode

from pricevane.model import Availability
from spiders.read import states

UNREAD = frozenset(
    [
        *("script", "style", "noscript", "template", "svg", "iframe", "select", "option", "label", "nav", "footer"),
        *("header", "aside", "dialog", "h1", "table", "blockquote", "video", "picture", "img", "path", "br", "hr"),
    ]
)
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_HIDDEN_CLASS = re.compile(
    r"(?:^|\s)(?:(?:is-|js-|u-|uk-|c-|m-)?hidden|(?:is-|ng-|visually-)?hide|(?:d|display)-none|none|dn|invisible"
    r"|element-invisible)(?:\s|$)"
)
_ELSEWHERE = re.compile(
    r"relate|recommend|similar|up-?sell|cross-?sell|also[-_ ]|review|comment|footer|breadcrumb|question|wish-?list"
    r"|store-?(?:finder|list|locator|stock|avail|select)|(?:in|my|other)-?stores?\b|pick-?up|collect\b|filial|branch"
    r"|newsletter|cookie|modal|pop-?up|overlay|drawer|mini-?cart|toast|tooltip|lightbox|carousel|accessor|bundle"
    r"|recently|description|specification|\berror|swatch|size-|sizes\b|(?:variant|option)s?-(?:option|list|picker|item|value|select)"
    r"|deliver(?:y|ies)-(?:table|option|method)|shipping-(?:table|option|method)|combo|registry|financ|warranty|protection"
)
PICKERS = frozenset(["select"])
_FLAGS = ("data-stock", "data-available", "data-availability", "data-stock-status", "data-in-stock")
COUNTING = re.compile("qty|quant|menge|anzahl|amount", re.IGNORECASE)
_GONE_CLASS = re.compile(
    r"(?:^|[-_])(?:out-?_?of-?_?stock|(?:is)?sold-?_?out|not-?_?available|unavailable|no-?_?stock|nicht-verfuegbar|ausverkauft|agotado|esaurito|indisponible)$"
)
_HERE_CLASS = re.compile(r"(?:^|[-_])(?:in-?_?stock|is-?_?available)$")
_TEMPLATE_CLASS = re.compile(r"(?:^|[-_])(?:hide|show|if|when|not|js|no)[-_]")
BUYING_NAME = re.compile(
    r"add-?_?to-?_?(?:cart|basket|bag)|add-?(?:cart|basket)|buy-?_?(?:now|button|box--button)|btn-?(?:cart|buy)|cart-?(?:button|btn)",
    re.IGNORECASE,
)
_DISABLED_CLASS = re.compile(r"(?:^|\s|[-_])(?:is-+)?disabled(?:\s|$)")
_BUTTON_CLASS = re.compile(r"\bbtn|button\b|add-?to", re.IGNORECASE)


def is_hidden(attributes: Mapping[str, str | None]) -> bool:
    """Whether an element says of itself that it is not shown."""
    if "hidden" in attributes or ((style := attributes.get("style")) and _HIDDEN_STYLE.search(style)):
        return True
    return bool(classes := attributes.get("class")) and _hides(classes)


def is_elsewhere(attributes: Mapping[str, str | None]) -> bool:
    classes, identity = attributes.get("class"), attributes.get("id")
    return bool(classes or identity) and _names_another(classes or "", identity or "")


@lru_cache(8192)
def _hides(classes: str) -> bool:
    return _HIDDEN_CLASS.search(classes) is not None


@lru_cache(8192)
def _names_another(classes: str, identity: str) -> bool:
    return _ELSEWHERE.search(f"{classes} {identity}".lower()) is not None


def flag(attributes: Mapping[str, str | None]) -> Availability | None:
    for name in _FLAGS if len(attributes) > 1 or "class" not in attributes else ():
        if name in attributes:
            state = states.availability(attributes[name] or "")
            return None if state is Availability.UNKNOWN else state
    return _class_flag(classes) if (classes := attributes.get("class")) else None


@lru_cache(8192)
def _class_flag(classes: str) -> Availability | None:
    for token in classes.lower().split():
        if _TEMPLATE_CLASS.search(token):
            continue
        if _GONE_CLASS.search(token):
            return Availability.OUT_OF_STOCK
        if _HERE_CLASS.search(token):
            return Availability.IN_STOCK
    return None


def flag_text(attributes: Mapping[str, str | None]) -> str:
    named = [f"{name}={attributes[name]}" for name in attributes if name.startswith("data-") and "stock" in name]
    return " ".join([*named, attributes.get("class") or ""])


def is_button(tag: str, attributes: Mapping[str, str | None]) -> bool:
    if tag == "button" or attributes.get("role") == "button":
        return True
    if tag == "input":
        return (attributes.get("type") or "").lower() in {"submit", "button", "image"}
    return tag == "a" and _BUTTON_CLASS.search(attributes.get("class") or "") is not None


def is_disabled(attributes: Mapping[str, str | None]) -> bool:
    if "disabled" in attributes or attributes.get("aria-disabled") == "true":
        return True
    return _DISABLED_CLASS.search(attributes.get("class") or "") is not None


def is_switched(node: LexborNode) -> bool:
    names = (node.attributes.get("class") or "").lower()
    return "badge" in names or any(_GONE_CLASS.search(token) or "unavailable" in token for token in names.split())


def place(node: LexborNode) -> str:
    name = (node.attributes.get("class") or node.attributes.get("id") or "").split()
    return ".".join([node.tag or "", *name[:2]])[:80]
