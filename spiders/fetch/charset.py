"""What a page says of its encoding, unless that names one of Python's codecs that no browser knows."""

from __future__ import annotations

from codecs import BOM_UTF8

from scrapy.http import Response, TextResponse
from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding

from spiders.read.document import Utf8

# Some raise, some read markup out of plain text, and punycode takes quadratic time: hours for a page of 8 MB.
NOT_OF_THE_WEB = frozenset(
    (
        *("punycode", "idna", "undefined", "unicode-escape", "raw-unicode-escape", "utf-7"),
        *("base64", "bz2", "hex", "quopri", "rot-13", "uu", "zlib"),
    )
)

# Others that write plain letters as ASCII does.
LIKE_ASCII = frozenset(("ascii", "cp1252", "iso8859-15", "iso8859-2", "cp1250", "cp1251"))


def readable(response: Response) -> Response:
    """The same response; as UTF-8 where it claims to be in a codec that is none of the web's."""
    if not isinstance(response, TextResponse):
        return response
    header = (response.headers.get("Content-Type") or b"").decode("latin-1")
    said = http_content_type_encoding(header) or html_body_declared_encoding(response.body)
    return response.replace(encoding="utf-8") if said in NOT_OF_THE_WEB else response


def in_utf8(response: TextResponse) -> Utf8:
    """A page's text; most pages are in UTF-8 already, or in an encoding that writes plain letters alike."""
    body = response.body
    encoding = response.encoding
    if encoding == "utf-8":
        return Utf8(body.removeprefix(BOM_UTF8))
    return Utf8(body) if encoding in LIKE_ASCII and body.isascii() else Utf8(response.text, "utf-8", "replace")
