"""Pages that mean harm, each made by a function so that none of them lies on disk."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial

MEGABYTE = 1_000_000
MANY = 100_000
LD = '<script type="application/ld+json">{}</script>'
PRODUCT = '{{"@type":"Product","name":"Kettle","offers":{{"price":{},"priceCurrency":"EUR"}}}}'
SHOWN = '<h1>Kettle</h1><p class="price">19,90 €</p><button>Add to basket</button>'
SCOPE = '<div itemscope itemtype="https://schema.org/Product"{}>'
APOLLO = (
    '{"p":{"__typename":"Product","name":"Kettle","price":{"__ref":"q"}},"q":{"price":{"__ref":"p"},"o":{"__ref":"q"}}}'
)
DEVALUE = '[{"product":1},{"name":2,"price":3,"self":1,"all":4},"Kettle",19.9,[1,4,0]]'
FRAMES = '<html><frameset cols="1,1"><frame src="/a"><noframes>19,90 €</noframes></frameset></html>'
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj<</Length 99>>stream\n\x00\x9c\xff 19,90 EUR\nendstream endobj\n%%EOF" * 500
FORMATTING = "<b><i><span>", "<a><b><nobr>", "<font color=red><p>"
NO_TEXT = ("base64", "zip", "idna", "punycode", "undefined", "rot13", "unicode_escape", "utf-7", "utf-8\0", "x" * 5000)
ODD_NUMBERS = {
    "not a number": "NaN",
    "infinity": "Infinity",
    "minus infinity": "-Infinity",
    "beyond floats": "1e400",
    "exponent beyond decimals": "1e999999999999",
    "written beyond decimals": '"1e999999999999"',
    "node": '{"$": 1}',
    "list": "[19.9, [20.9], {}]",
    "true": "true",
    "null": "null",
    "endless": "9" * MANY,
    "endless fraction": "0." + "3" * MANY,
    "endless in quotes": '"' + "1," * MANY + '00 €"',
    "zero": "0",
    "cent": "0.01",
    "nine digits": "999999999",
    "billion": str(10**12),
    "negative": "-19.9",
    "word": '"call us"',
    "script": '"<script>alert(19.90)</script>"',
    "turned round": '"\\u202e09.91\\u202c €"',
    "nulls": '"1\\u00009\\u0000.90"',
    "lone surrogate": '"\\ud83d19.90"',
}


def priced(number: str) -> str:
    """A product page whose structured data names this price."""
    return LD.format(PRODUCT.format(number)) + SHOWN


def shown(price: str) -> str:
    """A product page that shows this price."""
    return f'<h1>Kettle</h1><p class="price">{price}</p><button>Add to basket</button>'


def filled(part: str, size: int = 5 * MEGABYTE) -> str:
    """So many characters of the same part."""
    return part * (size // len(part))


def state(text: str, name: str = "__NEXT_DATA__") -> str:
    """A page with a script of JSON that its own code would read."""
    about = (
        "<h1>Kettle</h1><button>Add to basket</button>"
        + "<p>A kettle that boils water, and nothing else, for years.</p>" * 20
    )
    return f'<script id="{name}" type="application/json">{text}</script>{about}'


def tree(width: int) -> str:
    """A wide and deep state of 5 MB."""
    product = {"name": "Kettle", "price": 19.9, "variants": [{"id": i, "price": i} for i in range(200)]}
    return json.dumps({"props": {f"part{i}": {"product": product} for i in range(width)}})


def nodes(count: int) -> str:
    """JSON-LD of so many products."""
    return (
        "["
        + ",".join(f'{{"@type":"Product","@id":"#{i}","name":"a","offers":{{"@id":"#{i + 1}"}}}}' for i in range(count))
        + "]"
    )


def encoded(declared: str, body: bytes) -> bytes:
    """A page that says it is written in one encoding, with bytes of another."""
    return f'<meta charset="{declared}"><h1>Kettle</h1><p class="price">'.encode() + body + b"</p><button>Add to basket"


STRUCTURES: dict[str, Callable[[], str | bytes]] = {
    "nested div": lambda: filled("<div>"),
    "nested div behind closed ones": lambda: filled("<p></p>", MEGABYTE) + filled("<div>"),
    "nested and closed div": lambda: filled("<div>", MEGABYTE) + filled("</div>", MEGABYTE),
    "nested span": lambda: filled("<span>"),
    "nested just below the limit": lambda: "<div>" * 2900 + SHOWN,
    "many shallow piles": lambda: ("<section>" * 2500 + "</section>" * 2500) * 20 + SHOWN,
    **{f"nested {part}": partial(filled, part) for part in FORMATTING},
    "misnested b and p": lambda: filled("<b><p></b>", MEGABYTE),
    "misnested a and div": lambda: filled("<a href=x><div></a></div>", 2 * MEGABYTE),
    "unclosed links": lambda: "<a href=/x>19,90 €" * 50_000,
    "unclosed paragraphs": lambda: "<p>19,90 €" * MANY,
    "unclosed list entries": lambda: "<ul><li>" * MANY,
    "nested paragraphs in buttons": lambda: filled("<button><p>", MEGABYTE),
    "nested tables": lambda: filled("<table><tr><td>"),
    "fostered tables": lambda: "<table>" + "<b>19,90 €<tr>" * 50_000,
    "nested select": lambda: filled("<select><option>", MEGABYTE),
    "nested svg": lambda: filled("<svg><g>"),
    "nested templates": lambda: filled("<template>", MEGABYTE),
    "nested forms and fieldsets": lambda: filled("<form><fieldset>", MEGABYTE),
    "open comment": lambda: "<!--" * MANY + SHOWN,
    "open script": lambda: SHOWN + "<script>" + "price: 1, " * MANY,
    "half a tag": lambda: SHOWN + "<p " * MANY,
    "attributes": lambda: "<p " + " ".join(f"a{i}=x" for i in range(MANY)) + ">" + SHOWN,
    "html with attributes": lambda: ("<html " + " ".join(f"a{i}=x" for i in range(50)) + ">") * 5000 + SHOWN,
    "headings": lambda: "<h1>Kettle</h1>" * 10_000 + SHOWN,
    "prices": lambda: SHOWN + "".join(f'<p class="price">{i},90 €</p>' for i in range(MANY)),
    "prices in one element": lambda: "<h1>Kettle</h1><div>" + "19,90 € <br>" * MANY + "</div>",
    "tiles": lambda: (
        "<ul>" + "".join(f'<li><a href="/p/{i}"><img src=x>Kettle {i}</a> <b>{i},90 €</b>' for i in range(MANY))
    ),
    "labels": lambda: "".join(f"<dt>SKU: A{i}</dt><dd>Only 3 left, RRP</dd>" for i in range(MANY)) + SHOWN,
    "label of spaces": lambda: f"<p>SKU:{' ' * MEGABYTE}A1</p>{SHOWN}",
    "price of spaces": lambda: shown(f"19{' ' * MEGABYTE}90 €"),
    "price of line ends": lambda: shown("19,90" + "\n" * MEGABYTE + "€"),
    "class of spaces": lambda: f'<h1>Kettle</h1><p class="{" " * MEGABYTE}price">19,90 €</p>',
    "title of spaces": lambda: f"<title>{' ' * MEGABYTE}Kettle</title><h1>{' ' * MEGABYTE}</h1>{SHOWN}",
    "address of spaces": lambda: (
        f'<link rel=canonical href="{" " * MEGABYTE}/p/1"><html lang="{" " * MEGABYTE}">{SHOWN}'
    ),
    "metas": lambda: "".join(f'<meta property="og:price:amount" content="{i}">' for i in range(MANY)) + SHOWN,
    "buttons": lambda: SHOWN + "<button>Add to basket</button>" * MANY,
    "options": lambda: SHOWN + "<select>" + "".join(f"<option>{i},90 €" for i in range(MANY)),
    "words that nearly buy": lambda: (
        shown("19,90 €") + f"<button class='{'add-to-' * MANY}'>{'add to ' * MANY}</button>"
    ),
    "20 megabytes": lambda: SHOWN + filled("<p>A sentence with 12 words, 3,50 € and no sense.</p>", 20 * MEGABYTE),
    "20 megabytes without a tag": lambda: filled("19,90 € ", 20 * MEGABYTE),
    "entities": lambda: "<h1>" + filled("&amp;&#8238;&lt;") + f"</h1>{SHOWN}",
}
PROPERTIES: dict[str, Callable[[], str | bytes]] = {
    "itemprops": lambda: SCOPE.format("") + "".join(f"<b itemprop=name>a{i}</b>" for i in range(MANY)) + SHOWN,
    "itemprop of many names": lambda: SCOPE.format("") + f'<b itemprop="{"name " * MANY}">a</b>' + SHOWN,
    "item types": lambda: f'<div itemscope itemtype="{"https://schema.org/Product " * 50_000}">{SHOWN}',
    "itemref to itself": lambda: (
        SCOPE.format(' id=a itemref="a b a"') + f"<i id=b itemscope itemprop=offers itemref=a>{SHOWN}"
    ),
    "scopes": lambda: (SCOPE.format(" itemprop=offers") + "<b itemprop=price>1") * 1450 + SHOWN,
    "scopes past the limit": lambda: SCOPE.format(" itemprop=offers") * 3100 + SHOWN,
    "scopes side by side": lambda: (SCOPE.format("") + "<b itemprop=name>a</b></div>") * 50_000,
    "rdfa": lambda: "".join(
        f'<div typeof="schema:Product" property="offers" resource="#{i % 7}">' for i in range(2900)
    ),
    "rdfa side by side": lambda: '<p vocab="http://schema.org/" typeof=Product><b property=price>1</b></p>' * 50_000,
    "linked nodes": lambda: LD.format(nodes(MANY)) + SHOWN,
    "linked scripts": lambda: LD.format(PRODUCT.format(19.9)) * 20_000 + SHOWN,
    "linked depth": lambda: LD.format('{"@graph":[' * 50_000) + LD.format('{"a":[' * 900 + "]}" * 900) + SHOWN,
    "linked cycle": lambda: (
        LD.format(
            '{"@graph":[{"@type":"Product","@id":"#p","name":"Kettle","offers":{"@id":"#o"},"hasVariant":{"@id":"#p"}},'
            '{"@type":"Offer","@id":"#o","price":"19.90","offers":{"@id":"#o"},"itemOffered":{"@id":"#p"},'
            '"priceSpecification":{"@id":"#o"},"seller":{"@id":"#p"}}]}'
        )
        + SHOWN
    ),
    "group of groups": lambda: LD.format(
        '{"@type":"ProductGroup","name":"a","hasVariant":[' * 300 + PRODUCT.format(1) + "]}" * 300
    ),
    "currencies": lambda: (
        SHOWN + "".join(f'<p class="price">19.90 {a}{b}{c}</p>' for a in "ACEGJSU" for b in "DHURSZ" for c in "DFKRY")
    ),
    "next data": lambda: state(tree(900)),
    "next data deep": lambda: state('{"price":' * 50_000),
    "next data of brackets": lambda: state("[{" * MANY),
    "scripts that never close": lambda: f"<script>{'window.price = {a: [' * 20_000}</script>" + state("{}"),
    "scripts of quotes": lambda: f"<script>price = JSON.parse('{chr(92) * MEGABYTE}</script>" + state("{}"),
    "apollo cycle": lambda: state("{}") + f"<script>window.__APOLLO_STATE__ = {APOLLO};</script>",
    "devalue cycle": lambda: state(DEVALUE, "__NUXT_DATA__"),
    "flight of itself": lambda: (
        '<script>self.__next_f.push([1,"1:{\\"price\\":\\"$1\\",\\"a\\":\\"$2\\"}\\n2:[\\"$1\\"]\\n"])</script>' * 2000
        + SHOWN
    ),
    **{f"price is {name}": partial(priced, number) for name, number in ODD_NUMBERS.items()},
}
TEXTS: dict[str, Callable[[], str | bytes]] = {
    "nothing": lambda: b"",
    "spaces": lambda: b" " * MEGABYTE,
    "only text": lambda: "Kettle 19,90 €",
    "frames": lambda: FRAMES,
    "head without body": lambda: "<head><title>Kettle</title>",
    "xml": lambda: (
        '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "1"><!ENTITY c "&b;&b;">]><urlset><url>&c;</url></urlset>'
    ),
    "pdf": lambda: PDF,
    "picture": lambda: b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4000,
    "utf-16 declared": lambda: encoded("utf-16", "19,90 €".encode()),
    "utf-8 declared": lambda: encoded("utf-8", "19,90 € für".encode("cp1252")),
    "ascii declared": lambda: encoded("us-ascii", "19,90 €".encode()),
    **{f"{name} declared": partial(encoded, name, "19,90 €".encode()) for name in NO_TEXT},
    "invalid utf-8": lambda: encoded("utf-8", b"\xed\xa0\x80\xf5\x80\x80\x80\xc0\xaf19,90 \xe2\x82\xac"),
    "two marks": lambda: b"\xff\xfe\xef\xbb\xbf" + SHOWN.encode(),
    "utf-32": lambda: SHOWN.encode("utf-32"),
    "odd utf-16": lambda: SHOWN.encode("utf-16")[:-1],
    "script in the name": lambda: (
        LD.format(PRODUCT.replace("Kettle", "<script>alert(1)<\\\\/script>Kettle").format(19.9)) + SHOWN
    ),
    "bidi in the name": lambda: "<h1>Ket\u202etle\u2066</h1>" + shown("\u202e19,90\u202c \u200f€"),
    "nulls everywhere": lambda: SHOWN.replace("e", "\0e"),
    "surrogates": lambda: "<h1>\ud83d Kettle \udc00</h1>" + shown("\ud83019,90 €"),
    "emoji": lambda: shown("💶19,90 €💶" + "👩‍👩‍👧" * 10_000),
    "other digits": lambda: shown("٢٩٫٩٠ €") + shown("¹⁹,⁹⁰ €") + shown("𝟙𝟡,𝟡𝟘 €"),
    "accents": lambda: shown("19,90 €" + "\u0301" * MEGABYTE),
    "ligatures": lambda: shown("19,90 €" + "\ufdfa" * 200_000),
}
PAGES = {**STRUCTURES, **PROPERTIES, **TEXTS}
