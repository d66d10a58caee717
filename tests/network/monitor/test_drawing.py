"""The picture: well formed whatever was seen, void and missing runs are gaps, and it says in words
what it shows."""

from __future__ import annotations

from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskside.network.monitor.drawing import HEIGHT, WIDTH, draw, round_top
from deskside.network.monitor.model import Bands, Period, State

from .conftest import START

EACH = timedelta(minutes=30)
latencies = st.floats(0, 100_000, allow_subnormal=False)


def bands(values: list[float]) -> Bands:
    return Bands(*sorted(values))


def period(
    place: int, state: State | None, latency: Bands | None = None, lost: int = 0, attempts: int = 0
) -> Period:
    return Period(
        start=START + EACH * place,
        end=START + EACH * (place + 1),
        runs={state: 1} if state else {},
        latency=latency,
        attempts=attempts,
        lost=min(lost, attempts),
    )


seen = st.tuples(
    st.none() | st.sampled_from(State),
    st.none() | st.lists(latencies, min_size=3, max_size=3).map(bands),
    st.integers(0, 9),
    st.integers(0, 9),
)


@given(st.lists(seen, min_size=1, max_size=60))
def test_any_history_is_drawn_within_the_frame(
    history: list[tuple[State | None, Bands | None, int, int]],
) -> None:
    svg = ET.fromstring(
        draw([period(n, *one) for n, one in enumerate(history)], "A <title> & 'it'")
    )
    assert svg[0].text == "A <title> & 'it'"
    for element in svg.iter():
        for axis, limit in (("x", WIDTH), ("y", HEIGHT), ("x2", WIDTH), ("y2", HEIGHT)):
            assert 0 <= float(element.get(axis, "0")) <= limit
        for point in element.get("points", "").split():
            x, y = map(float, point.split(","))
            assert 0 <= x <= WIDTH
            assert 0 <= y <= HEIGHT


def classes(svg: str, name: str) -> list[ET.Element]:
    return [one for one in ET.fromstring(svg).iter() if one.get("class") == f"ds-chart__{name}"]


def test_what_was_not_measured_is_a_gap() -> None:
    some = Bands(10.0, 20.0, 30.0)
    svg = draw(
        [
            period(0, State.SUCCESS, some, 1, 10),
            period(1, State.VOID),
            period(2, None),
            period(3, State.DEGRADED, some),
            period(4, State.FAILURE, some),
        ],
        "t",
    )
    assert len(classes(svg, "band")) == 2
    assert len(classes(svg, "loss")) == 1
    heights = {name: float(classes(svg, name)[0].get("height", "")) for name in State}
    assert heights[State.SUCCESS] < heights[State.DEGRADED] < heights[State.FAILURE]
    assert len(classes(svg, "void")) == 1
    assert len(classes(svg, "area")) == 4


def test_it_says_what_it_shows() -> None:
    first = period(0, State.SUCCESS, Bands(10.0, 20.0, 30.0), 1, 10)
    svg = ET.fromstring(draw([first, period(1, State.FAILURE)], "t"))
    assert svg.get("aria-labelledby") == f"{svg[0].get('id')} {svg[1].get('id')}"
    assert svg[1].text == (
        "Median latency between 20.0 ms and 20.0 ms; at most 10.0 % loss in a period. "
        "1 of 2 periods with tests hold a failure."
    )
    hint = next(one for one in svg.iter() if one.get("class") == "ds-chart__area")
    assert hint[0].text == ("2026-01-05 09:00:00 UTC · Success · 20.0 ms · 10.0–30.0 ms · 10.0 %")
    nothing = ET.fromstring(draw([period(0, None)], "t"))
    assert nothing[1].text == "Nothing was measured in this span."


def test_nothing_in_it_needs_a_style_or_a_script() -> None:
    svg = draw([period(0, State.SUCCESS, Bands(1.0, 2.0, 3.0))], "t")
    assert "style" not in svg
    assert "script" not in svg
    assert "http" not in svg


@given(st.floats(0.001, 1e6))
def test_a_scale_is_round_and_holds_the_value(value: float) -> None:
    top = round_top(value)
    assert value <= top <= 1.5 * value * (1 + 1e-9)
    assert float(f"{top:e}"[:4]) in (1, 1.5, 2, 3, 4, 5, 6, 8)


@pytest.mark.parametrize(
    ("value", "top"), [(0, 1), (7, 8), (20, 20), (21, 30), (350, 400), (0.9, 1)]
)
def test_scales(value: float, top: float) -> None:
    assert round_top(value) == top
