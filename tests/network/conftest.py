"""Far ends for the network tests: real sockets on loopback, each with one way to fail."""

from __future__ import annotations

import contextlib
import datetime as dt
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID
from litestar.testing import TestClient

from deskside.network import pages
from deskside.network.model import Catalogue, Host
from deskside.network.responder import Responder
from deskside.network.service import NetworkService

from .shell import client

LOOPBACK = "127.0.0.1"
Talk = Callable[[socket.socket], None]


@pytest.fixture
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


@pytest.fixture
def responder(key: Ed25519PrivateKey, tmp_path: Path) -> Iterator[Responder]:
    running = Responder(key, tmp_path / "keys", plain=[(LOOPBACK, 0)], tls=[(LOOPBACK, 0)])
    running.start()
    yield running
    running.stop()


@pytest.fixture
def portal(responder: Responder) -> Iterator[TestClient[Any]]:
    service = NetworkService(responder=responder, vendor_hosts=False)
    with client(pages.portal_pages(), service, local=False) as opened:
        yield opened


@pytest.fixture
def catalogue(responder: Responder) -> Catalogue:
    """The responder's rows, pinned."""
    rows = tuple(responder.rows())
    return Catalogue(version="1", date="", hosts=rows, responder_key=responder.public_key)


@contextlib.contextmanager
def far_end(talk: Talk, address: str = LOOPBACK) -> Iterator[int]:
    """A port on loopback where every connection is handed to `talk`."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listening = socket.create_server((address, 0), family=family)
    stopping = threading.Event()

    def serve(accepted: socket.socket) -> None:
        with accepted, contextlib.suppress(OSError):
            accepted.settimeout(5)
            talk(accepted)

    def accept() -> None:
        serving = []
        while True:
            try:
                accepted, _peer = listening.accept()
            except TimeoutError:
                if stopping.is_set():
                    break
            else:
                serving.append(threading.Thread(target=serve, args=(accepted,), daemon=True))
                serving[-1].start()
        for thread in serving:
            thread.join()

    listening.settimeout(0.02)
    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        stopping.set()
        thread.join()
        listening.close()


def closed_port() -> int:
    """A port that was free a moment ago."""
    with socket.create_server((LOOPBACK, 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


@contextlib.contextmanager
def silent_port(address: str = LOOPBACK) -> Iterator[int]:
    """A port whose backlog is full, so that Linux drops every further SYN."""
    with socket.socket() as listening, contextlib.ExitStack() as filling:
        listening.bind((address, 0))
        listening.listen(0)
        port: int = listening.getsockname()[1]
        for _place in range(4):
            waiting = filling.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex((LOOPBACK, port))
        yield port


def http_server(connection: socket.socket) -> None:
    """What a proxy says to bytes that are no HTTP request."""
    connection.recv(1024)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nVia: 1.1 squid\r\nContent-Length: 0\r\n\r\n")


def authority() -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """A certification authority of its own."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Inspection CA")])
    return _certificate(name, name, private, private, ca=True), private


def issue(
    folder: Path,
    issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey],
    *names: x509.GeneralName,
    days: int = 10,
) -> Path:
    """A PEM file with a key and a certificate for the names."""
    private = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "far end")])
    certificate = _certificate(
        subject, issuer[0].subject, private, issuer[1], ca=False, names=names, days=days
    )
    path = folder / f"{certificate.serial_number}.pem"
    path.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    private: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    *,
    ca: bool,
    names: tuple[x509.GeneralName, ...] = (),
    days: int = 10,
) -> x509.Certificate:
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=30))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(signer, hashes.SHA256())


def tls_server(pem: Path, talk: Talk = lambda _connection: None) -> Talk:
    """Speaks TLS with that certificate, then talks."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)

    def serve(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            talk(secure)

    return serve


def host(port: int, **fields: object) -> Host:
    """A row for a port on loopback."""
    values = {"id": f"row-{port}", "host": LOOPBACK, "ports": (port,)} | fields
    return Host(**values)  # type: ignore[arg-type]


def listed(*hosts: Host, key: str | None = None) -> Catalogue:
    return Catalogue(version="1", date="", hosts=hosts, responder_key=key)
