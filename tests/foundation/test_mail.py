"""Mail reaches a real mail server, waits while there is none, and is never lost or leaked."""

from __future__ import annotations

import ssl
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import RowMapping, select

from deskside.foundation import mail as mail_module
from deskside.foundation.clock import FrozenClock
from deskside.foundation.config import Config
from deskside.foundation.database import Database
from deskside.foundation.errors import UsageProblem
from deskside.foundation.keyring import Keyring
from deskside.foundation.mail import BACKOFF, Delivery, Mail, outbox

BODY = "Your link:\nhttps://desk.example/set/abcdefghijkl\n\nGrüße\n.\n"


class Inbox:
    """What a mail server was given, and what it answers."""

    def __init__(self) -> None:
        self.received: list[EmailMessage] = []
        self.answer = "250 OK"
        self.users: list[str] = []

    async def handle_DATA(  # noqa: N802 - the library's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        if self.answer.startswith("250"):
            assert isinstance(envelope.content, bytes)
            message = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(message, EmailMessage)
            self.received.append(message)
        return self.answer

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _o: object
    ) -> str:
        if address.startswith("nobody@"):
            return "550 No such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    def authenticate(
        self, _server: object, _session: object, _envelope: object, _way: str, data: object
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.users.append(data.login.decode())
        return AuthResult(success=data.password == b"hunter2", handled=False)


class Certificate:
    """A certificate for this computer, which is its own authority."""

    def __init__(self, folder: Path) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
        now = datetime.now(UTC)
        names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
        made = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, SHA256())
        )
        self.file = folder / "server.pem"
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self.file.write_bytes(private + made.public_bytes(Encoding.PEM))
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.context.load_cert_chain(self.file)


class OnFreePort(Controller):
    """A mail server that takes a free port and knows which."""

    def _trigger_server(self) -> None:
        listening: Any = self.server
        self.port = listening.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@contextmanager
def server(inbox: Inbox, **options: Any) -> Iterator[int]:
    """A mail server on a port of its own."""
    controller = OnFreePort(inbox, hostname="127.0.0.1", port=0, **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return Certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


class Desk:
    """A desk that sends mail."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.folder, self.clock = database, folder, FrozenClock()
        self.keyring = Keyring.open(database, folder / "keys")
        self.mail = Mail(self.keyring, self.clock)

    def enqueue(self, to: str = "ann@example.org", subject: str = "Hello ü") -> str:
        with self.database.write() as connection:
            return self.mail.enqueue(connection, to, subject, BODY)

    def delivery(self, **flags: object) -> Delivery:
        named = {f"mail.{name}": value for name, value in flags.items()}
        config = Config.load(flags=named)
        return Delivery(self.database, self.keyring, config, self.folder, self.clock)

    def to_server(self, port: int, **flags: object) -> Delivery:
        flags = {"tls": "none", **flags}
        return self.delivery(host="127.0.0.1", port=str(port), **flags)

    def rows(self) -> list[RowMapping]:
        with self.database.read() as connection:
            return list(connection.execute(select(outbox)).mappings())


@pytest.fixture
def desk(sqlite_database: Database, tmp_path: Path) -> Desk:
    return Desk(sqlite_database, tmp_path / "desk")


def test_a_message_reaches_the_server_whole_and_its_row_goes(
    database: Database, tmp_path: Path, inbox: Inbox
) -> None:
    desk = Desk(database, tmp_path)
    identifier = desk.enqueue()
    with server(inbox) as port:
        assert desk.to_server(port).deliver_due() == 1
    (message,) = inbox.received
    assert message["To"] == "ann@example.org"
    assert message["From"] == "deskside@localhost"
    assert message["Subject"] == "Hello ü"
    assert message["Message-ID"] == f"<{identifier}@localhost>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content().replace("\r\n", "\n") == BODY
    assert desk.rows() == []


def test_without_a_server_messages_become_private_files(desk: Desk) -> None:
    identifier = desk.enqueue()
    assert desk.delivery().deliver_due() == 1
    (file,) = (desk.folder / "outbox").iterdir()
    assert file.name == f"{identifier}.eml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert message.get_content() == BODY


def test_a_message_waits_sealed_and_goes_with_its_transaction(desk: Desk) -> None:
    desk.enqueue()
    (row,) = desk.rows()
    assert b"ann@" not in row["sealed"]
    assert b"desk.example" not in row["sealed"]

    def fail() -> None:
        with desk.database.write() as connection:
            desk.mail.enqueue(connection, "bob@example.org", "x", "y")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert len(desk.rows()) == 1


def test_a_server_out_of_reach_is_tried_again_later_and_later(desk: Desk, inbox: Inbox) -> None:
    desk.enqueue()
    with server(inbox) as port:
        pass
    delivery = desk.to_server(port)
    for wait in BACKOFF[:3]:
        assert delivery.deliver_due() == 0
        (row,) = desk.rows()
        assert row["due"] == desk.clock.now() + wait
        assert row["problem"] == "ConnectionRefusedError"
        desk.clock.advance(wait - timedelta(seconds=1))
        delivery.deliver_due()
        assert desk.rows()[0]["attempts"] == row["attempts"]
        desk.clock.advance(timedelta(seconds=1))
    with server(inbox) as port:
        assert desk.to_server(port).deliver_due() == 1
    assert len(inbox.received) == 1


def test_after_the_last_try_it_is_given_up_and_erased(desk: Desk, inbox: Inbox) -> None:
    desk.enqueue()
    inbox.answer = "451 Later"
    with server(inbox) as port:
        delivery = desk.to_server(port)
        for _ in range(len(BACKOFF) + 1):
            delivery.deliver_due()
            desk.clock.advance(timedelta(days=2))
    (row,) = desk.rows()
    assert (row["state"], row["sealed"]) == ("given-up", b"")
    assert delivery.deliver_due() == 0


@pytest.mark.parametrize("to", ["nobody@example.org", "ann@example.org"])
def test_a_refusal_for_good_is_believed(desk: Desk, inbox: Inbox, to: str) -> None:
    desk.enqueue(to)
    inbox.answer = "554 Never"
    with server(inbox) as port:
        assert desk.to_server(port).deliver_due() == 0
    (row,) = desk.rows()
    assert row["state"] == "given-up"
    assert row["problem"] in ("smtp-550", "smtp-554")


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_over_tls_with_a_password(
    desk: Desk, inbox: Inbox, certificate: Certificate, tmp_path: Path, tls: str
) -> None:
    desk.enqueue()
    (tmp_path / "password").write_text("hunter2\n")
    options: dict[str, Any] = {"authenticator": inbox.authenticate}
    if tls == "tls":
        options |= {"ssl_context": certificate.context, "auth_require_tls": False}
    else:
        options |= {"tls_context": certificate.context, "require_starttls": True}
    with server(inbox, **options) as port:
        delivery = desk.to_server(
            port,
            tls=tls,
            ca_file=str(certificate.file),
            user="deskside",
            password_file=str(tmp_path / "password"),
        )
        assert delivery.deliver_due() == 1
    assert inbox.users == ["deskside"]
    assert len(inbox.received) == 1


def test_a_wrong_password_waits_for_the_operator(
    desk: Desk, inbox: Inbox, certificate: Certificate, tmp_path: Path
) -> None:
    desk.enqueue()
    (tmp_path / "password").write_text("wrong")
    with server(
        inbox, authenticator=inbox.authenticate, auth_required=True, tls_context=certificate.context
    ) as port:
        delivery = desk.to_server(
            port,
            tls="starttls",
            ca_file=str(certificate.file),
            user="deskside",
            password_file=str(tmp_path / "password"),
        )
        assert delivery.deliver_due() == 0
    (row,) = desk.rows()
    assert (row["state"], row["problem"]) == ("waiting", "SMTPAuthenticationError")


def test_nothing_is_sent_less_protected_than_promised(desk: Desk, inbox: Inbox) -> None:
    desk.enqueue()
    with server(inbox) as port:
        assert desk.to_server(port, tls="starttls").deliver_due() == 0
    assert inbox.received == []
    assert desk.rows()[0]["state"] == "waiting"


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_a_certificate_of_nobody_we_know_is_refused(
    desk: Desk, inbox: Inbox, certificate: Certificate, tls: str
) -> None:
    desk.enqueue()
    name = "ssl_context" if tls == "tls" else "tls_context"
    with server(inbox, **{name: certificate.context}) as port:
        assert desk.to_server(port, tls=tls).deliver_due() == 0
    assert inbox.received == []
    assert desk.rows()[0]["problem"] == "SSLCertVerificationError"


def test_a_password_never_travels_unprotected(desk: Desk) -> None:
    with pytest.raises(UsageProblem) as caught:
        desk.delivery(host="mail.example", tls="none", user="deskside")
    assert caught.value.code == "mail-unprotected-password"


def test_nodes_share_the_work_without_sending_twice(
    database: Database, tmp_path: Path, inbox: Inbox
) -> None:
    desk = Desk(database, tmp_path)
    for _ in range(12):
        desk.enqueue()
    with server(inbox) as port:
        nodes = [desk.to_server(port) for _ in range(3)]
        threads = [threading.Thread(target=node.deliver_due) for node in nodes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len({message["Message-ID"] for message in inbox.received}) == 12
    assert len(inbox.received) == 12
    assert desk.rows() == []


def test_the_background_thread_delivers(
    desk: Desk, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_module, "INTERVAL", 0.02)
    arrived = threading.Event()
    original = Inbox.handle_DATA

    async def handle(self: Inbox, *args: object) -> str:
        answer = await original(self, *args)  # type: ignore[arg-type]
        arrived.set()
        return answer

    monkeypatch.setattr(Inbox, "handle_DATA", handle)
    with server(inbox) as port, desk.to_server(port).running():
        desk.enqueue()
        assert arrived.wait(10)
    assert len(inbox.received) == 1


@pytest.mark.parametrize(
    "to",
    ["", "ann", "ann@", "@x", "a b@x", "a@x,b@y", "a@x\r\nBcc: b@y", "<a@x>", "a@b@c", "a@x\0"],
)
def test_what_is_no_address_is_refused(desk: Desk, to: str) -> None:
    with pytest.raises(UsageProblem) as caught:
        desk.enqueue(to)
    assert caught.value.code == "mail-address"
    assert desk.rows() == []


def test_a_subject_cannot_carry_another_header(desk: Desk) -> None:
    with pytest.raises(ValueError, match="one line"):
        desk.enqueue(subject="Hello\r\nBcc: everybody@example.org")


def test_a_message_that_was_tampered_with_is_given_up(desk: Desk) -> None:
    desk.enqueue()
    with desk.database.write() as connection:
        connection.execute(outbox.update().values(sealed=b"x" * 60))
    assert desk.delivery().deliver_due() == 0
    assert desk.rows()[0]["problem"] == "sealed-damaged"
