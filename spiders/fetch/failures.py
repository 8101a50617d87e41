"""Why a page could not be fetched: exceptions of our own and the short names that reports count by."""

from __future__ import annotations

from playwright.async_api import Error as BrowserError
from playwright.async_api import TimeoutError as BrowserTimeout
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from twisted.web.client import ResponseFailed


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


class NotNow(Refused):
    """The crawl is over for now, so the address is not asked for; `kind` says why."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Unreachable(IgnoreRequest):
    """robots.txt got no answer, so nothing may be asked (RFC 9309, 2.3.1.4); `kind` says why it got none."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class BrowserGone(IgnoreRequest):
    """Chromium does not start, or ended more often than it is started again."""

    kind = "browser"


class TooSlow(IgnoreRequest):
    """An answer began and did not end in time; the next one would not either, so it is not asked for again."""

    kind = "too slow"


class OffSiteRedirect(Refused):
    """A redirect left the site, or http(s)."""

    kind = "redirect to another site"


class RedirectLoop(Refused):
    """Redirects went in a circle or were too many."""

    kind = "redirect loop"


class TooLarge(Refused):
    """A response, once unpacked, exceeds DOWNLOAD_MAXSIZE."""

    kind = "too large"


class HeadTooLarge(Refused):
    """The lines before a response's body are too many or too long."""

    kind = "headers too large"


class BadlyPacked(Refused):
    """A response is packed in a way that was not asked for, or its packing is broken."""

    kind = "badly packed"


KINDS: tuple[tuple[type[Exception], str], ...] = (
    (CannotResolveHostError, "dns"),
    (DownloadConnectionRefusedError, "connection refused"),
    (DownloadTimeoutError, "timeout"),
    (DownloadCancelledError, "too large"),
    (ResponseDataLossError, "cut short"),
    (BrowserTimeout, "timeout"),
    (BrowserError, "browser"),
)


# What OpenSSL says of a chain, and service_identity of a name, inside Twisted's list of reasons.
DISTRUST = ("certificate verify failed", "service_identity.exceptions")


def kind_of(error: BaseException) -> str:
    """The name under which a failed request is counted, such as `dns`, `timeout`, `redirect loop`."""
    if isinstance(error, (Refused, Unreachable, TooSlow, BrowserGone)):
        return error.kind
    if any(sign in str(error) for sign in DISTRUST):
        return "certificate"
    return next((kind for cause, kind in KINDS if isinstance(error, cause)), "connection lost")


def refusal_in(error: DownloadFailedError) -> Refused | None:
    """The refusal of our own that ended a connection, if one did."""
    cause = error.__cause__
    reasons = cause.reasons if isinstance(cause, ResponseFailed) else ()
    return next((reason.value for reason in reasons if isinstance(reason.value, Refused)), None)
