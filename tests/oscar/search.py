"""A search engine over the shop's own tables: haystack's simple one ignores the filters of category pages."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from operator import and_, or_
from typing import Any

from django.apps import apps
from django.db.models import Q
from haystack.backends import BaseEngine, BaseSearchBackend, BaseSearchQuery, SearchNode
from haystack.models import SearchResult

COLUMNS = {"category": "categories__in", "structure": "structure__in"}
ORDERS = {"title_exact": "title", "price": "stockrecords__price", "date_created": "date_created", "rating": "rating"}
WORDS_IN = ("title", "upc", "description")


class Query(BaseSearchQuery):  # type: ignore[misc]
    """Turns haystack's filters into one condition for the ORM."""

    def build_query(self) -> Q:
        """Public products that every filter lets through."""
        return reduce(and_, map(_condition, _leaves(self.query_filter)), Q(is_public=True))


class Backend(BaseSearchBackend):  # type: ignore[misc]
    """Reads products from the database; there is no index to keep."""

    def search(
        self, query_string: Q, start_offset: int = 0, end_offset: int | None = None, **options: Any
    ) -> dict[str, Any]:
        """The results between two offsets and how many there are in all."""
        product = apps.get_model("catalogue", "Product")
        found = product.objects.filter(query_string).distinct().order_by(*_order(options), "pk")
        shown = found[start_offset:end_offset]
        return {"results": [_result(one) for one in shown], "hits": found.count()}

    def update(self, index: Any, iterable: Any, commit: bool = True) -> None:
        """Nothing to keep."""

    def remove(self, obj_or_string: Any, commit: bool = True) -> None:
        """Nothing to forget."""


class Engine(BaseEngine):  # type: ignore[misc]
    """What HAYSTACK_CONNECTIONS names."""

    backend = Backend
    query = Query


def _leaves(node: SearchNode) -> Iterator[tuple[str, Any]]:
    for child in node.children:
        if isinstance(child, SearchNode):
            yield from _leaves(child)
        else:
            yield child


def _condition(leaf: tuple[str, Any]) -> Q:
    field, value = leaf[0].split("__")[0], leaf[1]
    if field in COLUMNS:
        return Q(**{COLUMNS[field]: value})
    if field != "content":
        return Q()
    text = str(getattr(value, "query_string", value))
    return reduce(and_, (_mentions(word) for word in text.split()), Q())


def _mentions(word: str) -> Q:
    return reduce(or_, (Q(**{f"{column}__icontains": word}) for column in WORDS_IN))


def _order(options: dict[str, Any]) -> list[str]:
    asked = options.get("sort_by") or []
    return ["-" * name.startswith("-") + ORDERS[name.lstrip("-")] for name in asked if name.lstrip("-") in ORDERS]


def _result(product: Any) -> SearchResult:
    result = SearchResult("catalogue", "product", product.pk, 0)
    result._object = product
    return result
