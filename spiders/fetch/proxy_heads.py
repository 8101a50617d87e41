"""The heads of requests to a proxy and of their answers, taken apart and put together (RFC 9112)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from pricevane.model import Origin

LARGEST = 64 * 1024 * 1024
# Headers of one connection only (RFC 9110, 7.6.1).
_HOP = re.compile(rb"(connection|keep-alive|proxy-[\w-]+|te|trailer|upgrade)\s*:", re.IGNORECASE)
_LENGTH = re.compile(rb"^content-length\s*:\s*(\d{1,12})\s*$", re.IGNORECASE | re.MULTILINE)
_CHUNKED = re.compile(rb"^transfer-encoding\s*:", re.IGNORECASE | re.MULTILINE)
_REASONS = {400: "Bad Request", 403: "Forbidden", 411: "Length Required", 502: "Bad Gateway", 503: "Busy"}


class Refusal(Exception):
    """A request that is answered by the proxy itself."""

    def __init__(self, status: int) -> None:
        super().__init__(_REASONS[status])
        self.status = status


@dataclass(frozen=True, slots=True)
class Asked:
    """A request's head: where it goes, the head as the origin gets it, and how long its body is."""

    origin: Origin
    is_tunnel: bool
    head: bytes = b""
    length: int = 0

    def head_for(self, authorization: str) -> bytes:
        """The head as another proxy gets it; of a tunnel the request to open it (RFC 9110, 9.3.6)."""
        login = f"Proxy-Authorization: {authorization}\r\n".encode() if authorization else b""
        if self.is_tunnel:
            return f"CONNECT {self.origin.key} HTTP/1.1\r\nHost: {self.origin.key}\r\n".encode() + login + b"\r\n"
        line, _, rest = self.head.partition(b"\r\n")
        method, path, version = line.split(b" ")
        return b"%b %b%b %b\r\n%b%b" % (method, self.origin.url.encode(), path, version, login, rest)


def parsed(head: bytes) -> Asked:
    """The head of a request to a proxy (RFC 9112, 3.2.2 and 3.2.3); raises Refusal."""
    line, _, rest = head.partition(b"\r\n")
    try:
        method, target, version = line.decode("ascii").split(" ")
        if method == "CONNECT":
            return Asked(Origin.of(f"https://{target}"), True)
        origin, parts = Origin.of(target), urlsplit(target)
    except ValueError as error:
        raise Refusal(400) from error
    if parts.scheme != "http" or not version.startswith("HTTP/1."):
        raise Refusal(400)
    if _CHUNKED.search(rest):
        raise Refusal(411)
    said = _LENGTH.search(rest)
    length = int(said[1]) if said else 0
    if length > LARGEST:
        raise Refusal(411)
    path = urlunsplit(("", "", parts.path or "/", parts.query, ""))
    return Asked(origin, False, closing(f"{method} {path} HTTP/1.1\r\n".encode() + rest), length)


def refusing(refusal: Refusal) -> bytes:
    """An answer of our own; Chromium takes one without a body for a broken connection."""
    text = str(refusal).encode()
    length = b"Content-Length: %d" % len(text)
    lines = [b"HTTP/1.1 %d %s" % (refusal.status, text), length, b"Content-Type: text/plain", b"Connection: close"]
    return b"\r\n".join([*lines, b"", text])


def body_length(asked: bytes, answered: bytes) -> int:
    """How long an answer's body is, or LARGEST where only its end tells (RFC 9112, 6.3)."""
    if asked.startswith(b"HEAD ") or answered[9:12] in (b"204", b"304"):
        return 0
    said = _LENGTH.search(answered)
    return min(int(said[1]), LARGEST) if said and not _CHUNKED.search(answered) else LARGEST


def closing(head: bytes) -> bytes:
    """A head without what belongs to one connection only, which says that this connection ends."""
    first, *lines = head.rstrip(b"\r\n").split(b"\r\n")
    return b"\r\n".join([first, *(line for line in lines if not _HOP.match(line)), b"Connection: close", b"", b""])
