"""Loss, latency and jitter are three things: packets that are sent again make no line slow or
unsteady, and an unsteady line is found among them."""

from __future__ import annotations

import asyncio
import socket

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from deskside.network.diagnosis import Report, diagnose
from deskside.network.line_observations import LineSeen, PingSeen, RunSeen, SeriesSeen
from deskside.network.observations import (
    ConnectSeen,
    Echo,
    EchoSeen,
    Found,
    HostSeen,
    LookupSeen,
    PortSeen,
    Reach,
)
from deskside.network.probes.resending import resent
from deskside.network.probes.series import Line

from .conftest import LOOPBACK, host

FAR = "203.0.113.9"


def report_of(series: SeriesSeen, *, pings: PingSeen | None = None, unanswered: int = 0) -> Report:
    """The report about a desk's responder that proved itself."""
    genuine = PortSeen(
        port=4000,
        version=4,
        connect=ConnectSeen(
            result=Reach.CONNECTED, address=FAR, attempts=unanswered + 1, unanswered=unanswered
        ),
        echo=EchoSeen(result=Echo.GENUINE, signed_fingerprint="-"),
    )
    one = HostSeen(
        host=host(4000, host=FAR, id="far", responder=True),
        lookup=LookupSeen(name=FAR, result=Found.LITERAL, ipv4=(FAR,)),
        ports=[genuine],
        finished=True,
    )
    line = LineSeen(series=[series], pings=[pings] if pings else [])
    return diagnose(
        RunSeen(hosts=(one,), canary=None, routes={4: True}, lag=0.0, seconds=1.0, line=line)
    )


def codes(report: Report) -> set[str]:
    return {finding.code for finding in report.findings}


def series(trips: list[float], connects: list[float], **fields: int) -> SeriesSeen:
    quickest = min(connects)
    return SeriesSeen(
        host=FAR,
        address=FAR,
        port=4000,
        connections=len(connects),
        late=sum(one > quickest + 800 for one in connects),
        quickest_connect=quickest,
        questions=len(trips),
        round_trips=tuple(trips),
        **fields,
    )


TIMES_LOST = st.lists(st.sampled_from([0, 0, 0, 0, 0, 0, 1, 1, 2, 3]), min_size=6, max_size=15)


def waited(times: int) -> float:
    """Milliseconds until a packet that was lost so often arrived: the timer doubles."""
    return 200.0 * (2**times - 1)


@given(
    base=st.floats(0.05, 190),
    noise=st.lists(st.floats(0, 4), min_size=15, max_size=15),
    lost=TIMES_LOST,
    connects_lost=st.lists(st.sampled_from([0, 0, 0, 1]), min_size=6, max_size=6),
    unanswered=st.integers(0, 5),
    told=st.booleans(),
)
def test_loss_alone_is_never_unsteady_or_slow(
    base: float,
    noise: list[float],
    lost: list[int],
    connects_lost: list[int],
    unanswered: int,
    told: bool,
) -> None:
    """Any packets lost, in any order; whether or not the system tells what it sent again."""
    connects = [base + 1000 * times for times in connects_lost]
    trips = [base + extra + waited(times) for extra, times in zip(noise, lost, strict=False)]
    assume(any(times == 0 for times in connects_lost))
    assume(any(times == 0 for times in lost) or any(connects_lost) or unanswered)
    if told:
        clean = [trip for trip, times in zip(trips, lost, strict=True) if not times]
        seen = series(clean, connects, resent=len(trips) - len(clean))
    else:
        seen = series(trips, connects)
    found = codes(report_of(seen, unanswered=unanswered))
    if not any(lost):  # so many answered, and connections alone not: that may be a limit
        found.discard("connection-limited")
    assert found <= {"reachable", "loss", "not-tested"}


@given(
    base=st.floats(0.05, 150),
    spread=st.floats(40, 150),
    order=st.permutations(range(10)),
    lost=st.lists(st.integers(1, 3), max_size=5),
    told=st.booleans(),
)
def test_an_unsteady_line_that_also_loses_is_found(
    base: float, spread: float, order: list[int], lost: list[int], told: bool
) -> None:
    trips = [base + spread * place / 9 for place in order]
    again = [base + waited(times) for times in lost]
    if told:
        seen = series(trips, [base, base + 1000], resent=len(again), lost=len(again))
    else:
        seen = series(again + trips, [base, base + 1000])
    found = codes(report_of(seen, unanswered=3))
    assert {"jitter", "loss"} <= found


@pytest.mark.parametrize("quickest_connect", [620.0, 2.0])
def test_a_slow_far_end_is_found_also_behind_what_accepts_for_it(quickest_connect: float) -> None:
    seen = series([620.0, 624.0, 630.0, 621.0, 625.0, 622.0], [quickest_connect] * 6)
    assert "latency" in codes(report_of(seen))


def test_a_slow_and_lossy_line_is_both() -> None:
    seen = series([300.0, 301.0, 700.0, 302.0, 500.0, 303.0, 301.0], [300.0, 1300.0, 300.0])
    assert {"latency", "loss"} <= codes(report_of(seen, unanswered=3))


def test_echo_requests_are_never_sent_again_so_all_of_them_count() -> None:
    trips = tuple(20.0 + 250 * (number % 2) for number in range(16))
    pings = PingSeen(host=FAR, address=FAR, sent=24, round_trips=trips)
    found = codes(report_of(series([20.0] * 8, [20.0] * 6), pings=pings))
    assert {"jitter", "loss"} <= found


def test_questions_lost_are_loss() -> None:
    seen = series([20.0] * 6, [20.0] * 6, resent=4, lost=4)
    assert "loss" in codes(report_of(seen))
    had_arrived = series([20.0] * 6, [20.0] * 6, resent=4, lost=0)
    assert "loss" not in codes(report_of(had_arrived))


def test_the_system_counts_nothing_on_a_line_that_loses_nothing() -> None:
    with socket.create_server((LOOPBACK, 0)) as listening:
        opened = socket.create_connection(listening.getsockname())
        with opened, listening.accept()[0] as other:
            other.sendall(b"x")
            assert opened.recv(1) == b"x"
            told = resent(opened)
    assert (told.packets, told.needlessly) == (0, 0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as no_connection:
        assert resent(no_connection).packets == 0


def test_a_responder_that_hangs_up_ends_the_questions() -> None:
    with socket.create_server((LOOPBACK, 0)) as listening:
        port = listening.getsockname()[1]
        listening.close()
        seen = asyncio.run(Line(LOOPBACK, LOOPBACK, port, None).series())
    assert (seen.connections, seen.questions, seen.round_trips) == (0, 0, ())
