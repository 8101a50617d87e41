"""What a shop may do to harm its crawler: the attacks by name, and what the crawl must count for each."""

from __future__ import annotations

import gzip
import os
import socket
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial

import brotli
from backports import zstd

from tests.hostile_shop import Serve, Wire

MEGABYTE = 1024 * 1024
BOMB = 60 * MEGABYTE
FAST = 1
# A connection that is closed with this linger time is reset.
AT_ONCE = struct.pack("ii", 1, 0)
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
DOCTYPE = '<?xml version="1.0"?><!DOCTYPE urlset [{}]>'
URLS = "<urlset>{}</urlset>"
CHUNK = b"%x\r\n%b\r\n"
LD = '<script type="application/ld+json">['


@dataclass(frozen=True)
class Attack:
    """One kind of harm. `failed` is what a crawl counts that meets it once."""

    serve: Serve
    failed: Mapping[str, int]


@dataclass(frozen=True)
class Bomb:
    """A body of 60 MB, made when it is asked for: some first bytes, then the same ones again and again."""

    first: bytes = b""
    rest: bytes = b"\0"

    def body(self) -> bytes:
        """The whole of it."""
        return self.first + self.rest * (BOMB // len(self.rest))


def packed(encoding: str, pack: Callable[[bytes], bytes], content: bytes | Bomb = Bomb()) -> Serve:
    """A page packed in this way."""

    @cache
    def body() -> bytes:
        return pack(content.body() if isinstance(content, Bomb) else content)

    return lambda wire: wire.reply(body(), Content_Encoding=encoding)


def packed_file(bomb: Bomb) -> Serve:
    """A gzip file, as sitemaps are often kept."""
    file = cache(lambda: gzip.compress(bomb.body(), FAST))
    return lambda wire: wire.reply(file(), Content_Type="application/gzip")


def zstd_with_window(body: bytes, log: int) -> bytes:
    """A body whose reader would have to keep 2 ** log bytes at hand."""
    options: dict[int, int] = {zstd.CompressionParameter.window_log: log}
    stream = zstd.ZstdCompressor(options=options)
    return stream.compress(body) + stream.flush()


def redirecting(to: str) -> Serve:
    """A redirect to an address, in which {port} is the shop's own."""
    return lambda wire: wire.head("302 Found", Location=to.format(port=wire.shop.port), Content_Length=0)


def counting_on(wire: Wire) -> None:
    """Each address redirects to the next number."""
    path, _, number = wire.path.partition("?n=")
    wire.head("302 Found", Location=f"{path}?n={int(number or 0) + 1}", Content_Length=0)


def endless(part: bytes, pause_s: float = 0.0, **headers: object) -> Serve:
    """A page without an end, at full speed or dripping."""

    def serve(wire: Wire) -> None:
        wire.head("200 OK", **headers)
        wire.endlessly(part, pause_s)

    return serve


def heads(lines: Callable[[], Iterator[bytes]], first: bytes = b"HTTP/1.1 200 OK\r\n", pause_s: float = 0.0) -> Serve:
    """These lines before any body; the last of them for ever."""

    def serve(wire: Wire) -> None:
        wire.send(first)
        for line in lines():
            wire.send(line)
        wire.endlessly(line, pause_s)

    return serve


def many(line: bytes, count: int) -> Callable[[], Iterator[bytes]]:
    """So many numbered lines, then the end of the head."""
    return lambda: iter([b"".join(line % number for number in range(count)), b"\r\n"])


def reset(wire: Wire, before: bytes = b"") -> None:
    """Some bytes, then a reset connection."""
    wire.send(before)
    wire.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
    wire.connection.close()


def product_of(wire: Wire) -> bytes:
    """The page that stands at the attack's address beside the harm."""
    return wire.shop.product(wire.path)


def cut_short(wire: Wire) -> None:
    """More bytes are announced than come."""
    wire.head(Content_Length=100_000)
    wire.send(product_of(wire))


def two_lengths(wire: Wire) -> None:
    """Two lengths that contradict each other."""
    page = product_of(wire)
    wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: %d\r\n\r\n" % len(page), page)


def text(body: str | bytes, kind: str = "text/html") -> Serve:
    """A page of this content."""
    return lambda wire: wire.reply(body if isinstance(body, bytes) else body.encode(), Content_Type=kind)


def sitemap(entries: str, doctype: str = "") -> Serve:
    """A sitemap with a document type, in which {url} is the shop's address."""
    body = (DOCTYPE.format(doctype) if doctype else "") + URLS.format(entries)
    return lambda wire: wire.reply(body.replace("{url}", wire.shop.url).encode(), Content_Type="application/xml")


def index(*names: str) -> Serve:
    """An index of the sitemaps at /s/name."""

    def serve(wire: Wire) -> None:
        entries = "".join(f"<sitemap><loc>{wire.shop.url}/s/{name}</loc></sitemap>" for name in names)
        wire.reply(f"<sitemapindex>{entries}</sitemapindex>".encode(), Content_Type="application/xml")

    return serve


def good(wire: Wire) -> None:
    """The shop's own sitemap."""
    wire.reply(wire.shop.sitemap(wire.shop.listed), Content_Type="application/xml")


LARGE, SLOW, HEADS = {"too large": 1}, {"too slow": 1}, {"headers too large": 1}
PACKED, AWAY, LOOP = {"badly packed": 1}, {"redirect to another site": 1}, {"redirect loop": 1}
LOST, SHORT, UNREADABLE = {"connection lost": 1}, {"cut short": 1}, {"sitemap unreadable": 1}
READ: dict[str, int] = {}

PAGES: dict[str, Attack] = {
    "gzip_bomb": Attack(packed("gzip", partial(gzip.compress, compresslevel=FAST)), LARGE),
    "nested_gzip_bomb": Attack(packed("gzip, gzip", lambda body: gzip.compress(gzip.compress(body, FAST))), LARGE),
    "deflate_bomb": Attack(packed("deflate", partial(zlib.compress, level=FAST)), LARGE),
    "brotli_bomb": Attack(packed("br", partial(brotli.compress, quality=1)), LARGE),
    "zstd_bomb": Attack(packed("zstd", zstd.compress), LARGE),
    "zstd_window": Attack(packed("zstd", partial(zstd_with_window, log=27), b"<p>kettle" * 9), PACKED),
    "fifty_layers": Attack(packed(", ".join(["gzip"] * 50), gzip.compress, b"<p>kettle"), PACKED),
    "many_members": Attack(packed("gzip", lambda body: gzip.compress(body) * 200_000, b""), PACKED),
    "unknown_packing": Attack(packed("kettle", gzip.compress, b"<p>kettle"), PACKED),
    "broken_gzip": Attack(packed("gzip", lambda body: gzip.compress(body)[:30] + body, b"<p>kettle" * 99), PACKED),
    "cut_gzip": Attack(packed("gzip", lambda body: gzip.compress(body)[:200], os.urandom(1000)), PACKED),
    "great_length": Attack(endless(b"<p>" * 20_000, Content_Length=1 << 40), LARGE),
    "endless_stream": Attack(endless(b"<p>" * 20_000), LARGE),
    "endless_chunks": Attack(endless(CHUNK % (60_000, b"<p>" * 20_000), Transfer_Encoding="chunked"), LARGE),
    "tiny_chunks": Attack(endless(CHUNK % (1, b"<"), Transfer_Encoding="chunked"), SLOW),
    "drip": Attack(endless(b"<", pause_s=0.2), SLOW),
    "slow_headers": Attack(heads(lambda: iter([b"X-Slow: yes\r\n"]), pause_s=0.5), {"timeout": 1}),
    "endless_headers": Attack(heads(lambda: iter([b"X-Many: yes\r\n" * 1000])), HEADS),
    "endless_continues": Attack(heads(lambda: iter([b"HTTP/1.1 100 Continue\r\n\r\n" * 500]), first=b""), HEADS),
    "hundred_thousand_headers": Attack(heads(many(b"X-%d: yes\r\n", 100_000)), HEADS),
    "ten_thousand_cookies": Attack(heads(many(b"Set-Cookie: k%d=0123456789abcdef; Path=/\r\n", 10_000)), HEADS),
    "ten_megabyte_header": Attack(heads(lambda: iter([b"X-Long: " + b"x" * 10 * MEGABYTE])), HEADS),
    "redirect_to_itself": Attack(redirecting("?"), LOOP),
    "redirect_counting": Attack(counting_on, LOOP),
    "redirect_to_file": Attack(redirecting("file:///etc/passwd"), AWAY),
    "redirect_to_data": Attack(redirecting("data:text/html,<p>19,90"), AWAY),
    "redirect_to_ftp": Attack(redirecting("ftp://127.0.0.1:{port}/p/1"), AWAY),
    "redirect_to_other_port": Attack(redirecting("http://127.0.0.1:1/"), AWAY),
    "redirect_to_decimal_host": Attack(redirecting("http://2130706433:{port}/p/1"), AWAY),
    "redirect_to_metadata": Attack(redirecting("http://169.254.169.254/latest/meta-data/"), AWAY),
    "redirect_to_broken_address": Attack(redirecting("http://[127.0.0.1/"), AWAY),
    "redirect_with_name_before": Attack(redirecting("http://127.0.0.1:{port}@127.0.0.2:{port}/"), AWAY),
    "reset_at_once": Attack(reset, LOST),
    "reset_within": Attack(partial(reset, before=b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n<p>"), SHORT),
    "no_http": Attack(lambda wire: wire.send(b"SSH-2.0-OpenSSH_9.9\r\n"), LOST),
    "cut_short": Attack(cut_short, SHORT),
    "two_lengths": Attack(two_lengths, LOST),
    "binary_as_html": Attack(text(os.urandom(MEGABYTE)), READ),
    "charset_punycode": Attack(text(b"<h1>-" + b"9a" * 2 * MEGABYTE, "text/html; charset=punycode"), READ),
    "charset_base64": Attack(text(b"MTksOTAg4oKs" * 1000, "text/html; charset=base64"), READ),
    "charset_of_the_page": Attack(text(b"<meta charset=punycode>-" + b"9a" * 2 * MEGABYTE), READ),
    "nested_tags": Attack(text("<div>" * 200_000), READ),
    "million_links": Attack(text("".join(f"<a href=/x{number}>" for number in range(400_000))), READ),
    "crowded_attributes": Attack(text("<a " + " ".join(f"a{number}=1" for number in range(200_000)) + ">"), READ),
    "crowded_options": Attack(text("<select>" + "<option>" * 140_000), READ),
    "seven_megabytes_of_tags": Attack(text("<p>A kettle that boils water.</p>\n" * 210_000), READ),
}
KETTLES = "A kettle \U0001fad6 that boils water. " * 210_000
# Pages of nearly the greatest size that is read, of what takes most memory to read.
GREATEST: dict[str, Attack] = {
    "of_text": Attack(text(KETTLES), READ),
    "of_packed_text": Attack(packed("gzip", partial(gzip.compress, compresslevel=FAST), KETTLES.encode()), READ),
    "of_state": Attack(text(LD + '{"@type": "Thing", "name": "k \U0001fad6"},' * 170_000 + "{}]"), READ),
    "of_no_charset": Attack(text(b"A kettle that boils water. " * 250_000 + "K\xe4se".encode("latin-1")), READ),
    "of_old_charset": Attack(text(b"\x80" * 7 * MEGABYTE, "text/html; charset=cp1252"), READ),
}

SITEMAPS: dict[str, Attack] = {
    "billion_laughs": Attack(sitemap("<url><loc>{url}/p/&l11;</loc></url>", '<!ENTITY l0 "a">' + LAUGHS), READ),
    "external_entity": Attack(
        sitemap("<url><loc>{url}/p/&x;</loc></url>", '<!ENTITY x SYSTEM "file:///etc/hostname">'), READ
    ),
    "external_document": Attack(
        sitemap("<url><loc>{url}/p/1</loc></url>", '<!ENTITY % x SYSTEM "{url}/dtd"> %x;'), READ
    ),
    "quadratic": Attack(
        sitemap("<url><loc>{url}/p/" + "&x;" * 50_000 + "</loc></url>", f'<!ENTITY x "{"a" * 50_000}">'), UNREADABLE
    ),
    "gzip_bomb": Attack(packed("gzip", gzip.compress, Bomb(b"<urlset>", b" ")), LARGE),
    "file_bomb": Attack(packed_file(Bomb(b"<urlset>")), READ),
    "file_bomb_of_lines": Attack(packed_file(Bomb(rest=b"http://127.0.0.1/ \n")), READ),
    "file_bomb_of_entries": Attack(packed_file(Bomb(b"<urlset>", b"<url><loc>http://h/</loc></url>")), READ),
    "endless": Attack(endless(b"<url><loc>http://127.0.0.1/</loc></url>" * 999), LARGE),
    "nested": Attack(sitemap("<url>" * 200_000), READ),
}

ROBOTS: dict[str, Attack] = {
    "ten_megabytes": Attack(text("# a kettle that boils water\n" * 400_000, "text/plain"), READ),
    "endless": Attack(endless(b"# a kettle\n" * 6000), READ),
    "gzip_bomb": Attack(packed("gzip", gzip.compress, Bomb(rest=b"#")), READ),
}
# Of these nothing can be read, so that nothing may be asked for; what is no answer at all is counted as a failure.
NO_ROBOTS: dict[str, Attack] = {
    "drip": Attack(endless(b"#", pause_s=0.2), SLOW),
    "reset": Attack(reset, LOST),
    "redirect_to_file": Attack(redirecting("file:///etc/passwd"), READ),
    "endless_headers": Attack(heads(lambda: iter([b"X-Many: yes\r\n" * 1000])), READ),
}
