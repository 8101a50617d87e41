"""Recognises pages that refuse robots; they are counted and reported, never evaded."""

from __future__ import annotations

import re

from scrapy.http import Response

BLOCKING = (401, 403, 429, 503)
RATE_LIMITED = 429
HEAD = 60_000
CHALLENGE = re.compile(
    rb"captcha|cf-chl|challenge-platform|just a moment\.\.\.|attention required|px-block|datadome"
    rb"|incapsula|are you (a )?(human|robot)|unusual traffic|access denied|bot detection",
    re.IGNORECASE,
)
ONLY_CHALLENGE = re.compile(
    rb"<title>\s*(just a moment\.\.\.|attention required|access denied|robot check|are you (a )?human)"
    rb"|cf-chl-|/_incapsula_resource|captcha-delivery\.com|px-captcha",
    re.IGNORECASE,
)


def is_block(response: Response, empty_handed: bool) -> bool:
    """Whether a page is a refusal: 429, a refusing status with challenge signs, or 200 with nothing but one.

    `empty_handed` says that no offer was read from the page.
    """
    if response.status == RATE_LIMITED or b"cf-mitigated" in response.headers:
        return True
    if response.status in BLOCKING:
        return bool(CHALLENGE.search(response.body[:HEAD]))
    return response.status == 200 and empty_handed and bool(ONLY_CHALLENGE.search(response.body[:HEAD]))
