"""`match review`: a person at the queue, one card and one key at a time."""

from __future__ import annotations

import time
from collections import Counter
from typing import Annotated

import typer
from rich.text import Text

from pricevane.cli.card import Cards
from pricevane.cli.output import err, out, plain
from pricevane.cli.session import ConfigOption, Failed, WhoOption, WhyOption, house, now, who
from pricevane.cli.stopping import INTERRUPTED
from pricevane.house import House
from pricevane.review.answers import Answer, Overtaken, answer, choices, take_back, verdicts
from pricevane.review.queue import Question, queue
from pricevane.visit import site_named

SAID = {"confirmed": "the same", "rejected": "not the same", "comparable": "comparable"}
SITTING = 500
LEAVE = ("q", "", "\x04")
HELP = """
y  the two are the same product; 1, 2, 3: the one with that number is
n  none of those shown is this listing; these pairs never come back by themselves
c  only the pack differs: their prices may be compared by unit
s  leave it for later       u  take the last answer back; again: the one before
o  address and all fields; again: of the next pair, which y then means
q  end; every answer is kept already
""".strip()
SiteOption = Annotated[str, typer.Option("--site", help="Only listings of this site.", show_default=False)]


def review(
    site: SiteOption = "",
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many rows.")] = SITTING,
    by: WhoOption = "",
    why: WhyOption = "",
    config: ConfigOption = None,
) -> None:
    """Decide what the matching could not: side by side, one key each; the most valuable answer comes first."""
    name, home = who(by), house(config)
    if site:
        site_named(home.config, site)
    with home.engine.connect() as connection:
        questions = queue(connection, now(), site or None, limit)
    if not questions:
        err.print("nothing waits for review")
        return
    raise typer.Exit(Sitting(home, questions, name, why).sit())


class Sitting:
    """What is ahead of a person, what was answered, and how fast."""

    def __init__(self, home: House, questions: list[Question], name: str, why: str) -> None:
        self.home = home
        self.name = name
        self.why = why
        self.total = len(questions)
        self.ahead = questions[::-1]
        self.past: list[Answer | Question] = []
        self.message = ""
        self.opened = 0
        self.began = time.monotonic()

    @property
    def given(self) -> list[Answer]:
        """The answers that were kept; what else is past was skipped."""
        return [one for one in self.past if isinstance(one, Answer)]

    def sit(self) -> int:
        """Ask until the queue or the person's time is over; returns the exit code."""
        code = 0
        try:
            while self.ahead or self.past:
                self._draw()
                key = _key()
                if key in LEAVE:
                    break
                self._pressed(key)
        except KeyboardInterrupt:
            code = INTERRUPTED
        self._summarise()
        return code

    def _draw(self) -> None:
        """The screen anew: how far we are, what the last key did, the card."""
        cards = Cards(out.width, marked=out.no_color or out.color_system is None)
        if out.is_terminal and not out.is_dumb_terminal:
            out.clear()
        where = f"{self.total - len(self.ahead) + 1} of {self.total}" if self.ahead else "that was the last one"
        out.print(Text(where + (f", {self._pace()}" if self.given else ""), "bold"))
        out.print(Text(self.message, "green"), soft_wrap=True)
        if self.ahead:
            out.print(cards.card(self.ahead[-1], self.opened), width=cards.width)
        else:
            out.print("u undo   q quit")
        self.message = ""

    def _pressed(self, key: str) -> None:
        question, opened, self.opened = self.ahead[-1] if self.ahead else None, self.opened, 0
        if key == "u":
            self._undo()
        elif question is None:
            self.message = "u takes the last answer back, q ends"
        elif key in choices(question):
            self._answer(self.ahead.pop(), str(opened) if key == "y" and opened > 1 else key)
        elif key == "s":
            self.past.append(self.ahead.pop())
            self.message = "skipped: it comes again next time"
        elif key == "o":
            self.opened = opened % len(question.shown) + 1
        else:
            self.message = HELP if key == "?" else f"{plain(key)!r} is no key here; ? tells them all"

    def _answer(self, question: Question, key: str) -> None:
        said = verdicts(question, key)
        try:
            with self.home.engine.begin() as connection:
                self.past.append(answer(connection, question, said, self.name, self.why, now()))
        except Overtaken as overtaken:
            self.message = plain(f"not kept: {overtaken}")
            self.total -= 1
            return
        skus = " ".join(pair.ours.sku for pair in question.shown if pair.match_id in said)
        self.message = plain(f"kept: {SAID[next(iter(said.values()))]}: {skus}; u takes it back")[: out.width]

    def _undo(self) -> None:
        if not self.past:
            self.message = "there is nothing to take back"
            return
        last = self.past.pop()
        try:
            if isinstance(last, Answer):
                with self.home.engine.begin() as connection:
                    take_back(connection, last, "taken back at once", now())
        except Overtaken as overtaken:
            self.message = plain(f"not taken back: {overtaken}")
            return
        self.ahead.append(last.question if isinstance(last, Answer) else last)
        self.message = "taken back" if isinstance(last, Answer) else "skipped no longer"

    def _pace(self) -> str:
        minutes = max(time.monotonic() - self.began, 1.0) / 60
        return f"{len(self.given) / minutes:.0f} answers a minute"

    def _summarise(self) -> None:
        kinds = Counter(
            SAID[next(iter(one.verdicts.values()))] if isinstance(one, Answer) else "skipped" for one in self.past
        )
        told = [f"{count} {kind}" for kind, count in kinds.items()]
        count, pace = len(self.given), f", {self._pace()}" if self.given else ""
        kept = f"{count} answer{'' if count == 1 else 's'} kept{pace}"
        out.print(f"{kept}: {', '.join(told) or 'none'}; {len(self.ahead)} left")


def _key() -> str:
    """The next key as a lower letter, "" at the end of the input; only what is pressed while a card is seen counts."""
    try:
        typed = typer.getchar()
    except EOFError:
        return ""
    except OSError as error:
        raise Failed("review needs a terminal; pricevane match export writes the queue as a table") from error
    return "an arrow or function key" if typed.startswith("\x1b") else typed[:1].lower()
