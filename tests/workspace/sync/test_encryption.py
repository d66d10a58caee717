"""End-to-end encryption: over a real portal, which never sees a plain byte once it is on."""

from __future__ import annotations

import hashlib
import stat
from importlib import import_module

import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from deskside.foundation.errors import DesksideError
from deskside.foundation.portal_client import PortalClient
from deskside.workspace.sync.sealing import new_identity, open_sealed, recipient_of, seal

from .conftest import Computer, Gate, content, versions
from .portal_process import USER, tws


def enable(desk: Computer, *more: str) -> str:
    """Switch it on; the recovery key."""
    told = desk.run("encryption", "enable", "--yes", *more)
    assert told["on"] is told["key_here"] is told["registered"] is True
    return str(told["recovery_key"])


def join(computer: Computer, key: str) -> None:
    assert computer.run("encryption", "join", stdin=f"{key}\n")["key_here"] is True


# What is sealed.


@given(st.binary(max_size=5000), st.text(max_size=40))
def test_what_was_sealed_is_opened_as_it_was(data: bytes, note: str) -> None:
    identity, _recipient = new_identity()
    opened = open_sealed(
        seal(data, identity, workspace="a.tws", note=note), identity, workspace="a.tws"
    )
    assert (opened.content, opened.note) == (data, note)


def test_a_changed_byte_anywhere_is_found() -> None:
    identity, _recipient = new_identity()
    sealed = seal(tws(a=1), identity, workspace="a.tws")
    for place in range(len(sealed)):
        changed = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        assert refusal(changed, identity) in ("content-damaged", "encryption-key-wrong")
    assert refusal(sealed[:-1], identity) == "content-damaged"
    assert refusal(b"", identity) == "content-damaged"


def refusal(sealed: bytes, identity: str, workspace: str = "a.tws") -> str:
    with pytest.raises(DesksideError) as told:
        open_sealed(sealed, identity, workspace=workspace)
    return told.value.code


def test_what_somebody_else_sealed_for_us_is_not_ours() -> None:
    """The portal knows the recipient, and could seal anything for it."""
    pyrage = import_module("pyrage")

    identity, recipient = new_identity()
    other, _ = new_identity()
    forged = pyrage.decrypt(
        seal(tws(a="evil"), other, workspace="a.tws"), [pyrage.x25519.Identity.from_str(other)]
    )
    sealed = pyrage.encrypt(forged, [pyrage.x25519.Recipient.from_str(recipient)])
    assert refusal(sealed, identity) == "content-damaged"
    bare = pyrage.encrypt(zstd.compress(b"x"), [pyrage.x25519.Recipient.from_str(recipient)])
    assert refusal(bare, identity) == "content-damaged"
    ours = seal(tws(a=1), identity, workspace="a.tws")
    assert refusal(ours, identity, "b.tws") == "content-damaged", "put into another workspace"
    assert refusal(ours, other) == "encryption-key-wrong"


def test_a_person_needs_no_deskside_to_read_it() -> None:
    pyrage = import_module("pyrage")

    identity, _recipient = new_identity()
    sealed = seal(tws(a=1), identity, workspace="a.tws", note="before the upgrade")
    packed = pyrage.decrypt(sealed, [pyrage.x25519.Identity.from_str(identity)])
    assert zstd.decompress(packed) == tws(a=1)


@pytest.mark.parametrize("text", ["", "age1abc", "AGE-SECRET-KEY-1XYZ"])
def test_what_is_no_recovery_key(text: str) -> None:
    with pytest.raises(DesksideError) as told:
        recipient_of(text)
    assert told.value.code == "wrong-recovery-key"


def test_a_key_is_known_however_it_is_typed() -> None:
    identity, recipient = new_identity()
    assert recipient_of(f"  {identity.lower()}\n") == recipient


# Between computers and a portal.


def test_sealed_settings_travel_and_merge(
    desk: Computer, laptop: Computer, api: PortalClient
) -> None:
    key = enable(desk)
    desk.set(a=1, b=1)
    assert desk.run("push")["changed"] is True
    assert desk.run("push")["changed"] is False
    (version,) = versions(api)
    assert version["format"] == 2
    assert b"age-encryption.org" in content(api)[:40]
    assert laptop.run("pull", "--yes") == "encryption-key-missing"
    assert laptop.run("push") == "encryption-key-missing"
    join(laptop, key)
    laptop.run("pull", "--yes")
    assert laptop.live.read_bytes() == tws(a=1, b=1)
    desk.set(a=2, b=1)
    desk.run("push")
    laptop.set(a=1, b=2)
    assert laptop.run("push")["behind"] is True
    desk.run("pull", "--yes")
    assert desk.live.read_bytes() == tws(a=2, b=2)
    desk.set(a=3, b=2)
    desk.run("push")
    laptop.set(a=4, b=2)
    assert laptop.run("push", code=1)["conflict"]["why"] == "elements"
    assert [v["format"] for v in versions(api)] == [2, 2, 2, 2]


def test_an_answer_that_is_lost_makes_no_second_sealed_version(
    desk: Computer, gate: Gate, api: PortalClient
) -> None:
    enable(desk)
    desk.run("push")
    desk.set(layout="2")
    gate.losing = True
    assert desk.run("push")["queued"] is True
    gate.losing = False
    assert desk.run("push")["changed"] is False
    assert len(versions(api)) == 2


def test_the_key_is_shown_once_and_kept_for_its_owner_alone(desk: Computer) -> None:
    said = desk.say("encryption", "enable", "--yes")
    assert said.count("AGE-SECRET-KEY-1") == 1
    assert "AGE-SECRET" not in desk.say("encryption", "enable", "--yes")
    assert "recovery_key" not in desk.run("encryption", "enable", "--yes")
    assert "AGE-SECRET" not in desk.say("encryption", "show")
    (file,) = (desk.data / "workspace" / "encryption").glob("age1*.txt")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_nothing_is_kept_before_the_person_has_written_it_down(
    desk: Computer, api: PortalClient
) -> None:
    assert desk.run("encryption", "enable") == "not-confirmed"
    assert desk.run("encryption", "enable", "--dry-run")["would_make_key"] is True
    assert not (desk.data / "workspace" / "encryption").exists()
    assert api.data("GET", "/me/settings-encryption")["recipient"] is None


def test_plain_settings_are_never_sent_again_whatever_the_portal_says(
    desk: Computer, laptop: Computer, api: PortalClient
) -> None:
    enable(desk)
    desk.run("push")
    api.request("PUT", "/me/settings-encryption", json={"recipient": None})
    desk.set(layout="secret")
    desk.run("push")
    assert versions(api)[0]["format"] == 2
    assert desk.run("encryption", "show")["registered"] is False
    other, recipient = new_identity()
    api.request("PUT", "/me/settings-encryption", json={"recipient": recipient})
    desk.set(layout="more secret")
    assert desk.run("push") == "encryption-recipient-changed"
    (promise,) = (desk.data / "workspace" / "encryption").glob("*.json")
    promise.write_text("{")
    assert desk.run("push") == "encryption-damaged"
    join(desk, other)
    assert desk.run("push")["changed"] is True


def test_plain_settings_that_appear_there_are_not_merged(desk: Computer, api: PortalClient) -> None:
    desk.set(a=1, b=1)
    desk.run("push")
    enable(desk)
    api.request("PUT", "/me/settings-encryption", json={"recipient": None})
    base = versions(api)[0]["id"]
    forge(api, tws(a=1, b="evil"), base)
    desk.set(a=2, b=1)
    for _again in range(2):
        assert desk.run("push", code=1)["conflict"]["why"] == "not-end-to-end"


def forge(api: PortalClient, body: bytes, base: str) -> None:
    headers = {"deskside-sha256": hashlib.sha256(body).hexdigest(), "deskside-base": base}
    api.request("POST", f"/me/settings/{USER}.tws/snapshots", content=body, headers=headers)


def test_a_key_that_is_lost(desk: Computer, laptop: Computer, gate: Gate) -> None:
    desk.run("push")
    enable(desk)
    desk.set(layout="2")
    desk.run("push")
    (file,) = (desk.data / "workspace" / "encryption").glob("age1*.txt")
    file.unlink()
    desk.set(layout="3")
    with pytest.raises(DesksideError) as told:
        desk.say("pull", "--yes")
    assert told.value.code == "encryption-key-missing"
    assert "history holds" in told.value.hint
    assert desk.run("encryption", "enable", "--yes") == "encryption-on-elsewhere"
    assert desk.run("encryption", "show", code=1)["key_here"] is False
    told_new = desk.run("encryption", "enable", "--yes", "--replace-lost-key")
    assert told_new["recovery_key"].startswith("AGE-SECRET-KEY-1")
    assert desk.run("pull", "--yes") == "encryption-key-wrong"
    assert desk.run("push", "--keep-mine")["changed"] is True
    assert desk.run("pull", "--yes")["source"] == "portal"


def test_joining_with_the_wrong_key(desk: Computer, laptop: Computer) -> None:
    assert laptop.run("encryption", "join", stdin=new_identity()[0]) == "encryption-off"
    enable(desk)
    assert laptop.run("encryption", "join", stdin="rubbish\n") == "wrong-recovery-key"
    assert laptop.run("encryption", "join", stdin=new_identity()[0]) == "encryption-key-wrong"
    assert laptop.run("encryption", "show", code=1)["key_here"] is False


def test_a_sealed_download_that_was_tampered_with(
    desk: Computer, laptop: Computer, gate: Gate
) -> None:
    key = enable(desk)
    desk.run("push")
    join(laptop, key)
    gate.answers = lambda data: data.replace(b"age-encryption.org/v1", b"age-encryption.org/v2")
    assert laptop.run("pull", "--yes") == "content-damaged"


def test_what_the_portal_held_before_is_sealed_in_its_place(
    desk: Computer, laptop: Computer, api: PortalClient
) -> None:
    for number in range(4):
        desk.set(a=number, b=1)
        desk.run("push")
    laptop.run("pull", "--yes")
    before = versions(api)
    path = f"/me/settings/{USER}.tws/snapshots/{before[2]['id']}/pin"
    api.request("PUT", path, json={"pinned": True})
    key = enable(desk, "--reseal")
    after = versions(api)
    assert [v["format"] for v in after] == [2, 2, 2, 2]
    assert [(v["id"], v["created"]) for v in after] == [(v["id"], v["created"]) for v in before]
    assert [v["pinned"] for v in after] == [False, False, True, False]
    for version in after:
        assert b"<Settings" not in content(api, version["id"])
    assert desk.run("encryption", "enable", "--yes", "--reseal")["resealed"] == 0
    join(laptop, key)
    desk.set(a=9, b=1)
    desk.run("push")
    laptop.set(a=3, b=2)
    assert laptop.run("push")["changed"] is True, "what it derives from is still known"
    laptop.run("pull", "--yes")
    assert laptop.live.read_bytes() == tws(a=9, b=2)
