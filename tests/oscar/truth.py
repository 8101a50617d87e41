"""What the shop's database says about its pages, worked out without Oscar's own pricing code."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.urls import reverse
from oscar.core.loading import get_model

from pricevane.model import Availability
from tests.oscar.filling import CENT, TAX
from tests.oscar.nouns import OscarPage, Variant

SEARCHES = ("Coffee", "Black", "nothing-like-it")


def pages(origin: str) -> Iterator[OscarPage]:
    """Every page of the shop, without its html."""
    yield from (_plain(origin, path, kind, title) for path, kind, title in _lists())
    shown = get_model("catalogue", "Product").objects.order_by("pk")
    for product in shown.select_related("parent", "product_class").prefetch_related("stockrecords"):
        yield product_page(origin, product)


def product_page(origin: str, product: Any) -> OscarPage:
    """The truth about one product's page."""
    path = product.get_absolute_url()
    if not product.is_public:
        return _plain(origin, path, "gone", product.title)
    children = tuple(product.children.order_by("-date_created")) if product.is_parent else ()
    price, availability, stock = _parent(children) if children else _single(product)
    return OscarPage(
        url=origin + path,
        path=path,
        kind="product",
        title=product.title,
        currency=settings.OSCAR_DEFAULT_CURRENCY,
        price=price,
        availability=availability,
        upc=product.upc or "",
        structure=product.structure,
        stock=stock,
        variants=tuple(Variant(child.title, child.upc, *_single(child)[:2]) for child in children),
    )


def _lists() -> Iterator[tuple[str, str, str]]:
    product = get_model("catalogue", "Product")
    browsable = product.objects.filter(is_public=True).exclude(structure="child")
    yield from _paged(reverse("catalogue:index"), "home", settings.OSCAR_SHOP_NAME, browsable.count())
    for category in get_model("catalogue", "Category").objects.order_by("path"):
        held = browsable.filter(categories__in=category.get_descendants_and_self()).distinct().count()
        yield from _paged(category.get_absolute_url(), "category", category.name, held)
    for words in SEARCHES:
        yield f"{reverse('search:search')}?q={words}", "search", words


def _paged(path: str, kind: str, title: str, held: int) -> Iterator[tuple[str, str, str]]:
    yield path, kind, title
    for number in range(2, -(-held // settings.OSCAR_PRODUCTS_PER_PAGE) + 1):
        yield f"{path}?page={number}", "category", title


def _plain(origin: str, path: str, kind: str, title: str) -> OscarPage:
    return OscarPage(url=origin + path, path=path, kind=kind, title=title, currency=settings.OSCAR_DEFAULT_CURRENCY)


def _single(product: Any) -> tuple[Decimal | None, Availability, int | None]:
    record = product.stockrecords.first()
    if record is None:
        return None, Availability.OUT_OF_STOCK, None
    price = (record.price * (1 + TAX)).quantize(CENT)
    if not product.get_product_class().track_stock:
        return price, Availability.IN_STOCK, None
    left = record.num_in_stock - (record.num_allocated or 0)
    return price, _state(left, record.low_stock_threshold), left


def _state(left: int, threshold: int | None) -> Availability:
    if left <= 0:
        return Availability.OUT_OF_STOCK
    return Availability.LOW_STOCK if left < (threshold or 0) else Availability.IN_STOCK


def _parent(children: tuple[Any, ...]) -> tuple[Decimal | None, Availability, int | None]:
    """The first priced child's price; in stock as soon as one child can be bought."""
    singles = [_single(child) for child in children]
    price = next((price for price, _, _ in singles if price is not None), None)
    sold_out = all(state is Availability.OUT_OF_STOCK for _, state, _ in singles)
    return price, Availability.OUT_OF_STOCK if sold_out else Availability.IN_STOCK, None
