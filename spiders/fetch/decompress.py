"""Unpacks compressed responses without guessing the charset of the packed bytes."""

from __future__ import annotations

from scrapy import Request
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from spiders.fetch.failures import TooLarge


class DecompressMiddleware(HttpCompressionMiddleware):
    """Raises TooLarge for what unpacks to more than DOWNLOAD_MAXSIZE."""

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        if response.headers.get("Content-Encoding"):
            # Of a text class, copying the packed response would first detect the charset of packed bytes.
            response = Response(
                response.url,
                status=response.status,
                headers=response.headers,
                body=response.body,
                flags=response.flags,
                request=response.request,
                certificate=response.certificate,
                ip_address=response.ip_address,
                protocol=response.protocol,
            )
        try:
            return super().process_response(request, response)
        except IgnoreRequest as error:
            raise TooLarge(str(error)) from error
