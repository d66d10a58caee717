"""From observations to findings: what cannot be built on loopback, and what may never be said."""

from __future__ import annotations

import pytest

from deskside.network.causes import (
    DECIDING_TESTS,
    EXPLAINS,
    NOT_TESTED,
    REACHABLE,
    ROOTS,
    WORDS,
)
from deskside.network.judging import _CONNECT, _ECHO, _SHAKE, judge
from deskside.network.observations import (
    ConnectSeen,
    Echo,
    EchoSeen,
    Found,
    HostSeen,
    LookupSeen,
    PortSeen,
    Reach,
    Shake,
)

from .conftest import host
from .observed import PUBLIC, PUBLIC6, codes, judged, port, responder, seen


def test_every_code_has_words_and_a_place() -> None:
    assert set(WORDS) == {*ROOTS, REACHABLE, NOT_TESTED}
    assert set(EXPLAINS) <= set(ROOTS)
    produced = {
        *_CONNECT.values(),
        *(c[0] for c in _SHAKE.values()),
        *(c[0] for c in _ECHO.values()),
    }
    assert produced <= set(WORDS)


def test_all_is_well() -> None:
    report = judged(seen(port()))
    assert (report.verdict.value, report.root_cause, codes(report)) == (
        "success",
        None,
        ["reachable"],
    )


@pytest.mark.parametrize("reach", [r for r in Reach if r is not Reach.CONNECTED])
def test_what_does_not_connect_is_never_green(reach: Reach) -> None:
    assert judged(seen(port(reach))).verdict.value != "success"


@pytest.mark.parametrize("shake", [s for s in Shake if s is not Shake.TRUSTED])
def test_a_handshake_that_proves_nothing_is_never_green(shake: Shake) -> None:
    assert judged(seen(port(tls=shake))).verdict.value != "success"


@pytest.mark.parametrize("echo", [e for e in Echo if e is not Echo.GENUINE])
def test_an_answer_that_is_not_genuine_is_never_green(echo: Echo) -> None:
    answered = PortSeen(port=443, version=4, connect=port().connect, echo=EchoSeen(result=echo))
    assert judge(host(443, responder=True), answered).code != REACHABLE


def test_a_busy_computer_voids_silence_but_not_success() -> None:
    assert judged(seen(port(Reach.SILENT, lag=1.0))).root_cause == "port-dropped"
    assert judged(seen(port(tls=Shake.SILENT, lag=1.0))).root_cause is None
    busy = judged(seen(port(Reach.SILENT, lag=1.6)))
    assert (codes(busy), busy.verdict.value) == (["not-tested"], "degraded")
    assert judged(seen(port(lag=1.0))).verdict.value == "success"


def test_no_network_explains_everything() -> None:
    report = judged(
        seen(ipv4=(), result=Found.FAILED), seen(port(Reach.UNROUTABLE)), routes=(False, False)
    )
    assert report.root_cause == codes(report)[0] == "no-network"
    assert all(f.explained_by == "no-network" for f in report.findings[1:])


def test_no_route_out_does_not_matter_where_hosts_answer() -> None:
    assert judged(seen(port()), routes=(False, False)).verdict.value == "success"


def test_a_name_server_that_invents_addresses() -> None:
    report = judged(seen(port(tls=Shake.UNTRUSTED)), canary=(PUBLIC,))
    assert report.root_cause == "dns-hijacked"
    warned = judged(seen(port()), canary=("198.51.100.1",))
    assert (codes(warned), warned.verdict.value) == (["dns-hijacked", "reachable"], "degraded")


def test_a_name_that_leads_to_this_computer() -> None:
    blackholed = seen(port(Reach.RESET), ipv4=("127.0.0.1",))
    assert judged(blackholed).root_cause == "dns-hijacked"
    assert judged(seen(port(), ipv4=("127.0.0.1",))).verdict.value == "success"


def test_ipv6_is_judged_apart() -> None:
    both = {"ipv6": (PUBLIC6,)}
    hole = judged(seen(port(), port(Reach.SILENT, version=6), **both))  # type: ignore[arg-type]
    assert (hole.verdict.value, hole.root_cause) == ("degraded", "ipv6-black-hole")
    none = judged(seen(port(), port(Reach.UNROUTABLE, version=6), **both))  # type: ignore[arg-type]
    assert (none.verdict.value, none.root_cause) == ("success", None)
    assert codes(none) == ["reachable", "ipv6-unroutable"]
    refused = judged(seen(port(), port(Reach.RESET, version=6), **both))  # type: ignore[arg-type]
    assert codes(refused) == ["reachable"]
    only = seen(port(Reach.UNROUTABLE, version=6), ipv4=(), ipv6=(PUBLIC6,))
    assert judged(only).root_cause == "ipv6-unroutable"


def test_loss_and_latency_degrade() -> None:
    lossy = [seen(port(attempts=2, unanswered=1), name=f"h{n}.example") for n in range(3)]
    assert judged(*lossy).root_cause == "loss"
    assert judged(lossy[0]).verdict.value == "success"
    slow = judged(seen(port(milliseconds=400.0)))
    assert (slow.verdict.value, slow.root_cause) == ("degraded", "latency")
    assert judged(seen(port(milliseconds=400.0, lag=0.1))).root_cause is None
    assert judged(seen(port(milliseconds=900.0, lag=0.1))).root_cause == "latency"


def test_a_wrong_clock() -> None:
    answered = PortSeen(
        port=443,
        version=4,
        connect=port().connect,
        echo=EchoSeen(result=Echo.GENUINE, signed_fingerprint="-", skew_seconds=-4000),
    )
    report = judged(
        HostSeen(
            host=host(443, responder=True),
            lookup=LookupSeen(name=PUBLIC, result=Found.LITERAL, ipv4=(PUBLIC,)),
            ports=[answered],
            finished=True,
        )
    )
    assert report.root_cause == "clock-skew"


def test_one_open_port_of_two_degrades() -> None:
    other = PortSeen(port=80, version=4, connect=ConnectSeen(result=Reach.SILENT, address=PUBLIC))
    report = judged(seen(port(), other, ports=(80, 443)))
    assert (report.verdict.value, report.root_cause) == ("degraded", "port-dropped")
    assert report.findings[0].evidence["proved"] == [443]


def test_what_was_not_tried_is_not_green() -> None:
    assert codes(judged(seen(port(), ports=(80, 443)))) == ["not-tested"]
    assert codes(judged(seen(port(), finished=False))) == ["not-tested"]


def test_the_most_frequent_cause_is_the_root() -> None:
    dropped = [seen(port(Reach.SILENT), name=f"h{n}.example") for n in range(3)]
    report = judged(seen(ipv4=(), result=Found.ABSENT, name="gone.example"), *dropped)
    assert report.root_cause == codes(report)[0] == "port-dropped"
    assert [f.explained_by for f in report.findings] == [None, *["port-dropped"] * 2, None]


def test_a_wrong_clock_is_the_root_of_what_is_out_of_date() -> None:
    report = judged(seen(port(tls=Shake.EXPIRED)), responder(-3600))
    assert (report.root_cause, report.undecided_between) == ("clock-skew", ())
    assert report.our_side
    expired = next(one for one in report.findings if one.code == "certificate-wrong")
    assert expired.explained_by == "clock-skew"


def test_a_wrong_clock_does_not_explain_a_wrong_name() -> None:
    report = judged(seen(port(tls=Shake.WRONG_NAME)), responder(-3600))
    assert report.root_cause == "certificate-wrong"
    assert all(one.explained_by is None for one in report.findings)
    assert not report.our_side


def test_a_clock_that_is_right_leaves_the_certificate_to_blame() -> None:
    alone = judged(seen(port(tls=Shake.EXPIRED)))
    assert alone.undecided_between == ("certificate-wrong", "clock-skew")
    assert any("clock" in text for text in alone.deciding_tests)
    beside = judged(seen(port(tls=Shake.EXPIRED)), responder(1))
    assert (beside.root_cause, beside.undecided_between) == ("certificate-wrong", ())
    assert beside.deciding_tests == ()


@pytest.mark.parametrize("codes", [(*one,) for one in (*_SHAKE.values(), *_ECHO.values())])
def test_what_is_undecided_has_a_test_that_decides(codes: tuple[str, ...]) -> None:
    assert len(codes) < 2 or any(code in DECIDING_TESTS for code in codes)
