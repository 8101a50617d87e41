"""Which price changes does a budget of requests catch, and how soon, when pages are visited by value?"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import reduce
from typing import Annotated

import numpy as np
import typer

from benchmarks.options import BESIDE_THE_CHECKOUT, Data, Json, Quick, Seed
from benchmarks.output import tell
from benchmarks.recrawling.histories import FILE, Histories, read_histories
from benchmarks.recrawling.policies import EPOCH, ChoGarciaMolina, Counting, Knowing, Ours, Policy, Ranking, learned
from benchmarks.recrawling.replay import Tally, intervals, replay
from benchmarks.recrawling.simulation import Market, stale_age
from spiders.find.rates import UNKNOWN, Rate
from spiders.find.recrawl import plan
from spiders.find.units import Member, Unit

BUDGETS = (0.05, 0.1, 0.143, 0.25, 0.5)
ROUNDS = 3  # lots are drawn anew in each
PRODUCTS, MILLION = 20_000, 1_000_000
Make = Callable[[int], Policy]


def main(
    data: Data = BESIDE_THE_CHECKOUT,
    quick: Quick = False,
    json: Json = None,
    seed: Seed = 7,
    learn_until: Annotated[str, typer.Option(help="The last day of learning.")] = "2020-12-31",
    score_until: Annotated[str, typer.Option(help="The last day of scoring; without it all.")] = "",
) -> None:
    """Replay real shelf prices and a simulated market under several policies; time the planning of a million pages."""
    skipped: list[str] = []
    figures: dict[str, float] = {}
    if (data / FILE).exists():
        histories = read_histories(data / FILE)
        last = date.fromisoformat(score_until) if score_until else histories.on(histories.cents.shape[1] - 1)
        figures |= real(histories, date.fromisoformat(learn_until), last, seed, 1 if quick else ROUNDS)
    else:
        skipped.append(f"recrawl: real prices, there is no {FILE} in the data folder; name it with --data")
    figures |= simulated(PRODUCTS // 10 if quick else PRODUCTS, seed)
    if quick:
        skipped.append("recrawl: two rounds of three, nine simulated products of ten, the million (--quick)")
    else:
        figures["plan_seconds_1m"] = round(plan_seconds(MILLION), 1)
    tell(figures, skipped, json)


def real(histories: Histories, learn_until: date, score_until: date, seed: int, rounds: int) -> dict[str, float]:
    """All policies at all budgets after learning, each page weighing the same; intervals by resampling pages."""
    start, end = histories.day(learn_until) + 1, histories.day(score_until) + 1
    figures: dict[str, float] = {}
    for budget in BUDGETS:
        tallies = {
            name: _replayed(histories, make, budget, start, end, [seed + number for number in range(rounds)])
            for name, make in policies(histories, start, end).items()
        }
        figures |= dict(_told(tallies, budget, seed))
    some = tallies["uniform"]
    return figures | {"pages": len(some.days), "changes": int(some.changes.sum()) // rounds, "days": end - start}


def policies(histories: Histories, start: int, end: int) -> Mapping[str, Make]:
    """How to make each policy from a seed."""
    pages = len(histories.categories)
    alike = np.ones(pages)
    truth = histories.changed[:, start:end].sum(axis=1) / np.maximum(histories.there[:, start:end].sum(axis=1), 1)
    rates = learned(histories, start)
    return {
        "uniform": lambda seed: Ranking(pages, seed),
        "rate": lambda seed: Counting(histories, start, seed),
        "cho_garcia_molina": lambda seed: ChoGarciaMolina(histories, start, seed),
        "ours": lambda seed: Ours(rates, alike, seed),
        "oracle": lambda seed: Knowing(truth, alike, seed),
    }


def _replayed(histories: Histories, make: Make, budget: float, start: int, end: int, seeds: list[int]) -> Tally:
    return reduce(Tally.plus, (replay(histories, make(seed), budget, start, end) for seed in seeds))


def _told(tallies: Mapping[str, Tally], budget: float, seed: int) -> Iterator[tuple[str, float]]:
    for name, tally in tallies.items():
        ranges = intervals(tally, tallies["cho_garcia_molina"], seed)
        for figure, value in tally.figures().items():
            yield f"{figure}.{name}.{budget:g}", round(value, 4)
            yield f"{figure}.{name}.{budget:g}_low", round(ranges[figure][0], 4)
            yield f"{figure}.{name}.{budget:g}_high", round(ranges[figure][1], 4)
        if name == "ours":
            yield f"caught_lead.ours.{budget:g}_low", round(ranges["caught_lead"][0], 4)
            yield f"caught_lead.ours.{budget:g}_high", round(ranges["caught_lead"][1], 4)


def simulated(products: int, seed: int) -> dict[str, float]:
    """Stale age by weight: in turn, as the product plans while it learns, and as it would plan if it knew."""
    market = Market.of(products, seed)
    prior = [Rate(UNKNOWN)] * products
    uniform = stale_age(market, Ranking(products, seed), seed)
    ours = stale_age(market, Ours(prior, market.weights, seed), seed)
    oracle = stale_age(market, Knowing(market.rates, market.weights, seed), seed)
    return {
        "sim_stale_age_days_uniform": round(uniform, 4),
        "sim_stale_age_days_ours": round(ours, 4),
        "sim_stale_age_over_uniform": round(ours / uniform, 4),
        "sim_stale_age_over_uniform_oracle": round(oracle / uniform, 4),
    }


def plan_seconds(pages: int) -> float:
    """CPU seconds of one plan for so many pages, a tenth of which it may ask for."""
    rate = Rate(UNKNOWN)
    units = [Unit(str(page), (Member(str(page), rate, 1 + page % 7, EPOCH),)) for page in range(pages)]
    began = time.process_time()
    plan(units, pages // 10, EPOCH.replace(month=2), 0)
    return time.process_time() - began


if __name__ == "__main__":
    typer.run(main)
