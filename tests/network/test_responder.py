"""The responder: what it answers, and what it refuses to be used for."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from deskside.foundation.errors import Refused, Unavailable
from deskside.network import certificates, limits, protocol
from deskside.network.probes.series import Line
from deskside.network.responder import Responder

from .conftest import LOOPBACK


def ask(responder: Responder, *lines: bytes, kind: str = "plain") -> bytes:
    """All that comes back for some lines."""
    address = responder.address(kind)
    assert address
    with socket.create_connection(address, timeout=5) as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(b"".join(lines))
            connection.shutdown(socket.SHUT_WR)
        received = b""
        with contextlib.suppress(ConnectionError):
            while data := connection.recv(4096):
                received += data
        return received


def test_it_signs_what_it_saw(responder: Responder) -> None:
    nonce = os.urandom(32)
    reply = protocol.read_reply(ask(responder, protocol.request(nonce)))
    assert reply
    assert reply.nonce == nonce.hex()
    assert reply.address == LOOPBACK
    assert reply.fingerprint == protocol.NO_TLS
    assert reply.key == responder.public_key


def test_by_tls_it_signs_its_certificate(responder: Responder) -> None:
    address = responder.address("tls")
    assert address
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(address, timeout=5) as connection,
        context.wrap_socket(connection) as secure,
    ):
        secure.sendall(protocol.request(bytes(32)))
        reply = protocol.read_reply(secure.recv(1024))
        served = secure.getpeercert(binary_form=True)
    assert reply
    assert served
    assert reply.fingerprint == certificates.fingerprint(served) == responder.fingerprint
    assert certificates.issued_by_desk(served, responder.public_key)


@pytest.mark.parametrize(
    "line",
    [
        b"deskside 1 00\n",
        b"deskside 2 " + b"0" * 64 + b"\n",
        b"\x16\x03\x01\x00\xa5\n",
        b"\n",
    ],
)
def test_anything_else_is_refused_in_a_word(responder: Responder, line: bytes) -> None:
    assert ask(responder, line) == protocol.error("not-understood")


def test_a_line_without_end_is_cut_off(responder: Responder) -> None:
    assert len(ask(responder, b"x" * 100_000)) == 0


def test_several_nonces_on_one_connection(responder: Responder) -> None:
    answered = ask(responder, *[protocol.request(bytes([n]) * 32) for n in range(20)])
    assert answered.count(b"\n") == 16


def test_an_address_that_asks_too_much_is_slowed_down(responder: Responder) -> None:
    requests = [protocol.request(bytes(32))] * 16
    answers = b"".join(ask(responder, *requests) for _connection in range(40))
    assert protocol.error("rate-limited") in answers


def test_a_taken_port(responder: Responder, key: Ed25519PrivateKey, tmp_path: Path) -> None:
    taken = responder.address("plain")
    with pytest.raises(Unavailable, match="cannot listen"):
        Responder(key, tmp_path, plain=[taken], tls=()).start()
    other = Responder(key, tmp_path, plain=[taken], tls=(), any_port=True)
    other.start()
    try:
        assert other.address("plain") != taken
        assert "is taken" in other.notes[0]
        assert [row.id for row in other.rows()] == ["responder-plain"]
    finally:
        other.stop()


def test_it_stops_and_starts_again(key: Ed25519PrivateKey, tmp_path: Path) -> None:
    running = Responder(key, tmp_path, plain=[(LOOPBACK, 0)], tls=[(LOOPBACK, 0)])
    running.start()
    first = running.fingerprint
    running.stop()
    running.stop()
    assert running.rows() == []
    running.start()
    assert running.fingerprint == first, "the certificate is kept"
    assert len(running.rows()) == 2
    running.stop()


def test_keys_are_private_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "new" / "signing.pem"
    made = certificates.signing_key(path)
    tls, _fingerprint = certificates.tls_certificate(tmp_path / "new", made)
    assert protocol.public_key(certificates.signing_key(path)) == protocol.public_key(made)
    for file in (path, tls):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_certificate_of_another_key_is_replaced(tmp_path: Path) -> None:
    first = certificates.tls_certificate(tmp_path, Ed25519PrivateKey.generate())
    second = certificates.tls_certificate(tmp_path, Ed25519PrivateKey.generate())
    assert first[1] != second[1]


def test_a_file_that_is_no_key(tmp_path: Path) -> None:
    path = tmp_path / "signing.pem"
    path.write_text("hello")
    with pytest.raises(Refused, match="holds no Ed25519 private key"):
        certificates.signing_key(path)


@given(st.binary(max_size=600))
def test_no_line_breaks_the_protocol(line: bytes) -> None:
    protocol.read_request(line)
    assert protocol.read_reply(line) is None


@given(st.integers(0, 300), st.integers(0, 255))
def test_a_changed_reply_is_no_reply(position: int, byte: int) -> None:
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    reply = protocol.Reply("ab" * 32, "192.0.2.7", 40000, "-", 1, protocol.public_key(key))
    line = protocol.sign(reply, key)
    assert protocol.read_reply(line) == reply
    assert len(line) <= protocol.MAX_LINE
    position %= len(line)
    changed = line[:position] + bytes([byte]) + line[position + 1 :]
    assert changed == line or protocol.read_reply(changed) is None


def test_who_finds_no_room_is_told_so(
    responder: Responder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_PER_ADDRESS", 2)
    address = responder.address("plain")
    assert address
    with contextlib.ExitStack() as held:
        for _each in range(2):
            held.enter_context(socket.create_connection(address, timeout=5))
        asking = held.enter_context(socket.create_connection(address, timeout=5))
        asking.sendall(protocol.request(bytes(32)))
        assert asking.recv(1024) == protocol.error("rate-limited")
        line = Line(LOOPBACK, *address, responder.public_key)
        assert asyncio.run(line.held(1)) is None, "the far end's limit is not the way's"


def test_the_limits_are_bounded() -> None:
    kept = limits.Limits()
    assert sum(kept.enter("a") for _one in range(100)) == limits.MAX_PER_ADDRESS
    kept.leave("a")
    assert kept.enter("a")
    assert sum(kept.take("a", 0.0) for _one in range(500)) == limits.BURST
    assert kept.take("a", 1.0)
    for number in range(limits.MAX_ADDRESSES + 50):
        kept.take(f"n{number}", 2.0)
    assert len(kept._buckets) == limits.MAX_ADDRESSES
