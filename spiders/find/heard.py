"""What a crawl hears of known pages before it reads them, and which of these signals of a change turn out true."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from spiders.find.signals import Signal

LASTMOD, TILE = "lastmod", "tile"
# From this chance of a change on, an alarm is worth a request to a page that would be left alone without it.
WORTH_IT = 0.25
# After so many alarms a signal that is not believed is known to mislead.
TRIED = 20
MOST_HEARD = 500_000


class Heard:
    """The signals of one site; `learned` is what `as_json` gave after the crawl before.

    `note` what a signal says of a known page, before or after the page has come; `read` when it has come, by the hash
    of what came, and `stored` which of these read otherwise than before; `settled` where that is known at once.
    """

    def __init__(self, learned: object) -> None:
        said = learned if isinstance(learned, dict) else {}
        self.signals = {name: Signal.of(said.get(name)) for name in (LASTMOD, TILE)}
        self._said: dict[str, dict[str, bool]] = {}
        self._read: dict[str, str] = {}
        self._outcomes: dict[str, bool] = {}

    def note(self, url: str, signal: str, has_fired: bool) -> None:
        """What a signal says of a page; if it speaks twice before the page is read, its alarm counts."""
        if url not in self._said and len(self._said) >= MOST_HEARD:
            return
        said = self._said.setdefault(url, {})
        if url not in self._outcomes:
            said[signal] = has_fired or said.get(signal, False)
        elif signal not in said:
            said[signal] = has_fired
            self._learn(signal, has_fired, self._outcomes[url])

    def convinces(self, signal: str) -> bool:
        """Whether changes are so likely when the signal fires that its pages should be asked for."""
        return self.signals[signal].chance >= WORTH_IT

    def misleads(self, signal: str) -> bool:
        """Whether the signal was tried and is not believed."""
        return self.signals[signal].fired >= TRIED and not self.convinces(signal)

    def read(self, url: str, page_hash: str) -> None:
        """A page has come; whether it reads otherwise is known once it is stored."""
        if len(self._read) < MOST_HEARD:
            self._read[page_hash] = url

    def stored(self, pages: Collection[str], changed: Collection[str]) -> None:
        """Told of the hashes of pages that were stored, and of those among them that read otherwise than before."""
        for page_hash in pages:
            if url := self._read.pop(page_hash, ""):
                self.settled(url, page_hash in changed)

    def settled(self, url: str, has_changed: bool) -> None:
        """Learn from a page that was read, once."""
        if url in self._outcomes or len(self._outcomes) >= MOST_HEARD:
            return
        self._outcomes[url] = has_changed
        for signal, has_fired in self._said.get(url, {}).items():
            self._learn(signal, has_fired, has_changed)

    def _learn(self, signal: str, has_fired: bool, has_changed: bool) -> None:
        self.signals[signal] = self.signals[signal].after(has_fired, has_changed)

    def as_json(self) -> dict[str, Any]:
        """The signals that were ever tried, as plain numbers."""
        return {name: [round(one, 3) for one in signal] for name, signal in self.signals.items() if any(signal)}
