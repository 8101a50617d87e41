"""Drop what is no offer, and mark as doubtful what must not be priced on."""

from __future__ import annotations

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from pipelines.bound import UNSAFE
from pricevane.model import Availability, CrawlReport, LostDigits, Money, Offer, PriceKind, Status

GREATEST_MINOR = 10**12
GREATEST_DIGITS = 13
# PostgreSQL indexes no longer key than 2704 bytes.
LONGEST_ADDRESS = 2000
GONE = (Availability.OUT_OF_STOCK, Availability.DISCONTINUED)
COMPARABLE = (PriceKind.STANDARD, PriceKind.SALE)


def flaw(offer: Offer) -> str:
    """Why an offer cannot be stored at all, or ""."""
    if not offer.key or not offer.url:
        return "no address"
    if reason := _flaw_of_address(offer.url) or _flaw_of_address(offer.key):
        return reason
    if offer.price is None and not offer.name:
        return "nothing read"
    for money in filter(None, (offer.price, offer.regular_price)):
        reason = _flaw_of(money)
        if reason:
            return reason
    return ""


def _flaw_of_address(text: str) -> str:
    if UNSAFE.search(text):
        return "address with control characters"
    return "address too long" if len(text.encode()) > LONGEST_ADDRESS else ""


def _flaw_of(money: Money) -> str:
    if not money.amount.is_finite() or money.amount <= 0:
        return "price not above zero"
    if money.amount.adjusted() > GREATEST_DIGITS:
        return "price too large"
    try:
        return "price too large" if money.minor > GREATEST_MINOR else ""
    except LostDigits:
        return "more decimals than the currency has"


def validate(offer: Offer) -> Offer:
    """A clean offer, doubtful where its price is missing or of a kind that is not compared."""
    if offer.status is Status.DOUBTFUL:
        return offer
    if offer.price is None:
        return offer if offer.availability in GONE else offer.doubt("no price")
    if not offer.price.currency:
        return offer.doubt("no currency")
    if offer.kind not in COMPARABLE and offer.kind is not PriceKind.EX_TAX:
        return offer.doubt(f"price kind {offer.kind}")
    return offer


class ValidatePipeline:
    """Second step; counts what it drops in the crawl report."""

    def __init__(self, report: CrawlReport) -> None:
        self.report = report

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> ValidatePipeline:
        return cls(crawler.spider.report)  # type: ignore[union-attr]

    def process_item(self, item: Offer) -> Offer:
        if reason := flaw(item):
            self.report.drop(reason)
            raise DropItem(reason)
        return validate(item)
