"""When a page in the browser has a price to show, and what it looks like then."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.async_api import Page

FIRST_MS = 700
QUIET_MS = 8_000
PRICE_APPEARED = r"""() => {
  if (performance.getEntriesByType("navigation")[0]?.responseStatus >= 400) return true;
  const priced = /"(price|lowPrice)"\s*:/;
  const scripts = [...document.querySelectorAll('script[type="application/ld+json"]')];
  if (scripts.some(script => priced.test(script.textContent))) return true;
  if (document.querySelector('[itemprop~="price"], meta[property="product:price:amount"]')) return true;
  const sign = "([€$£¥]|zł|kr|Kč|\\b(EUR|USD|GBP|CHF|JPY|PLN|SEK|NOK|DKK)\\b)";
  const money = new RegExp(`${sign}\\s?\\d|\\d\\s?${sign}`);
  return document.body !== null && money.test(document.body.innerText);
}"""
CONTENT = """most => {
  const html = document.documentElement.outerHTML;
  return html.length > most ? null : "<!doctype html>" + html;
}"""


async def wait_for_price(page: Page) -> None:
    """Return once the page shows a price, or has loaded nothing more for a while and still shows none."""
    from playwright.async_api import TimeoutError as BrowserTimeout

    with suppress(BrowserTimeout):
        await page.wait_for_function(PRICE_APPEARED, timeout=FIRST_MS)
        return
    with suppress(BrowserTimeout):
        await page.wait_for_load_state("networkidle", timeout=QUIET_MS)
        await page.wait_for_function(PRICE_APPEARED, timeout=FIRST_MS)
