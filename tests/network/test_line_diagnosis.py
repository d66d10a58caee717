"""From observations to findings about the line and this computer: names, proxies, portals, loss."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deskside.network.causes import (
    AT_FAR_END,
    BY_RESPONDER,
    NOT_TESTED,
    REACHABLE,
)
from deskside.network.diagnosis import diagnose
from deskside.network.line_observations import (
    AbsentSeen,
    AnswersSeen,
    LineSeen,
    ListenerSeen,
    Passage,
    PingSeen,
    ProxySeen,
    RateSeen,
    RunSeen,
    SegmentsSeen,
    SeriesSeen,
)
from deskside.network.observations import (
    Echo,
    EchoSeen,
    Found,
    HostSeen,
    LookupSeen,
    Reach,
    Shake,
    TlsSeen,
)

from .observed import PUBLIC, PUBLIC6, codes, judged, port, responder, run_of, seen


def test_a_name_server_is_not_blamed_by_a_busy_computer() -> None:
    silent = seen(ipv4=(), result=Found.SILENT)
    assert run_of(silent).root_cause == "dns-blocked"
    busy = run_of(silent, lag=2.0)
    assert (busy.root_cause, codes(busy), busy.our_side) == (None, [NOT_TESTED], True)


def test_an_unsteady_computer_is_not_an_unsteady_line() -> None:
    trips = (1.0, 30.0, 2.0, 40.0, 1.5, 35.0, 60.0, 3.0)
    asked = {"host": "desk.example", "address": PUBLIC, "port": 4000, "round_trips": trips}
    for lag, root in ((0.0, "jitter"), (0.02, None)):
        series = [SeriesSeen(**asked, connections=1, lag=lag)]  # type: ignore[arg-type]
        assert run_of(responder(0), series=series).root_cause == root


def test_an_unsteady_moment_is_not_an_unsteady_line() -> None:
    asked = {"host": "desk.example", "address": PUBLIC, "port": 4000, "connections": 1}
    first, steady, later = (
        [SeriesSeen(**asked, round_trips=trips)]  # type: ignore[arg-type]
        for trips in ((1.0, 30.0, 2.0, 40.0, 1.5, 35.0), (1.0, 1.1) * 4, (30.0, 1.0, 50.0) * 3)
    )
    for again, root in (([], "jitter"), (steady, None), (later, "jitter")):
        report = run_of(responder(0), series=first, series_again=again)
        assert report.root_cause == root


def test_pages_for_absent_hosts_are_a_portal_where_nothing_is_reached() -> None:
    absent = [
        AbsentSeen(
            port=80, tried=("192.0.2.9",), accepted=("192.0.2.9",), answer=Echo.HTTP,
            opening="HTTP/1.1 200 OK",
        )
    ]  # fmt: skip
    assert run_of(seen(port(Reach.RESET)), absent=absent).root_cause == "captive-portal"
    some = run_of(seen(port(Reach.RESET)), responder(0), absent=absent)
    assert some.root_cause == "port-reset"


def test_a_portal_by_false_names_is_a_portal() -> None:
    lie = LookupSeen(name="nowhere.com.", result=Found.FOUND, ipv4=(PUBLIC,))
    asks = AbsentSeen(port=80, tried=(PUBLIC,), accepted=(PUBLIC,), answer=Echo.REDIRECT)
    for refused, invented, root in (
        (seen(port(Reach.RESET)), asks, "captive-portal"),
        (seen(port(Reach.RESET)), replace(asks, answer=Echo.HTTP), "dns-hijacked"),
        (seen(port(Reach.RESET), ipv4=("198.51.100.9",)), asks, "port-reset"),
    ):
        report = diagnose(
            RunSeen(
                hosts=(refused,),
                canary=lie,
                routes={4: True},
                lag=0.0,
                seconds=1.0,
                line=LineSeen(invented=invented),
            )
        )
        assert report.root_cause == root


def test_a_narrow_way_explains_the_jitter_that_it_makes() -> None:
    trips = (5.0, 90.0, 30.0, 110.0, 15.0, 60.0, 75.0, 40.0)
    asked = SeriesSeen(
        host="desk.example", address=PUBLIC, port=4000, connections=1, round_trips=trips
    )
    slow = RateSeen(
        host="desk.example",
        port=4000,
        connections=1,
        transferred=10**5,
        seconds=4.0,
        early=9e3,
        late=9e3,
    )
    assert run_of(responder(0), series=[asked]).root_cause == "jitter"
    report = run_of(responder(0), series=[asked], rates=[slow])
    assert report.root_cause == "rate-limited"
    jitter = next(one for one in report.findings if one.code == "jitter")
    assert jitter.explained_by == "rate-limited"
    usual = replace(slow, late=6e4)  # as quick as such a jitter lets it be
    assert run_of(responder(0), series=[asked], rates=[usual]).root_cause == "jitter"


@pytest.mark.parametrize(
    ("program", "root"),
    [("nc", "local-port-clash"), ("java", None), ("docker-proxy", None), ("", None)],
)
def test_who_has_the_ports_of_the_api(program: str, root: str | None) -> None:
    listeners = [ListenerSeen(port=4001, program=program)]
    assert run_of(responder(0), listeners=listeners).root_cause == root


def test_lost_answers_about_names_are_no_block() -> None:
    unheard = seen(name="other.example", ipv4=(), result=Found.FAILED)
    lossy = [PingSeen(host="desk.example", address=PUBLIC, sent=24, round_trips=(1.0,) * 12)]
    assert run_of(unheard, responder(0)).root_cause == "dns-blocked"
    report = run_of(unheard, responder(0), pings=lossy)
    assert report.root_cause == "loss"
    blocked = next(one for one in report.findings if one.code == "dns-blocked")
    assert blocked.explained_by == "loss"
    refused = seen(name="other.example", ipv4=(), result=Found.ABSENT)
    assert run_of(refused, responder(0), pings=lossy).root_cause == "dns-blocked"


def test_silence_proves_nothing_where_half_of_the_packets_are_lost() -> None:
    half = [
        PingSeen(host="desk.example", address=PUBLIC, sent=24, round_trips=(700.0,) * answered)
        for answered in (12, 24)
    ]
    far: dict[str, float] = {"milliseconds": 700.0}
    mute = seen(port(tls=Shake.SILENT, **far))
    small = seen(replace(port(tls=Shake.SILENT, **far), small_segments=Shake.UNVERIFIED))
    few = seen(port(**far), port(Reach.SILENT, version=6, attempts=6), ipv6=(PUBLIC6,))
    for alone, code, left in (
        (mute, "port-dropped", NOT_TESTED),
        (small, "mtu-black-hole", NOT_TESTED),
        (few, "ipv6-black-hole", REACHABLE),
    ):
        lossy, clean = (run_of(alone, responder(0), pings=[one]) for one in half)
        assert clean.root_cause == code
        assert lossy.root_cause == "loss"
        assert lossy.verdict.value != "success"
        assert code not in codes(lossy)
        assert left in codes(lossy)
        assert "segments" in {one["what"] for one in lossy.not_tested}
    dropped = seen(port(Reach.SILENT, attempts=12))
    assert run_of(dropped, responder(0), pings=half[:1]).root_cause == "port-dropped"
    reset = seen(port(tls=Shake.RESET))
    assert run_of(reset, responder(0), pings=half[:1]).root_cause == "port-reset"


def test_only_a_socks_proxy_leads_out_and_names_are_not_told_here() -> None:
    unheard = seen(ipv4=(), result=Found.FAILED)
    opens = ProxySeen(
        kind="socks5",
        host="s.example",
        port=1080,
        source="ALL_PROXY",
        reach=Reach.CONNECTED,
        passages={443: Passage.PROVED},
    )
    untried = run_of(unheard, proxies=[opens])
    assert untried.root_cause == "socks-only"
    assert untried.undecided_between == ("socks-only", "dns-blocked")
    assert untried.deciding_tests
    for direct in (Reach.SILENT, Reach.RESET, Reach.PROHIBITED):
        tried = replace(opens, far_address=PUBLIC, direct=direct)
        report = run_of(unheard, proxies=[tried])
        assert (report.root_cause, report.undecided_between) == ("socks-only", ())
        blocked = next(one for one in report.findings if one.code == "dns-blocked")
        assert blocked.explained_by == "socks-only"
    reached = replace(opens, far_address=PUBLIC, direct=Reach.CONNECTED)
    report = run_of(unheard, proxies=[reached])
    assert (report.root_cause, codes(report)) == ("dns-blocked", ["dns-blocked"])
    beside = run_of(unheard, seen(port(Reach.SILENT), name="b.example"), proxies=[opens])
    assert (beside.root_cause, beside.undecided_between) == ("socks-only", ())


def test_a_name_that_its_server_tells_when_asked_directly_is_not_blocked() -> None:
    unheard = seen(ipv4=(), result=Found.SILENT)
    told = [AnswersSeen(name="trade.example", server="192.0.2.53", answers=((PUBLIC,),))]
    assert codes(run_of(unheard, answers=told)) == [NOT_TESTED]


def test_a_network_by_ipv6_alone_is_healthy() -> None:
    both: dict[str, object] = {"ipv6": (PUBLIC6,)}
    no_ipv4 = {4: False, 6: True}
    well = seen(port(Reach.UNROUTABLE), port(version=6), **both)  # type: ignore[arg-type]
    silent = seen(port(Reach.UNROUTABLE), port(Reach.SILENT, version=6), **both)  # type: ignore[arg-type]
    old = seen(port(Reach.UNROUTABLE))
    mute = [PingSeen(host="trade.example", address=PUBLIC, sent=2)]
    for one, root in ((well, None), (silent, "port-dropped"), (old, "no-network")):
        run = RunSeen(
            hosts=(one,), canary=None, routes=no_ipv4, lag=0.0, seconds=1.0,
            line=LineSeen(pings=mute),
        )  # fmt: skip
        report = diagnose(run)
        assert report.root_cause == root
        assert "ping-blocked" not in codes(report), "no echo request left"
    reached = seen(port(), port(version=6), **both)  # type: ignore[arg-type]
    by_ipv4 = judged(reached, routes=(False, True))
    assert by_ipv4.verdict.value == "success"


@pytest.mark.parametrize("known", ["x.invalid", "nowhere.com."])
def test_either_name_that_cannot_exist_shows_where_lies_lead(known: str) -> None:
    names = [
        LookupSeen(
            name=name, result=Found.FOUND if name == known else Found.ABSENT,
            ipv4=(PUBLIC,) if name == known else (),
        )
        for name in ("x.invalid", "nowhere.com.")
    ]  # fmt: skip
    run = RunSeen(
        hosts=(seen(port(Reach.RESET)),), canary=names[0], routes={4: True, 6: True}, lag=0.0,
        seconds=1.0, line=LineSeen(canaries=names[1:]),
    )  # fmt: skip
    assert diagnose(run).root_cause == "dns-hijacked"


def test_a_redirect_of_port_80_is_no_portal_where_the_web_is_reached() -> None:
    redirected = AbsentSeen(
        port=80, tried=("192.0.2.9",), accepted=("192.0.2.9",), answer=Echo.REDIRECT
    )
    dropped = seen(port(Reach.SILENT), name="other.example")
    assert run_of(dropped, absent=[redirected]).root_cause == "captive-portal"
    assert run_of(dropped, seen(port()), absent=[redirected]).root_cause == "port-dropped"
    all_ports = [redirected, replace(redirected, port=443)]
    assert run_of(dropped, seen(port()), absent=all_ports).root_cause == "captive-portal"


def test_a_name_server_that_others_must_wait_for() -> None:
    slow = seen(port())
    assert slow.lookup
    slow.lookup = replace(slow.lookup, milliseconds=5_004.0)
    first, second = (
        AnswersSeen(name="trade.example", server=server, answers=answers)
        for server, answers in (("192.0.2.3", ()), ("192.0.2.4", ((PUBLIC,),)))
    )
    report = run_of(slow, answers=[first, second])
    assert (report.verdict.value, report.root_cause) == ("degraded", "dns-blocked")
    assert report.findings[0].subject == "192.0.2.3"
    assert report.findings[0].evidence["answered_by"] == "192.0.2.4"
    assert run_of(slow, answers=[first]).verdict.value == "success", "nobody answers directly"
    assert run_of(seen(port()), answers=[first, second]).verdict.value == "success", "no delay"


def test_who_intercepts_a_responder_intercepts_others() -> None:
    issuer = "CN=ACME inspection"
    desk, vendor = responder(0), seen(port(), name="vendor.example")
    desk.ports[0] = replace(
        desk.ports[0], tls=TlsSeen(result=Shake.UNVERIFIED, issuer=issuer, desk_issued=False)
    )
    well = TlsSeen(result=Shake.TRUSTED, issuer=issuer, desk_issued=False)
    vendor.ports[0] = replace(vendor.ports[0], tls=well)
    report = run_of(desk, vendor)
    assert codes(report).count("tls-intercepted") == 2
    assert report.findings[1].explained_by == "tls-intercepted"
    assert run_of(responder(0), vendor).verdict.value == "success", "no responder is intercepted"
    vendor.ports[0] = replace(vendor.ports[0], tls=replace(well, issuer="CN=Public"))
    assert REACHABLE in codes(run_of(desk, vendor))


def test_what_signs_itself_is_no_shared_issuer() -> None:
    def untrusted(name: str, subject: str) -> HostSeen:
        tls = TlsSeen(result=Shake.UNTRUSTED, subject=subject, issuer="CN=box")
        return seen(replace(port(), tls=tls), name=name)

    for subject, root in (("CN=box", "certificate-wrong"), ("CN=x", "tls-intercepted")):
        pair = [untrusted(name, subject) for name in ("a.example", "b.example")]
        assert run_of(*pair).root_cause == root


def test_what_a_silent_handshake_leaves_open() -> None:
    silent = replace(port(tls=Shake.SILENT), small_segments=Shake.SILENT)
    alone = run_of(seen(silent))
    assert alone.undecided_between == ("port-dropped", "sni-reset", "transparent-http-proxy")
    with_name = replace(silent, other_name=Shake.SILENT)
    assert run_of(seen(with_name)).undecided_between == ("port-dropped", "transparent-http-proxy")
    cut = seen(replace(silent, other_name=Shake.UNVERIFIED), name="cut.example")
    report = run_of(seen(silent), cut)
    assert (report.root_cause, report.undecided_between) == ("sni-reset", ())
    assert report.findings[1].explained_by == "sni-reset", "another host decides it"


def test_connections_alone_that_go_unanswered_are_no_loss() -> None:
    late = SeriesSeen(
        host="desk.example", address=PUBLIC, port=4000, connections=6, late=4, questions=10
    )
    pings = [PingSeen(host="desk.example", address=PUBLIC, sent=24, round_trips=(1.0,) * 24)]
    report = run_of(responder(0), series=[late], pings=pings)
    assert (report.verdict.value, report.root_cause) == ("degraded", "connection-limited")
    lossy = [replace(pings[0], round_trips=(1.0,) * 23)]
    assert run_of(responder(0), series=[late], pings=lossy).root_cause == "loss"
    assert run_of(responder(0), series=[replace(late, questions=3)]).root_cause == "loss", "few"


def test_connections_that_fall_silent_after_some_packets() -> None:
    stalled = SegmentsSeen(host="desk.example", port=4000, large=False, small=False)
    report = run_of(responder(0), segments=[stalled])
    assert (report.verdict.value, report.root_cause) == ("failure", "port-dropped")
    cut = run_of(responder(0), segments=[replace(stalled, cut=True)])
    assert (cut.verdict.value, cut.root_cause) == ("failure", "port-reset")
    lossy = [PingSeen(host="desk.example", address=PUBLIC, sent=24, round_trips=(1.0,) * 20)]
    assert run_of(responder(0), segments=[stalled], pings=lossy).root_cause == "loss"


def test_a_portal_accounts_for_ping_too() -> None:
    page = AbsentSeen(port=80, tried=("192.0.2.9",), accepted=("192.0.2.9",), answer=Echo.REDIRECT)
    mute = [PingSeen(host="trade.example", address=PUBLIC, sent=2)]
    report = run_of(seen(port(Reach.SILENT)), absent=[page], pings=mute)
    ping = next(one for one in report.findings if one.code == "ping-blocked")
    assert ping.explained_by == "captive-portal"


def test_a_responder_in_question_is_not_told_to_be_tried() -> None:
    mute = responder(0)
    mute.ports[0] = replace(mute.ports[0], echo=EchoSeen(result=Echo.SILENT))
    at_far_end, by_responder = (
        run_of(one).deciding_tests for one in (mute, seen(port(tls=Shake.RESET)))
    )
    assert (at_far_end, by_responder) == ((AT_FAR_END,), (BY_RESPONDER,))
