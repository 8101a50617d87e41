"""The simulated market without its servers: a pure function of a seed, with the truth for every page and day."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from functools import cached_property

from pricevane.market import own
from pricevane.market.catalogue import goods
from pricevane.market.history import Day, walk
from pricevane.market.nouns import Good, Listing, Shop, Shown, TrueMove
from pricevane.market.poison import poisons
from pricevane.market.rivals import RIVALS, listings
from pricevane.market.sales import COLUMNS, sales

START_ON = date(2026, 3, 2)


class World:
    """Our products, four rivals' listings, and what each charges on days 0 to `days` - 1."""

    def __init__(self, seed: int = 7, products: int = 240, days: int = 8, start_on: date = START_ON) -> None:
        """Equal arguments make equal worlds; `start_on` is the date of day 0."""
        self.seed = seed
        self.days = days
        self.start_on = start_on
        self.goods: tuple[Good, ...] = goods(seed, products)
        self.shops: tuple[Shop, ...] = tuple(rival.shop for rival in RIVALS)
        self.listings: tuple[Listing, ...] = tuple(
            listing for rival in RIVALS for listing in listings(seed, rival, self.goods)
        )

    def truth(self, day: int) -> list[Shown]:
        """One per listing of every shop, in the order of `listings`; raises IndexError outside the world's days."""
        if not 0 <= day < self.days:
            raise IndexError(f"day {day} is outside this world: it has days 0 to {self.days - 1}")
        return self._truth[day]

    def moves(self, first_day: int, last_day: int) -> list[TrueMove]:
        """The real price changes from `first_day` to `last_day`, both included, in the order of days."""
        return [
            TrueMove(
                listing.shop.name,
                listing.path,
                listing.good.sku,
                day,
                walked[day - 1].price,
                walked[day].price,
                walked[day].by_promotion,
            )
            for day in range(max(first_day, 1), min(last_day, self.days - 1) + 1)
            for listing, walked in zip(self.listings, self._walks, strict=True)
            if walked[day].moved
        ]

    def products_csv(self) -> str:
        """Our products; see `own.products_csv` for columns and units."""
        return own.products_csv(self.seed, self.goods, self.own_prices)

    def sales_csv(self) -> str:
        """Our sales of the ninety days before `start_on`; see `sales.sales`."""
        return own.as_csv(COLUMNS, sales(self.seed, self.goods, self.own_prices, self.start_on))

    @cached_property
    def own_prices(self) -> dict[str, Decimal]:
        """sku → our shelf price with VAT on day 0."""
        rivals: defaultdict[str, list[Decimal]] = defaultdict(list)
        for listing, walked in zip(self.listings, self._walks, strict=True):
            rivals[listing.good.sku].append(walked[0].price)
        return {good.sku: own.own_price(self.seed, good, rivals[good.sku]) for good in self.goods if good.sku}

    @cached_property
    def _walks(self) -> list[list[Day]]:
        return [walk(self.seed, listing, self.days) for listing in self.listings]

    @cached_property
    def _truth(self) -> list[list[Shown]]:
        families: defaultdict[tuple[str, str], list[tuple[Listing, list[Day]]]] = defaultdict(list)
        for listing, walked in zip(self.listings, self._walks, strict=True):
            families[listing.shop.name, listing.good.family or listing.path].append((listing, walked))
        columns = [
            self._shown(listing, walked, [w for other, w in families[key] if other is not listing])
            for listing, walked in zip(self.listings, self._walks, strict=True)
            for key in [(listing.shop.name, listing.good.family or listing.path)]
        ]
        return [list(day) for day in zip(*columns, strict=True)]

    def _shown(self, listing: Listing, walked: list[Day], sisters: list[list[Day]]) -> list[Shown]:
        struck = poisons(self.seed, listing, walked, sisters)
        return [
            Shown(
                shop=listing.shop.name,
                path=listing.path,
                sku=listing.good.sku,
                name=listing.name,
                price=day.price,
                regular=day.regular,
                currency=listing.shop.currency,
                availability=day.availability,
                shown=struck.get(number, ("", day.price))[1],
                poison=struck.get(number, ("", day.price))[0],
                on_promotion=day.regular is not None,
            )
            for number, day in enumerate(walked)
        ]
