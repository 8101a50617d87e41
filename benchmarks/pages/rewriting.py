"""The price of a saved page changed wherever it is written, so that a true move can be served."""

from __future__ import annotations

import re
from decimal import Decimal

# Between digits of other numbers, but after an escaped character.
START = r"(?:(?<!\d)|(?<=%[0-9a-fA-F]{2}))(?<!\d[.,'’])"
END = r"(?!\d)(?![.,'’]\d)"
GROUP = r"(?:[.,'’ \u00a0\u202f]|&nbsp;|&#160;)"
# What may stand directly before or after a bare whole number that is a price.
BEFORE = re.compile(r"(?:[^\w#%/.-]|^|%[0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\[nrt]|EUR|USD|GBP|PLN|BRL|CAD|\bRs\.?)$")
AFTER = re.compile(r"[^\w%-]|$|EUR|USD|GBP|PLN|BRL|CAD|zł|kr|Kč|Ft|lei")


def moved(price: Decimal, factor: Decimal) -> Decimal:
    """The price times a factor, with as many decimals as before."""
    return (price * factor).quantize(price)


def rewritten(body: bytes, old: Decimal, new: Decimal) -> bytes:
    """The page with the amount `old` written as `new`: grouped or not, point or comma, also in hundredths."""
    text = body.decode("utf-8", "surrogateescape")
    text = _pattern(old).sub(lambda found: _amount(found, new), text)
    hundredths = re.compile(f"{START}{_hundredths(old)}{END}")
    text = hundredths.sub(lambda found: str(_hundredths(new)) if _alone(found) else found[0], text)
    return text.encode("utf-8", "surrogateescape")


def _pattern(amount: Decimal) -> re.Pattern[str]:
    """Every way to write an amount, as groups `whole`, `mark` (of decimals) and `decimals`."""
    whole, _, decimals = f"{amount.normalize():f}".partition(".")
    groups = f"{int(whole):,}".split(",")
    fraction = f"(?P<decimals>{decimals}0*)" if decimals else "(?P<decimals>0{1,4})"
    tail = f"(?P<mark>[.,]){fraction}"
    return re.compile(f"{START}(?P<whole>{f'{GROUP}?'.join(groups)}){tail if decimals else f'(?:{tail})?'}{END}")


def _amount(found: re.Match[str], new: Decimal) -> str:
    """`new` written the way that the old amount was; a bare number that is part of a word stays."""
    decimals = found["decimals"] or ""
    if not decimals and not _alone(found):
        return found[0]
    needed = max(0, -int(new.normalize().as_tuple().exponent))
    whole, _, fraction = f"{new:.{max(len(decimals), needed)}f}".partition(".")
    separator = re.search(r"\D+", found["whole"])
    grouped = f"{int(whole):,}".replace(",", separator[0]) if separator else whole
    return grouped + ((found["mark"] or ".") + fraction if fraction else "")


def _hundredths(amount: Decimal) -> int:
    return int(amount * 100)


def _alone(found: re.Match[str]) -> bool:
    start, end = found.span()
    return bool(BEFORE.search(found.string[max(0, start - 6) : start]) and AFTER.match(found.string[end : end + 4]))
