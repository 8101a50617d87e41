"""The shop inside its own process: Django can be set up only once in a process, and never in that of the tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import django
from django.conf import settings as django_settings
from django.core.management import call_command

from tests.oscar.nouns import OscarPage
from tests.oscar.settings import HOST, settings


@dataclass(frozen=True, slots=True)
class OscarShop:
    """The one shop of this process; `origin` is what its pages' addresses begin with."""

    origin: str = f"http://{HOST}"

    def pages(self) -> Iterator[OscarPage]:
        """Every page with its html, as a stranger without cookies gets it."""
        from django.test import Client

        from tests.oscar.truth import pages

        client = Client(SERVER_NAME=HOST)
        for page in pages(self.origin):
            client.cookies.clear()
            answer = client.get(page.path)
            expected = 404 if page.kind == "gone" else 200
            if answer.status_code != expected:
                raise RuntimeError(f"{page.path} answers {answer.status_code} instead of {expected}")
            yield replace(page, html=answer.content.decode())

    def change(self, upc: str, gross: Decimal | None = None, stock: int | None = None) -> OscarPage:
        """Rewrite one product's stock record and tell the new truth about its page."""
        from oscar.core.loading import get_model

        from tests.oscar.filling import net
        from tests.oscar.truth import product_page

        record: Any = get_model("partner", "StockRecord").objects.get(product__upc=upc)
        if gross is not None:
            record.price = net(gross)
        if stock is not None:
            record.num_in_stock, record.num_allocated = stock, 0
        record.save()
        return product_page(self.origin, get_model("catalogue", "Product").objects.get(upc=upc))


def open_shop(folder: Path, currency: str = "EUR", language: str = "en", goods: int = 220) -> OscarShop:
    """Set up Django, make the tables in `folder` and fill them; raises RuntimeError the second time in a process."""
    django_settings.configure(**settings(folder, currency, language))
    django.setup()
    from tests.oscar.filling import fill

    call_command("migrate", run_syncdb=True, verbosity=0)
    fill(goods)
    return OscarShop()
