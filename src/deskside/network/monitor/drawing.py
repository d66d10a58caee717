"""The picture: latency as bands, loss, and a strip of verdicts, as SVG. Pure.

Without script or style: classes take their colours from the page's style sheet, in light and dark.
States differ in height as well as in colour; where nothing was measured, nothing is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from xml.etree import ElementTree as ET

from deskside.foundation.text import _
from deskside.foundation.units import number, when
from deskside.network.monitor.model import Bands, Period, State
from deskside.network.monitor.words import milliseconds, range_words, share_words, state_word

WIDTH, LEFT, RIGHT = 960, 64, 8
LATENCY_TOP, LATENCY_HEIGHT = 14, 180
LOSS_TOP, LOSS_HEIGHT = 222, 48
STRIP_TOP, STRIP_HEIGHT = 294, 24
AXIS, HEIGHT = 338, 348

TICKS = 8
"""Moments that the axis names, about."""

LEAST_LOSS = 0.05
"""The smallest top of the scale of loss, so that one lost packet does not look like a wall."""

_ROUND = (1, 1.5, 2, 3, 4, 5, 6, 8)
_HEIGHTS = {State.SUCCESS: 8, State.DEGRADED: 16, State.FAILURE: 24, State.VOID: 24}


def draw(periods: Sequence[Period], title: str) -> str:
    """The picture of some periods of equal length, with a title and a description."""
    svg = ET.Element(
        "svg",
        {
            "class": "ds-chart",
            "viewBox": f"0 0 {WIDTH} {HEIGHT}",
            "role": "img",
            "aria-labelledby": "ds-chart-title ds-chart-desc",
        },
    )
    ET.SubElement(svg, "title", id="ds-chart-title").text = title
    ET.SubElement(svg, "desc", id="ds-chart-desc").text = description(periods)
    step = (WIDTH - LEFT - RIGHT) / len(periods)
    _latency(svg, periods, step)
    _loss(svg, periods, step)
    _strip(svg, periods, step)
    _moments(svg, periods, step)
    _hints(svg, periods, step)
    return ET.tostring(svg, encoding="unicode")


def description(periods: Sequence[Period]) -> str:
    """What the picture shows, in a sentence or two."""
    measured = [period for period in periods if period.latency]
    if not measured:
        return _("Nothing was measured in this span.")
    medians = [period.latency.median for period in measured if period.latency]
    return _(
        "Median latency between {low} and {high}; at most {loss} loss in a period. "
        "{failed} of {all} periods with tests hold a failure."
    ).format(
        low=milliseconds(min(medians)),
        high=milliseconds(max(medians)),
        loss=share_words(max(period.loss or 0.0 for period in periods)),
        failed=sum(period.worst is State.FAILURE for period in periods),
        all=sum(period.worst is not None for period in periods),
    )


def round_top(value: float) -> float:
    """The top of a scale that holds a value: a round number, little above it."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next((power * step for step in _ROUND if value <= power * step), power * 10)


def _latency(svg: ET.Element, periods: Sequence[Period], step: float) -> None:
    top = round_top(max((one.latency.high for one in periods if one.latency), default=0.0))

    def height(value: float) -> float:
        return LATENCY_TOP + LATENCY_HEIGHT * (1 - value / top)

    for share in (0.0, 0.5, 1.0):
        _line(svg, height(top * share), f"{number(top * share, 0 if top >= 10 else 1)} ms")
    for place, part in _stretches(periods):
        left = LEFT + place * step
        upper = _stairs([height(one.high) for one in part], left, step)
        lower = _stairs([height(one.low) for one in part], left, step)
        band = " ".join([*upper, *reversed(lower)])
        ET.SubElement(svg, "polygon", {"class": "ds-chart__band", "points": band})
        median = " ".join(_stairs([height(one.median) for one in part], left, step))
        ET.SubElement(svg, "polyline", {"class": "ds-chart__median", "points": median})


def _stretches(periods: Sequence[Period]) -> Iterable[tuple[int, list[Bands]]]:
    """Figures without a gap, with the place of the first."""
    part: list[Bands] = []
    for place, period in enumerate(periods):
        if period.latency:
            part.append(period.latency)
        elif part:
            yield place - len(part), part
            part = []
    if part:
        yield len(periods) - len(part), part


def _stairs(heights: Sequence[float], left: float, step: float) -> list[str]:
    """Points of a line that stays level for each period."""
    return [
        f"{_at(left + (place + edge) * step)},{_at(height)}"
        for place, height in enumerate(heights)
        for edge in (0, 1)
    ]


def _loss(svg: ET.Element, periods: Sequence[Period], step: float) -> None:
    top = round_top(max([LEAST_LOSS, *(period.loss or 0.0 for period in periods)]))
    top = min(top, 1.0)
    _line(svg, LOSS_TOP, share_words(top))
    _line(svg, LOSS_TOP + LOSS_HEIGHT, _("Loss"))
    for place, period in enumerate(periods):
        if period.loss:
            height = max(LOSS_HEIGHT * period.loss / top, 1.5)
            _bar(svg, "loss", place, step, LOSS_TOP + LOSS_HEIGHT, height)


def _strip(svg: ET.Element, periods: Sequence[Period], step: float) -> None:
    _line(svg, STRIP_TOP + STRIP_HEIGHT, _("Verdict"))
    for place, period in enumerate(periods):
        if state := period.worst:
            _bar(svg, state.value, place, step, STRIP_TOP + STRIP_HEIGHT, _HEIGHTS[state])


def _bar(svg: ET.Element, kind: str, place: int, step: float, bottom: float, height: float) -> None:
    ET.SubElement(
        svg,
        "rect",
        {
            "class": f"ds-chart__{kind}",
            "x": _at(LEFT + place * step + 1),
            "y": _at(bottom - height),
            "width": _at(max(step - 2, 1)),
            "height": _at(height),
        },
    )


def _line(svg: ET.Element, height: float, label: str) -> None:
    """A line across, and what it stands for."""
    level = {"x1": _at(LEFT), "x2": _at(WIDTH - RIGHT), "y1": _at(height), "y2": _at(height)}
    ET.SubElement(svg, "line", {"class": "ds-chart__line"} | level)
    words = {"class": "ds-chart__label", "x": _at(LEFT - 8), "y": _at(height + 4)}
    ET.SubElement(svg, "text", words | {"text-anchor": "end"}).text = label


def _moments(svg: ET.Element, periods: Sequence[Period], step: float) -> None:
    each = periods[0].end - periods[0].start
    label = clock if each < timedelta(hours=1) else day
    every = math.ceil(len(periods) / TICKS)
    for place in range(0, len(periods), every):
        words = {"class": "ds-chart__label", "x": _at(LEFT + place * step), "y": _at(AXIS)}
        ET.SubElement(svg, "text", words).text = label(periods[place].start)


def _hints(svg: ET.Element, periods: Sequence[Period], step: float) -> None:
    """What a pointer that rests on a period is told."""
    for place, period in enumerate(periods):
        if period.worst is None:
            continue
        area = {
            "class": "ds-chart__area",
            "x": _at(LEFT + place * step),
            "y": "0",
            "width": _at(step),
            "height": _at(STRIP_TOP + STRIP_HEIGHT),
        }
        told = ET.SubElement(ET.SubElement(svg, "rect", area), "title")
        told.text = " · ".join(cells(period))


def cells(period: Period) -> list[str]:
    """A period in words, as a row of the table beside the picture."""
    return [
        when(period.start),
        state_word(period.worst),
        milliseconds(period.latency.median if period.latency else None),
        range_words(period.latency),
        share_words(period.loss),
    ]


def clock(at: datetime) -> str:
    """The time of day, as `when` shows it."""
    return when(at)[11:16]


def day(at: datetime) -> str:
    """Month and day, as `when` shows them."""
    return when(at)[5:10]


def _at(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
