"""The simulated market: rival shops that can be crawled, with known truth."""

from pricevane.market.market import Market
from pricevane.market.nouns import Shop, Shown, TrueMove
from pricevane.market.world import World

__all__ = ["Market", "Shop", "Shown", "TrueMove", "World"]
