"""The figures of a reader over some cases; None is one that no label or answer says anything about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks.output import share
from benchmarks.pages.cases import Answer, Case, graded
from benchmarks.pages.fields import FIELDS, IN_STOCK, OUT_OF_STOCK
from benchmarks.pages.protocol import Tally, wilson

TEXTS = ("sku", "brand", "gtin", "mpn")
Said = Mapping[str, Answer]
Found = dict[str, int | float | None]


def price_figures(cases: Sequence[Case], said: Said) -> Found:
    """Precision, recall and F1 of the best guess."""
    told = graded("price", cases, said)
    return {
        "price_f1": _rounded(told.f1),
        "price_precision": _rounded(told.precision),
        "price_recall": _rounded(told.recall),
    }


def text_figures(cases: Sequence[Case], said: Said) -> Found:
    """F1 of the fields that are compared as text, and the share of labelled currencies that are right."""
    found: Found = {f"{name}_f1": _rounded(graded(name, cases, said).f1) for name in TEXTS}
    return {**found, "currency_share": _rounded(graded("currency", cases, said).recall)}


def stock_figures(cases: Sequence[Case], said: Said) -> Found:
    """F1 of availability and of either state as an attribute of its own; no answer is never taken for a state."""
    return {
        "availability_f1": _rounded(graded("availability", cases, said).f1),
        "in_stock_f1": _rounded(graded("availability", cases, said, IN_STOCK).f1),
        "out_of_stock_f1": _rounded(graded("availability", cases, said, OUT_OF_STOCK).f1),
    }


def counts(cases: Sequence[Case]) -> Found:
    """How many pages there are, and how many are labelled as out of stock."""
    gone = sum(OUT_OF_STOCK in case.truth.get("availability", ()) for case in cases)
    return {"pages": len(cases), "out_of_stock_pages": gone}


def answered_figures(cases: Sequence[Case], said: Said) -> Found:
    """What the prices that may be priced on are worth: how many are wrong, the share answered, their precision."""
    told = _answered(cases, said)
    answers, priced = told.hits + told.false, told.hits + told.missed
    low, high = wilson(told.hits, answers) if answers else (None, None)
    return {
        "wrong_prices": told.false,
        "answered_share": share(priced - told.silent, priced) if priced else None,
        "price_precision_answered": _rounded(told.precision),
        "price_precision_answered_low": _rounded(low),
        "price_precision_answered_high": _rounded(high),
    }


def _answered(cases: Sequence[Case], said: Said) -> Tally:
    """The price's tally with doubtful answers taken for none."""
    return graded("price", cases, {name: answer if answer.good else Answer() for name, answer in said.items()})


def abstentions(cases: Sequence[Case], said: Said) -> Found:
    """How many pages with a label got no answer, per field."""
    return {f"abstained.{name}": graded(name, cases, said).silent for name in FIELDS}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
