"""A question of the review queue as a card on the screen: both sides, what differs, and the keys that answer it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pricevane.cli.output import plain
from pricevane.model import Money
from pricevane.review.answers import choices
from pricevane.review.differences import Piece, differences
from pricevane.review.queue import Pair, Question, Side, price_ratio, side_by_side

WIDEST, LABEL = 160, 12
LONG, LONGEST = 160, 2000
LIKE_THIS = 2
DIFFERENT, FAR = "bold yellow", 2
# Where differences stand in brackets, brackets of the texts themselves become round.
ROUND = str.maketrans("[]", "()")


class Cards:
    """Draws questions `width` characters wide; `marked` puts differences in brackets, where colours do not show."""

    def __init__(self, width: int, marked: bool) -> None:
        self.width = min(width, WIDEST)
        self.marked = marked

    def card(self, question: Question, opened: int = 0) -> RenderableType:
        """The best pair side by side, or with all there is the pair with the number `opened`; the others below it."""
        several = len(question.shown) > 1
        numbered = dict(enumerate(question.shown, 1))
        number = opened or 1
        whole = self.compared(question.site, question.theirs, numbered.pop(number), several * number, opened > 0)
        others = [Text(), self._others(question.theirs, numbered)] if numbered else []
        return Group(whole, *others, Text(), keys(question, opened))

    def compared(self, site: str, theirs: Side, pair: Pair, number: int = 0, whole: bool = False) -> RenderableType:
        """One pair side by side, a number before our product if it is one of several."""
        which = f"{number}  ours: " if number else "ours: "
        heading = Text(f"theirs: {plain(site)}", "bold"), Text(which + plain(pair.ours.sku)[:LONG], "bold")
        made = self._grid(2)
        made.add_row(Text(), *heading)
        for line in side_by_side(theirs, pair.ours):
            longest = LONGEST if whole or line.label == "name" else LONG
            left, right = self.words(line.theirs, longest), self.words(line.ours, longest)
            if line.label == "price":
                left.append(_ratio(theirs, pair))
            made.add_row(Text(line.label, "dim"), left, right)
        if whole:
            made.add_row(Text("sku", "dim"), self._text(theirs.sku), self._text(pair.ours.sku))
        return Group(made, self._why(theirs, pair, whole))

    def words(self, pieces: Iterable[Piece], longest: int = LONG) -> Text:
        """Pieces as harmless text on one line, what differs marked, cut after so many characters."""
        told = Text()
        for piece in pieces:
            text = plain(piece.text)[:longest]
            longest -= len(text)
            if self.marked:
                text = text.translate(ROUND)
                text = text if piece.shared else f"[{text}]"
            told.append(text, "" if piece.shared else DIFFERENT)
        return told if longest > 0 else told.append("…")

    def _text(self, text: str) -> Text:
        return self.words([Piece(text, True)], LONGEST)

    def _why(self, theirs: Side, pair: Pair, whole: bool) -> RenderableType:
        made = self._grid(1)
        sold = f"; {_sold(pair)}" if pair.revenue_minor else ""
        made.add_row(Text("why", "dim"), Text(f"{chance(pair)} sure it is the same; {plain(pair.reason)}{sold}"))
        if pair.already:
            more = len(pair.already) - LIKE_THIS
            names = [self.words([Piece(name, True)]) for name in pair.already[:LIKE_THIS]]
            names += [Text(f"and {more} more")] if more > 0 else []
            made.add_row(Text("already", "dim"), Text("; ").join(names))
        if whole:
            for label, address in (("address", theirs.url), ("picture", theirs.image)):
                made.add_row(Text(label, "dim"), self._text(address))
            made.add_row(Text("evidence", "dim"), self._text(plain(dict(pair.evidence)) if pair.evidence else "none"))
        return made

    def _others(self, theirs: Side, numbered: Mapping[int, Pair]) -> RenderableType:
        made = Table.grid(padding=(0, 2, 0, 0))
        for width in (1, 5, None, None):
            made.add_column(overflow="fold", width=width)
        made.columns[2].no_wrap = True
        for number, pair in numbered.items():
            words = self.words(differences(theirs.name, pair.ours.name)[1])
            why = plain(pair.holds or pair.difference)
            words.append(f"  {why}" if why else "", "dim")
            price = Text(plain(pair.ours.price or ""))
            made.add_row(Text(str(number), "bold"), Text(chance(pair)), price, words)
        return made

    def _grid(self, sides: int) -> Table:
        made = Table.grid(padding=(0, 2, 0, 0))
        made.add_column(width=LABEL - 2)
        room = max(self.width - LABEL - 2 * (sides - 1), LABEL)
        for _ in range(sides):
            made.add_column(width=room // sides, overflow="fold")
        return made


def keys(question: Question, opened: int = 0) -> Text:
    """The line of keys, y meaning the pair that is opened."""
    answers = choices(question)
    count = len(question.shown)
    others = {f"1-{count}": "that one"} if count > 1 else {}
    told = {"y": answers[str(opened)] if opened > 1 else answers["y"], **others, "n": answers["n"]}
    told |= {key: words for key, words in answers.items() if key == "c"}
    told |= {"s": "skip", "o": "more", "u": "undo", "q": "quit", "?": "help"}
    return Text("   ").join(Text.assemble((key, "bold"), " ", plain(words)) for key, words in told.items())


def chance(pair: Pair) -> str:
    """How probable it is that the two are the same, never rounded to certainty."""
    return f"{min(max(round(100 * pair.score), 1), 99)} %"


def _sold(pair: Pair) -> str:
    currency = pair.ours.price.currency if pair.ours.price else ""
    return f"{Money.from_minor(pair.revenue_minor, currency)} sold in 28 days"


def _ratio(theirs: Side, pair: Pair) -> Text:
    """Their price by ours, marked where it is far off."""
    ratio = price_ratio(theirs, pair.ours)
    if ratio is None:
        return Text()
    a_pack = ratio / (pair.factor or 1)
    told = f" ({ratio:.2f} of ours{f', {a_pack:.2f} a pack' if pair.factor else ''})"
    return Text(told, "" if 1 / FAR <= a_pack <= FAR else DIFFERENT)
