"""The service: where the catalogue comes from, and what a desk offers."""

from __future__ import annotations

import json
import socket
from datetime import date
from pathlib import Path

import pytest

from deskside.foundation.errors import NotFound, Refused, Unavailable, UsageProblem
from deskside.foundation.paths import data_folder
from deskside.foundation.registry import Situation, check
from deskside.foundation.registry import run as run_check
from deskside.network import catalogue as catalogues
from deskside.network.fetching import fetch
from deskside.network.responder import Responder
from deskside.network.service import NetworkService

from .conftest import Talk, closed_port, far_end, silent_port

TODAY = date(2026, 6, 1)
ROW = b'[[host]]\nid = "a"\nhost = "127.0.0.1"\nports = [4000]\n'


def web_server(body: bytes, status: str = "200 OK") -> Talk:
    def talk(connection: socket.socket) -> None:
        connection.recv(4096)
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode() + body)

    return talk


def test_a_catalogue_from_an_address() -> None:
    with far_end(web_server(ROW)) as port:
        assert fetch(f"http://127.0.0.1:{port}/c.toml", today=TODAY).hosts[0].id == "a"


def test_an_address_that_does_not_serve_one() -> None:
    with (
        far_end(web_server(b"gone", "404 Not Found")) as port,
        pytest.raises(Unavailable, match="HTTP 404"),
    ):
        fetch(f"http://127.0.0.1:{port}/", today=TODAY)
    with pytest.raises(Unavailable):
        fetch(f"http://127.0.0.1:{closed_port()}/", today=TODAY)
    with (
        far_end(web_server(b"#" * (catalogues.MAX_BYTES + 10))) as port,
        pytest.raises(Refused, match="larger than"),
    ):
        fetch(f"http://127.0.0.1:{port}/", today=TODAY)


def test_the_default_is_what_ships() -> None:
    assert NetworkService().load(None) == catalogues.shipped()


def log_in(portal: str) -> None:
    stored = {"portal": portal, "token": "t", "user_name": "u", "expires": ""}
    (data_folder() / "portal-session.json").write_text(json.dumps(stored))


def test_who_is_logged_in_gets_the_portals_catalogue() -> None:
    with far_end(web_server(ROW)) as port:
        log_in(f"http://127.0.0.1:{port}")
        assert NetworkService().load(None).hosts[0].id == "a"


def test_a_portal_out_of_reach_is_said_and_does_not_stop_the_test() -> None:
    log_in(f"http://127.0.0.1:{closed_port()}")
    said: list[str] = []
    assert NetworkService().load(None, say=said.append) == catalogues.shipped()
    assert "cannot be fetched" in said[0]


def test_a_desk_lists_its_responder_first(responder: Responder, tmp_path: Path) -> None:
    desk = NetworkService(tmp_path / "portal", responder=responder)
    listed = desk.catalogue()
    assert [host.id for host in listed.hosts[:2]] == ["responder-plain", "responder-tls"]
    assert len(listed.hosts) == 29
    assert listed.responder_key == responder.public_key
    assert catalogues.load(desk.publish(), today=date(2030, 1, 1)) == listed
    alone = NetworkService(responder=responder, vendor_hosts=False).catalogue()
    assert len(alone.hosts) == 2


def test_a_desk_tests_its_own_responder(responder: Responder) -> None:
    desk = NetworkService(responder=responder)
    assert desk.test_own().verdict.value == "success"
    responder.stop()
    with pytest.raises(NotFound, match="no responder"):
        desk.test_own()


def test_only_one_row_and_no_unknown_one(responder: Responder) -> None:
    desk = NetworkService(responder=responder)
    report = desk.test(desk.catalogue(), only=["responder-tls"])
    assert [target["id"] for target in report.targets] == ["responder-tls"]
    with pytest.raises(NotFound, match="no row nope"):
        desk.test(desk.catalogue(), only=["nope"])
    with pytest.raises(UsageProblem, match="deadline"):
        desk.test(desk.catalogue(), deadline=0)
    with pytest.raises(NotFound, match="no format"):
        desk.write(desk.catalogue(), "nope")


def test_the_check_yields_the_findings(responder: Responder, tmp_path: Path) -> None:
    desk = NetworkService(tmp_path, responder=responder, vendor_hosts=False)
    hosts = check("network.hosts")
    found = run_check(hosts, Situation({"catalogue": str(desk.publish())}))
    assert [finding.code for finding in found] == ["reachable", "reachable"]


def test_a_slow_far_end_takes_no_longer_than_the_deadline() -> None:
    with silent_port() as port:
        text = f'[[host]]\nid = "a"\nhost = "127.0.0.1"\nports = [{port}]\n'
        report = NetworkService().test(catalogues.parse(text.encode(), today=TODAY), deadline=0.2)
    assert report.findings[0].evidence["stopped_after_seconds"] < 1
