"""What the responder says to a browser, and what it refuses."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from litestar.testing import TestClient
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, Event, RejectConnection, Request, TextMessage

from deskside.network import limits, protocol, web_sockets
from deskside.network.responder import Responder
from deskside.network.service import NetworkService

from .conftest import LOOPBACK
from .shell import BEARER, SAME_SITE
from .test_responder import ask

NONCE = bytes(range(32)).hex()


def asking(nonce: str, browser: WSConnection) -> bytes:
    return browser.send(Request(host="desk.example:4000", target=f"/deskside/1/{nonce}"))


def said(responder: Responder, nonce: str, kind: str = "plain") -> list[Event]:
    browser = WSConnection(ConnectionType.CLIENT)
    browser.receive_data(ask(responder, asking(nonce, browser), kind=kind))
    return list(browser.events())


def test_a_browser_gets_the_signed_line(responder: Responder) -> None:
    accepted, told, *_closed = said(responder, NONCE)
    assert isinstance(accepted, AcceptConnection)
    assert isinstance(told, TextMessage)
    reply = protocol.read_reply(told.data.encode())
    assert reply
    assert (reply.nonce, reply.address) == (NONCE, LOOPBACK)
    assert reply.key == responder.public_key
    assert reply.fingerprint == protocol.NO_TLS


@pytest.mark.parametrize(
    "target", ["/", "/deskside/1/", "/deskside/1/" + "g" * 64, "/" + "a" * 400]
)
def test_other_paths_are_refused(responder: Responder, target: str) -> None:
    browser = WSConnection(ConnectionType.CLIENT)
    asked = browser.send(Request(host="desk.example:4000", target=target))
    browser.receive_data(ask(responder, asked))
    assert isinstance(next(iter(browser.events())), RejectConnection)


@pytest.mark.parametrize(
    "request_head",
    [
        b"GET / HTTP/1.1\r\nHost: desk.example\r\n\r\n",
        b"GET / HTTP/1.0\r\n\r\n",
        b"GET \x00\xff\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 5000,
    ],
)
def test_what_is_no_web_socket_is_told_nothing(responder: Responder, request_head: bytes) -> None:
    assert b"deskside" not in ask(responder, request_head)


@given(st.binary(max_size=600))
def test_any_bytes_end_it(rest: bytes) -> None:
    greeting = web_sockets.Greeting(lambda _nonce: b"line")
    answer = greeting.feed(web_sockets.FIRST + rest)
    assert answer is None or b"101" not in answer.split(b"\r\n")[0]


def test_it_comes_in_pieces() -> None:
    browser = WSConnection(ConnectionType.CLIENT)
    whole = asking(NONCE, browser)
    greeting = web_sockets.Greeting(lambda nonce: nonce.encode())
    answers = [greeting.feed(whole[at : at + 7]) for at in range(0, len(whole), 7)]
    assert answers[:-1] == [None] * (len(answers) - 1)
    assert answers[-1]
    browser.receive_data(answers[-1])
    assert [event.data for event in browser.events() if isinstance(event, TextMessage)] == [NONCE]


def test_the_limits_hold(responder: Responder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "REFILL", 0.0)
    monkeypatch.setattr(limits, "BURST", 1)
    assert isinstance(said(responder, NONCE)[0], AcceptConnection)
    assert isinstance(said(responder, NONCE)[0], RejectConnection)


@pytest.fixture
def certified(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for localhost, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    chain, private = tmp_path / "chain.pem", tmp_path / "key.pem"
    chain.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return chain, private


@pytest.fixture
def for_browsers(certified: tuple[Path, Path], tmp_path: Path) -> Iterator[Responder]:
    """A responder that listens for browsers alone, with a certificate that they can trust."""
    responder = Responder(
        Ed25519PrivateKey.generate(),
        tmp_path / "keys",
        plain=(),
        tls=(),
        web=[(LOOPBACK, 0)],
        web_certificate=certified,
        name="localhost",
    )
    responder.start()
    yield responder
    responder.stop()


def test_browsers_have_a_port_with_a_certificate_that_they_trust(
    for_browsers: Responder, certified: tuple[Path, Path]
) -> None:
    import socket

    (door,) = for_browsers.doors()
    assert door.address.startswith("wss://localhost:")
    assert for_browsers.rows() == []
    context = ssl.create_default_context(cafile=str(certified[0]))
    browser = WSConnection(ConnectionType.CLIENT)
    with (
        socket.create_connection((LOOPBACK, door.port), timeout=5) as connection,
        context.wrap_socket(connection, server_hostname="localhost") as secure,
    ):
        secure.sendall(asking(NONCE, browser))
        browser.receive_data(secure.recv(4096))
    assert isinstance(next(iter(browser.events())), AcceptConnection)


def test_the_page_may_connect_to_the_responder_alone(
    portal: TestClient[Any], responder: Responder
) -> None:
    seen = portal.get("/network/browser", headers=BEARER)
    policy = seen.headers["content-security-policy"]
    (connect,) = [part for part in policy.split("; ") if part.startswith("connect-src")]
    assert connect.split()[1:] == ["'self'", *(door.address for door in responder.doors())]
    assert "script-src 'self'" in policy
    elsewhere = portal.get("/network", headers=BEARER).headers["content-security-policy"]
    assert "connect-src 'self';" in elsewhere


def test_the_page_needs_a_log_in(portal: TestClient[Any]) -> None:
    assert portal.get("/network/browser", follow_redirects=False).status_code == 303
    claim = {"nonce": NONCE, "line": ""}
    assert portal.post("/network/browser/proof", json=claim).status_code in (303, 401)


def test_each_request_is_a_connection_of_its_own(portal: TestClient[Any]) -> None:
    seen = portal.get("/network/browser/seen")
    assert seen.json() == {"address": "testclient"}
    assert seen.headers["connection"] == "close"


def test_only_our_own_answer_to_this_question_is_proven(
    portal: TestClient[Any], responder: Responder
) -> None:
    line = said(responder, NONCE)[1]
    assert isinstance(line, TextMessage)

    def proof(nonce: str, told: str) -> Any:
        claim = {"nonce": nonce, "line": told}
        headers = BEARER | SAME_SITE
        return portal.post("/network/browser/proof", json=claim, headers=headers).json()

    assert proof(NONCE, line.data) == {"proven": True, "address": LOOPBACK}
    assert proof(os.urandom(32).hex(), line.data)["proven"] is False
    assert proof(NONCE, line.data.replace(LOOPBACK, "10.0.0.1"))["proven"] is False
    other = protocol.Reply(NONCE, LOOPBACK, 1, protocol.NO_TLS, 1, "00" * 32)
    assert proof(NONCE, protocol.sign(other, Ed25519PrivateKey.generate()).decode()) == {
        "proven": False,
        "address": "",
    }
    assert NetworkService().proven(NONCE, line.data) is None
