"""Reads sitemaps and sitemap indexes, packed or not, and picks those that list products."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice

from scrapy.utils.gz import gunzip
from scrapy.utils.sitemap import Sitemap

LARGEST = 64 * 1024 * 1024
MOST = 100_000
GZIP = b"\x1f\x8b\x08"
PRODUCTS = re.compile(r"prod|item|artikel|goods|sku|pdp", re.IGNORECASE)
OTHERS = re.compile(
    r"blog|news|post|image|video|author|tag|store-?locat|cms|faq|help|_cat|categor|kategor|collection|brand|manufact",
    re.IGNORECASE,
)


class UnreadableSitemap(ValueError):
    """The file is neither XML nor a list of addresses, or unpacks to more than LARGEST bytes."""


@dataclass(frozen=True, slots=True)
class Listed:
    """What a sitemap names: further sitemaps, or pages."""

    sitemaps: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()


def read_sitemap(body: bytes) -> Listed:
    """The addresses in a sitemap (sitemaps.org 0.9: XML, plain text, or either in gzip); at most MOST.

    Raises UnreadableSitemap.
    """
    if body.startswith(GZIP):
        try:
            body = gunzip(body, max_size=LARGEST)
        except Exception as error:
            raise UnreadableSitemap("the packed sitemap is broken or unpacks to too much") from error
    if not body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        lines = body.decode("utf-8", "replace").split()
        return Listed(pages=tuple(line for line in lines if line.startswith("http")))
    try:
        sitemap = Sitemap(body)
        addresses = tuple(entry["loc"] for entry in islice(sitemap, MOST))
    except (SyntaxError, StopIteration) as error:
        raise UnreadableSitemap("the sitemap is not XML") from error
    return Listed(sitemaps=addresses) if sitemap.type == "sitemapindex" else Listed(pages=addresses)


def worth_reading(sitemaps: tuple[str, ...]) -> list[str]:
    """Those sitemaps of an index that are named after products; else all but those named after something else."""
    rest = [url for url in sitemaps if not OTHERS.search(url)]
    return [url for url in rest if PRODUCTS.search(url)] or rest or list(sitemaps)
