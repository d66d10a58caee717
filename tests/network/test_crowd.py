"""Large catalogues: a sweep first, a closer look where it is needed, and a report that is read."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from deskside.foundation.errors import Refused
from deskside.network import catalogue as catalogues
from deskside.network.causes import NOT_TESTED
from deskside.network.crowd import MANY
from deskside.network.diagnosis import Report, diagnose
from deskside.network.model import Host
from deskside.network.probes import tls
from deskside.network.progress import Step
from deskside.network.reports import document_of, html, text
from deskside.network.responder import Responder
from deskside.network.runner import run
from deskside.network.service import NetworkService, usual_deadline

from .conftest import authority, closed_port, far_end, issue, listed, silent_port, tls_server

TODAY = date(2026, 6, 1)
Authority = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Authority]:
    """An authority that this computer trusts, for as long as the test lasts."""
    issuer = authority()
    store = tmp_path / "store.pem"
    store.write_bytes(issuer[0].public_bytes(serialization.Encoding.PEM))
    monkeypatch.setenv("SSL_CERT_FILE", str(store))
    tls.trusting.cache_clear()
    yield issuer
    tls.trusting.cache_clear()


def rows(network: str, port: int, count: int, *, secure: bool) -> list[Host]:
    return [
        Host(
            id=f"{network}-{number}",
            host=f"127.{network}.{number}",
            ports=(port,),
            tls=(port,) if secure else (),
        )
        for number in range(1, count + 1)
    ]


def names_of(hosts: list[Host]) -> list[x509.GeneralName]:
    return [x509.IPAddress(ip_address(one.host)) for one in hosts]


def codes(report: Report) -> Counter[str]:
    return Counter(str(target["code"]) for target in report.targets)


def test_each_kind_among_many(trusted: Authority, tmp_path: Path, responder: Responder) -> None:
    stranger = authority()
    good = rows("50.1", 1, 150, secure=True)
    with (
        far_end(
            tls_server(issue(tmp_path, trusted, *names_of(good)), lambda one: one.recv(1) and None),
            "0.0.0.0",
        ) as right,
        far_end(
            tls_server(issue(tmp_path, stranger, *names_of(rows("50.2", 1, 30, secure=True)))),
            "0.0.0.0",
        ) as wrong,
    ):
        hosts = [
            *rows("50.1", right, 150, secure=True),
            *rows("50.2", wrong, 30, secure=True),
            *rows("50.3", closed_port(), 40, secure=False),
            *responder.rows(),
        ]
        report = diagnose(run(listed(*hosts, key=responder.public_key), hosts))
    assert len(hosts) > MANY
    assert codes(report) == {"reachable": 152, "tls-intercepted": 30, "port-reset": 40}
    intercepted = next(one for one in report.findings if one.code == "tls-intercepted")
    assert intercepted.evidence["hosts_with_this_issuer"] == 30
    document = document_of(report, made=datetime.now(UTC), where="here")
    shown = text.terminal(document)
    assert len(shown.splitlines()) < 40
    assert "and 140 more" in shown


def test_what_the_time_did_not_suffice_for_is_said_and_nothing_is_invented() -> None:
    with silent_port("0.0.0.0") as silent:
        hosts = rows("51.1", silent, 250, secure=False)
        seen = run(listed(*hosts), hosts, deadline=1.0)
    assert seen.seconds < 3
    assert codes(diagnose(seen)) == {NOT_TESTED: 250}


def test_it_ends_when_it_is_stopped_and_keeps_what_it_saw() -> None:
    stop = threading.Event()
    told: list[Step] = []

    def progress(step: Step) -> None:
        told.append(step)
        if step.done:
            stop.set()

    with silent_port() as silent:
        hosts = rows("52.1", closed_port(), 240, secure=False)
        hosts.append(Host(id="silent", host="127.0.0.1", ports=(silent,)))
        seen = run(listed(*hosts), hosts, progress=progress, stop=stop)
    assert seen.stopped
    assert told[-1].of == 241
    assert codes(diagnose(seen)) == {"port-reset": 240, NOT_TESTED: 1}


def test_names_are_looked_up_and_absent_ones_are_no_crash() -> None:
    port = closed_port()
    hosts = rows("53.1", port, 240, secure=False)
    hosts.append(Host(id="name", host="localhost", ports=(port,)))
    report = diagnose(run(listed(*hosts), hosts))
    assert codes(report)["port-reset"] == 241


def test_a_file_may_list_more_than_what_is_sent(tmp_path: Path) -> None:
    def written(count: int) -> bytes:
        hosts = [
            {"id": f"r{n}", "host": f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}", "ports": [4000]}
            for n in range(count)
        ]
        return json.dumps({"catalogue": {"version": "1"}, "hosts": hosts}).encode()

    large = tmp_path / "large.json"
    large.write_bytes(written(catalogues.MAX_ROWS + 1))
    assert len(catalogues.load(large, today=TODAY).hosts) == catalogues.MAX_ROWS + 1
    with pytest.raises(Refused, match="1 to 10000 hosts"):
        catalogues.parse(large.read_bytes(), today=TODAY)
    with pytest.raises(Refused, match="1 to 10000 hosts"):
        NetworkService(hosts_file=large)
    large.write_bytes(written(catalogues.MAX_FILE_ROWS + 1))
    with pytest.raises(Refused, match="1 to 100000 hosts"):
        catalogues.load(large, today=TODAY)


def test_many_rows_have_more_time() -> None:
    assert usual_deadline(30, deep=False) == 10
    assert usual_deadline(100_000, deep=False) == 110
    assert usual_deadline(2_000, deep=True) == 92


def test_a_page_about_many_hosts_can_be_opened() -> None:
    port = closed_port()
    hosts = [
        Host(id=f"r{n}", host=f"127.54.{n >> 8}.{n & 255}", ports=(port,)) for n in range(1500)
    ]
    report = diagnose(run(listed(*hosts), hosts))
    page = html.write(document_of(report, made=datetime.now(UTC), where="here"))
    assert "And 1,000 more" in page
    assert len(page) < 1_500_000
