"""The simulated market as running shops: four real web sites on loopback addresses, with one clock."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from functools import partial
from types import TracebackType

from pricevane.market.boutique import Boutique
from pricevane.market.north import North
from pricevane.market.plainshop import Plainshop
from pricevane.market.scriptshop import Scriptshop
from pricevane.market.server import ShopServer, serving
from pricevane.market.storefront import Reply, Storefront
from pricevane.market.world import World

SITES: dict[str, tuple[str, type[Storefront]]] = {
    "north": ("127.0.0.21", North),
    "boutique": ("127.0.0.22", Boutique),
    "plainshop": ("127.0.0.23", Plainshop),
    "scriptshop": ("127.0.0.24", Scriptshop),
}


class Market:
    """A context manager that serves a world's shops; setting `day` turns the clock for all of them."""

    def __init__(self, world: World, day: int = 0) -> None:
        """Nothing is served before the context is entered; raises IndexError for a day outside the world."""
        self.world = world
        self.day = day
        self._servers: dict[str, ShopServer] = {}
        self._stack = ExitStack()

    @property
    def day(self) -> int:
        """Today, counted from the world's first day."""
        return self._day

    @day.setter
    def day(self, day: int) -> None:
        self.world.truth(day)
        self._day = day

    @property
    def urls(self) -> dict[str, str]:
        """Shop name → its address, with a closing slash; empty outside the context."""
        return {name: f"{server.url}/" for name, server in self._servers.items()}

    def hits(self, shop: str) -> Counter[str]:
        """Path (without query) → how often the shop was asked for it since it opened; KeyError outside the context."""
        return self._servers[shop].tally()

    def __enter__(self) -> Market:
        """Open all shops; a shop that cannot open closes those that did."""
        with ExitStack() as stack:
            for shop in self.world.shops:
                host, site = SITES[shop.name]
                server = ShopServer(host)
                server.answer = partial(self._answer, site(self.world, shop, server.url))
                self._servers[shop.name] = stack.enter_context(serving(server))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all shops."""
        self._stack.close()
        self._servers = {}

    def _answer(self, site: Storefront, target: str) -> Reply:
        return site.reply(target, self.day)
