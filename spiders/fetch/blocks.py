"""Recognises pages that refuse robots; they are counted and reported, never evaded."""

from __future__ import annotations

import re

from scrapy.http import Response

BLOCKING = (401, 403, 429, 503)
FORBIDDEN = (401, 403)
RATE_LIMITED = 429
HEAD = 60_000
CHALLENGE = re.compile(
    rb"captcha|cf-chl|challenge-platform|just a moment\.\.\.|attention required|px-block|datadome"
    rb"|incapsula|are you (a )?(human|robot)|unusual traffic|access denied|bot detection"
    rb"|awswaf|/_sec/cp_challenge|ddos protection by",
    re.IGNORECASE,
)
ONLY_CHALLENGE = re.compile(
    rb"<title>\s*(just a moment\.\.\.|attention required|access denied|robot check|are you (a )?human"
    rb"|pardon our interruption|human verification|checking your browser)"
    rb"|cf-chl-|/_incapsula_resource|captcha-delivery\.com|px-captcha|awswafintegration|/_sec/cp_challenge",
    re.IGNORECASE,
)
# Headers that say so on any page (Cloudflare, AWS WAF).
CHALLENGING_HEADERS = (b"cf-mitigated", b"x-amzn-waf-action")


def is_challenge(response: Response) -> bool:
    """Whether a page with a refusing status shows that robots are meant, and so asking again is no use."""
    if any(name in response.headers for name in CHALLENGING_HEADERS):
        return True
    return response.status in BLOCKING and bool(CHALLENGE.search(response.body[:HEAD]))


def is_block(response: Response, empty_handed: bool, was_open: bool = False) -> bool:
    """Whether a page is a refusal: 429, a refusing status with challenge signs, or 200 with nothing but one.

    `empty_handed` says that no offer was read from the page, `was_open` that earlier there was one: there 401 and
    403 refuse us, and not a page that never was for the public.
    """
    if response.status == RATE_LIMITED or is_challenge(response):
        return True
    if response.status in FORBIDDEN:
        return was_open
    return response.status == 200 and empty_handed and bool(ONLY_CHALLENGE.search(response.body[:HEAD]))
