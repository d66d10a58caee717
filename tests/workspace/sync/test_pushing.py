"""Push and pull between two computers and a portal, over real HTTP."""

from __future__ import annotations

from dataclasses import replace

from deskside.foundation.portal_client import PortalClient

from .conftest import Computer, Gate, content, store, versions
from .portal_process import tws


def together(desk: Computer, laptop: Computer, **values: object) -> None:
    """Both computers start from the same settings, which the portal holds."""
    desk.set(**values)
    desk.run("push")
    laptop.run("pull", "--yes")


def test_settings_travel_from_one_computer_to_another(desk: Computer, laptop: Computer) -> None:
    desk.set(layout="arranged at the desk")
    assert desk.run("push")["changed"] is True
    assert desk.run("push")["changed"] is False
    assert laptop.run("pull", "--dry-run")["plan"]["steps"][0]["verb"] == "replace"
    assert laptop.live.read_bytes() == tws(layout="default")
    pulled = laptop.run("pull", "--yes")
    assert (pulled["changed"], pulled["source"]) == (True, "portal")
    assert laptop.live.read_bytes() == tws(layout="arranged at the desk")
    assert laptop.run("pull", "--yes")["changed"] is False
    laptop.set(layout="arranged on the way")
    assert laptop.run("push")["changed"] is True
    assert desk.run("pull", "--yes")["changed"] is True
    assert desk.live.read_bytes() == tws(layout="arranged on the way")


def test_identical_settings_are_not_sent_again(desk: Computer, api: PortalClient) -> None:
    desk.run("push")
    desk.set(layout="2")
    desk.run("push")
    desk.run("push")
    assert len(versions(api)) == 2


def test_what_each_side_changed_is_merged(
    desk: Computer, laptop: Computer, api: PortalClient
) -> None:
    together(desk, laptop, a=1, b=1)
    desk.set(a=2, b=1)
    desk.run("push")
    laptop.set(a=1, b=2)
    pushed = laptop.run("push")
    assert (pushed["changed"], pushed["behind"]) == (True, True)
    assert content(api) == tws(a=2, b=2)
    assert laptop.live.read_bytes() == tws(a=1, b=2), "nothing here is changed by a push"
    assert laptop.run("show", pushed["merged"])["size"] == len(tws(a=2, b=2))
    assert laptop.run("history")["snapshots"][0]["id"] != pushed["merged"]
    assert laptop.run("pull", "--yes")["changed"] is True
    assert laptop.live.read_bytes() == tws(a=2, b=2)
    assert desk.run("pull", "--yes")["changed"] is True
    assert desk.live.read_bytes() == tws(a=2, b=2)


def test_work_goes_on_after_a_merge_that_was_not_taken_here(
    desk: Computer, laptop: Computer, api: PortalClient
) -> None:
    together(desk, laptop, a=1, b=1, c=1)
    desk.set(a=2, b=1, c=1)
    desk.run("push")
    laptop.set(a=1, b=2, c=1)
    laptop.run("push")
    assert laptop.run("push") | {"snapshot": ""} == laptop.run("push") | {"snapshot": ""}
    assert len(versions(api)) == 3
    laptop.set(a=1, b=3, c=3)
    assert laptop.run("push")["changed"] is True
    assert content(api) == tws(a=2, b=3, c=3), "what came from the desk is not reverted"


def test_apply_restores_what_was_merged(desk: Computer, laptop: Computer) -> None:
    together(desk, laptop, a=1, b=1)
    desk.set(a=2, b=1)
    desk.run("push")
    laptop.set(a=1, b=2)
    pushed = laptop.run("push", "--apply", "--yes")
    assert pushed["restored"]["changed"] is True
    assert laptop.live.read_bytes() == tws(a=2, b=2)
    assert laptop.run("push") | {"snapshot": ""} == {
        "snapshot": "",
        "version": pushed["version"],
        "changed": False,
        "merged": None,
        "behind": False,
        "queued": False,
        "reason": None,
        "conflict": None,
    }


def test_what_both_changed_is_asked_and_nothing_is_overwritten(
    desk: Computer, laptop: Computer, api: PortalClient
) -> None:
    together(desk, laptop, a=1, b=1)
    desk.set(a=2, b=1)
    desk.run("push")
    laptop.set(a=3, b=3)
    told = laptop.run("push", code=1)["conflict"]
    assert told["code"] == "settings-conflict"
    (question,) = told["questions"]
    assert [question[side] for side in ("base", "mine", "theirs")] == ["1", "3", "2"]
    assert content(api) == tws(a=2, b=1)
    assert laptop.live.read_bytes() == tws(a=3, b=3)
    laptop.run("show", told["mine"])
    laptop.run("show", told["theirs"])
    assert laptop.run("push", "--theirs", "nothing") == "no-such-conflict"
    said = laptop.say("push")
    assert f"history holds {told['snapshots_here']} snapshots" in said
    assert "--all-mine" in said
    assert question["id"] in said
    assert laptop.run("push", "--theirs", question["id"])["changed"] is True
    assert content(api) == tws(a=2, b=3)


def test_one_side_for_all(desk: Computer, laptop: Computer, api: PortalClient) -> None:
    together(desk, laptop, a=1, b=1, c=1)
    desk.set(a=2, b=2, c=2)
    desk.run("push")
    laptop.set(a=3, b=3, c=1)
    assert len(laptop.run("push", code=1)["conflict"]["questions"]) == 2
    assert laptop.run("push", "--all-mine")["changed"] is True
    assert content(api) == tws(a=3, b=3, c=2)
    desk.set(a=2, b=5, c=2)
    assert len(desk.run("push", code=1)["conflict"]["questions"]) == 1
    assert desk.run("push", "--all-theirs")["behind"] is True
    assert content(api) == tws(a=3, b=3, c=2)


def test_a_new_computer_never_overwrites_good_settings(
    desk: Computer, laptop: Computer, api: PortalClient
) -> None:
    desk.set(layout="the good ones")
    desk.run("push")
    laptop.set(layout="fresh from the installer")
    told = laptop.run("push", code=1)["conflict"]
    assert told["why"] == "no-common-ancestor"
    assert content(api) == tws(layout="the good ones")
    held = {s["sha256"] for s in laptop.run("history")["snapshots"]}
    assert len(held) == 2, "both are kept here"
    assert laptop.run("push", "--all-mine", code=1)["conflict"]["why"] == "no-common-ancestor"
    assert "--keep-mine" in laptop.say("push")
    assert laptop.run("pull", "--yes")["changed"] is True
    assert laptop.live.read_bytes() == tws(layout="the good ones")


def test_after_a_conflict_a_person_may_put_theirs_on_top(
    desk: Computer, laptop: Computer, api: PortalClient
) -> None:
    desk.run("push")
    laptop.set(layout="mine")
    laptop.run("push", code=1)
    assert laptop.run("push", "--keep-mine")["changed"] is True
    assert content(api) == tws(layout="mine")
    assert len(versions(api)) == 2


def test_sealed_files_of_the_program_are_never_merged(
    desk: Computer, laptop: Computer, api: PortalClient
) -> None:
    desk.live.write_bytes(b"IBGZENC\0one")
    desk.run("push")
    laptop.run("pull", "--yes")
    desk.live.write_bytes(b"IBGZENC\0two")
    desk.run("push")
    laptop.live.write_bytes(b"IBGZENC\0three")
    assert laptop.run("push", code=1)["conflict"]["why"] == "opaque"
    assert content(api) == b"IBGZENC\0two"
    assert laptop.run("push", "--keep-mine")["changed"] is True


def test_a_portal_that_was_set_up_anew_is_a_stranger(
    desk: Computer, laptop: Computer, api: PortalClient
) -> None:
    together(desk, laptop, a=1, b=1)
    api.request("DELETE", "/me/settings/darykq.tws")
    desk.set(a=9, b=1)
    assert desk.run("push")["changed"] is True, "it holds nothing that could be lost"
    laptop.set(a=1, b=2)
    assert laptop.run("push", code=1)["conflict"]["why"] == "no-common-ancestor"


def test_settings_of_another_user_name_are_another_store(
    desk: Computer, gate: Gate, api: PortalClient
) -> None:
    desk.run("push")
    desk.log_in(gate.address, "somebody-else")
    desk.set(layout="2")
    pushed = desk.run("push")
    assert pushed["changed"] is True
    assert len(versions(api)) == 1


def test_the_ancestor_is_had_from_the_portal_where_it_is_lost_here(
    desk: Computer, laptop: Computer, api: PortalClient
) -> None:
    together(desk, laptop, a=1, b=1)
    desk.set(a=2, b=1)
    desk.run("push")
    address = laptop.called(store)
    state = laptop.here.history.portal_state(laptop.workspace, address)
    lost = replace(state, ancestor="000000000000")
    laptop.here.history.set_portal_state(laptop.workspace, address, lost)
    laptop.set(a=1, b=2)
    laptop.run("push")
    assert content(api) == tws(a=2, b=2)
