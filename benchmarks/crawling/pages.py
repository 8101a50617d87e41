"""Product pages as large and as busy as those of real shops: 150 KB, some 21 KB packed."""

from __future__ import annotations

import gzip
import json
import random
from decimal import Decimal
from functools import cache

SIZE = 150_000
LINKS, TILES, FACTS = 160, 12, 24
_WORDS = """
kettle steel glass water lid handle base cable filter cordless matt black white copper family kitchen morning quick
quiet safe design warranty brand model power litre watt colour scale heat boil tea coffee hour measure
""".split()  # noqa: SIM905


def price_of(number: int) -> Decimal:
    """What product `number` costs."""
    return Decimal(990 + 37 * (number % 500)).scaleb(-2)


@cache
def _filler() -> str:
    """Scripts and styles of the shop, the same on each page but for their seed."""
    chance = random.Random(7)
    rules = "".join(
        f".c{n}{{margin:{chance.randrange(40)}px;color:#{chance.randrange(1 << 24):06x}}}" for n in range(500)
    )
    calls = ";".join(f"t.push(['{chance.choice(_WORDS)}',{chance.randrange(100)}])" for _ in range(1500))
    return f"<style>{rules}</style><script>var t=[];{calls}</script>"


def _prose(chance: random.Random, words: int) -> str:
    return " ".join(chance.choices(_WORDS, k=words)).capitalize() + "."


def _linked_product(number: int) -> str:
    product = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": f"Kettle {number}",
        "sku": f"K{number:05}",
        "brand": {"@type": "Brand", "name": "Boilwell"},
        "offers": {
            "@type": "Offer",
            "price": f"{price_of(number)}",
            "priceCurrency": "EUR",
            "availability": "https://schema.org/InStock",
        },
    }
    return f'<script type="application/ld+json">{json.dumps(product)}</script>'


def product_page(number: int, linked: bool) -> bytes:
    """The page of a product, in UTF-8; with `linked` its data are in JSON-LD as well as visible."""
    chance = random.Random(number)
    name, price = f"Kettle {number}", f"{price_of(number)}".replace(".", ",")
    menu = "".join(
        f'<li class="nav-{n % 9}"><a href="/c/{n}">{_WORDS[n % len(_WORDS)]} {n}</a></li>' for n in range(LINKS)
    )
    facts = "".join(f"<tr><th>{_WORDS[n]}</th><td>{_prose(chance, 4)}</td></tr>" for n in range(FACTS))
    tiles = "".join(
        f'<li class="tile"><a href="/p/{other}"><img src="/i/{other}.jpg" alt=""><span>Kettle {other}</span></a>'
        f'<span class="price">{f"{price_of(other)}".replace(".", ",")} €</span></li>'
        for other in chance.sample(range(5000), TILES)
    )
    head = (
        f'<!doctype html><html lang="de"><head><meta charset="utf-8"><title>{name} | Boilwell</title>'
        f"{_filler()}{_linked_product(number) if linked else ''}</head>"
    )
    body = (
        f'<body><header><nav><ul>{menu}</ul></nav></header><main><div class="product"><h1>{name}</h1>'
        f'<p class="sku">Artikelnummer: K{number:05}</p><div class="price-box"><span class="price">{price} €</span>'
        f'<small>inkl. MwSt.</small></div><p class="stock">Auf Lager</p>'
        f'<form><button type="submit">In den Warenkorb</button></form></div><table>{facts}</table>'
    )
    tail = (
        f'<section class="related"><h2>Ähnliche Artikel</h2><ul>{tiles}</ul></section></main><footer>Boilwell</footer>'
    )
    room = SIZE - len((head + body + tail).encode())
    text = []
    while room > 0:
        text.append(f'<p class="review c{chance.randrange(700)}">{_prose(chance, 40)}</p>')
        room -= len(text[-1])
    return f"{head}{body}{''.join(text)}{tail}</body></html>".encode()


def packed(number: int, linked: bool) -> bytes:
    """The page in gzip, as servers send it."""
    return gzip.compress(product_page(number, linked), 6)
