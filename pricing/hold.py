"""When to trust neither a rival's whole site nor a whole run."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from pricing.screen import Screened
from pricing.settings import Guardrails


def sites_out(screened: Screened, guardrails: Guardrails) -> dict[str, str]:
    """Sites whose prices do not count now and why: held ones, and those with too many errors today."""
    sites = screened.sites
    much = sites["implausible"] > guardrails.rival_quarantined_share * sites["listings"]
    told = {
        site: f"{implausible} of {listings} prices are not believed"
        for site, implausible, listings in zip(
            sites.loc[much, "site"], sites.loc[much, "implausible"], sites.loc[much, "listings"], strict=True
        )
    }
    held = screened.held_sites
    return told | dict(zip(held["site"], held["reason"], strict=True))


def hold(
    proposals: pd.DataFrame, products: pd.DataFrame, guardrails: Guardrails, standing: Collection[int] = ()
) -> tuple[str, str]:
    """(publication, reason): a run that would change too much at once is "suspect", else "published".

    Proposals of the products in `standing` are not new and do not count.
    """
    new = proposals[~proposals["product_id"].isin(list(standing))]
    allowed = max(guardrails.run_share * len(products), guardrails.run_count)
    if len(new) > allowed:
        return "suspect", f"{len(new)} proposals for {len(products)} products; a run may bring {int(allowed)}"
    if new.empty:
        return "published", ""
    move = (new["proposed_minor"] / new["current_minor"] - 1).abs().median()
    if move > guardrails.run_median_move:
        limit = 100 * guardrails.run_median_move
        return "suspect", f"the median proposal changes its price by {100 * move:.1f} %; a run may bring {limit:g} %"
    return "published", ""
