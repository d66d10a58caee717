"""Alerts by real programs, real mail and a real HTTP server; none tells a secret."""

from __future__ import annotations

import base64
import email
import hashlib
import hmac
import json
import socket
import sys
from email import policy
from pathlib import Path
from typing import Any

import pytest

from deskside.foundation.clock import FrozenClock
from deskside.foundation.config import Config
from deskside.foundation.errors import DesksideError
from deskside.network.monitor.alerts import Undelivered, Way, document_of
from deskside.network.monitor.model import Change
from deskside.network.monitor.ways import ways_of
from tests.network.conftest import closed_port, far_end

from .conftest import FAILURE, START, SUCCESS, measure, run

KEY = bytes(range(32))


def document(hosts: int = 1) -> dict[str, Any]:
    rows = [measure(f"row-{n}", reached=False, code="port-dropped") for n in range(hosts)]
    change = Change(at=START, now=FAILURE, previous=SUCCESS)
    return document_of(change, run(0, FAILURE, *rows), "0" * 32, "desk-7")


def ways(folder: Path, **chosen: str) -> dict[str, Way]:
    flags = {f"monitor.alert_{name}": value for name, value in chosen.items()}
    return ways_of(Config.load(flags=flags), folder, FrozenClock(START))


def why(way: Way) -> str:
    with pytest.raises(Undelivered) as failed:
        way.deliver(document())
    return failed.value.reason


def test_nothing_is_set_and_nobody_is_told(tmp_path: Path) -> None:
    assert ways(tmp_path) == {}


def test_a_document_names_a_bounded_number_of_hosts() -> None:
    told = document(hosts=5000)
    assert len(told["hosts"]) == 20
    assert told["hosts_left_out"] == 4980
    assert len(json.dumps(told)) < 4000


# A command.


def test_a_command_reads_the_document(tmp_path: Path) -> None:
    out = tmp_path / "what it read; $HOME"
    script = "import sys; open(sys.argv[1], 'w').write(sys.stdin.read())"
    command = ways(tmp_path, command=f'{sys.executable} -c "{script}" "{out}"')["command"]
    command.deliver(document())
    assert json.loads(out.read_text()) == document()


def test_a_command_that_fails_is_told_without_what_it_said(tmp_path: Path) -> None:
    line = f"{sys.executable} -c \"import sys; sys.exit('my secret')\""
    assert why(ways(tmp_path, command=line)["command"]) == "the command ended with 1"
    missing = ways(tmp_path, command=str(tmp_path / "none"))["command"]
    assert why(missing) == "No such file or directory"


def test_a_command_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DesksideError) as refused:
        ways(tmp_path, command='mail "somebody')
    assert refused.value.code == "monitor-alert-command"


# Mail.


def test_mail_becomes_a_file_where_there_is_no_server(tmp_path: Path) -> None:
    ways(tmp_path, mail="desk@example.org")["mail"].deliver(document(hosts=30))
    (file,) = (tmp_path / "outbox").glob("*.eml")
    message = email.message_from_bytes(file.read_bytes(), policy=policy.default)
    assert message["To"] == "desk@example.org"
    assert message["Subject"] == "Connection of desk-7: Failure (port-dropped)"
    assert message["Message-ID"] == f"<{'0' * 32}@localhost>"
    body = message.get_content()
    assert "Before: Success" in body
    assert "row-0 (row-0): port-dropped" in body
    assert "and 10 more" in body


def test_mail_speaks_the_language_that_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESKSIDE_MAIL_LANGUAGE", "it")
    ways(tmp_path, mail="desk@example.org")["mail"].deliver(document())
    (file,) = (tmp_path / "outbox").glob("*.eml")
    assert "Prima: " in file.read_text()


def test_mail_that_no_server_takes_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESKSIDE_MAIL_HOST", "127.0.0.1")
    monkeypatch.setenv("DESKSIDE_MAIL_PORT", str(closed_port()))
    mail = ways(tmp_path, mail="desk@example.org")["mail"]
    assert why(mail) == "the mail server did not take it (ConnectionRefusedError)"


@pytest.mark.parametrize("to", ["nobody", "a@b@c", "a@example.org\nBcc: b@example.org"])
def test_what_is_no_address_is_refused(tmp_path: Path, to: str) -> None:
    with pytest.raises(DesksideError) as refused:
        ways(tmp_path, mail=to)
    assert refused.value.code == "mail-address"


# A webhook.


class Receiver:
    """Keeps one request, and answers as told."""

    def __init__(self, answer: bytes = b"HTTP/1.1 204 No Content\r\n\r\n") -> None:
        self.answer = answer
        self.head = ""
        self.body = b""

    def talk(self, connection: socket.socket) -> None:
        received = b""
        while b"\r\n\r\n" not in received:
            received += connection.recv(65536)
        head, _gap, self.body = received.partition(b"\r\n\r\n")
        self.head = head.decode()
        while len(self.body) < int(self.header("content-length")):
            self.body += connection.recv(65536)
        connection.sendall(self.answer)

    def header(self, name: str) -> str:
        lines = (line.partition(": ") for line in self.head.splitlines()[1:])
        return next((value for key, _colon, value in lines if key.lower() == name), "")


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    file = tmp_path / "webhook.key"
    file.write_text(f"whsec_{base64.b64encode(KEY).decode()}\n")
    return file


def test_a_webhook_is_signed_as_the_standard_says(tmp_path: Path, key_file: Path) -> None:
    receiver = Receiver()
    with far_end(receiver.talk) as port:
        url = f"http://127.0.0.1:{port}/hook"
        ways(tmp_path, webhook=url, key_file=str(key_file))["webhook"].deliver(document())
    assert receiver.head.startswith("POST /hook HTTP/1.1")
    assert json.loads(receiver.body) == document()
    moment = str(int(START.timestamp()))
    assert receiver.header("webhook-timestamp") == moment
    signed = b".".join([receiver.header("webhook-id").encode(), moment.encode(), receiver.body])
    expected = base64.b64encode(hmac.digest(KEY, signed, hashlib.sha256)).decode()
    assert receiver.header("webhook-signature") == f"v1,{expected}"


def test_without_a_key_nothing_is_signed(tmp_path: Path) -> None:
    receiver = Receiver()
    with far_end(receiver.talk) as port:
        ways(tmp_path, webhook=f"http://127.0.0.1:{port}/")["webhook"].deliver(document())
    assert receiver.header("webhook-id") == "0" * 32
    assert not receiver.header("webhook-signature")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"HTTP/1.1 500 Oops\r\ncontent-length: 9\r\n\r\nmy secret", "HTTP 500"),
        (b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1/\r\n\r\n", "HTTP 302"),
        (b"no HTTP at all\r\n\r\n", "RemoteProtocolError"),
    ],
)
def test_a_webhook_that_fails_is_told_in_few_words(
    tmp_path: Path, answer: bytes, reason: str
) -> None:
    with far_end(Receiver(answer).talk) as port:
        webhook = ways(tmp_path, webhook=f"http://127.0.0.1:{port}/s3cr3t")["webhook"]
        assert why(webhook) == reason
        assert "s3cr3t" not in repr(webhook)


def test_a_webhook_out_of_reach_does_not_tell_its_address(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{closed_port()}/s3cr3t"
    assert why(ways(tmp_path, webhook=url)["webhook"]) == "ConnectError"


@pytest.mark.parametrize(
    "url",
    ["http://desk.example/hook", "ftp://127.0.0.1/", "https://user:s3cr3t@desk.example/", "hook"],
)
def test_an_address_that_would_tell_secrets_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(DesksideError) as refused:
        ways(tmp_path, webhook=url)
    assert refused.value.code == "monitor-webhook-address"
    assert "s3cr3t" not in refused.value.message


@pytest.mark.parametrize("content", [b"", b"whsec_c2hvcnQ=", b"\xff\xfe", b"whsec_!!"])
def test_a_key_that_is_none_is_refused(tmp_path: Path, key_file: Path, content: bytes) -> None:
    key_file.write_bytes(content)
    with pytest.raises(DesksideError) as refused:
        ways(tmp_path, webhook="https://desk.example/", key_file=str(key_file))
    assert refused.value.code == "monitor-webhook-key"


def test_the_configuration_never_shows_the_webhook() -> None:
    config = Config.load(flags={"monitor.alert_webhook": "https://desk.example/s3cr3t"})
    assert config.chosen["monitor.alert_webhook"].shown == "set"
