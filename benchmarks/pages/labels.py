"""The saved pages of the data folder and what people say is on them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from pricevane.model import gtin14
from spiders.read.address import listing_url

FOLDER = "product_pages"
TRUTH = "ground-truth.json"
FIXTURES = "fixtures.jsonl"
PRODUCT = "product"
LABELS = ("availability", "sku", "brand", "gtin", "mpn", "currency")


@dataclass(frozen=True, slots=True)
class Page:
    """One saved product page: where it stood, its bytes, and its labels ("" or () where a label is absent).

    `path` has the query without tracking; `currency` is as people saw it, `accepted` in major units.
    `asserted` says whether the labels speak about the price at all: without `accepted` there is none then.
    `kind` is the labels' own word. `labels` has all accepted values of each other field that they speak about.
    """

    id: str
    host: str
    path: str
    body: bytes
    accepted: tuple[Decimal, ...]
    asserted: bool
    currency: str = ""
    gtin: str = ""
    brand: str = ""
    mpn: str = ""
    kind: str = PRODUCT
    expect_no_price: bool = False
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where the page stood, on https."""
        return f"https://{self.address}"

    @property
    def address(self) -> str:
        """Host and path, for people."""
        return self.host + self.path

    @property
    def identified(self) -> bool:
        """Whether the labels name what a product can be matched by."""
        return bool(self.gtin or (self.brand and self.mpn))


def read_pages(data: Path) -> list[Page]:
    """Every labelled product page in the data folder, sorted by id; raises FileNotFoundError without them."""
    products = (page for page in fixture_pages(data) if page.kind == PRODUCT)
    return sorted([*truth_pages(data), *products], key=lambda page: page.id)


def truth_pages(data: Path) -> list[Page]:
    """The pages of the ground truth, in its order; raises FileNotFoundError without them."""
    folder = data / FOLDER
    truth = json.loads((folder / TRUTH).read_text(encoding="utf-8"))
    return [_of_truth(folder, page_id, label) for page_id, label in truth.items()]


def fixture_pages(data: Path) -> list[Page]:
    """The pages of trackers' test suites, of every kind; none where there is no such file."""
    folder = data / FOLDER
    path = folder / FIXTURES
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else ()
    return [_of_fixture(folder, json.loads(line)) for line in lines]


def _of_truth(folder: Path, page_id: str, label: Mapping[str, Any]) -> Page:
    host, path = _place(label["url"])
    return Page(
        id=page_id,
        host=host,
        path=path,
        body=_unpacked(folder / "html" / f"{page_id}.html.gz"),
        accepted=tuple(Decimal(price.strip()) for price in label.get("price", ())),
        asserted=True,
        currency=_first(label, "currency"),
        gtin=gtin14(_first(label, "gtin")),
        brand=_first(label, "brand"),
        mpn=_first(label, "mpn"),
        labels={name: tuple(map(str, label.get(name, ()))) for name in LABELS},
    )


def _of_fixture(folder: Path, row: Mapping[str, Any]) -> Page:
    """Fixtures without an address stand at a made one of their shop."""
    host, path = _place(row["url"] or f"https://{row['site']}/product/{row['id']}.html")
    accepted = tuple(Decimal(price) for price in row["accepted_prices"])
    return Page(
        id=row["id"],
        host=host,
        path=path,
        body=_unpacked(folder / row["file"]),
        accepted=accepted,
        asserted=bool(accepted) or row["expect_no_price"] or row["kind"] != PRODUCT,
        currency=row["currency"] or "",
        kind=row["kind"],
        expect_no_price=row["expect_no_price"],
        labels={name: (str(row[name]),) for name in LABELS if row.get(name)},
    )


def _first(label: Mapping[str, Any], field: str) -> str:
    return str(next(iter(label.get(field, ())), "")).strip()


def _place(url: str) -> tuple[str, str]:
    parts = urlsplit(listing_url(url))
    return parts.netloc, urlunsplit(("", "", parts.path or "/", parts.query, ""))


def _unpacked(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes())
