"""Unpacks compressed responses up to a limit, without guessing the charset of the packed bytes."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Self

import brotli
from backports import zstd
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.responsetypes import responsetypes

from spiders.fetch.charset import readable
from spiders.fetch.failures import BadlyPacked, TooLarge
from spiders.fetch.robots import LARGEST as LARGEST_ROBOTS
from spiders.fetch.turnstile import LARGE, Turnstile, turnstile_of

# More than once by mistake of a proxy, more than twice only by intent; the same of files joined to one.
MOST_LAYERS = 2
MOST_MEMBERS = 64
# RFC 9659: the greatest window that a zstd response may ask of its reader, 8 MB.
ZSTD_WINDOW_LOG = 23
GZIP = b"\x1f\x8b"
RAW_DEFLATE = -15


def _gunzip(body: bytes, most: int) -> bytes:
    parts: list[bytes] = []
    for _ in range(MOST_MEMBERS):
        stream = zlib.decompressobj(wbits=31)
        parts.append(stream.decompress(body, most))
        most -= len(parts[-1])
        if most <= 0:
            break
        if not stream.eof:
            raise EOFError("the packed body is cut short")
        body = stream.unused_data
        if not body.startswith(GZIP):
            break
    else:
        raise EOFError(f"more than {MOST_MEMBERS} packed bodies in one")
    return b"".join(parts)


def _inflate(body: bytes, most: int) -> bytes:
    """What RFC 9110 calls deflate, zlib's format, or what some servers send for it: the bare stream."""
    try:
        stream = zlib.decompressobj()
        unpacked = stream.decompress(body, most)
    except zlib.error:
        stream = zlib.decompressobj(wbits=RAW_DEFLATE)
        unpacked = stream.decompress(body, most)
    return _ended(unpacked, stream.eof, most)


def _unbrotli(body: bytes, most: int) -> bytes:
    stream = brotli.Decompressor()
    parts: list[bytes] = []
    left = most
    while left > 0 and not stream.is_finished():
        part = stream.process(body, output_buffer_limit=left)
        body = b""
        if not part and stream.can_accept_more_data():
            break
        parts.append(part)
        left -= len(part)
    # The library's own limit is a hint: a part may be somewhat longer.
    return _ended(b"".join(parts)[:most], stream.is_finished(), most)


def _unzstd(body: bytes, most: int) -> bytes:
    options: dict[int, int] = {zstd.DecompressionParameter.window_log_max: ZSTD_WINDOW_LOG}
    stream = zstd.ZstdDecompressor(options=options)
    unpacked = stream.decompress(body, most)
    return _ended(unpacked, stream.eof, most)


def _ended(unpacked: bytes, is_whole: bool, most: int) -> bytes:
    if not is_whole and len(unpacked) < most:
        raise EOFError("the packed body is cut short")
    return unpacked


UNPACKED: dict[bytes, Callable[[bytes, int], bytes]] = {
    b"gzip": _gunzip,
    b"x-gzip": _gunzip,
    b"deflate": _inflate,
    b"br": _unbrotli,
    b"zstd": _unzstd,
}
ACCEPTED = b"gzip, deflate, br, zstd"


def encodings_of(response: Response) -> list[bytes]:
    """The response's content codings in the order they were applied (RFC 9110, 8.4)."""
    named = b",".join(response.headers.getlist("Content-Encoding")).lower().split(b",")
    return [name for part in named if (name := part.strip()) and name != b"identity"]


def unpack(body: bytes, encodings: list[bytes], most: int) -> bytes:
    """The body as it was before these codings, at most `most` bytes of it.

    Raises BadlyPacked for codings that we did not ask for, too many of them, and broken streams.
    """
    if len(encodings) > MOST_LAYERS or not UNPACKED.keys() >= set(encodings):
        raise BadlyPacked(f"packed as {b', '.join(encodings)[:80]!r}, which was not asked for")
    for encoding in reversed(encodings):
        try:
            body = UNPACKED[encoding](body, most)
        except (zlib.error, brotli.error, zstd.ZstdError, EOFError) as error:
            raise BadlyPacked(f"packed as {encoding!r} and broken: {error}") from error
    return body


class DecompressMiddleware:
    """Raises TooLarge for what unpacks to more than DOWNLOAD_MAXSIZE, or the request's own `download_maxsize`.

    A robots.txt is cut there instead. A request with `keep_packed` gets a single gzip body as it came: its reader
    unpacks as it reads.
    """

    def __init__(self, largest: int, turnstile: Turnstile) -> None:
        self.largest = largest
        self.turnstile = turnstile

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler.settings.getint("DOWNLOAD_MAXSIZE"), turnstile_of(crawler))

    def process_request(self, request: Request) -> None:
        request.headers.setdefault("Accept-Encoding", ACCEPTED)

    async def process_response(self, request: Request, response: Response) -> Response:
        encodings = encodings_of(response)
        is_left = request.meta.get("keep_packed") and encodings in ([b"gzip"], [b"x-gzip"])
        if not encodings or not response.body or is_left:
            return readable(response)
        return readable(_with_body(response, await self._unpacked(request, response.body, encodings)))

    async def _unpacked(self, request: Request, body: bytes, encodings: list[bytes]) -> bytes:
        if request.meta.get("is_robots"):
            return unpack(body, encodings, LARGEST_ROBOTS)
        most = request.meta.get("download_maxsize", self.largest)
        if not self.turnstile.has_room:
            if len(encodings) == 1 and len(small := unpack(body, encodings, LARGE + 1)) <= LARGE:
                return small
            await self.turnstile.turn(request)
        unpacked = unpack(body, encodings, most + 1)
        if len(unpacked) > LARGE:
            self.turnstile.keep(request)
        if len(unpacked) > most:
            raise TooLarge(f"{request.url} unpacks to more than {most} bytes")
        return unpacked


def _with_body(response: Response, body: bytes) -> Response:
    """The response with its body unpacked, of the class that its type and the body ask for."""
    headers = response.headers.copy()
    del headers["Content-Encoding"]
    kind = responsetypes.from_args(headers=headers, url=response.url, body=body)
    return kind(
        response.url,
        status=response.status,
        headers=headers,
        body=body,
        flags=response.flags,
        request=response.request,
        certificate=response.certificate,
        ip_address=response.ip_address,
        protocol=response.protocol,
    )
