"""Fills the shop's tables with the simulated market's goods: the same goods, the same tables, every time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.conf import settings
from django.utils.text import slugify
from oscar.core.loading import get_model

from pricevane.market.catalogue import ASSORTMENT, goods
from pricevane.market.nouns import Good

SEED = 20
TAX = Decimal("0.20")
CENT = Decimal("0.01")
# Pieces in stock and pieces already promised to others, by turns; None is a product without a stock record.
TURNS: tuple[tuple[int, int] | None, ...] = (
    (40, 0),
    (0, 0),
    (12, 2),
    (0, 0),
    (3, 0),
    (0, 0),
    (1250, 0),
    (4, 4),
    None,
    (0, 0),
    (7, 1),
)
LOW = 5
NEWEST = datetime(2026, 1, 31, 12, tzinfo=UTC)
# Goods whose number leaves the second when divided by the first.
UNTRACKED, FREE, HIDDEN = (13, 4), (97, 10), (37, 20)
NEIGHBOURS = 1
ATTRIBUTES = {"brand": "Brand", "mpn": "MPN"}
NAME = "{brand} {series} {kind} {variant}"
TEXT = "<p>{name}, made by {brand}. Model {mpn}, two years of guarantee.</p>"


def fill(count: int) -> None:
    """A catalogue of about `count` goods: departments, categories, products, variants and stock records."""
    stocked = goods(SEED, count)
    classes = [_product_class("Goods", True), _product_class("Services", False)]
    categories = _categories()
    families = [list(members) for _, members in groupby(stocked, key=lambda good: good.family or good.number)]
    heads = _create("catalogue.Product", [_head(members, classes) for members in families])
    children = [
        (good, _child(good, head))
        for head, members in zip(heads, families, strict=True)
        if head.is_parent
        for good in members
    ]
    _create("catalogue.Product", [child for _, child in children])
    single = [(members[0], head) for head, members in zip(heads, families, strict=True) if not head.is_parent]
    _date([*heads, *(child for _, child in children)])
    _place(heads, families, categories)
    _stock(single + children)
    _describe(single + children, classes)


def net(gross: Decimal) -> Decimal:
    """The price before tax, in whole cents, that comes closest to one with tax."""
    return (gross / (1 + TAX)).quantize(CENT)


def _create(model: str, rows: list[Any]) -> list[Any]:
    return list(get_model(*model.split(".")).objects.bulk_create(rows))


def _product_class(name: str, tracked: bool) -> Any:
    made = get_model("catalogue", "ProductClass").objects.create(name=name, track_stock=tracked)
    attribute = get_model("catalogue", "ProductAttribute")
    for code, label in ATTRIBUTES.items():
        attribute.objects.create(product_class=made, name=label, code=code, type="text")
    return made


def _categories() -> dict[str, Any]:
    """Two departments with the market's categories in turn below them, by the category's English name."""
    category = get_model("catalogue", "Category")
    made = {}
    for department, kinds in (("Indoors", ASSORTMENT["categories"][::2]), ("Outdoors", ASSORTMENT["categories"][1::2])):
        root = category.objects.add_root({"name": department, "slug": slugify(department)})
        for kind in kinds:
            name = kind.get(_language(), kind["name"])
            made[kind["name"]] = category.objects.add_child(root, {"name": name, "slug": slugify(name)})
            root.refresh_from_db()
    return made


def _is(good: Good, rule: tuple[int, int]) -> bool:
    return good.number % rule[0] == rule[1]


def _language() -> str:
    return str(settings.LANGUAGE_CODE)[:2]


def _name(good: Good, pattern: str = NAME) -> str:
    return good.name(pattern, _language() if _language() in good.kind else "en").strip()


def _head(members: list[Good], classes: list[Any]) -> Any:
    first, parent = members[0], len(members) > 1
    name = _name(first, NAME.removesuffix(" {variant}") if parent else NAME)
    untracked = not parent and _is(first, UNTRACKED)
    return get_model("catalogue", "Product")(
        structure="parent" if parent else "standalone",
        product_class=classes[untracked],
        title=name,
        slug=slugify(name),
        upc=None if parent else first.gtin,
        description=TEXT.format(name=name, brand=first.brand, mpn=first.mpn),
        is_public=parent or not _is(first, HIDDEN),
    )


def _child(good: Good, head: Any) -> Any:
    name = _name(good)
    return get_model("catalogue", "Product")(
        structure="child", parent=head, title=name, slug=slugify(name), upc=good.gtin
    )


def _date(products: list[Any]) -> None:
    """Days apart, the first the youngest: Oscar puts a parent's youngest child first."""
    for place, product in enumerate(products):
        product.date_created = NEWEST - timedelta(days=place)
    get_model("catalogue", "Product").objects.bulk_update(products, ["date_created"])


def _place(heads: list[Any], families: list[list[Good]], categories: dict[str, Any]) -> None:
    link, neighbour = get_model("catalogue", "ProductCategory"), get_model("catalogue", "ProductRecommendation")
    placed = zip(heads, families, strict=True)
    _create(
        "catalogue.ProductCategory", [link(product=head, category=categories[of[0].category]) for head, of in placed]
    )
    nearby = [
        (head, heads[(place + step) % len(heads)])
        for place, head in enumerate(heads)
        for step in range(1, NEIGHBOURS + 1)
    ]
    _create(
        "catalogue.ProductRecommendation", [neighbour(primary=head, recommendation=other) for head, other in nearby]
    )


def _stock(sold: list[tuple[Good, Any]]) -> None:
    """A stock record each, from one of two partners, but where the good's turn has none."""
    partner, record = get_model("partner", "Partner"), get_model("partner", "StockRecord")
    partners = [partner.objects.create(name=name) for name in ("Northern Depot", "Harbour Wholesale")]
    rows = [(good, product, TURNS[good.number % len(TURNS)]) for good, product in sold]
    _create(
        "partner.StockRecord",
        [
            record(
                product=product,
                partner=partners[good.number % 2],
                partner_sku=good.mpn,
                price_currency=settings.OSCAR_DEFAULT_CURRENCY,
                price=Decimal(0) if _is(good, FREE) else net(good.base),
                num_in_stock=turn[0],
                num_allocated=turn[1],
                low_stock_threshold=LOW,
            )
            for good, product, turn in rows
            if turn
        ],
    )


def _describe(sold: list[tuple[Good, Any]], classes: list[Any]) -> None:
    value = get_model("catalogue", "ProductAttributeValue")
    attributes = {(kind.pk, one.code): one for kind in classes for one in kind.attributes.all()}
    rows = [
        value(
            product=product, attribute=attributes[product.get_product_class().pk, code], value_text=getattr(good, code)
        )
        for good, product in sold
        for code in ATTRIBUTES
    ]
    _create("catalogue.ProductAttributeValue", rows)
