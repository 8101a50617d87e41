"""Text from strangers' pages, made harmless: cleaned, cut, checked."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urljoin, urlsplit

from pricevane.model import gtin14

TEXT_LENGTH = 300
RAW_LENGTH = 200
URL_LENGTH = 2000
_TOO_MUCH = 20 * TEXT_LENGTH
# Controls, private use and surrogates; of the format characters those that reorder or hide text.
_UNWANTED = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
)


def clean(text: str, length: int = TEXT_LENGTH) -> str:
    """The text without control characters and bidi overrides, white space collapsed, cut at `length`."""
    return " ".join(_UNWANTED.sub("", text[:_TOO_MUCH]).split())[:length].rstrip()


def http_url(url: str, base: str) -> str:
    """An absolute http or https address, or an empty string for anything else."""
    try:
        absolute = urljoin(base, _UNWANTED.sub("", url[: URL_LENGTH + 1]).strip())
        parts = urlsplit(absolute)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return ""
    return absolute if good and len(absolute) <= URL_LENGTH else ""


def gtin(text: str) -> str:
    """A GTIN of 14 digits that means the same in every shop, else an empty string (see `gtin14`)."""
    return gtin14(text[:40], public=True)


def plain(text: str) -> str:
    """The text in compatibility form: one kind of space, digits of any script as 0 to 9, no bidi marks."""
    folded = text if text.isascii() else unicodedata.normalize("NFKC", text)
    if not folded.isascii():
        folded = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in folded)
    return " ".join(_UNWANTED.sub("", folded).split())
