"""One page type on its way up and down the ladder."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from spiders.fetch.costs import Cost
from spiders.ladder_checks import PROBES, Checked, Rung, accepts
from spiders.read.document import PageHints
from spiders.replay.learning import learn, refined, replayed, trimmed
from spiders.replay.recipe import Recipe, Sample

MOST_PROBES = 10
CHECK_EVERY = 200
MOST_MISMATCHES, MOST_EMPTY = 2, 4
# A type that falls so often in one crawl is shown in the browser, or stays with plain HTTP if that reads nothing.
MOST_FALLS = 3
MOST_SAMPLES = 10


@dataclass
class PageRung:
    """One page type: the rung it is on, and while `is_settled` is False how a rung does on trial.

    `since` counts pages since the last one that was checked in the browser; `recent` whether checks agreed.
    """

    name: str
    rung: Rung = Rung.HTTP
    is_settled: bool = False
    recipe: Recipe | None = None
    since: int = 0
    recent: deque[bool] = field(default_factory=lambda: deque(maxlen=PROBES))
    trial: list[Checked] = field(default_factory=list)
    samples: deque[Sample] = field(default_factory=lambda: deque(maxlen=MOST_SAMPLES))
    is_fresh: bool = True
    looked_at: int = 0
    clear: int = 0
    broken: int = 0
    out: int = 0
    fill: float = 0.0
    agreed: str = ""
    costs: dict[Rung, Cost] = field(default_factory=dict)
    falls: int = 0
    empty: deque[bool] = field(default_factory=lambda: deque(maxlen=2 * PROBES))
    texts: list[str] = field(default_factory=list)
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def wanted(self) -> int:
        """How many more pages are to be read in the browser at once, before others go on; 0 where none has to."""
        if not self.is_settled:
            return max(PROBES - len(self.trial), 1)
        if self.rung is Rung.REPLAY and not self.is_fresh:
            return 1
        return 1 if self.rung is not Rung.BROWSER and not all(self.recent) else 0

    @property
    def is_due(self) -> bool:
        """Whether the next page is one that is checked in the browser as well."""
        return self.since + 1 >= CHECK_EVERY

    def cost(self, rung: Rung) -> Cost:
        """What pages of the type have cost on a rung in this crawl, to be added to."""
        return self.costs.setdefault(rung, Cost())

    def note(self, check: Checked, now: datetime, hints: PageHints) -> None:
        """Enter a page that was read both ways, and decide what can be decided."""
        self.samples.append(check.sample)
        if not self.is_settled:
            self.trial.append(check)
            self._try(now, hints)
            return
        self.since, self.is_fresh = 0, True
        if self.rung is Rung.BROWSER:
            self._retry()
            return
        self.recent.append(check.is_equal)
        if list(self.recent).count(False) >= MOST_MISMATCHES:
            self._fall(check)
        elif check.is_equal:
            self._refine(hints)

    def _refine(self, hints: PageHints) -> None:
        """Find the recipe's lesser places anew from all pages that the browser has shown."""
        if self.recipe:
            self.recipe = refined(self.recipe, self.samples, hints.locale(""))

    def _try(self, now: datetime, hints: PageHints) -> None:
        """Settle the rung on trial, or the next one."""
        if len(self.trial) < PROBES:
            return
        if accepts(self.trial):
            self._refine(hints)
            self._settle(self.rung)
        elif self.rung is Rung.HTTP and not any(one.is_product or one.is_shell for one in self.trial):
            self._settle(Rung.HTTP)
        elif self.rung is Rung.HTTP:
            self._learn(now, hints)
        else:
            self._settle(Rung.BROWSER)

    def _learn(self, now: datetime, hints: PageHints) -> None:
        """Put a recipe on trial, on the pages first that it was not learned from."""
        clear = [sample for sample in self.samples if sample.is_clear]
        if self.recipe is None and clear:
            self.recipe = learn(clear[:3], hints.locale("")) or learn(clear, hints.locale(""))
        if self.recipe is None:
            if len(self.trial) >= MOST_PROBES or len(clear) >= PROBES or not any(one.is_product for one in self.trial):
                self._settle(Rung.BROWSER)
            return
        recipe = self.recipe
        self.rung, held_out = Rung.REPLAY, clear[3:]
        self.trial = [Checked(one, replayed(recipe, one, now, hints)) for one in held_out][: PROBES - 1]

    def visited(self, has_offers: bool) -> None:
        """Enter a product's page as the spider read it; where plain HTTP often reads none, all rungs are tried anew."""
        self.empty.append(not has_offers)
        empty = sum(self.empty)
        if self.is_settled and self.rung is Rung.HTTP and empty >= MOST_EMPTY and self.falls < MOST_FALLS:
            self.texts.append(f"{self.name}: http fails, {empty} of the last {len(self.empty)} pages say nothing")
            self.is_settled = False
            self.falls += 1
            self.empty.clear()

    def _settle(self, rung: Rung) -> None:
        filled = [check.fill for check in self.trial]
        wanted = sum(most for _, most in filled)
        self.fill = round(sum(has for has, _ in filled) / wanted, 3) if wanted else 1.0
        self.agreed = f"{sum(check.is_equal for check in self.trial)} of {len(self.trial)}"
        if self.texts and rung is Rung.REPLAY and self.recipe:
            self.texts.append("\n".join([f"{self.name}: learned anew", *(f"+{line}" for line in self.recipe.words)]))
        self.rung, self.is_settled, self.is_fresh, self.since = rung, True, True, 0
        self.recipe = self.recipe if rung is Rung.REPLAY else None
        kept = [trimmed(self.recipe, sample) for sample in self.samples] if self.recipe else []
        self.samples = deque(kept, MOST_SAMPLES)
        self.trial.clear()
        self.recent.clear()

    def _fall(self, check: Checked) -> None:
        """Give up a rung that the browser contradicts, and try all of them anew."""
        said, seen = (str(one.price if one else None) for one in (check.cheap, check.sample.offer))
        head = f"{self.name}: {self.rung.value} fails, for {check.sample.shell.url} it says {said}, the browser {seen}"
        self.texts.append("\n".join([head, *(f"-{line}" for line in (self.recipe.words if self.recipe else ()))]))
        self._retry()
        self.falls += 1
        if self.falls >= MOST_FALLS:
            self.rung, self.is_settled = Rung.BROWSER, True

    def _retry(self) -> None:
        """Begin a trial with the page that was checked last."""
        last = self.samples.pop()
        self.rung, self.is_settled, self.recipe = Rung.HTTP, False, None
        self.samples.clear()
        self.samples.append(last)
        self.recent.clear()

    def as_json(self) -> dict[str, Any]:
        """What the next crawl needs, and what a person wants to know."""
        return {
            "rung": self.rung.value,
            "fill": self.fill,
            "agreed": self.agreed,
            "since": self.since,
            "costs": {rung.value: cost.per_page() for rung, cost in self.costs.items()},
            "recipe": self.recipe.as_json() if self.recipe else None,
            "words": self.recipe.words if self.recipe else [],
        }

    @classmethod
    def from_json(cls, name: str, said: Any) -> PageRung:
        """The inverse of `as_json`; a type of which nothing usable was said is tried anew."""
        rung = said.get("rung") if isinstance(said, dict) else None
        recipe = Recipe.from_json(said.get("recipe")) if rung == Rung.REPLAY else None
        if rung not in list(Rung) or (rung == Rung.REPLAY and recipe is None):
            return cls(name)
        since = said.get("since")
        known = cls(name, Rung(rung), True, recipe, since if isinstance(since, int) else 0, is_fresh=False)
        known.fill, known.agreed = float(said.get("fill") or 0), str(said.get("agreed") or "")
        return known
