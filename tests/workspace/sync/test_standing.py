"""Who a computer is, where its settings stand, and restores that were asked for on the portal."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deskside.foundation.errors import DesksideError
from deskside.foundation.portal_client import PortalClient
from deskside.workspace.sync.pushing import push
from deskside.workspace.sync.queue import send_queued
from deskside.workspace.sync.repairing import contents_from_portal
from deskside.workspace.sync.restores import at_start
from deskside.workspace.sync.words import age_words
from deskside.workspace.sync.workstation_id import rename, workstation_id

from .conftest import Computer, Gate, content, versions
from .portal_process import USER, tws


def ask_restore(api: PortalClient, computer: Computer, version: str) -> str:
    who = workstation_id(computer.data).id
    wish = {"workstation": who, "snapshot": version}
    asked = api.data("POST", f"/me/settings/{USER}.tws/restores", json=wish)
    return str(asked["id"])


def state_of(api: PortalClient, restore: str) -> tuple[str, str]:
    (found,) = [r for r in api.data("GET", "/me/restores")["restores"] if r["id"] == restore]
    return found["state"], found["detail"]


def test_a_computer_keeps_its_id_and_may_change_its_name(
    desk: Computer, laptop: Computer, api: PortalClient
) -> None:
    first = desk.run("portal")["workstation"]
    assert len(first["id"]) == 26
    assert first["name"]
    desk.run("push")
    named = desk.run("portal", "--name", "Desk in Zürich")["workstation"]
    assert named == {"id": first["id"], "name": "Desk in Zürich"}
    desk.set(layout="2")
    desk.run("push")
    assert versions(api)[0]["workstation"] == named
    assert laptop.run("portal")["workstation"]["id"] != first["id"]
    assert desk.run("portal", "--name", "two\nlines") == "wrong-name"
    laptop.run("pull", "--yes")
    assert "Desk in Zürich" in laptop.run("history")["snapshots"][0]["note"]


def test_a_damaged_identity_is_made_anew(desk: Computer) -> None:
    file = desk.data / "workspace" / "workstation.json"
    workstation_id(desk.data)
    file.write_text("{")
    made = workstation_id(desk.data)
    assert workstation_id(desk.data) == made
    assert rename(desk.data, " den ").name == "den"


def test_where_settings_stand(desk: Computer, laptop: Computer) -> None:
    assert desk.run("portal")["workspaces"][0]["snapshots_portal"] == 0
    desk.run("push")
    (row,) = desk.run("portal")["workspaces"]
    assert (row["snapshots_portal"], row["behind"], row["queued"]) == (1, False, None)
    laptop.run("pull", "--yes")
    laptop.set(layout="2")
    laptop.run("push")
    assert desk.run("portal")["workspaces"][0]["behind"] is True
    said = desk.say("portal")
    assert f"{USER}.tws" in said
    assert "End to end:" in said


def test_what_was_asked_for_on_the_portal_is_done(desk: Computer, api: PortalClient) -> None:
    for number in range(3):
        desk.set(a=number)
        desk.run("push")
    first = versions(api)[2]["id"]
    asked = ask_restore(api, desk, first)
    assert desk.run("portal")["requests"][0]["id"] == asked
    looked = desk.run("pull", "--requested", "--dry-run")["requests"]
    assert looked[0]["plan"]["steps"]
    assert desk.run("pull", "--requested", code=1)["requests"][0]["result"] == "waiting"
    (done,) = desk.run("pull", "--requested", "--yes")["requests"]
    assert (done["result"], done["changed"]) == ("done", True)
    assert desk.live.read_bytes() == tws(a=0)
    assert state_of(api, asked)[0] == "done"
    assert desk.run("pull", "--requested", "--yes")["requests"] == []
    assert desk.run("push")["changed"] is True, "an earlier state is a change like any other"
    assert content(api) == tws(a=0)


def test_what_cannot_be_done_is_told_to_the_portal(
    desk: Computer, api: PortalClient, gate: Gate
) -> None:
    desk.run("push")
    asked = ask_restore(api, desk, versions(api)[0]["id"])
    api.request("DELETE", f"/me/settings/{USER}.tws/snapshots/{versions(api)[0]['id']}")
    assert desk.run("pull", "--requested", "--yes")["requests"] == []
    assert state_of(api, asked)[0] == "cancelled"
    desk.set(a=2)
    desk.run("push")
    asked = ask_restore(api, desk, versions(api)[0]["id"])
    gate.answers = lambda data: data.replace(b"<Settings", b"<Settingz")
    (told,) = desk.run("pull", "--requested", "--yes", code=1)["requests"]
    assert (told["result"], told["reason"]["code"]) == ("waiting", "content-damaged")
    assert state_of(api, asked)[0] == "waiting"


def test_what_waits_is_sent_while_watching(
    desk: Computer, laptop: Computer, gate: Gate, api: PortalClient
) -> None:
    assert desk.called(send_queued, desk.here) == ()
    desk.run("push")
    gate.open = False
    desk.set(layout="2")
    desk.run("push")
    (waiting,) = desk.called(send_queued, desk.here)
    assert waiting.outcome == "waiting"
    gate.open = True
    (sent,) = desk.called(send_queued, desk.here)
    assert sent.outcome == "sent"
    assert desk.called(send_queued, desk.here) == ()
    assert content(api) == tws(layout="2")
    (desk.data / "portal-session.json").unlink()
    assert desk.called(send_queued, desk.here) == ()


def test_others_who_send_without_pause_do_not_lose_anything(
    desk: Computer, laptop: Computer, api: PortalClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between our look and our push, somebody else is always faster."""
    from deskside.workspace.sync.client import Store

    desk.set(a=0, b=0)
    desk.run("push")
    laptop.run("pull", "--yes")
    send, others = Store.send, iter(range(1, 100))

    def slower(self: Store, *arguments: object, **named: object) -> tuple[str, bool]:
        if faster["on"] and self.workstation.id != workstation_id(desk.data).id:
            desk.set(a=next(others), b=0)
            desk.called(push, desk.here, desk.workspace)
            faster["on"] -= 1
        return send(self, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Store, "send", slower)
    faster = {"on": 5}
    laptop.set(a=0, b=1)
    assert laptop.run("push")["changed"] is True
    assert content(api) == tws(a=5, b=1)
    faster["on"] = 1000
    laptop.set(a=0, b=2)
    assert laptop.run("push") == "portal-too-busy"
    faster["on"] = 0
    assert laptop.run("push")["changed"] is True
    assert content(api).count(b'varName="b" value="2"') == 1


def test_how_long_ago() -> None:
    shown = [age_words(seconds) for seconds in (0, 60, 3600, 7300, 200_000)]
    assert shown == ["0 minutes", "1 minute", "60 minutes", "2 hours", "2 days"]


def test_conflicts_are_asked_on_a_terminal(
    desk: Computer, laptop: Computer, api: PortalClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.set(a=1, b=1)
    desk.run("push")
    laptop.run("pull", "--yes")
    desk.set(a=2, b=2)
    desk.run("push")
    laptop.set(a=3, b=3)
    monkeypatch.setattr("deskside.workspace.commands.pushing._terminal", lambda: True)
    assert "Choose for each" in laptop.say("push", stdin="m\ns\n")
    assert "Merged" in laptop.say("push", stdin="m\nt\n")
    assert content(api) == tws(a=3, b=2)


def test_two_sides_for_one_question(desk: Computer) -> None:
    assert "Choose one side: x" in desk.say("push", "--mine", "x", "--theirs", "x")
    assert "Choose one side" in desk.say("push", "--all-mine", "--all-theirs")


def test_push_dry_run_sends_nothing(desk: Computer, api: PortalClient) -> None:
    assert desk.run("push", "--dry-run")["would_send"] is True
    with pytest.raises(DesksideError):
        versions(api)
    desk.run("push")
    assert desk.run("push", "--dry-run")["would_send"] is False
    desk.set(a=2)
    assert desk.run("push", "--dry-run")["would_send"] is True


# While nobody looks.


def test_a_harmless_restore_is_done_at_the_start(desk: Computer, api: PortalClient) -> None:
    for number in range(2):
        desk.set(a=number)
        desk.run("push")
    asked = ask_restore(api, desk, versions(api)[1]["id"])
    (told,) = desk.called(at_start, desk.here)
    assert told.done
    assert "changes undo" in told.words
    assert desk.live.read_bytes() == tws(a=0)
    assert state_of(api, asked)[0] == "done"
    assert desk.called(at_start, desk.here) == ()


def test_a_restore_that_bears_on_safety_waits_for_a_person(
    desk: Computer, api: PortalClient
) -> None:
    local = (
        b'<Settings mode="TWS"><ApiSettings varName="api" allowOnlyLocalhost="true"/></Settings>'
    )
    desk.live.write_bytes(local.replace(b"true", b"false"))
    desk.run("push")
    desk.live.write_bytes(local)
    desk.run("push")
    asked = ask_restore(api, desk, versions(api)[1]["id"])
    (told,) = desk.called(at_start, desk.here)
    assert not told.done
    assert "pull --requested" in told.words
    assert desk.live.read_bytes() == local
    assert state_of(api, asked)[0] == "waiting"
    assert desk.run("pull", "--requested", "--yes")["requests"][0]["safety"]


def test_a_file_that_the_program_sealed_must_be_known_to_be_ours(
    desk: Computer, laptop: Computer, api: PortalClient
) -> None:
    laptop.live.write_bytes(b"IBGZENC\0from the laptop")
    laptop.run("push")
    laptop.live.write_bytes(b"IBGZENC\0later")
    laptop.run("push")
    desk.run("pull", "--yes")
    desk.live.write_bytes(b"IBGZENC\0at the desk")
    desk.run("push")
    ask_restore(api, desk, versions(api)[2]["id"])
    for _again in range(2):
        assert not desk.called(at_start, desk.here)[0].done
    ask_restore(api, laptop, versions(api)[2]["id"])
    laptop.called(at_start, laptop.here)
    assert laptop.live.read_bytes() == b"IBGZENC\0from the laptop", "it was saved there"


def test_damage_here_is_mended_from_the_portal(desk: Computer, laptop: Computer) -> None:
    desk.set(a=1)
    desk.run("push")
    snapshot = desk.here.history.snapshots(desk.workspace)[0]
    lost = replace(snapshot, sha256="0" * 64)

    def found() -> list[bytes | None]:
        with contents_from_portal(desk.here) as source:
            return [source(snapshot), source(lost)]

    assert desk.called(found) == [tws(a=1), None]
    desk.run("encryption", "enable", "--yes", "--reseal")
    assert desk.called(found) == [tws(a=1), None]


def test_watch_carries_out_what_was_asked_for(desk: Computer, api: PortalClient) -> None:
    for number in range(2):
        desk.set(a=number)
        desk.run("push")
    asked = ask_restore(api, desk, versions(api)[1]["id"])
    said = desk.say("watch", "--once-idle", "0", "--settle", "0")
    assert "Restored as asked for on the portal" in said
    assert desk.live.read_bytes() == tws(a=0)
    assert state_of(api, asked)[0] == "done"
