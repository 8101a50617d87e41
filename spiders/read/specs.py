"""What a page prints beside a label: its product's codes, brand, pack and category."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from selectolax.lexbor import LexborNode

from spiders.read.document import Document
from spiders.read.text import clean, gtin, plain
from spiders.read.tree import ancestors

MOST_FOUND, MOST_TEXTS = 60, 20_000
LONGEST_LABEL = 45
LONGEST_PAIR = 120
LONGEST_CODE, LONGEST_BRAND = 40, 60
MOST_CODE_WORDS, MOST_BRAND_WORDS = 4, 6
REACH, NEXT_ORDER, MOST_CELLS = 4, 16, 3
MOST_ANCESTORS = 60
TABLES = tomllib.loads((Path(__file__).parent / "specs.toml").read_text(encoding="utf-8"))
_ELSEWHERE = re.compile("|".join(map(re.escape, TABLES["elsewhere"]["names"].split())))
_ENDS = " \t\r\n\xa0:：#.-–—*•|"
_ROUND = " \t\r\n\xa0.,;:：#|*•\"'()[]"
_PARTS = re.compile(r"\s*[\n|•·;]\s*")
_BRACKETS = re.compile(r"\s*\([^)]*\)\s*$")
_DIGIT = re.compile(r"\d")
_MARKS, _ENDING, _BULLETS = ":：#", frozenset(":：#"), ("- ", "– ", "• ", "* ", "#", "(")
_FOLLOWING = ("", " ", ":", "：", ".", "#")
START, SHORT, SHORTEST_ALONE, MANY = 4, 3, 4, 3
_NO_CODE = re.compile(
    r"\d{1,2}[./]\d{1,2}[./](?:19|20)?\d\d|(?:19|20)\d\d-\d\d-\d\d(?:[T ].*)?"  # a date
    r"|\+\d[\d\s()/-]+|\(?0\d{1,4}\)?[\s/]\d[\d\s/-]{4,}"  # a telephone number
    r"|\D{0,3}\s?\d{1,3}(?:[., ]\d{3})*[.,]\d{2}\s?\D{0,3}|.*[€$£¥₹₽₺%@].*"  # an amount
    r"|\d{1,4}(?:[.,]\d+)?\s?(?:cm|mm|m|kg|g|ml|l|w|v|gb|tb|mb|mah|pcs|x)"  # a measure
    r"|[0-9a-f]{8}-[0-9a-f-]{27}|(?:https?:|www\.).*",
    re.IGNORECASE,
)
_ONE_CODE = re.compile(r"(?=\S*\d)[\w][\w./+-]{2,}")
_PACK = re.compile(
    r"(?:\d+\s?[x×*]\s?)?\d+(?:[.,]\d+)?\s?(?:[mcd]?l|k?g|mg|oz|fl\.? ?oz|lbs?|pcs|pieces?|ct|count|stk|stück|st\.?"
    r"|szt\.?|ks|db|kom|buc|шт|мл|л|г|кг|liter|litre|litri|gram|grams?|capsules?|tablets?|tabs?)\b.{0,12}",
    re.IGNORECASE,
)
# A label and its value never have only these in common: they would be in two rows, or in two lists.
_TOO_WIDE = frozenset(["table", "tbody", "thead", "ul", "ol", "body", "html", "main", "form", "select"])
_SKIPPED = frozenset(["a", "nav", "footer", "aside", "select", "option", "button"])
Text = tuple[int, LexborNode, str]


@dataclass(frozen=True, slots=True)
class Spec:
    """One value with the label it stands beside; `weak` where the label may mean something else."""

    field: str
    value: str
    label: str
    order: int
    weak: bool = False

    @property
    def path(self) -> str:
        """Where the value was found, for people."""
        return f"dom:{self.label}"


@dataclass(frozen=True, slots=True)
class Specs:
    """What is printed, by field (gtin, sku, mpn, brand, pack, category): what follows the headline first."""

    found: Mapping[str, tuple[Spec, ...]] = field(default_factory=dict)

    def of(self, name: str, weak: bool = False) -> tuple[Spec, ...]:
        """The values of a field under clear labels, or those under weak ones, the likeliest first."""
        return tuple(one for one in self.found.get(name, ()) if one.weak is weak)

    def first(self, name: str, weak: bool = False) -> Spec | None:
        """The likeliest value of a field; None where there are MANY, for nothing says whose they are."""
        found = self.of(name, weak)
        return found[0] if found and len({one.value for one in found}) < 3 else None


def specs(texts: Sequence[Text], page: Document) -> Specs:
    """The labelled values among the body's short texts, which come in reading order as (order, node, text)."""
    found: dict[str, list[Spec]] = {}
    seen: dict[int, bool] = {}
    for count, (index, name, label, value, holder) in enumerate(_pairs(texts[:MOST_TEXTS])):
        if count > MOST_FOUND:
            break
        kind, weak = name.removeprefix("weak_"), name.startswith("weak_")
        if (good := _value(kind, value, weak)) and not _is_elsewhere(texts[index][1], seen):
            if holder is not None and kind in ("sku", "mpn", "gtin") and _is_linked(holder, page):
                continue
            found.setdefault(kind, []).append(Spec(kind, good, label, texts[index][0], weak))
    start = _headline(texts, page.headline) if any(len(each) > 1 for each in found.values()) else 0
    return Specs({kind: tuple(sorted(each, key=lambda one: one.order < start)) for kind, each in found.items()})


def folded(text: str) -> str:
    """A label as it is looked up: lower case, one kind of space, no dots, no sign at its ends."""
    return " ".join(text.split()).strip(_ENDS).lower().replace(".", "")


def unaccented(text: str) -> str:
    """The text without marks over its letters."""
    return "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))


def listed(words: str) -> list[str]:
    """The phrases of a table, as they are looked up."""
    return [phrase for part in _PARTS.split(words) if (phrase := folded(part))]


def _index() -> dict[str, str]:
    """Every label to its field, also without accents; the first field that lists one has it."""
    found: dict[str, str] = {}
    for name, words in TABLES["label"].items():
        for phrase in listed(words):
            for form in (phrase, unaccented(phrase)):
                found.setdefault(form, name)
    return found


_FIELD = _index()
# The first letters tell nearly all texts apart from labels; a shorter label has what may follow it.
_CASED = [form for label in _FIELD for form in {label, label.upper(), label.capitalize(), label.title()}]
_STARTS = frozenset(f"{label}{end}"[:START] for label in _CASED for end in _FOLLOWING)
_SHORT_STARTS = frozenset(f"{bullet}{label}"[:SHORT] for label in _CASED for bullet in _BULLETS)
_SHORT_STARTS |= frozenset(f"{label}{end}" for label in _CASED if len(label) < SHORT for end in _FOLLOWING)
_HEADS = frozenset(start[:SHORT] for start in _STARTS) | _SHORT_STARTS
_FIRST_WORDS = frozenset(label.split()[0] for label in _FIELD)
_FIRST_WORD = re.compile(r"[^\s:：#]+")
EMPTY = frozenset(form for phrase in listed(TABLES["empty"]["values"]) for form in (phrase, unaccented(phrase)))


def _headline(texts: Sequence[Text], headline: str) -> int:
    """The order of the text that is the headline, 0 where there is none."""
    start = headline[:30]
    return next((order for order, _, text in texts if start and text.startswith(start)), 0)


def _pairs(texts: Sequence[Text]) -> Iterator[tuple[int, str, str, str, LexborNode | None]]:
    """Each label with its value: its index, its field, itself, the value, and the value's node if it is another."""
    likely = [
        index
        for index, (_, _, text) in enumerate(texts)
        if text[-1] in _ENDING
        or (text[:SHORT] in _HEADS and (text[:START] in _STARTS or text[:SHORT] in _SHORT_STARTS))
    ]
    for index in likely:
        text = texts[index][2]
        label, name, within = _parted(text) if len(text) <= LONGEST_PAIR else ("", None, None)
        if name:
            if beside := _beside(texts, index):
                yield index, _clear(name, text), label, beside[1], beside[0]
        elif within:
            yield index, *within, None


@lru_cache(4096)
def _parted(text: str) -> tuple[str, str | None, tuple[str, str, str] | None]:
    """A text as a label and its field, or else what it holds within: the pages of one shop share most of them."""
    marked = len(text) <= LONGEST_LABEL and text[-1] in _MARKS
    heads = _FIRST_WORD.findall(text[:LONGEST_LABEL].lstrip(f"{_ENDS}("))[:2]
    if not marked and not any(word.strip(_ENDS).lower().replace(".", "") in _FIRST_WORDS for word in heads):
        return "", None, None
    label = text.strip(_ENDS).lower().replace(".", "")
    name = _FIELD.get(label) or (_named(text) if marked else None)
    return label, name, None if name else _within(text)


def _named(text: str) -> str | None:
    """The field of a label that is not listed as it stands: with brackets, or with the shop's name before it."""
    label = _BRACKETS.sub("", folded(text))
    return _FIELD.get(label) or _FIELD.get(label.partition(" ")[2])


def _clear(name: str, signs: str) -> str:
    """The field of a label; a weak one with a number sign behind it is clear."""
    return name.removeprefix("weak_") if signs.rstrip(" :").endswith("#") else name


def _within(text: str) -> tuple[str, str, str] | None:
    """Field, label and value of a text that holds both, divided by a sign or before the word with the first digit."""
    sign = next((mark for mark in _MARKS if mark in text), "")
    head, _, value = text.partition(sign) if sign else _alone(text)
    if not value.strip() or not 0 < len(head) <= LONGEST_LABEL:
        return None
    name = _FIELD.get(folded(head)) or (_named(head) if sign else None)
    return (_clear(name, sign), folded(head), value) if name else None


def _alone(text: str) -> tuple[str, str, str]:
    """A label and the one word with a digit that follows it, both empty where there is more or less."""
    digit = _DIGIT.search(text, 2, LONGEST_LABEL)
    head = text[: digit.start()] if digit else ""
    head = head if head[-1:] in _ENDS else head.rpartition(" ")[0]
    value = text[len(head) :].strip()
    return (head, "", value) if len(value) >= SHORTEST_ALONE and " " not in value else ("", "", "")


def _beside(texts: Sequence[Text], index: int) -> tuple[LexborNode, str] | None:
    """The next text that is more than a sign, if it belongs to the label."""
    order, node, _ = texts[index]
    for after, value_node, value in texts[index + 1 : index + 4]:
        if after > order + NEXT_ORDER:
            return None
        if value.strip(_ENDS):
            known = value[-1] in ":：" or folded(value) in _FIELD
            return (value_node, value) if not known and _belongs(node, value_node, bool(_DIGIT.search(value))) else None
    return None


def _above(node: LexborNode, most: int = REACH) -> list[LexborNode]:
    return list(ancestors(node.parent, most)) if node.parent is not None else []


def _belongs(label: LexborNode, value: LexborNode, is_number: bool) -> bool:
    """Whether two texts are in one small element, in a table in a row of few cells; two headings may hold a number."""
    over, under = _above(label), _above(value)
    ids = [one.mem_id for one in over]
    common = next((one for one in under if one.mem_id in ids), None)
    if common is None or common.tag in _TOO_WIDE:
        return False
    tags = {one.tag for one in over[: ids.index(common.mem_id)]}
    own = {one.tag for one in under[: bisect_left(range(len(under)), True, key=lambda i: under[i].mem_id in ids)]}
    if "dt" in own or ("dt" in tags and "dd" not in own) or ("th" in own & tags and not is_number):
        return False
    return common.tag != "tr" or sum(1 for _ in common.iter()) <= MOST_CELLS


def _is_elsewhere(node: LexborNode, seen: dict[int, bool]) -> bool:
    """Whether a text is in a link, in a control, or in a part of the page about other products; `seen` remembers."""
    path: list[int] = []
    verdict = False
    for one in _above(node, MOST_ANCESTORS):
        known = seen.get(one.mem_id)
        path.append(one.mem_id)
        if known is None:
            attributes = one.attributes
            names = f"{attributes.get('class') or ''} {attributes.get('id') or ''}".lower()
            known = True if one.tag in _SKIPPED or _ELSEWHERE.search(names) else None
        if known is not None:
            verdict = known
            break
    seen.update(dict.fromkeys(path, verdict))
    return verdict


def _is_linked(node: LexborNode, page: Document) -> bool:
    """Whether a text is part of a link to another page."""
    for one in _above(node):
        if one.tag == "a":
            href = one.attributes.get("href") or ""
            return bool(href) and not href.startswith(("#", "javascript:", "tel:")) and not page.is_here(href)
    return False


def _value(kind: str, text: str, weak: bool) -> str:
    """The value in the form of its field, or "" where it cannot be one."""
    first = plain(_PARTS.split(text.strip())[0]).strip(_ROUND)
    if not first or folded(first) in EMPTY:
        return ""
    if kind == "gtin":
        return _gtin(first)
    if kind in ("sku", "mpn"):
        return first if is_code(first) and (not weak or _ONE_CODE.fullmatch(first)) else ""
    if kind == "pack":
        return first if _PACK.fullmatch(first) else ""
    short = len(first) <= LONGEST_BRAND and len(first.split()) <= MOST_BRAND_WORDS
    return clean(first) if short and not first.isdigit() and not _NO_CODE.fullmatch(first) else ""


def _gtin(text: str) -> str:
    """The number with its check digit verified; an ISBN of ten digits is one of thirteen (ISO 2108)."""
    digits = text.split(",", maxsplit=1)[0].split("/", maxsplit=1)[0].replace("-", "").replace(" ", "").upper()
    if found := gtin(digits):
        return found
    if not re.fullmatch(r"\d{9}[\dX]", digits):
        return ""
    values = [10 if char == "X" else int(char) for char in digits]
    if sum(value * (10 - place) for place, value in enumerate(values)) % 11:
        return ""
    return next((found for last in range(10) if (found := gtin(f"978{digits[:9]}{last}"))), "")


def is_code(text: str) -> bool:
    """Whether a text can be a shop's or a maker's number: short, with a digit, no sentence, date, amount or measure."""
    if len(text) > LONGEST_CODE or not _DIGIT.search(text) or len(text.split()) > MOST_CODE_WORDS:
        return False
    return not _NO_CODE.fullmatch(text) and len(text) > 1
