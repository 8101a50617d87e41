"""Price texts: a table of them, and the laws that hold for all."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from babel.numbers import format_currency
from hypothesis import given
from hypothesis import strategies as st

from pricevane.model import EXPONENTS, PriceKind
from spiders.read.money import LARGEST, Amount, machine_price, number, parse_price

ROWS = json.loads((Path(__file__).parent / "read_prices.json").read_text(encoding="utf-8"))
LOCALES = (
    "en_US en_GB en_CA en_IN de_DE de_AT de_CH fr_FR fr_CH es_ES es_MX it_IT nl_NL pt_BR pl_PL cs_CZ hu_HU sv_SE nb_NO"
    " da_DK fi_FI ro_RO tr_TR ru_RU uk_UA el_GR ja_JP zh_CN ko_KR vi_VN id_ID hi_IN ar_KW fa_IR he_IL th_TH"
)
CURRENCIES = ["EUR", "USD", "GBP", "CHF", "SEK", "PLN", "CZK", "JPY", "KRW", "KWD", "TND", "INR", "BRL"]
PRICES = st.decimals(min_value=Decimal("0.01"), max_value=Decimal("9999999.99"), places=2)


def read(amount: Amount | None) -> list[str | None]:
    """An amount as a row of the table writes it."""
    return [str(amount.amount), amount.currency, amount.kind.value] if amount else [None, "", ""]


@pytest.mark.parametrize(("text", "language", "currency", "amount", "code", "kind"), ROWS, ids=[row[0] for row in ROWS])
def test_price_text_is_read_as_the_table_says(
    text: str, language: str, currency: str, amount: str | None, code: str, kind: str
) -> None:
    assert read(parse_price(text, language=language, currency=currency)) == [amount, code, kind]


@given(PRICES, st.sampled_from(LOCALES.split()), st.sampled_from(CURRENCIES))
def test_what_a_locale_writes_is_read_back_exactly(price: Decimal, locale: str, currency: str) -> None:
    exact = round(price, EXPONENTS.get(currency, 2))
    text = format_currency(exact, currency, locale=locale)
    found = parse_price(text, language=locale)
    assert found is not None
    assert (found.amount, found.currency) == (exact, currency), text


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
    ("run", "exponent", "group", "wanted"),
    [
        ("1.299", 2, "", "1299"),
        ("1.299", 3, "", "1.299"),
        ("1.299", 3, ".", "1299"),
        ("1.299", 0, "", "1299"),
        ("1,299.5", 2, "", "1299.5"),
        ("12,34,567.89", 2, "", "1234567.89"),
        ("1,2,3", 2, "", None),
        ("1.2345.678", 2, "", None),
        ("1299,", 2, "", "1299"),
    ],
)
def test_groups_and_decimals_are_told_apart_or_refused(run: str, exponent: int, group: str, wanted: str | None) -> None:
    assert number(run, exponent, group) == (None if wanted is None else Decimal(wanted))
