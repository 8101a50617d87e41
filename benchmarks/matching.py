"""How well are listings matched on sets never seen, how sure is what needs no person, and what does it cost?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from benchmarks.options import BESIDE_THE_CHECKOUT, Data, Json, Quick, Seed
from benchmarks.output import Figures, share, tell
from benchmarks.pairing.decided import decided
from benchmarks.pairing.judged import Automatic, Prepared, baselines, blocking, supervised, unseen
from benchmarks.pairing.market import market_figures, market_set
from benchmarks.pairing.sets import FOLDER, sets
from benchmarks.pairing.speed import measured
from matching.evaluate import lower_bound
from matching.scorer import SHIPPED
from matching.train import fit

FEWEST_ACCEPTED = 600
FEWEST_SETS = 3


def main(
    data: Data = BESIDE_THE_CHECKOUT,
    quick: Quick = False,
    json: Json = None,
    seed: Seed = 7,
    refit: Annotated[bool, typer.Option("--fit", help="Make the scorer anew from all sets, and ship it.")] = False,
) -> None:
    """Score each set with a scorer refitted without it, with one of its own labels, and beside two baselines."""
    prepared = [Prepared.of(one) for one in sets(data)]
    made = Prepared.of(market_set())
    if refit:
        taught = [*prepared, made]
        SHIPPED.write_text(fit([one.labelled for one in taught]).as_json(), encoding="utf-8")
        print(f"the scorer was made from {', '.join(one.source.name for one in taught)}: {SHIPPED.name}")
        return
    skipped = [] if prepared else [f"matching: there is no {FOLDER} in the data folder; name it with --data"]
    figures = {**measure(prepared, made, skipped), **market_figures(seed), **speed(quick, seed, skipped)}
    tell(figures, skipped, json)


def measure(prepared: Sequence[Prepared], made: Prepared, skipped: list[str]) -> dict[str, int | float]:
    """Every figure of every set, and the automatic ones pooled over the sets; `made` is only learned from."""
    figures: dict[str, int | float] = {}
    pooled: list[Automatic] = []
    for one in prepared:
        name = one.source.name
        if one.source.whole:
            figures |= _headed(name, blocking(one.source))
        else:
            skipped.append(f"matching: {name}.recall_at_* (the set has pairs only)")
        figures |= _headed(name, baselines(one) | supervised(one))
        if len(prepared) < FEWEST_SETS:
            skipped.append(f"matching: {name}.unseen_f1 (fewer than {FEWEST_SETS} sets)")
            continue
        others = [*(other for other in prepared if other is not one), made]
        found, automatic = unseen(one, others)
        figures |= _headed(name, decided(one, others)) if one.source.whole else {}
        figures |= _headed(name, found) | automatic.figures(f"{name}.")
        pooled.append(automatic)
    if prepared:
        figures["pairs_per_s"] = round(sum(one.pairs_per_s for one in prepared) / len(prepared))
    return figures | (_pooled(pooled, skipped) if pooled else {})


def _headed(name: str, figures: Figures) -> dict[str, int | float]:
    return {f"{name}.{figure}": value for figure, value in figures.items()}


def _pooled(pooled: Sequence[Automatic], skipped: list[str]) -> dict[str, int | float]:
    """Over all left-out sets; labels that contradict the codes in both names are counted apart, too."""
    accepted, wrong, disputed, true = (
        sum(getattr(one, name) for one in pooled) for name in ("accepted", "wrong", "wrong_disputed", "true")
    )
    if accepted < FEWEST_ACCEPTED:
        skipped.append(f"matching: auto_precision (not shown: {accepted} accepted pairs, {FEWEST_ACCEPTED} needed)")
        return {"auto_accepted": accepted}
    sure = accepted - disputed
    return {
        "auto_accepted": accepted,
        "auto_precision": share(accepted - wrong, accepted),
        "auto_precision_low": round(lower_bound(accepted - wrong, accepted), 4),
        "auto_coverage": share(accepted - wrong, true),
        "auto_disputed": disputed,
        "auto_undisputed_precision": share(accepted - wrong, sure),
        "auto_undisputed_precision_low": round(lower_bound(accepted - wrong, sure), 4),
    }


def speed(quick: bool, seed: int, skipped: list[str]) -> dict[str, int | float]:
    """The whole way for 10k listings and 10k products, and for ten times as many."""
    small = measured(10_000, seed)
    figures = {"seconds_10k": small["seconds"], "peak_mb_10k": small["peak_mb"], "found_10k": small["found_share"]}
    if quick:
        skipped.append("matching: seconds_100k, peak_mb_100k (--quick)")
        return figures
    large = measured(100_000, seed)
    growth = round(large["cpu_seconds"] / max(small["cpu_seconds"], 0.1), 1)
    return figures | {
        "seconds_100k": large["seconds"],
        "peak_mb_100k": large["peak_mb"],
        "found_100k": large["found_share"],
        "growth_10k_to_100k": growth,
    }


if __name__ == "__main__":
    typer.run(main)
