"""One shop asked as a visitor of one region, and answers that are another region's found out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.http import Response
from w3lib.url import add_or_replace_parameters, url_query_cleaner

from pricevane.model import Offer, SiteState
from spiders.find.languages import copy_of

if TYPE_CHECKING:
    from playwright._impl._api_structures import SetCookieParam


def headers(state: SiteState) -> dict[str, str]:
    """What says the region to a shop: the language, as spoken there, and its own cookies."""
    language, local = state.language or "en", locale(state) or "en"
    said = local if local == language else f"{local}, {language};q=0.9"
    pairs = "; ".join(f"{name}={value}" for name, value in state.cookies.items())
    return {"Accept-Language": said} | ({"Cookie": pairs} if pairs else {})


def locale(state: SiteState) -> str:
    """The language as spoken in the region, like `de-CH`, or "" where none is set."""
    spoken = state.language and state.region and "-" not in state.language
    return f"{state.language}-{state.region}" if spoken else state.language


def cookies(state: SiteState) -> list[SetCookieParam]:
    """The same cookies for the browser."""
    return [{"name": name, "value": value, "url": state.origin.url} for name, value in state.cookies.items()]


def asked(url: str, state: SiteState) -> str:
    """The address with the region's parameters."""
    return add_or_replace_parameters(url, state.query) if state.query else url


def bare(url: str, state: SiteState) -> str:
    """The address without them, as a listing is known by."""
    return url_query_cleaner(url, list(state.query), remove=True, keep_fragments=True) if state.query else url


def asked_for(response: Response) -> str:
    """The address that was asked for, before any redirect."""
    return str(response.meta.get("redirect_urls", [response.url])[0]) if response.request else response.url


def elsewhere(offer: Offer, response: Response, state: SiteState) -> str:
    """Why an offer is not one of the region that was asked for, or ""."""
    found = offer.price.currency if offer.price else ""
    if state.currency_asked and found and found != state.currency_asked:
        return f"asked for prices in {state.currency_asked}, got one in {found}"
    (wanted, _), (got, _) = copy_of(asked_for(response)), copy_of(response.url)
    return f"asked for the shop's copy {wanted!r}, was sent to {got!r}" if wanted and got != wanted else ""
