"""The mail as it looks in a real browser: it fits a phone and can be read in the light and in the dark."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from pricevane import chromium
from pricevane.alerts.digest import render
from pricevane.alerts.mail import as_page, compose
from tests.alerts_digests import AS_OF, digest, euros, line, rival

CONTRAST = (Path(__file__).parent / "alerts" / "contrast.js").read_text(encoding="utf-8").partition("\n")[2]
LONG = "unbreakable" * 30

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(**chromium.launch_options())
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def page_html() -> str:
    """A digest with ordinary and very long words, held prices and every kind of remark."""
    long = line(
        18,
        name=LONG,
        sku=LONG,
        reason=LONG,
        rule=LONG,
        binding=LONG,
        current=euros("1234567.89"),
        proposed=euros("1134567.89"),
        rivals=(rival(LONG, "1234567.89", was=euros("1334567.89"), availability="out_of_stock"),),
    )
    told = digest(line(), long, more=4, held=LONG, notices=(LONG,), runs=(LONG,), blocked={LONG: 1})
    return as_page(compose(render(told), "pricevane@shop.example", "anna@shop.example", AS_OF, "page"))


@pytest.mark.parametrize("width", [360, 600, 1200])
def test_a_mail_with_very_long_words_fits_the_screen(browser: Browser, page_html: str, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.set_content(page_html)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    drawn = page.evaluate("[...document.images].map(image => [image.complete, image.naturalWidth, image.width])")
    assert len(drawn) == 2
    assert all(complete and natural >= 2 * min(width - 32, 568) for complete, natural, _ in drawn)
    assert all(shown <= width - 32 for _, _, shown in drawn)
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_has_enough_contrast(browser: Browser, page_html: str, scheme: str) -> None:
    context = browser.new_context(color_scheme="dark" if scheme == "dark" else "light")
    page = context.new_page()
    page.set_content(page_html)
    found = page.evaluate(CONTRAST)
    assert found["seen"] > 60
    assert found["poor"] == []
    context.close()
