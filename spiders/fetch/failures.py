"""Why a page could not be fetched: exceptions of our own and the short names that reports count by."""

from __future__ import annotations

from playwright.async_api import Error as BrowserError
from playwright.async_api import TimeoutError as BrowserTimeout
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)


class Refused(IgnoreRequest):
    """A request that we do not make, or an answer that we do not take."""

    kind = "refused"


class NotThisSite(Refused):
    """The address is not http(s), or lies outside the site that is crawled."""

    kind = "another site"


class PrivateAddress(Refused):
    """The host is or resolves to an address inside a private network."""

    kind = "private address"


class RobotsRefused(Refused):
    """robots.txt does not allow the address, or could not be asked."""

    kind = "robots.txt"


class Unreachable(IgnoreRequest):
    """robots.txt got no answer, so nothing may be asked (RFC 9309, 2.3.1.4); `kind` says why it got none."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class OffSiteRedirect(Refused):
    """A redirect left the site."""

    kind = "redirect to another site"


class RedirectLoop(Refused):
    """Redirects went in a circle or were too many."""

    kind = "redirect loop"


class TooLarge(Refused):
    """A response, once unpacked, exceeds DOWNLOAD_MAXSIZE."""

    kind = "too large"


KINDS: tuple[tuple[type[Exception], str], ...] = (
    (CannotResolveHostError, "dns"),
    (DownloadConnectionRefusedError, "connection refused"),
    (DownloadTimeoutError, "timeout"),
    (DownloadCancelledError, "too large"),
    (ResponseDataLossError, "cut short"),
    (BrowserTimeout, "timeout"),
    (BrowserError, "browser"),
)


def kind_of(error: BaseException) -> str:
    """The name under which a failed request is counted, such as `dns`, `timeout`, `redirect loop`."""
    if isinstance(error, (Refused, Unreachable)):
        return error.kind
    if "certificate verify failed" in str(error):
        return "certificate"
    return next((kind for cause, kind in KINDS if isinstance(error, cause)), "connection lost")
