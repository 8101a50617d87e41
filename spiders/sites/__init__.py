"""Shops that need a word of their own: one small file each, found by name, host or a mark on the page."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from pricevane.model import SiteState
from spiders.shop import ShopSpider


@cache
def all_sites() -> tuple[type[ShopSpider], ...]:
    """Every spider class of this package, by module name."""
    modules = [import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)]
    return tuple(
        member
        for module in modules
        for member in vars(module).values()
        if isinstance(member, type) and issubclass(member, ShopSpider) and member.__module__ == module.__name__
    )


def for_state(state: SiteState) -> type[ShopSpider]:
    """The spider written for the site's name or host, or the generic one."""
    origin = state.origin
    for site in all_sites():
        if state.name == site.name or {origin.key, origin.host} & set(site.hosts):
            return site
    return ShopSpider
