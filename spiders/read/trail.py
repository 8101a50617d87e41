"""Where a page stands in its shop: the category path, and the names that the shop gives itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from urllib.parse import urlsplit

from spiders.read.document import Document
from spiders.read.jsonld import load, walk
from spiders.read.nodes import Node, name_of, nodes, said
from spiders.read.states import fold
from spiders.read.text import clean

MOST_CRUMBS = 12
LONGEST_CRUMB = 60
SHORTEST_NAME = 4
_SEPARATOR = re.compile(r"\s*[>»›→|]\s*")
_BARE_SLASHES = re.compile(r"(?<=\w)/(?=\w)")
_SLASHES = re.compile(r"\s/\s")
_HOMES = frozenset(
    ["home", "homepage", "home page", "start", "startseite", "accueil", "inicio", "portada", "pagina inicial"]
) | frozenset(["pagina principal", "hem", "hjem", "forside", "etusivu", "uvod", "voorpagina", "strona glowna"])
_SHOPS = frozenset(
    ["Organization", "OnlineStore", "OnlineBusiness", "Store", "Corporation", "WebSite", "LocalBusiness"]
)
_LEGAL = re.compile(
    r"\b(?:gmbh|ag|kg|co|ohg|e ?k|inc|ltd|llc|limited|plc|corp|s ?a ?r ?l|sas|s ?a|s ?l|s ?r ?l|s ?p ?a|b ?v|n ?v|ab|as"
    r"|aps|oy|sp z o ?o|s ?r ?o|deutschland|germany|france|italia|espana|nederland|polska|uk|eu|online|shop|store)\b"
)
Crumb = tuple[str, str]


def category(told: str, name: str, page: Document) -> str:
    """The path of names, like `Home & Garden > Kettles`: the product's own word, else the page's trail to it."""
    separator = _SEPARATOR
    if not _SEPARATOR.search(told):
        separator = next((one for one in (_SLASHES, _BARE_SLASHES) if len(one.findall(told)) > 1), _SEPARATOR)
    own = [clean(part, LONGEST_CRUMB) for part in separator.split(clean(told))]
    parts = [part for part in own if part and not part.isdigit() and "://" not in part]
    parts = parts or _path(_crumbs(page), name, page)
    return " > ".join(part for i, part in enumerate(parts) if i or fold(part) not in _HOMES)


def is_own(seller: str, page: Document) -> bool | None:
    """Whether a seller is the shop itself; None where the page doesn't say what the shop is called, or nearly so."""
    sold = _letters(seller)
    if not sold:
        return None
    host = urlsplit(page.url).hostname or ""
    labels = [_letters(label) for label in host.split(".")[:-1]]
    named = [_letters(name) for name in (*_headed(page), *_told(_scripts(page))[1])]
    if any(len(name) >= SHORTEST_NAME and name == sold for name in (*named, *labels)):
        return True
    if any(name in sold or sold in name for name in (*named, *labels) if len(name) >= SHORTEST_NAME):
        return None
    return False if any(named) else None


def _letters(text: str) -> str:
    """A name without legal forms, ending of an address and signs, to compare."""
    bare = re.sub(r"^www\.|\.[a-z]{2,6}$", "", fold(clean(text)))
    plain = re.sub(r"[^\w]+", " ", bare)
    return (_LEGAL.sub(" ", plain).replace(" ", "")) or plain.replace(" ", "")


def _headed(page: Document) -> Iterator[str]:
    """What the head calls the shop."""
    for node in page.metas:
        if (node.attributes.get("property") or node.attributes.get("name")) in {"og:site_name", "application-name"}:
            yield node.attributes.get("content") or ""


def _scripts(page: Document) -> tuple[str, ...]:
    """The scripts that may name the shop or the trail."""
    texts = (script.text() for script in page.scripts)
    return tuple(text for text in texts if "BreadcrumbList" in text or any(kind in text for kind in _SHOPS))


@lru_cache(maxsize=4)
def _told(scripts: tuple[str, ...]) -> tuple[tuple[Crumb, ...], tuple[str, ...]]:
    """The first trail in linked data, and the names of the shops there; remembered for a page's many variants."""
    every = [node for text in scripts for node, _ in walk(load(text))]
    trail = next((node for node in every if name_of(node.get("@type")) == "BreadcrumbList"), {})
    return tuple(_linked(trail)), tuple(
        said(node.get("name")) for node in every if name_of(node.get("@type")) in _SHOPS
    )


def _crumbs(page: Document) -> Sequence[Crumb]:
    """The names and addresses of the page's trail."""
    return _told(_scripts(page))[0] or _marked(page)


def _linked(trail: Node) -> Iterator[Crumb]:
    steps = nodes(trail.get("itemListElement"))
    for step in sorted(steps, key=_position)[:MOST_CRUMBS]:
        held = next(iter(nodes(step.get("item"))), {})
        yield said(step.get("name")) or said(held.get("name")), said(step.get("item"), "@id", "url")


def _position(step: Node) -> int:
    shown = said(step.get("position"))
    return int(shown) if shown.isascii() and shown.isdigit() and len(shown) < 4 else 0


def _marked(page: Document) -> list[Crumb]:
    marked = (
        (one, one.attributes.get("itemtype") or one.attributes.get("typeof")) for one in (*page.scopes, *page.typed)
    )
    trail = next((one for one, kinds in marked if "BreadcrumbList" in (kinds or "")), None)
    found: list[Crumb] = []
    for step in trail.css('[itemprop="itemListElement"], [property="itemListElement"]')[:MOST_CRUMBS] if trail else ():
        name, link = step.css_first('[itemprop="name"], [property="name"]'), step.css_first("[href]")
        text = (name.attributes.get("content") or name.text()) if name else step.text()
        found.append((text, (link.attributes.get("href") or "") if link else ""))
    return found


def _path(crumbs: Sequence[Crumb], name: str, page: Document) -> list[str]:
    """The names of a trail without the shop's front page and without the product itself."""
    steps = [(clean(text, LONGEST_CRUMB), address) for text, address in crumbs]
    linked = any(address for _, address in steps[:-1])
    if steps and _is_product(steps[-1], name, linked, page):
        steps = steps[:-1]
    if steps and steps[0][1] and urlsplit(steps[0][1]).path.strip("/") == "" and len(steps) > 1:
        steps = steps[1:]
    return [text for text, _ in steps if text]


def _is_product(last: Crumb, name: str, linked: bool, page: Document) -> bool:
    """Whether the end of a trail is the page: by its name, its address, or that it alone has none."""
    text, address = last
    cut = fold(clean(name, LONGEST_CRUMB))
    return fold(text) in {cut, fold(page.headline)} or (page.is_here(address) if address else linked)
