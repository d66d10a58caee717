"""How quickly a responder brings back what is sent to it, whatever the round trip.

Questions with padding are sent in a row on one connection; counted is from answer to answer, so
that neither connecting nor the round trip plays a part. Small ones come first, that a slow line
may show itself, and large ones later, to get beyond what a limit lets through at the beginning.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from deskside.network.line_observations import RateSeen
from deskside.network.observations import Echo
from deskside.network.probes import nonce
from deskside.network.probes.channel import Channel, PlainChannel
from deskside.network.probes.series import Line
from deskside.network.throughput import SLOW_RATE

IN_A_ROW = 16
"""Questions on a connection, as many as a responder allows."""

PADDINGS = (2_048, 8_192, 32_768, 32_768)
"""Bytes, connection after connection: 1.2 MB at most."""

TOGETHER, TOGETHER_PADDING = 8, 2_048
"""Connections side by side, where one alone was slow: 256 kB at most. Loss and a long way slow
each of them down, a limit all of them together."""

LATE = 0.75
"""Share of the time, its end, that tells what passes for long: a limit often lets some bytes
through at first, and packets sent again make some answers come at once."""

Mark = tuple[float, int]
"""Seconds, and the bytes that had come back by then."""


async def measure(line: Line, seconds: float) -> list[RateSeen]:
    """The rate of a connection alone, and of some side by side where that was slow.

    Where together they are quick, the one gets a second chance: a moment is no limit.

    Args:
        seconds: for each of them.
    """
    alone = await _alone(line, seconds)
    if alone is None or alone.late >= SLOW_RATE:
        return [alone] if alone else []
    together = await _together(line, seconds)
    if together and together.late >= SLOW_RATE:
        again = await _alone(line, seconds)
        alone = max(filter(None, (alone, again)), key=lambda one: one.late)
    return [alone, together] if together else [alone]


async def _alone(line: Line, seconds: float) -> RateSeen | None:
    """From answer to answer of each connection, one after the other.

    What time cut off counts as arrived: the rate is never told too low.
    """
    end, timeline = _now() + seconds, _Timeline()
    for padding in PADDINGS:
        began, answers = _now(), 0

        def arrived(padding: int = padding) -> None:
            nonlocal answers
            if answers:
                timeline.add(padding)
            else:
                timeline.go_on(_now())
            answers += 1

        if not await _row(line, padding, end, arrived):
            if _now() >= end:
                if not answers:
                    timeline.go_on(began)
                timeline.add(padding)
            break
    return timeline.seen(line, 1)


async def _together(line: Line, seconds: float) -> RateSeen | None:
    """By the bytes that all of them receive."""
    end, timeline = _now() + seconds, _Timeline()

    def received(count: int) -> None:
        if timeline.marks:
            timeline.add(count)
        else:
            timeline.go_on(_now())

    rows = [_row(line, TOGETHER_PADDING, end, lambda: None, received) for _each in range(TOGETHER)]
    if not all(await asyncio.gather(*rows)) and timeline.marks:
        timeline.add(0)
    return timeline.seen(line, TOGETHER)


async def _row(
    line: Line,
    padding: int,
    end: float,
    arrived: Callable[[], None],
    received: Callable[[int], None] = lambda _count: None,
) -> bool:
    """Whether all answers came before the end."""
    count = 0

    def told(echo: Echo) -> None:
        nonlocal count
        if echo is Echo.GENUINE:
            count += 1
            arrived()

    with suppress(OSError, EOFError, TimeoutError):
        async with asyncio.timeout_at(end):
            with await line.connect() as opened:
                channel = _Counting(PlainChannel(opened), received)
                await nonce.ask_in_a_row(
                    channel, IN_A_ROW, padding, desk_key=line.desk_key, arrived=told
                )
    return count == IN_A_ROW


class _Counting:
    """Tells how many bytes come in."""

    def __init__(self, below: Channel, received: Callable[[int], None]) -> None:
        self._below = below
        self._received = received

    async def send(self, data: bytes) -> None:
        await self._below.send(data)

    async def receive(self) -> bytes:
        data = await self._below.receive()
        self._received(len(data))
        return data


def _now() -> float:
    return asyncio.get_running_loop().time()


class _Timeline:
    """What came back, and when; the time between two connections is left out."""

    def __init__(self) -> None:
        self.marks: list[Mark] = []
        self._left_out = 0.0

    def go_on(self, now: float) -> None:
        """Something is under way from now on."""
        if self.marks:
            self._left_out = now - self.marks[-1][0]
        else:
            self._left_out, self.marks = now, [(0.0, 0)]

    def add(self, count: int) -> None:
        """So many bytes more."""
        self.marks.append((_now() - self._left_out, self.marks[-1][1] + count))

    def seen(self, line: Line, connections: int) -> RateSeen | None:
        """The rate at first, and what passes for long; None where too little came back."""
        if len(self.marks) < 2:
            return None
        first, last = self.marks[0], self.marks[-1]
        before = [one for one in self.marks[:-1] if one[0] <= last[0] * (1 - LATE)]
        return RateSeen(
            host=line.host,
            port=line.port,
            connections=connections,
            transferred=last[1],
            seconds=last[0],
            early=_speed(first, self.marks[len(before)]),
            late=_speed(before[-1], last),
        )


def _speed(before: Mark, after: Mark) -> float:
    return (after[1] - before[1]) / max(after[0] - before[0], 1e-6)
