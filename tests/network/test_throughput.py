"""Whether traffic is held back: the rule alone, and the measure on a way that is made narrow."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskside.network import throughput
from deskside.network.causes import EXPLAINS
from deskside.network.line_observations import LineSeen, PingSeen, RateSeen, RunSeen, SeriesSeen
from deskside.network.probes import speed
from deskside.network.probes.series import Line
from deskside.network.responder import MAX_REQUESTS, Responder

from .conftest import LOOPBACK, closed_port, far_end

HALF_A_MEGABIT, MEGABIT = 62_000.0, 119_000.0
"""Bytes a second of 512 kbit/s and 1 Mbit/s without headers: 1,448 of 1,514 are data."""

TRIPS = st.floats(0.0, 3.0)
LOSSES = st.floats(0.0, 0.9)
COUNTS = st.sampled_from((1, speed.TOGETHER))


@given(COUNTS, TRIPS, LOSSES)
def test_a_megabit_is_never_held_back(count: int, trip: float, loss: float) -> None:
    assert 0 <= throughput.bound(count, trip, loss) < MEGABIT * 0.8


@given(COUNTS, TRIPS, LOSSES, TRIPS, LOSSES)
def test_a_longer_way_and_more_loss_excuse_more(
    count: int, trip: float, loss: float, longer: float, more: float
) -> None:
    near = throughput.bound(count, min(trip, longer), min(loss, more))
    far = throughput.bound(count, max(trip, longer), max(loss, more))
    assert far <= near
    assert throughput.bound(1, trip, loss) <= throughput.bound(speed.TOGETHER, trip, loss)


@given(st.floats(0.0, 0.6), st.floats(0.0, HALF_A_MEGABIT * 1.3))
def test_half_a_megabit_or_less_is_told_however_long_the_way(trip: float, rate: float) -> None:
    assert rate < throughput.bound(speed.TOGETHER, trip, 0.0)


@given(TRIPS)
def test_what_the_first_windows_carry_is_never_held_back(trip: float) -> None:
    for count in (1, speed.TOGETHER):
        carried = count * throughput.FIRST_WINDOW / max(trip, 1e-9)
        assert carried > throughput.bound(count, trip, 0.0)


def found(*rates: RateSeen, trip: float = 2.0, lost: int = 0, sent: int = 100) -> list[str]:
    """What is said of these rates, where round trips take so many milliseconds."""
    line = LineSeen(
        rates=list(rates),
        series=[
            SeriesSeen(host="desk.example", address="203.0.113.5", port=4000, connections=1,
                       round_trips=(trip,) * 8)
        ],
        pings=[
            PingSeen(host="desk.example", address="203.0.113.5", sent=sent,
                     round_trips=(trip,) * (sent - lost))
        ],
    )  # fmt: skip
    run = RunSeen(hosts=(), canary=None, routes={}, lag=0.0, seconds=1.0, line=line)
    return [one.code for one in throughput.findings(run, ())]


ALONE = RateSeen(
    host="desk.example", port=4000, connections=1, transferred=10**5, seconds=4.0, early=9e5,
    late=6e4,
)  # fmt: skip
TOGETHER = replace(ALONE, connections=speed.TOGETHER)


def test_what_is_said_of_a_rate() -> None:
    held = ["rate-limited"]
    assert found(ALONE, TOGETHER) == held, "once for a port"
    assert found(ALONE) == [], "one connection is slow for many a reason"
    assert found(replace(ALONE, late=3e4), replace(TOGETHER, late=9e5)) == held, "one by one"
    assert found(replace(TOGETHER, late=MEGABIT)) == []
    assert found(TOGETHER, trip=500.0) == held
    assert found(TOGETHER, trip=1200.0) == [], "the window bounds it"
    assert found(TOGETHER, lost=2) == held, "on a short way little loss excuses nothing"
    assert found(TOGETHER, trip=300.0, lost=2) == []
    assert found(TOGETHER, lost=12) == [], "loss bounds it"
    assert found(replace(TOGETHER, late=2e3), lost=12) == held, "more than loss does"
    assert found(replace(TOGETHER, late=2e3), lost=30) == [], "nothing tells with such a loss"
    assert found(replace(ALONE, late=3e4), lost=1) == [], "one alone was unlucky"
    assert found(replace(TOGETHER, host="other.example")) == held, "no round trip is known"


def test_a_limit_accounts_for_what_it_makes() -> None:
    assert {"loss", "jitter", "latency"} <= EXPLAINS["rate-limited"]
    assert "rate-limited" not in EXPLAINS["loss"]


class _Narrow:
    """Passes on to a responder what comes, so many bytes a second each way once a bucket is
    empty; all its connections share it."""

    def __init__(self, end: tuple[str, int], rate: float, bucket: int = 0) -> None:
        self._end, self._rate, self._bucket = end, rate, bucket
        self._free = [0.0, 0.0]
        self._lock = threading.Lock()

    def talk(self, accepted: socket.socket) -> None:
        """Until either end has had enough."""
        with socket.create_connection(self._end) as onward:
            back = threading.Thread(target=self._carry, args=(onward, accepted, 1), daemon=True)
            back.start()
            self._carry(accepted, onward, 0)
            back.join(5)

    def _carry(self, source: socket.socket, to: socket.socket, way: int) -> None:
        with suppress(OSError):
            while data := source.recv(1024):
                with self._lock:
                    self._bucket -= len(data)
                    now = time.monotonic()
                    share = 0 if self._bucket > 0 else len(data) / self._rate
                    self._free[way] = max(self._free[way], now) + share
                    wait = self._free[way] - now
                time.sleep(wait)
                to.sendall(data)
        for one in (source, to):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


def measured(responder: Responder, seconds: float, rate: float, bucket: int = 0) -> list[RateSeen]:
    """By a way that carries so many bytes a second."""
    end = responder.address("plain")
    assert end
    with far_end(_Narrow(end, rate, bucket).talk) as port:
        line = Line("desk.example", LOOPBACK, port, responder.public_key)
        return asyncio.run(speed.measure(line, seconds))


@pytest.mark.parametrize("bucket", [0, 200_000])
def test_a_narrow_way_is_measured(responder: Responder, bucket: int) -> None:
    alone, together = measured(responder, 1.6, 30_000.0, bucket)
    assert (alone.connections, together.connections) == (1, speed.TOGETHER)
    for one in (alone, together):
        assert one.late < 45_000
    assert alone.early > 100_000 or not bucket


def test_a_way_that_is_not_narrow_is_measured_once(responder: Responder) -> None:
    (alone,) = measured(responder, 4.0, 5_000_000.0)
    assert alone.connections == 1
    assert alone.late > 10 * throughput.SLOW_RATE
    assert alone.transferred <= sum(speed.PADDINGS) * speed.IN_A_ROW


def test_a_responder_that_is_not_there_has_no_rate() -> None:
    line = Line("desk.example", LOOPBACK, closed_port(), None)
    assert asyncio.run(speed.measure(line, 0.2)) == []


def test_good_manners() -> None:
    assert speed.IN_A_ROW <= MAX_REQUESTS
    assert sum(speed.PADDINGS) * speed.IN_A_ROW < 1_300_000
    assert speed.TOGETHER * speed.TOGETHER_PADDING * speed.IN_A_ROW < 300_000
