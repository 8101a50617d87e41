"""What a page says of its encoding, unless that names one of Python's codecs that no browser knows."""

from __future__ import annotations

from codecs import BOM_UTF8, getincrementaldecoder

from scrapy.http import HtmlResponse, Response, TextResponse
from w3lib.encoding import html_body_declared_encoding, html_to_unicode, http_content_type_encoding, read_bom

# Some raise, some read markup out of plain text, and punycode takes quadratic time: hours for a page of 8 MB.
NOT_OF_THE_WEB = frozenset(
    (
        *("punycode", "idna", "undefined", "unicode-escape", "raw-unicode-escape", "utf-7"),
        *("base64", "bz2", "hex", "quopri", "rot-13", "uu", "zlib"),
    )
)

# Others that write plain letters as ASCII does.
LIKE_ASCII = frozenset(("ascii", "cp1252", "iso8859-15", "iso8859-2", "cp1250", "cp1251"))
SAMPLE = 64 * 1024
LONGEST = 8 * 1024 * 1024


def readable(response: Response) -> Response:
    """The same response; as UTF-8 where it claims to be in a codec that is none of the web's.

    A page that names no encoding gets one from its first letters that are not ASCII.
    """
    if not isinstance(response, TextResponse):
        return response
    header = (response.headers.get("Content-Type") or b"").decode("latin-1")
    said = http_content_type_encoding(header) or html_body_declared_encoding(response.body)
    if said in NOT_OF_THE_WEB:
        return response.replace(encoding="utf-8")
    if isinstance(response, HtmlResponse) and not said and not read_bom(response.body)[0]:
        # Not by `replace`, which asks for the encoding as it was.
        response._encoding = _guessed(response)
    return response


def _guessed(page: HtmlResponse) -> str:
    """The encoding of a page by a sample of it: to try them all takes 40 times a page's length of memory."""
    try:
        page.body.decode("ascii")
    except UnicodeDecodeError as error:
        sample = page.body[max(error.start - SAMPLE, 0) : error.start + SAMPLE]
        try:
            getincrementaldecoder("utf-8")().decode(sample)
        except UnicodeDecodeError:
            return page._auto_detect_fun(sample) or "ascii"
    return "utf-8"


def in_utf8(response: TextResponse) -> bytes:
    """A page's text; most pages are in UTF-8 already, or in an encoding that writes plain letters alike.

    Of others the first LONGEST bytes: UTF-8 may need three for one.
    """
    body = response.body
    encoding = response.encoding
    if encoding == "utf-8":
        return body.removeprefix(BOM_UTF8)
    if encoding in LIKE_ASCII and body.isascii():
        return body
    text = html_to_unicode(f"charset={encoding}", body)[1]
    return text.encode("utf-8", "replace")[:LONGEST]
