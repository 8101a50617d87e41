"""One shop alone on a loopback address, with the listings of the English rival and any storefront."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from pricevane.market.nouns import Shown
from pricevane.market.server import ShopServer, serving
from pricevane.market.storefront import Reply, Storefront
from pricevane.market.world import World

HOST = "127.0.0.25"


class SingleShop:
    """A running shop; `day` may be set to turn its clock."""

    def __init__(self, world: World, storefront: type[Storefront], server: ShopServer) -> None:
        self.world = world
        self.day = 0
        self.server = server
        self.url = server.url
        self.site = storefront(world, world.shops[0], server.url)

    @property
    def truth(self) -> dict[str, Shown]:
        """Path → what is true of the listing today."""
        return self.site.shown[self.day]

    def hits(self) -> Counter[str]:
        """Path (without query) → how often the shop was asked for it."""
        return self.server.tally()

    def answer(self, target: str) -> Reply:
        """The shop's answer today."""
        return self.site.reply(target, self.day)


@contextmanager
def open_single(storefront: type[Storefront], world: World | None = None) -> Iterator[SingleShop]:
    """Serve a storefront with a world's listings (a small world's, if none is given) until the block ends."""
    server = ShopServer(HOST)
    shop = SingleShop(world or World(products=60, days=4), storefront, server)
    server.answer = shop.answer
    with serving(server):
        yield shop
