"""A recipe from what the browser recorded on a few pages, and what it would have said of others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from urllib.parse import urlsplit

from pricevane.model import Offer
from spiders.read.document import PageHints
from spiders.replay.calls import Call
from spiders.replay.embedded import PAGE, states
from spiders.replay.fields import TEXTS
from spiders.replay.places import Known, currency_path, price_places, regular_place, stock_place, text_path
from spiders.replay.recipe import Recipe, Sample
from spiders.replay.sources import Shell
from spiders.replay.template import same_call, template_of

LEAST_SAMPLES = 3
MOST_TRIED = 12


def learn(samples: Sequence[Sample], language: str) -> Recipe | None:
    """The first recipe that reads every sample as the browser did.

    None for fewer than LEAST_SAMPLES clear samples, for those of one price, for which any number would do, and where
    no call names price and name.
    """
    clear = [sample for sample in samples if sample.is_clear]
    prices = {sample.offer.price for sample in clear if sample.offer}
    if len(clear) < LEAST_SAMPLES or len(prices) < 2 or len({one.currency for one in prices if one}) != 1:
        return None
    for calls in islice(_alike(clear), MOST_TRIED):
        if recipe := _of_calls(calls, clear, language):
            return recipe
    return None


def trimmed(recipe: Recipe, sample: Sample) -> Sample:
    """The sample with the recipe's own call only."""
    asked = recipe.call.filled(sample.shell)
    return replace(sample, calls=tuple(call for call in sample.calls if asked and same_call(asked[0], call.url))[:1])


def refined(recipe: Recipe, samples: Sequence[Sample], language: str) -> Recipe:
    """The recipe with the places of all that is not the price found anew, from as many pages as there are."""
    known = []
    for sample in (trimmed(recipe, sample) for sample in samples if sample.is_clear):
        known += [Known(call.content, call.leaves, sample.offer) for call in sample.calls if sample.offer]
    if len(known) < LEAST_SAMPLES:
        return recipe
    found = _with_fields(recipe, known, language)
    return found if "name" in found.texts and (found.stock or not recipe.stock) else recipe


def _with_fields(recipe: Recipe, known: Sequence[Known], language: str) -> Recipe:
    texts = {name: path for name in TEXTS if (path := text_path(known, name, recipe.price))}
    return replace(
        recipe,
        currency_path=currency_path(known, recipe.price),
        regular=regular_place(known, recipe.price, language),
        stock=stock_place(known, recipe.price),
        texts=texts,
        confidence=min(one.offer.confidence for one in known),
    )


def _alike(samples: Sequence[Sample]) -> list[list[Call]]:
    """For each call of the first page, the call of every other page that is most like it."""
    found = []
    for call in samples[0].calls:
        row = [call, *(max(sample.calls, key=lambda one: _likeness(call, one), default=None) for sample in samples[1:])]
        if all(one is not None and _likeness(call, one)[0] for one in row):
            found.append([one for one in row if one])
    return found


def _likeness(call: Call, other: Call) -> tuple[bool, int, int]:
    """Whether two calls may be one page's and another's, how many steps they share, and how many values."""
    one, two = urlsplit(call.url), urlsplit(other.url)
    if call.method == other.method == PAGE:
        return one.fragment == two.fragment, 0, 0
    steps, others = one.path.split("/"), two.path.split("/")
    is_alike = (call.method, one.netloc, len(steps)) == (other.method, two.netloc, len(others))
    shared = sum(a == b for a, b in zip(steps, others, strict=False))
    return is_alike, shared, len(set(call.leaves) & set(other.leaves))


def _of_calls(calls: Sequence[Call], samples: Sequence[Sample], language: str) -> Recipe | None:
    known = [Known(one.content, one.leaves, two.offer) for one, two in zip(calls, samples, strict=True) if two.offer]
    places = price_places(known, language)
    template = template_of(calls, [sample.shell for sample in samples]) if places else None
    if template is None:
        return None
    currency = known[0].offer.price.currency if known[0].offer.price else ""
    tried = (_with_fields(Recipe(template, price, currency), known, language) for price in places[:MOST_TRIED])
    return next((recipe for recipe in tried if "name" in recipe.texts), None)


def said_by(shell: Shell, recorded: Sequence[Call]) -> tuple[Call, ...]:
    """All answers that may hold a page's price, those first that cost no request of their own."""
    return (*states(shell.tree, shell.url), *recorded)


def replayed(recipe: Recipe, sample: Sample, at_: datetime, hints: PageHints) -> Offer | None:
    """What the recipe reads from a page's recorded calls, None where it would have asked for something else."""
    calls = trimmed(recipe, sample).calls
    return recipe.read(calls[0].body, sample.shell.url, at_, hints) if calls else None
