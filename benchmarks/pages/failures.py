"""Lines for people: the pages that are wrong or silent, and what was seen on one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from benchmarks.pages.cases import Answer, Case, own_answers, seen_on
from benchmarks.pages.parts import Missing
from benchmarks.pages.protocol import Value

FIELDS = ("price", "sku", "brand", "gtin", "mpn", "availability")
MANY = 12  # lines a field for made pages, which fail alike


def failures(cases: Sequence[Case], said: Mapping[str, Answer], most: int = 10_000) -> Iterator[str]:
    """A line for each page whose field is wrong, then for each where it is silent; at most so many of either."""
    for name in FIELDS:
        labelled = [case for case in cases if name in case.truth and not case.priceless]
        wrong = [case for case in labelled if _value(case, said, name) not in {None, *case.truth[name]}]
        silent = [case for case in labelled if case.truth[name] and _value(case, said, name) is None]
        for word, failed in (("wrong", wrong), ("silent", silent)):
            for case in failed[:most]:
                value, remark = _value(case, said, name), said[case.id].remark
                yield f"{name} {word}: {case.id} {case.url} label {_told(case, name)}, ours {value} ({remark})"
            if len(failed) > most:
                yield f"{name} {word}: {len(failed) - most} more of these pages"


def _value(case: Case, said: Mapping[str, Answer], name: str) -> Value | None:
    return said[case.id].values.get(name)


def _told(case: Case, name: str) -> str:
    return " or ".join(sorted(map(str, case.truth[name]))) or "none"


def misled(cases: Sequence[Case], answers: Mapping[str, Sequence[Answer]]) -> Iterator[str]:
    """A line for each page that shows no price of its own but gave one."""
    for case in cases:
        priced = [answer for answer in answers[case.id] if "price" in answer.values]
        if case.priceless and priced:
            price, remark = priced[0].values["price"], priced[0].remark
            yield f"price where there is none: {case.id} {case.url}, ours {price} ({remark})"


def examined(case: Case, at: datetime) -> Iterator[str]:
    """What was seen on one page: the labels, the offers, the candidates for its price, best first."""
    yield f"page {case.id} {case.url}"
    for name in case.truth:
        yield f"label {name}: {_told(case, name)}"
    for answer in own_answers(case, at):
        yield f"offer {answer.url}: {dict(answer.values)} ({answer.remark})"
    try:
        seen = seen_on(case, at)
    except Missing as missing:
        yield f"skipped: {missing}"
        return
    yield f"kind {seen.kind}: {seen.why}"
    for one in seen.candidates:
        mark, layers, reasons = "*" if one.chosen else " ", "+".join(one.layers), ", ".join(one.reasons)
        yield f"{mark} {one.score:6.2f} {one.amount} {one.currency} {one.raw!r} at {one.path} [{layers}] {reasons}"
