"""Texts like `2 x 250 ml`, `6er Pack` or `100 Stück` to an exact quantity in the house's units, or None."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from pricevane.model import Quantity
from spiders.read.numerals import habit, number
from spiders.read.states import fold
from spiders.read.text import plain

# Unit → words of ten languages without accents, and UN/CEFACT's codes.
_WORDS = {
    "g": "g gr grm gramm gram grams gramme grammes gramo gramos grammo grammi grama gramas gramow",
    "kg": "kg kgs kgm kilo kilos kilogramm kilogram kilograms kilogramme kilogrammes kilogramo kilogramos"
    " chilo chilogrammo chilogrammi quilo quilograma quilogramas kilogramy kilogramow kilogramu",
    "ml": "ml mlt milliliter millilitre milliliters millilitres mililitro mililitros millilitri mililitr mililitrow",
    "cl": "cl clt zentiliter centiliter centilitre centilitres centilitro centilitros centilitri",
    "l": "l lt ltr liter litre liters litres litro litros litri litr litry litrow litru",
    "m": "m mtr meter metre meters metres metro metros metri metr metry metru",
    "m2": "m2 mtk qm sqm quadratmeter",
    "m3": "m3 mtq cbm kubikmeter",
    "piece": "piece pieces pc pcs pce count ct c62 ea h87 each stuck stucke stk st unit units unite unites pezzo pezzi"
    " pz unidad unidades ud uds unid unidade unidades stuk stuks szt sztuk sztuka sztuki styck stykke stykker kus kusu"
    " kusy ks kpl kappaletta tabs tabletten tablets kapseln capsules gelules capsule capsulas rollen rolls rouleaux"
    " rotoli rollos beutel sachets bustine",
    "wash": "wash washes wl waschladung waschladungen wasche waschen waschgang waschgange lavage lavages lavado lavados"
    " lavaggio lavaggi wasbeurt wasbeurten lavagem lavagens pran pranie prani tvatt tvattar vask vaske",
}
_UNITS = {word: (Decimal(1), unit) for unit, words in _WORDS.items() for word in words.split()} | {
    "mg": (Decimal("0.001"), "g"),
    "dl": (Decimal(100), "ml"),
}
# Lengths beside an x are measures of one thing, not so many of it.
_NOT_TIMES = frozenset(["m", "m2", "m3"])
_LARGE = frozenset(["kg", "l", "m", "m2", "m3"])
_NUMBER = r"\d+(?:[., ’']\d+)*"
_UNIT = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
_TIMES = r"\s?[x×*]\s?"
_ONE = re.compile(
    rf"(?:(?P<times>\d{{1,4}}){_TIMES})?(?P<number>{_NUMBER})\s?-?(?P<unit>{_UNIT})\.?(?:{_TIMES}(?P<after>\d{{1,4}}))?"
)
_PACK = r"(?:multi)?pac(?:k|ks|kung)|pk|pak|pakke|pakkaus|paquet|paquete|pacote|paket|pacco|forpackning|baleni"
_SET = rf"{_PACK}|set|box|bundle|case|karton|lot|boite|caja|confezione|scatola|doos|caixa|opakowanie|zestaw|sada"
_OF = r"of|de|d'|da|van|a|po|mit|med|with|zu|con|com"
_PIECES = "|".join(sorted(_WORDS["piece"].split(), key=len, reverse=True))
_PACKS = re.compile(
    rf"(?:(?P<er>\d{{1,4}})\s?-?er[\s-]?(?:{_SET})|(?P<pack>\d{{1,4}})[\s-]?(?:{_PACK})"
    rf"|(?:{_SET})\s(?:{_OF})\s?(?P<of>\d{{1,4}})(?:\s?(?:{_PIECES}))?)\.?"
)
_INSIDE = re.compile(rf"(?<![\w.,]){_ONE.pattern}(?![\w²³])")
_AMBIGUOUS = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")
LONGEST = 60


def quantity(text: str, language: str = "") -> Quantity | None:
    """The quantity that is the whole text; `language` tells decimals from thousands. None where it isn't plain."""
    shown = _folded(text)
    if found := _ONE.fullmatch(shown):
        return _measured(found, language)
    if found := _PACKS.fullmatch(shown):
        count = Decimal(found["er"] or found["pack"] or found["of"])
        return Quantity(count, "piece") if count else None
    return None


def base(text: str, language: str = "") -> Quantity | None:
    """What a unit price is for: a quantity, or a bare unit for one of it."""
    factor, unit = _UNITS.get(_folded(text).rstrip("."), (Decimal(0), ""))
    return Quantity(factor, unit) if unit else quantity(text, language)


def quantities(text: str, language: str = "") -> Iterator[Quantity]:
    """The quantities that stand inside a longer text, like a product's name."""
    for found in _INSIDE.finditer(fold(plain(text[:300]))):
        if one := _measured(found, language):
            yield one


def _folded(text: str) -> str:
    return fold(plain(text)) if len(text) <= LONGEST else ""


def _measured(found: re.Match[str], language: str) -> Quantity | None:
    factor, unit = _UNITS[found["unit"]]
    times = found["times"] or found["after"]
    if (found["times"] and found["after"]) or (times and unit in _NOT_TIMES):
        return None
    amount = _number(found["number"], unit, language)
    amount = amount * factor * Decimal(times or 1) if amount else None
    return Quantity(amount, unit) if amount else None


def _number(run: str, unit: str, language: str) -> Decimal | None:
    """`1.500` counts thousands only of a small unit and decimals only of a large one, as the locale has it."""
    known = habit("", language)
    if not _AMBIGUOUS.fullmatch(run):
        return number(run, known)
    is_decimal = re.search("[.,]", run).group() == known.decimal  # type: ignore[union-attr]
    if not known.decimal or is_decimal != (unit in _LARGE):
        return None
    return Decimal(run.replace(",", ".")) if is_decimal else Decimal(re.sub(r"\D", "", run))
