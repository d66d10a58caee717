"""What a pull does when the portal, the network or the download is at fault (KB3146)."""

from __future__ import annotations

import hashlib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from deskside.foundation.errors import DesksideError
from deskside.foundation.portal_client import PortalClient

from .conftest import Computer, Gate, content, versions
from .portal_process import USER, tws


def test_pull_saves_what_is_there_first(desk: Computer, laptop: Computer) -> None:
    desk.run("push")
    laptop.set(layout="never saved by hand")
    pulled = laptop.run("pull", "--yes")
    laptop.run("restore", pulled["saved"], "--yes")
    assert laptop.live.read_bytes() == tws(layout="never saved by hand")


def test_pull_where_nothing_was_pushed(laptop: Computer) -> None:
    assert laptop.run("pull", "--yes") == "no-such-workspace"


def test_without_a_connection_the_last_good_copy_is_used(
    desk: Computer, laptop: Computer, gate: Gate
) -> None:
    desk.set(layout="good")
    desk.run("push")
    laptop.run("pull", "--yes")
    gate.open = False
    laptop.set(layout="broken at the weekend")
    looked = laptop.run("pull", "--dry-run", code=1)
    assert looked["source"] == "last-good-copy"
    assert 0 <= looked["age_seconds"] < 60
    assert looked["problem"]["code"] == "portal-unreachable"
    pulled = laptop.run("pull", "--yes", code=1)
    assert pulled["changed"] is True
    assert laptop.live.read_bytes() == tws(layout="good")
    assert "Using the last good copy" in laptop.say("pull", "--yes")


def test_what_was_pushed_is_a_good_copy_too(desk: Computer, gate: Gate) -> None:
    desk.set(layout="pushed")
    desk.run("push")
    gate.open = False
    desk.set(layout="worse")
    assert desk.run("pull", "--yes", code=1)["source"] == "last-good-copy"
    assert desk.live.read_bytes() == tws(layout="pushed")
    gate.open = True
    assert desk.run("push")["changed"] is False, "they derive from what the portal has"


def test_without_a_copy_the_reason_is_told(laptop: Computer, gate: Gate) -> None:
    gate.open = False
    with pytest.raises(DesksideError) as told:
        laptop.say("pull", "--yes")
    assert (told.value.code, told.value.article) == ("portal-unreachable", "3146")
    assert "No earlier copy" in told.value.message


@pytest.mark.parametrize(
    ("old", "new"), [(b"<Settings", b"<Settingz"), (b"</Settings>\n", b"</Settings> ")]
)
def test_a_damaged_download_is_never_used(
    desk: Computer, laptop: Computer, gate: Gate, old: bytes, new: bytes
) -> None:
    desk.set(layout="good")
    desk.run("push")
    gate.answers = lambda data: data.replace(old, new)
    assert laptop.run("pull", "--yes") == "content-damaged"
    assert laptop.live.read_bytes() == tws(layout="default")
    gate.answers = lambda data: data
    laptop.run("pull", "--yes")
    gate.answers = lambda data: data.replace(old, new)
    pulled = laptop.run("pull", "--yes", code=1)
    assert pulled["problem"]["code"] == "content-damaged"


def test_a_download_that_is_cut_short(desk: Computer, laptop: Computer, gate: Gate) -> None:
    desk.run("push")
    laptop.run("pull", "--yes")
    gate.answers = lambda data: data.replace(b"</Settings>", b"")
    assert laptop.run("pull", "--yes", code=1)["problem"]["code"] == "portal-unreachable"


def test_a_page_of_the_hotel_is_no_portal(desk: Computer, gate: Gate) -> None:
    desk.run("push")
    page = b"HTTP/1.1 302 Found\r\nlocation: http://hotel.example/\r\ncontent-length: 0\r\n\r\n"
    gate.answers = lambda data: page
    assert desk.run("pull", "--yes", code=1)["problem"]["code"] == "not-a-portal"
    html = b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n<p>Hi!</p>\r\n"
    gate.answers = lambda data: html
    assert desk.run("pull", "--yes", code=1)["problem"]["code"] == "content-damaged"
    desk.set(layout="2")
    assert desk.run("push")["queued"] is True


def test_a_session_that_has_ended(desk: Computer, gate: Gate) -> None:
    desk.run("push")
    with desk._patch.context() as context:
        context.setattr("tests.workspace.sync.portal_process.ENDED", {desk.token})
        desk.set(layout="2")
        assert desk.run("pull", "--dry-run", code=1)["problem"]["code"] == "not-logged-in"
        with pytest.raises(DesksideError) as told:
            desk.say("push")
        assert told.value.hint
        assert desk.here.history.snapshots(desk.workspace)[0].id in told.value.hint
    assert desk.run("pull", "--dry-run")["sent"] == []
    (sent,) = desk.run("pull", "--yes")["sent"]
    assert sent["outcome"] == "sent"


def test_nobody_is_logged_in(desk: Computer) -> None:
    (desk.data / "portal-session.json").unlink()
    assert desk.run("push") == "not-logged-in"
    assert desk.run("pull") == "not-logged-in"
    assert desk.run("portal") == "not-logged-in"
    assert len(desk.run("history")["snapshots"]) == 1, "it is saved all the same"


def test_settings_in_a_newer_format(desk: Computer, api: PortalClient, gate: Gate) -> None:
    desk.run("push")
    gate.answers = lambda data: (
        problem(409, "settings-format-newer") if b"deskside-format" in data else data
    )
    assert desk.run("pull", "--yes") == "settings-format-newer"


def problem(status: int, code: str) -> bytes:
    body = f'{{"type": "{code}", "title": "Told so.", "status": {status}}}'.encode()
    head = f"HTTP/1.1 {status} X\r\ncontent-type: application/problem+json\r\n"
    return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


def test_garbage_from_another_client_is_refused(desk: Computer, api: PortalClient) -> None:
    body = tws(layout="2")
    headers = {"deskside-sha256": hashlib.sha256(body).hexdigest(), "deskside-note": quote("…")}
    api.request("POST", f"/me/settings/{USER}.tws/snapshots", content=body, headers=headers)
    assert desk.run("pull", "--yes")["changed"] is True
    (one,) = versions(api)
    assert content(api, one["id"]) == body


# Work without a connection.


def test_offline_work_is_saved_and_sent_later(
    desk: Computer, gate: Gate, api: PortalClient
) -> None:
    desk.run("push")
    gate.open = False
    desk.set(layout="offline")
    pushed = desk.run("push")
    assert (pushed["queued"], pushed["changed"]) == (True, False)
    assert pushed["reason"]
    assert "Saved here" in desk.say("push")
    assert len(versions(api)) == 1
    told = desk.run("portal", code=1)
    assert told["reachable"] is False
    assert told["workspaces"][0]["queued"] == pushed["snapshot"]
    gate.open = True
    assert desk.run("portal", code=1)["reachable"] is True
    (sent,) = desk.run("pull", "--yes")["sent"]
    assert (sent["snapshot"], sent["outcome"]) == (pushed["snapshot"], "sent")
    assert content(api) == tws(layout="offline")
    assert desk.run("portal")["workspaces"][0]["queued"] is None


def test_offline_work_is_merged_when_it_is_sent(
    desk: Computer, laptop: Computer, gate: Gate, api: PortalClient
) -> None:
    desk.set(a=1, b=1)
    desk.run("push")
    laptop.run("pull", "--yes")
    desk.set(a=2, b=1)
    desk.run("push")
    gate.open = False
    laptop.set(a=1, b=2)
    laptop.run("push")
    gate.open = True
    (sent,) = laptop.run("pull", "--yes")["sent"]
    assert sent["outcome"] == "merged"
    assert content(api) == tws(a=2, b=2) == laptop.live.read_bytes()


def test_offline_work_that_conflicts_waits_for_a_person(
    desk: Computer, laptop: Computer, gate: Gate, api: PortalClient
) -> None:
    desk.set(a=1)
    desk.run("push")
    laptop.run("pull", "--yes")
    desk.set(a=2)
    desk.run("push")
    gate.open = False
    laptop.set(a=3)
    laptop.run("push")
    gate.open = True
    assert laptop.run("pull", "--dry-run")["sent"] == []
    (sent,) = laptop.run("pull", "--yes")["sent"]
    assert sent["outcome"] == "conflict"
    assert content(api) == tws(a=2) == laptop.live.read_bytes(), "pull takes the portal's"
    assert laptop.run("portal")["workspaces"][0]["queued"] is None


def test_an_answer_that_is_lost_makes_no_second_version(
    desk: Computer, gate: Gate, api: PortalClient
) -> None:
    desk.run("push")
    desk.set(layout="2")
    gate.losing = True
    assert desk.run("push")["queued"] is True
    gate.losing = False
    assert len(versions(api)) == 2
    assert desk.run("push")["changed"] is False
    assert len(versions(api)) == 2
    desk.set(layout="3")
    gate.losing = True
    assert desk.run("push")["queued"] is True
    gate.losing = False
    desk.set(layout="4")
    assert desk.run("push")["changed"] is True, "no conflict with oneself"
    assert len(versions(api)) == 4


# A portal whose certificate nobody vouches for.


@pytest.fixture
def impostor(tmp_path: Path) -> Iterator[str]:
    """Somebody on the way, with a certificate of their own making."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_self_signed(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_shake_hands, args=(listener, context))
        thread.start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_a_certificate_that_is_not_trusted(desk: Computer, impostor: str) -> None:
    desk.log_in(impostor, "trader")
    assert desk.run("push") == "portal-certificate"
    assert desk.run("pull", "--yes") == "portal-certificate"
    told = desk.run("portal", code=1)
    assert told["problem"]["code"] == "portal-certificate"
    assert len(desk.run("history")["snapshots"]) == 1, "it is saved all the same"


def _shake_hands(listener: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            taken, _address = listener.accept()
        except OSError:
            return
        with taken, suppress(OSError), context.wrap_socket(taken, server_side=True) as secured:
            secured.recv(1)


def _self_signed(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now).not_valid_after(now + timedelta(days=1))
    file = folder / "certificate.pem"
    file.write_bytes(
        made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return file
