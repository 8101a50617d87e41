"""A product's own and rivals' prices of the last 60 days as a PNG that reads well in a mail."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

import altair as alt
import vl_convert
from babel.numbers import get_currency_symbol

from pricevane.alerts.series import Series
from pricevane.alerts.wording import LANGUAGE, printable

DAYS = timedelta(days=60)
LEAST_DAYS = timedelta(days=7)
WIDTH, HEIGHT = 568, 220
LEFT, RIGHT, TOP, BOTTOM = 74, 136, 12, 30
PLOT_WIDTH, PLOT_HEIGHT = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
LABEL_GAP, FONT_SIZE, FONT = 20, 17, "Arial, Liberation Sans, sans-serif"
# Okabe and Ito (2008): told apart with any colour vision; their yellow is too pale on white.
COLOURS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#56B4E9", "#B07A00")
WEIGHTS: tuple[tuple[str, Literal["bold", "normal"]], ...] = (("own", "bold"), ("rivals", "normal"))
AXIS: dict[str, Any] = {
    "labelFont": FONT,
    "labelFontSize": FONT_SIZE,
    "labelColor": "#444444",
    "gridColor": "#E4E6EA",
    "domain": False,
    "ticks": False,
}
SIGNATURE = b"\x89PNG\r\n\x1a\n"
OWN, REST = "#111111", "#BBBBBB"


@dataclass(frozen=True, slots=True)
class Curve:
    """A series as it is drawn: epoch milliseconds against price, with its last point for the label."""

    name: str
    own: bool
    colour: str
    points: tuple[tuple[float, float], ...]

    @property
    def last(self) -> tuple[float, float]:
        """Where the curve ends."""
        return self.points[-1]


def price_chart(
    series: Sequence[Series], currency: str, as_of: datetime, seen: Mapping[str, datetime] | None = None
) -> bytes | None:
    """A PNG of 1136 x 440 pixels, to be shown at half that; None where no series has a price in the 60 days.

    Our price holds until `as_of`; a rival's only until it was last `seen` (name -> instant, default: its
    last point). The first six rivals are coloured and named, the others grey.
    """
    curves = _curves(series, as_of, seen or {})
    if not curves:
        return None
    low, high = _domain(curves)
    start = _start(curves, as_of)
    x = alt.X("at:T", title=None, scale=alt.Scale(type="utc", domain=[start, _ms(as_of)]), axis=_days(start, as_of))
    y = alt.Y("price:Q", title=None, scale=alt.Scale(domain=[low, high], nice=False), axis=_prices(low, high, currency))
    picture = alt.layer(*_lines("rivals", 1.75, x, y), *_lines("own", 4, x, y), *_labels(y)).properties(
        width=PLOT_WIDTH,
        height=PLOT_HEIGHT,
        padding={"left": LEFT, "right": RIGHT, "top": TOP, "bottom": BOTTOM},
        autosize=alt.AutoSizeParams(type="none"),
        background="white",
        config=alt.Config(axis=alt.AxisConfig(**AXIS), view=alt.ViewConfig(strokeWidth=0)),
    )
    # Handed over beside the picture: as part of it each price would be copied and checked several times.
    spec = picture.to_dict(validate=False) | {"datasets": _datasets(curves, low, high)}
    return _packed(vl_convert.vegalite_to_png(spec, scale=2, allowed_base_urls=[]))


def _packed(png: bytes) -> bytes:
    """The same pixels in a third of the bytes: the renderer packs loosely. Layout: ISO/IEC 15948, clause 5."""
    rest, header, pixels = png[len(SIGNATURE) :], b"", b""
    while rest:
        (length,) = struct.unpack(">I", rest[:4])
        kind, content, rest = rest[4:8], rest[8 : 8 + length], rest[12 + length :]
        header = content if kind == b"IHDR" else header
        pixels += content if kind == b"IDAT" else b""
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(zlib.decompress(pixels), 9)), (b"IEND", b""))
    return SIGNATURE + b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in parts
    )


def _curves(series: Sequence[Series], as_of: datetime, seen: Mapping[str, datetime]) -> list[Curve]:
    """The series with a price in the window, coloured in the order given."""
    colours = iter(COLOURS)
    curves = []
    for one in series:
        points = _window(one.points, as_of, as_of if one.own else seen.get(one.name))
        if points:
            colour = OWN if one.own else next(colours, REST)
            curves.append(Curve(str(printable(one.name)), one.own, colour, points))
    return curves


def _window(
    points: Iterable[tuple[datetime, Decimal]], as_of: datetime, until: datetime | None
) -> tuple[tuple[float, float], ...]:
    """The points inside the window; the price before it holds at its start, the last one until `until`."""
    start = as_of - DAYS
    held = [(max(at, start), price) for at, price in points if at <= as_of]
    inside = list(dict(held).items())
    if inside and until is not None and until > inside[-1][0]:
        inside.append((min(until, as_of), inside[-1][1]))
    return () if inside and inside[-1][0] <= start else tuple((_ms(at), float(price)) for at, price in inside)


def _start(curves: Sequence[Curve], as_of: datetime) -> float:
    """Where the time axis begins: 60 days ago, or with the first price of a shorter history, at least a week."""
    first = min(curve.points[0][0] for curve in curves)
    return max(_ms(as_of - DAYS), min(first, _ms(as_of - LEAST_DAYS)))


def _ms(at: datetime) -> float:
    return at.astimezone(UTC).timestamp() * 1000


def _domain(curves: Sequence[Curve]) -> tuple[float, float]:
    prices = [price for curve in curves for _, price in curve.points]
    low, high = min(prices), max(prices)
    room = max((high - low) * 0.08, high * 0.01)
    return low - room, high + room


def _days(start: float, as_of: datetime) -> alt.Axis:
    ticks = [_ms(as_of) - (_ms(as_of) - start) * part / 3 for part in range(4)]
    return alt.Axis(values=ticks, format="%-d %b", grid=False, labelPadding=8, labelFlush=True, labelOverlap=False)


def _prices(low: float, high: float, currency: str) -> alt.Axis:
    decimals = 0 if high - low >= 8 else 2
    symbol = get_currency_symbol(currency, LANGUAGE) if currency.isalpha() else ""
    # A long symbol (HUF) would push the digits out of the picture; the card beside it names the currency.
    prefix = symbol if len(symbol) == 1 else ""
    return alt.Axis(
        tickCount=4, format=f",.{decimals}f", labelExpr=f"'{prefix}' + datum.label", grid=True, labelPadding=6
    )


def _lines(name: str, width: float, x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """Steps, and a dot where each ends: the last time that the price was seen."""
    colour = alt.Color("colour:N", scale=None)
    return [
        _chart(name)
        .mark_line(interpolate="step-after", strokeWidth=width, clip=True)
        .encode(x=x, y=y, color=colour, detail="curve:N"),
        _chart(f"{name}_end").mark_circle(size=20 * width, opacity=1).encode(x=x, y=y, color=colour),
    ]


def _labels(y: alt.Y) -> list[alt.Chart]:
    return [
        _chart(f"{name}_label")
        .mark_text(align="left", baseline="middle", font=FONT, fontSize=FONT_SIZE, limit=RIGHT - 14, fontWeight=weight)
        .encode(x=alt.value(PLOT_WIDTH + 12), y=y, text="name:N", color=alt.Color("colour:N", scale=None))
        for name, weight in WEIGHTS
    ]


def _chart(name: str) -> alt.Chart:
    return alt.Chart(alt.NamedData(name))


def _datasets(curves: Sequence[Curve], low: float, high: float) -> dict[str, list[dict[str, Any]]]:
    """Rows of the lines, their ends and their labels, for us and for rivals."""
    found: dict[str, list[dict[str, Any]]] = {}
    scale = (high - low) / PLOT_HEIGHT
    named = sorted((curve for curve in curves if curve.colour != REST), key=lambda curve: -curve.last[1])
    places = apart([(high - curve.last[1]) / scale for curve in named], LABEL_GAP, PLOT_HEIGHT)
    heights = dict(zip(named, places, strict=True))
    for name in ("own", "rivals"):
        part = [curve for curve in curves if curve.own == (name == "own")]
        found[name] = [
            {"at": at, "price": price, "colour": curve.colour, "curve": number}
            for number, curve in enumerate(part)
            for at, price in curve.points
        ]
        found[f"{name}_end"] = [{"at": c.last[0], "price": c.last[1], "colour": c.colour} for c in part]
        found[f"{name}_label"] = [
            {"price": high - heights[c] * scale, "name": c.name, "colour": c.colour} for c in part if c in heights
        ]
    return found


def apart(places: Sequence[float], gap: float, room: float) -> list[float]:
    """Ascending places moved as little as needed to lie `gap` apart and inside 0..room (where they fit)."""
    moved: list[float] = []
    for place in places:
        moved.append(max(place, moved[-1] + gap) if moved else place)
    edge = room
    for number in range(len(moved) - 1, -1, -1):
        moved[number] = min(moved[number], edge)
        edge = moved[number] - gap
    return moved
