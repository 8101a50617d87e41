"""Charts: what is drawn, read back from the pixels."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from pricevane.alerts.charts import HEIGHT, LEFT, PLOT_HEIGHT, PLOT_WIDTH, TOP, WIDTH, apart, price_chart
from pricevane.alerts.series import Series
from tests.alerts_digests import AS_OF, series

PLOT = (slice(2 * TOP, 2 * (TOP + PLOT_HEIGHT)), slice(2 * LEFT, 2 * (LEFT + PLOT_WIDTH) - 8))
INK, GREY = (0x11, 0x11, 0x11), (0xBB, 0xBB, 0xBB)
OWN = series("you", (90, "25.90"), (33, "24.90"), own=True)


def pixels(png: bytes | None) -> NDArray[np.uint8]:
    """Rows x columns x RGB."""
    assert png is not None
    return np.asarray(Image.open(BytesIO(png)).convert("RGB"))


def where(png: bytes | None, colour: tuple[int, int, int]) -> NDArray[np.bool_]:
    """Which pixels of the plot, without its last dots, have this colour."""
    found: NDArray[np.bool_] = (pixels(png)[PLOT] == np.array(colour, dtype=np.uint8)).all(axis=2)
    return found


def rivals(count: int, name: str = "shop") -> list[Series]:
    """Rivals with many changes."""
    return [
        series(f"{name}-{n}", *((60 - day, f"{20 + n + (day * 7 + n * 3) % 5}.49") for day in range(0, 60, 2)))
        for n in range(count)
    ]


@pytest.mark.parametrize(
    "drawn",
    [
        [series("one point", (0, "9.99"))],
        [series("one old point", (59, "9.99"), own=True)],
        [OWN, *rivals(12)],
        [OWN, *rivals(3, "a very long name of a shop " * 9)],
        [OWN, *rivals(2, "<b>\u202e\u0000</b>'; alert(1) //")],
        [series("same", (50, "5.00"), (1, "5.00"), own=True), series("twice", (5, "5.00"), (5, "5.00"))],
        [series("tiny", (50, "0.01"), own=True), series("huge", (50, "9999999.99"))],
        [series("", (5, "5.00"))],
    ],
    ids=lambda drawn: drawn[-1].name[:12] or "no name",
)
def test_every_chart_has_the_same_size_and_stays_below_60_kb(drawn: list[Series]) -> None:
    png = price_chart(drawn, "EUR", AS_OF)
    assert png is not None
    assert pixels(png).shape == (2 * HEIGHT, 2 * WIDTH, 3)
    assert len(png) < 60_000


@pytest.mark.parametrize(
    "drawn",
    [
        [],
        [series("you", own=True)],
        [series("tomorrow", (-1, "5.00"))],
        [series("left the market", (80, "5.00"), (70, "6.00"))],
    ],
    ids=["no series", "no points", "the future only", "before the window only"],
)
def test_there_is_no_chart_where_no_price_holds_in_the_window(drawn: list[Series]) -> None:
    assert price_chart(drawn, "EUR", AS_OF) is None


def test_a_price_holds_until_the_next_one_so_no_line_slopes() -> None:
    drawn = where(price_chart([series("you", (60, "20.00"), (30, "10.00"), own=True)], "EUR", AS_OF), INK)
    heights = [tuple(np.flatnonzero(column)) for column in drawn.T if column.any()]
    plain = {rows for rows in heights if len(rows) < 20}
    assert len(plain) == 2
    assert len(heights) - sum(rows in plain for rows in heights) < 20


def test_our_price_from_before_the_window_is_drawn_from_its_start_to_its_end() -> None:
    drawn = where(price_chart([series("you", (300, "20.00"), own=True)], "EUR", AS_OF), INK)
    assert drawn.any(axis=0).all()


def test_a_rivals_price_is_drawn_no_longer_than_it_was_seen() -> None:
    gone, orange = series("gone", (60, "20.00")), (0xD5, 0x5E, 0x00)
    until = {"gone": AS_OF - timedelta(days=30)}
    columns = np.flatnonzero(where(price_chart([gone, OWN], "EUR", AS_OF, until), orange).any(axis=0))
    assert columns.min() == 0
    assert columns.max() == pytest.approx(PLOT_WIDTH, abs=12)


@pytest.mark.parametrize(("count", "grey"), [(6, False), (7, True)])
def test_from_the_seventh_on_rivals_are_grey(count: int, grey: bool) -> None:
    assert where(price_chart(rivals(count), "EUR", AS_OF), GREY).any() == grey


def test_our_line_is_on_top_and_more_than_twice_as_thick_as_a_rivals() -> None:
    rival = series("rival", (60, "20.00"))
    covered = price_chart([series("you", (60, "20.00"), own=True), rival], "EUR", AS_OF, {"rival": AS_OF})
    alone = price_chart([rival], "EUR", AS_OF, {"rival": AS_OF})
    orange = (0xD5, 0x5E, 0x00)
    middle = PLOT_WIDTH
    assert not where(covered, orange)[:, middle].any()
    assert where(covered, INK)[:, middle].sum() > 2 * where(alone, orange)[:, middle].sum()


def test_packing_a_picture_keeps_every_pixel() -> None:
    from pricevane.alerts.charts import _packed

    noise = np.random.default_rng(7).integers(0, 255, (300, 400, 4), dtype=np.uint8)
    loose = BytesIO()
    Image.fromarray(noise).save(loose, "png", compress_level=1)
    again = Image.open(BytesIO(_packed(loose.getvalue())))
    assert (np.asarray(again) == noise).all()


@given(
    st.lists(st.floats(0, 178), max_size=8).map(sorted),
)
def test_labels_keep_their_order_their_distance_and_stay_inside(places: list[float]) -> None:
    moved = apart(places, 20, 178)
    assert all(later - earlier >= 20 - 1e-6 for earlier, later in pairwise(moved))
    assert all(-1e-6 <= place <= 178 for place in moved)


def test_labels_that_do_not_touch_stay_where_they_are() -> None:
    assert apart([5.0, 60.0, 100.0], 20, 178) == [5.0, 60.0, 100.0]
