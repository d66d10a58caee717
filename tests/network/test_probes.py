"""The test against real far ends on loopback: each fails in one way, and each is named."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import subprocess
import sys
import time
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deskside.network import catalogue as catalogues
from deskside.network.diagnosis import Report, diagnose
from deskside.network.line_observations import SegmentsSeen
from deskside.network.model import Catalogue, Host
from deskside.network.observations import Echo
from deskside.network.probes import absent, series
from deskside.network.probes.series import Line
from deskside.network.responder import Responder
from deskside.network.runner import run

from .conftest import (
    LOOPBACK,
    Talk,
    authority,
    closed_port,
    far_end,
    host,
    http_server,
    issue,
    listed,
    silent_port,
    tls_server,
)

ADDRESS = x509.IPAddress(ipaddress.ip_address(LOOPBACK))


def outcome(*hosts: Host, key: str | None = None, deadline: float = 10) -> Report:
    catalogue = listed(*hosts, key=key)
    return diagnose(run(catalogue, catalogue.hosts, deadline=deadline))


def codes(report: Report) -> list[str]:
    return [finding.code for finding in report.findings]


def test_a_responder_proves_itself(catalogue: Catalogue) -> None:
    report = diagnose(run(catalogue, catalogue.hosts))
    assert report.verdict.value == "success"
    assert report.root_cause is None
    assert codes(report) == ["reachable", "reachable"]
    assert all(finding.evidence["seen_as"] == LOOPBACK for finding in report.findings)
    assert set(report.as_json()) == {
        "verdict",
        "root_cause",
        "undecided_between",
        "deciding_tests",
        "our_side",
        "targets",
        "findings",
        "not_tested",
        "proxy_scripts",
    }


def test_a_responder_without_a_pinned_key_proves_itself(responder: Responder) -> None:
    assert outcome(*responder.rows()).verdict.value == "success"


def test_a_host_name_is_looked_up(responder: Responder) -> None:
    port = responder.address("plain")
    assert port
    report = outcome(host(port[1], host="localhost", responder=True), key=responder.public_key)
    assert "reachable" in codes(report)


def test_refused_port() -> None:
    report = outcome(host(closed_port(), responder=True))
    assert (report.verdict.value, report.root_cause) == ("failure", "port-reset")
    finding = report.findings[0]
    assert finding.article == "2816#port-reset"
    assert finding.evidence["attempts"] == 1
    assert finding.cause
    assert finding.remedy


def test_silent_port() -> None:
    with silent_port() as port:
        started = time.monotonic()
        report = outcome(host(port, responder=True))
        assert time.monotonic() - started < 6
    assert report.root_cause == "port-dropped"
    assert report.findings[0].evidence["attempts"] == 6


def test_a_web_server_in_its_place() -> None:
    with far_end(http_server) as plain, far_end(http_server) as tls:
        report = outcome(host(plain, responder=True), host(tls, tls=(tls,), responder=True))
    assert report.root_cause == "transparent-http-proxy"
    assert codes(report) == ["transparent-http-proxy", "transparent-http-proxy"]
    assert "400 Bad Request" in str(report.findings[0].evidence)
    assert report.findings[1].explained_by == "transparent-http-proxy"


def test_a_log_in_page_of_the_network() -> None:
    def captive(connection: socket.socket) -> None:
        connection.recv(1024)
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://wifi.example/\r\n\r\n")

    with far_end(captive) as port:
        assert outcome(host(port, responder=True)).root_cause == "captive-portal"


def test_a_silent_program_is_brought_out_by_http() -> None:
    def waits_for_http(connection: socket.socket) -> None:
        while not (asked := connection.recv(1024)).startswith(b"GET "):
            if not asked:
                return
        connection.sendall(b"HTTP/1.1 404 Not Found\r\n\r\n")

    with far_end(waits_for_http) as port:
        assert outcome(host(port, responder=True)).root_cause == "transparent-http-proxy"


def test_something_unknown_in_its_place() -> None:
    with far_end(lambda connection: connection.sendall(b"220 mail\x1b[2J ready\r\n")) as port:
        report = outcome(host(port, responder=True))
    assert report.undecided_between == ("transparent-http-proxy", "dns-hijacked")
    assert report.findings[0].evidence["answer"] == "220 mail [2J ready"


def test_hanging_up_is_not_success() -> None:
    with far_end(lambda connection: None) as port:
        assert outcome(host(port, responder=True)).verdict.value == "failure"


def test_another_desks_responder(responder: Responder) -> None:
    other = Ed25519PrivateKey.generate().public_key()
    raw = serialization.Encoding.Raw, serialization.PublicFormat.Raw
    report = outcome(*responder.rows(), key=other.public_bytes(*raw).hex())
    assert sorted(codes(report)) == ["certificate-wrong", "tls-intercepted"]


def relay(to: int) -> Talk:
    """What an interceptor does behind its own certificate: pass the bytes on to the true port."""
    import ssl

    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

    def talk(connection: socket.socket) -> None:
        asked = connection.recv(1024)
        with (
            socket.create_connection((LOOPBACK, to), timeout=5) as beyond,
            context.wrap_socket(beyond) as secure,
        ):
            secure.sendall(asked)
            connection.sendall(secure.recv(1024))

    return talk


@pytest.mark.parametrize("pinned", [True, False])
def test_tls_opened_on_the_way(responder: Responder, tmp_path: Path, pinned: bool) -> None:
    true = responder.address("tls")
    assert true
    interceptor = tls_server(issue(tmp_path, authority(), ADDRESS), relay(true[1]))
    with far_end(interceptor) as port:
        row = host(port, tls=(port,), responder=True)
        report = outcome(row, key=responder.public_key if pinned else None)
    assert report.root_cause == "tls-intercepted"


def test_an_unknown_issuer(tmp_path: Path) -> None:
    pem = issue(tmp_path, authority(), ADDRESS)
    with far_end(tls_server(pem)) as port:
        report = outcome(host(port, tls=(port,)))
    assert report.root_cause == "certificate-wrong"
    assert report.undecided_between == ("certificate-wrong", "tls-intercepted")
    assert report.findings[0].evidence["issuer"] == "CN=Inspection CA"


def test_one_unknown_issuer_for_two_hosts_is_interception(tmp_path: Path) -> None:
    one = authority()
    other = "127.0.0.2"
    first = issue(tmp_path, one, ADDRESS)
    second = issue(tmp_path, one, x509.IPAddress(ipaddress.ip_address(other)))
    with (
        far_end(tls_server(first)) as here,
        far_end(tls_server(second), address=other) as there,
    ):
        report = outcome(host(here, tls=(here,)), host(there, tls=(there,), host=other))
    assert codes(report) == ["tls-intercepted", "tls-intercepted"]
    assert report.undecided_between == ()


TRUSTED = """
import json, sys
from deskside.network.diagnosis import diagnose
from deskside.network.model import Catalogue, Host
from deskside.network.runner import run
port = int(sys.argv[1])
row = Host(id="a", host=sys.argv[2], ports=(port,), tls=(port,))
catalogue = Catalogue(version="1", date="", hosts=(row,))
print(json.dumps(diagnose(run(catalogue, catalogue.hosts)).as_json()))
"""


@pytest.mark.parametrize(
    ("names", "days", "root"),
    [
        ((ADDRESS,), 10, None),
        ((x509.DNSName("elsewhere.example"),), 10, "certificate-wrong"),
        ((ADDRESS,), -1, "certificate-wrong"),
    ],
)
def test_a_vendors_certificate_is_judged(
    tmp_path: Path, names: tuple[x509.GeneralName, ...], days: int, root: str | None
) -> None:
    import json

    one = authority()
    store = tmp_path / "roots.pem"
    store.write_bytes(one[0].public_bytes(serialization.Encoding.PEM))
    with far_end(tls_server(issue(tmp_path, one, *names, days=days))) as port:
        done = subprocess.run(
            [sys.executable, "-c", TRUSTED, str(port), LOOPBACK],
            env={"SSL_CERT_FILE": str(store), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=True,
        )
    report = json.loads(done.stdout)
    assert report["root_cause"] == root
    assert (report["verdict"] == "success") == (root is None)


def test_tcp_alone_is_never_success() -> None:
    with far_end(lambda connection: None) as port:
        report = outcome(host(port))
    assert report.verdict.value == "degraded"
    assert codes(report) == ["not-tested"]


def test_a_vendors_host_gets_three_connections_and_no_bytes(tmp_path: Path) -> None:
    seen: list[bytes] = []

    def count(connection: socket.socket) -> None:
        seen.append(connection.recv(1))

    with far_end(count) as one, far_end(count) as two:
        ports = (one, two)
        outcome(host(one, ports=ports), host(two, id="b", ports=ports, tls=ports))
    assert len(seen) <= 3
    assert all(byte in (b"", b"\x16") for byte in seen)


def test_rows_that_share_a_far_end_are_probed_once() -> None:
    seen: list[object] = []
    with far_end(seen.append) as port:
        report = outcome(host(port, product="a"), host(port, id="b", product="b"))
    assert len(report.targets) == 2
    assert len(seen) == 1


def test_a_name_that_does_not_exist() -> None:
    report = outcome(host(4000, host="deskside-no-such-host.invalid"))
    assert report.root_cause == "dns-blocked"
    assert report.verdict.value == "failure"


def test_the_deadline_holds_and_says_so(responder: Responder) -> None:
    with silent_port() as port:
        started = time.monotonic()
        report = outcome(
            host(port, responder=True), *responder.rows(), key=responder.public_key, deadline=0.6
        )
        assert time.monotonic() - started < 2.5
    assert report.verdict.value == "degraded"
    assert codes(report).count("not-tested") == 1
    assert [target["finished"] for target in report.targets] == [False, True, True]


def test_a_backup_weighs_less(responder: Responder) -> None:
    report = outcome(
        *responder.rows(),
        host(closed_port(), responder=True, role="backup"),
        key=responder.public_key,
    )
    assert (report.verdict.value, report.root_cause) == ("degraded", "port-reset")


def test_many_hosts_at_once(responder: Responder) -> None:
    address = responder.address("plain")
    assert address
    port = address[1]
    rows = [host(port, id=f"r{n}", host=f"127.0.0.{n}", responder=True) for n in range(2, 60)]
    report = outcome(host(port, id="r1", responder=True), *rows, key=responder.public_key)
    assert codes(report).count("reachable") == 1
    assert codes(report).count("port-reset") == len(rows)


def test_the_shipped_hosts_all_get_a_finding() -> None:
    shipped = catalogues.shipped()
    report = diagnose(run(shipped, shipped.hosts, deadline=0.01))
    assert len(report.findings) >= len(shipped.hosts)
    assert report.verdict.value != "success"


class _Vanishing(Line):
    """Large packets to it vanish; small ones arrive, where `small` says so, after some seconds."""

    def __init__(self, *, small: bool, slow: float = 0.0, narrow: bool = False) -> None:
        super().__init__("gate.example", LOOPBACK, 4000, None)
        self.small, self.slow, self.narrow = small, slow, narrow
        self.quickest = 0.001
        self.asked, self.under_way, self.most = 0, 0, 0

    async def _padded(self, segment: int = 0, size: int = 0, patience: float = 4.0) -> bool | None:
        self.asked += 1
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(self.slow if segment else 0.2)
        self.under_way -= 1
        return self.small if segment else self.narrow and self.under_way == 0


@pytest.mark.parametrize("small", [True, False])
def test_large_packets_that_vanish_are_waited_for_once(
    small: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(series, "HESITATION", 0.05)
    line = _Vanishing(small=small)
    seen = asyncio.run(line.segments(measure=False))
    assert seen
    assert (seen.large, seen.small) == (False, small)
    assert (line.most, line.asked) == (3, 3), "side by side, and once"


@pytest.mark.parametrize("narrow", [True, False])
def test_a_narrow_way_is_no_black_hole(narrow: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(series, "HESITATION", 0.05)
    monkeypatch.setattr(series, "QUICK", 0.2)
    line = _Vanishing(small=True, slow=0.3, narrow=narrow)
    seen = asyncio.run(line.segments(measure=False))
    assert seen
    assert seen.large is narrow
    assert line.asked == 4, "a large one again, alone"


def test_large_packets_that_arrive(responder: Responder) -> None:
    host, port = responder.addresses("plain")[0]
    line = Line(host, host, port, responder.public_key)
    assert asyncio.run(line.segments(measure=True)) == SegmentsSeen(
        host=host, port=port, large=True
    )


class _Forgetful(Line):
    """Forgets connections that were quiet for longer than `keeps` seconds."""

    def __init__(self, keeps: float) -> None:
        super().__init__("gate.example", LOOPBACK, 4000, None)
        self.keeps, self.waited = keeps, 0.0

    async def _quiet(self, seconds: float) -> Echo | None:
        await asyncio.sleep(seconds)
        self.waited = max(self.waited, seconds)
        return Echo.GENUINE if seconds <= self.keeps else Echo.SILENT

    async def _works_again(self) -> bool:
        return True


def test_a_quiet_connection_is_waited_for_as_long_as_there_is_time_and_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(series, "_STEPS", (0.05, 0.1, 0.2, 5.0))
    forgetful, faithful = _Forgetful(0.12), _Forgetful(9.0)
    seen = asyncio.run(forgetful.idle(6.0))
    assert seen
    assert (seen.alive, seen.dead, seen.ending) == (0.1, 0.2, Echo.SILENT)
    assert forgetful.waited == 0.2, "what is dead already is not waited for"
    kept = asyncio.run(faithful.idle(0.3))
    assert kept
    assert (kept.alive, kept.dead, faithful.waited) == (0.2, None, 0.2)


def test_absent_addresses_are_found_where_the_usual_ones_number_a_network() -> None:
    usual = absent.addresses(())
    assert len(usual) == 3
    assert all(ip_address(one) in ip_network("198.18.0.0/15") for one in absent.addresses(usual))
    two = absent.addresses(usual[:1])
    assert len(two) == 2
    assert not any(ip_address(one) in ip_network("198.18.0.0/15") for one in two)
