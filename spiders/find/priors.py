"""What to expect of a page that was not visited yet, from its site's and its category's other pages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from spiders.find.rates import UNKNOWN, Prior

ALIKE, UNLIKE = 20.0, 0.2


def fit_prior(pages: Iterable[tuple[str, float, float]]) -> Mapping[str, Prior]:
    """The priors of one site's categories by empirical Bayes; under "" that of a category not seen yet.

    `pages` has for each page its category, the changes counted and the days it was watched. A category's mean is
    drawn towards the site's, the less the more it was watched and the more the categories differ.
    """
    watched = [(category, changes, days) for category, changes, days in pages if days > 0]
    totals: defaultdict[str, tuple[float, float]] = defaultdict(lambda: (0.0, 0.0))
    for category, changes, days in watched:
        so_far = totals[category]
        totals[category] = so_far[0] + changes, so_far[1] + days
    site = _mean(totals.values(), UNKNOWN)
    pull = fit_shape((changes, site * days) for changes, days in totals.values())
    means = {name: _mean([total], Prior(pull, pull / site)) for name, total in totals.items()} | {"": site}
    shape = fit_shape((changes, means[category] * days) for category, changes, days in watched)
    return {name: Prior(shape, shape / mean) for name, mean in means.items()}


def _mean(totals: Iterable[tuple[float, float]], prior: Prior) -> float:
    some = list(totals)
    return (prior.shape + sum(one[0] for one in some)) / (prior.days + sum(one[1] for one in some))


def fit_shape(counts: Iterable[tuple[float, float]]) -> float:
    """The shape of the Gamma of mean 1 that scatters (counted, expected) changes; ALIKE where nothing shows scatter.

    By moments, weighted by what was expected (Marshall 1991).
    """
    some = [(counted, expected) for counted, expected in counts if expected > 0]
    whole = sum(expected for _, expected in some)
    if len(some) < 2:
        return ALIKE
    scatter = sum((counted - expected) ** 2 / expected for counted, expected in some) - (len(some) - 1)
    weight = whole - sum(expected**2 for _, expected in some) / whole
    return min(max(weight / scatter, UNLIKE), ALIKE) if scatter > 0 else ALIKE
