"""What a shopkeeper sets in Oscar by code: prices with tax on top, and where thumbnails lie."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace
from typing import Any

from oscar.core.loading import default_class_loader


class Taxed:
    """Chooses Oscar's own strategy of one stock record a product and a fifth of tax on its price."""

    def strategy(self, request: Any = None, user: Any = None, **context: Any) -> Any:
        """The strategy for one visitor."""
        return import_module("oscar.apps.partner.strategy").UK(request)


class Thumbnailer:
    """Names thumbnails without drawing them: nobody fetches pictures here."""

    def generate_thumbnail(self, source: Any, **options: Any) -> SimpleNamespace:
        """An object with the address that a thumbnail would have."""
        return SimpleNamespace(url=f"/media/cache/{options['size']}/{getattr(source, 'name', source)}")


def load(module: str, names: list[str], prefix: str) -> list[Any]:
    """Oscar's classes as it finds them itself, but for the strategy's selector (see OSCAR_DYNAMIC_CLASS_LOADER)."""
    found: list[Any] = default_class_loader(module, names, prefix)
    return [Taxed if name == "Selector" else kind for name, kind in zip(names, found, strict=True)]
