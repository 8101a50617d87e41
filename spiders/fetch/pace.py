"""Scrapy's downloader, which also tells when a request really leaves, after its turn and its delay."""

from __future__ import annotations

from scrapy import Request
from scrapy.core.downloader import Downloader, Slot
from scrapy.http import Response

# A signal of Scrapy, sent with `request` just before its first byte; Scrapy's own ones come when it queues up.
REQUEST_LEAVES = object()


class TellingDownloader(Downloader):
    """The downloader that settings.py names."""

    async def _download(self, slot: Slot, request: Request) -> Response:
        self.signals.send_catch_log(REQUEST_LEAVES, request=request)
        return await super()._download(slot, request)
