"""Cells of people's tables as values: numbers without guessing, yes and no, GTINs with their check digit."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field

from pricevane.model import gtin14

# One separator only, and never one that could be a thousands mark: 1,299 is refused, not guessed.
NUMBER = re.compile(r"-?\d+(?:\.\d+|,\d{1,2}|,\d{4,})?", re.ASCII)
WHOLE = re.compile(r"-?\d+", re.ASCII)
GREATEST = 10**9
LONGEST_NUMBER = 40
WORDS = {**dict.fromkeys(("1", "true", "yes", "y", "x"), True), **dict.fromkeys(("", "0", "false", "no", "n"), False)}
# A UPC of 12 digits that a spreadsheet took for a number has lost its leading zero.
WITHOUT_ZERO, UPC = 11, 12
SHOWN = 60


def number(value: object) -> object:
    """A cell as Decimal, None if it is empty; raises ValueError for what could be read in two ways."""
    if not isinstance(value, str) or not value.strip():
        return None
    text = value.strip()
    if len(text) > LONGEST_NUMBER or not NUMBER.fullmatch(text):
        raise ValueError(f"{cut(text)!r} is no plain number; write 1299.00 (no thousands separator, no currency)")
    return Decimal(text.replace(",", "."))


def whole(value: object) -> object:
    """A cell as int, None if it is empty; raises ValueError for anything but digits."""
    if not isinstance(value, str) or not value.strip():
        return None
    text = value.strip()
    if len(text) > LONGEST_NUMBER or not WHOLE.fullmatch(text):
        raise ValueError(f"{cut(text)!r} is no whole number; write 1299 (no separators)")
    return int(text)


def yes(value: object) -> object:
    """A cell as bool; raises ValueError for what is neither yes nor no."""
    word = str(value).strip().lower()
    if word not in WORDS:
        raise ValueError(f"{cut(word)!r} is neither yes nor no; write yes, or leave it empty")
    return WORDS[word]


def own_gtin(text: str) -> str:
    """A GTIN as 14 digits, also one that a spreadsheet has marked as text or taken a zero from; "" if it is none."""
    digits = text.strip().removeprefix("'")
    return gtin14(digits.zfill(UPC) if len(digits) == WITHOUT_ZERO else digits)


def cut(text: str) -> str:
    """A text short enough for a message."""
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


Amount = Annotated[Annotated[Decimal, Field(ge=0, le=GREATEST)] | None, BeforeValidator(number)]
Price = Annotated[Annotated[Decimal, Field(gt=0, le=GREATEST)] | None, BeforeValidator(number)]
Rate = Annotated[Annotated[Decimal, Field(ge=0, le=1)] | None, BeforeValidator(number)]
Count = Annotated[Annotated[int, Field(ge=0, le=GREATEST)] | None, BeforeValidator(whole)]
Flag = Annotated[bool, BeforeValidator(yes)]
