"""Price texts: a table of them, and the laws that hold for all."""

from __future__ import annotations

import json
import time
from decimal import Decimal
from pathlib import Path
from typing import Literal

import pytest
from babel import Locale, localedata
from babel.numbers import UnsupportedNumberingSystemError, format_currency, get_currency_precision
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pricevane.model import PriceKind
from spiders.read import money
from spiders.read.currency import CURRENT, TENDER, currency_of
from spiders.read.money import LARGEST, Amount, machine_price, parse_price
from spiders.read.numerals import Habit, number
from spiders.read.text import plain

ROWS = json.loads((Path(__file__).parent / "read_prices.json").read_text(encoding="utf-8"))
# Toki Pona groups digits by two.
INVENTED = frozenset(["tok", "tok_001"])
# Its symbol in Portuguese and Kabuverdianu is an invisible space.
INVISIBLE = frozenset(["CVE"])
LOCALES = sorted(set(localedata.locale_identifiers()) - INVENTED)
PRICES = st.decimals(min_value=Decimal("0.01"), max_value=Decimal("9999999.99"), places=2)


def read(amount: Amount | None) -> list[str | None]:
    """An amount as a row of the table writes it."""
    return [str(amount.amount), amount.currency, amount.kind.value] if amount else [None, "", ""]


@pytest.mark.parametrize(("text", "language", "currency", "amount", "code", "kind"), ROWS, ids=[row[0] for row in ROWS])
def test_price_text_is_read_as_the_table_says(
    text: str, language: str, currency: str, amount: str | None, code: str, kind: str
) -> None:
    assert read(parse_price(text, language=language, currency=currency)) == [amount, code, kind]


@settings(max_examples=400, deadline=None)
@given(
    PRICES, st.sampled_from(LOCALES), st.sampled_from(sorted(TENDER - INVISIBLE)), st.sampled_from(["latn", "default"])
)
def test_what_any_locale_writes_in_any_currency_is_read_back_exactly(
    price: Decimal, locale: str, currency: str, digits: Literal["latn", "default"]
) -> None:
    exact = round(price, get_currency_precision(currency))
    assume(exact)
    try:
        text = format_currency(exact, currency, locale=locale, numbering_system=digits)
    except UnsupportedNumberingSystemError:
        return
    found = parse_price(text, language=locale)
    assert found is not None, text
    assert (found.amount, found.kind) == (exact, PriceKind.STANDARD), text
    # Both CFA francs are written alike: a country's own is meant.
    if {found.currency, currency} == {"XAF", "XOF"}:
        return
    # A bare dollar in a language without a country means nothing for certain.
    assert found.currency == currency or (text.count("$") == 1 and "_" not in locale and not found.currency), text


@given(st.text(max_size=300), st.sampled_from(["", "de", "en_US", "xx", "-"]), st.sampled_from(["", "EUR", "$", "zz"]))
def test_no_text_raises_or_gives_a_negative_or_endless_amount(text: str, language: str, currency: str) -> None:
    for found in (
        parse_price(text, language=language, currency=currency),
        machine_price(text, language=language, currency=currency),
    ):
        assert found is None or 0 <= found.amount < LARGEST


@given(PRICES)
def test_percentage_is_never_a_price(price: Decimal) -> None:
    assert parse_price(f"-{price} %") is None
    assert parse_price(f"{price}%") is None


@given(PRICES)
def test_machine_format_is_taken_as_it_stands_whatever_the_language(price: Decimal) -> None:
    found = machine_price(str(price), language="de", currency="EUR")
    assert found is not None
    assert (found.amount, found.currency, found.kind) == (price, "EUR", PriceKind.STANDARD)


@pytest.mark.parametrize(
    ("run", "known", "wanted"),
    [
        ("1.299", Habit(), "1299"),
        ("1.299", Habit(3, decimal="."), "1.299"),
        ("1.299", Habit(3, decimal=",", group="."), "1299"),
        ("1.299", Habit(3), None),
        ("1.299", Habit(0), "1299"),
        ("1.299", Habit(hint="."), "1.299"),
        ("1.299", Habit(hint=","), "1299"),
        ("1.299", Habit(others=(Decimal("1.35"),)), "1.299"),
        ("1.299", Habit(3, decimal=".", others=(Decimal(1499),)), "1299"),
        ("1.299", Habit(3, others=(Decimal(90),)), None),
        ("1٫299", Habit(), None),
        ("1٫299", Habit(3), "1.299"),
        ("1,299.5", Habit(), "1299.5"),
        ("12,34,567.89", Habit(), "1234567.89"),
        ("1,2,3", Habit(), None),
        ("1.2345.678", Habit(), None),
        ("1299,", Habit(), "1299"),
    ],
)
def test_groups_and_decimals_are_told_apart_or_refused(run: str, known: Habit, wanted: str | None) -> None:
    assert number(run, known) == (None if wanted is None else Decimal(wanted))


@pytest.mark.parametrize("end", ["", "12,99 €", "€"])
@pytest.mark.parametrize("text", [" " * 10**6, "9" * 10**6, "1." * 50_000, "., " * 33_333, "€" * 10**6, "1 €" * 66])
def test_time_grows_with_the_text_and_no_faster(text: str, end: str) -> None:
    began = time.process_time()
    found = parse_price(text + end, language="de", currency="EUR")
    assert time.process_time() - began < 0.5
    assert found is None or found.amount in (1, Decimal("12.99"))


def test_symbols_of_every_country_are_known_to_a_shop_that_uses_them() -> None:
    """CLDR's symbols in the locales of the countries that pay with them; a lone letter may be a word elsewhere."""
    missing = []
    for name in localedata.locale_identifiers():
        locale = Locale.parse(name)
        for code in CURRENT.get(locale.territory or "", frozenset()):
            symbol = plain(locale.currency_symbols.get(code, code))
            if len(symbol) > 1 and currency_of(f"{symbol} 12", hint=code)[0:1] != (code,):
                missing.append((name, code, symbol))
    assert not missing


def test_delivery_and_discounts_beside_a_number_are_never_its_price() -> None:
    for words in ("free shipping over {}", "versandkostenfrei ab {}", "livraison gratuite dès {}", "save {}", "{} off"):
        assert parse_price(words.format("€50")) is None, words


@settings(max_examples=1500)
@given(
    st.text("0123456789., €$-–xX/'%¹²٣\xa0kgfromab", max_size=16),
    st.sampled_from(["", "de", "en_US", "ar"]),
    st.sampled_from(["", "EUR", "JPY", "KWD"]),
)
def test_a_text_means_what_it_meant_before_others_of_its_shape_were_read(text: str, language: str, code: str) -> None:
    assert parse_price(text, language=language, currency=code) == money._parsed(text, language, code, "", ())
