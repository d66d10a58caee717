"""Saving and restoring on this computer: exact, shown first, never at the cost of what is there."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings

from deskside.foundation.changes.model import State
from deskside.foundation.errors import NotFound, Refused
from deskside.workspace.model import Workspace
from deskside.workspace.workstation import Workstation

from .conftest import SAMPLE, USER, document, valid_settings


@given(valid_settings, valid_settings)
@settings(max_examples=20, deadline=None)
def test_restore_is_the_inverse_of_any_change(first: bytes, second: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        live = Path(folder) / "Jts" / USER / "tws.xml"
        live.parent.mkdir(parents=True)
        live.write_bytes(first)
        here, workspace = Workstation(Path(folder) / "data"), Workspace(live)
        saved = here.save(workspace).snapshot
        live.write_bytes(second)
        done = here.restore(here.plan_restore(workspace, saved.id))
        assert live.read_bytes() == first
        if done.change:
            assert done.saved
            assert here.history.content(done.saved) == second
            here.engine().undo(done.change.id)
            assert live.read_bytes() == second


def test_a_restore_keeps_permissions(here: Workstation, workspace: Workspace, live: Path) -> None:
    saved = here.save(workspace).snapshot
    live.write_bytes(document())
    live.chmod(0o604)
    here.restore(here.plan_restore(workspace, saved.id))
    assert stat.S_IMODE(live.stat().st_mode) == 0o604


def test_planning_changes_nothing(here: Workstation, workspace: Workspace, live: Path) -> None:
    saved = here.save(workspace).snapshot
    live.write_bytes(document("new"))
    planned = here.plan_restore(workspace, saved.id)
    assert planned.plan
    assert live.read_bytes() == document("new")
    assert here.history.snapshots(workspace) == [saved]


def test_a_restore_is_refused_once_the_file_has_moved(
    here: Workstation, workspace: Workspace, live: Path
) -> None:
    saved = here.save(workspace).snapshot
    live.write_bytes(document("seen"))
    planned = here.plan_restore(workspace, saved.id)
    live.write_bytes(document("written by the program meanwhile"))
    with pytest.raises(Refused) as refused:
        here.restore(planned)
    assert refused.value.code == "plan-outdated"
    assert live.read_bytes() == document("written by the program meanwhile")


def test_the_history_ends_with_what_is_live(
    here: Workstation, workspace: Workspace, live: Path
) -> None:
    first = here.save(workspace).snapshot
    live.write_bytes(document("second"))
    here.restore(here.plan_restore(workspace, first.id))
    latest, before, oldest = here.history.snapshots(workspace)
    assert latest.sha256 == first.sha256
    assert here.history.content(before) == document("second")
    assert oldest == first
    assert here.save(workspace).changed is False


def test_settings_that_are_already_so(here: Workstation, workspace: Workspace) -> None:
    saved = here.save(workspace).snapshot
    planned = here.plan_restore(workspace, saved.id)
    assert planned.plan is None
    assert here.restore(planned).change is None


def test_a_file_from_elsewhere(
    here: Workstation, workspace: Workspace, live: Path, tmp_path: Path
) -> None:
    stick = tmp_path / "stick.xml"
    stick.write_bytes(document("from the stick"))
    here.restore(here.plan_restore(workspace, str(stick)))
    assert live.read_bytes() == document("from the stick")
    assert SAMPLE.read_bytes() in map(here.history.content, here.history.snapshots(workspace))


def test_a_damaged_file_from_elsewhere_is_refused(
    here: Workstation, workspace: Workspace, live: Path, tmp_path: Path
) -> None:
    stick = tmp_path / "stick.xml"
    stick.write_bytes(SAMPLE.read_bytes()[:-20])
    with pytest.raises(Refused) as refused:
        here.plan_restore(workspace, str(stick))
    assert refused.value.code == "settings-damaged"
    with pytest.raises(NotFound) as missing:
        here.plan_restore(workspace, str(tmp_path / "nothing.xml"))
    assert missing.value.code == "no-such-snapshot"
    assert live.read_bytes() == SAMPLE.read_bytes()


@pytest.mark.parametrize("damage", [b"", b"<Settings", b"garbage", None])
def test_damaged_or_missing_settings_are_restored_and_the_damage_can_be_had_back(
    here: Workstation, workspace: Workspace, live: Path, damage: bytes | None
) -> None:
    saved = here.save(workspace).snapshot
    if damage is None:
        live.unlink()
    else:
        live.write_bytes(damage)
    with pytest.raises((Refused, NotFound)) as refused:
        here.save(workspace)
    assert saved.id in refused.value.hint
    done = here.restore(here.plan_restore(workspace, saved.id))
    assert live.read_bytes() == SAMPLE.read_bytes()
    assert done.saved is None
    assert done.change
    assert here.engine().undo(done.change.id).state is State.UNDONE
    assert (live.read_bytes() if live.exists() else None) == damage


def test_an_error_says_when_there_is_no_history(
    here: Workstation, workspace: Workspace, live: Path
) -> None:
    live.write_bytes(b"")
    with pytest.raises(Refused) as refused:
        here.save(workspace)
    assert "no snapshot" in refused.value.hint


def test_choosing_among_several(here: Workstation, root: Path, live: Path) -> None:
    other = root / "other"
    other.mkdir()
    (other / "tws.xml").write_bytes(document())
    (other / "ibg.xml").write_bytes(document())
    with pytest.raises(Refused) as several:
        here.choose(str(root))
    assert several.value.code == "several-users"
    assert "other" in several.value.hint
    assert here.choose(str(root), USER).file == live
    assert here.choose(str(root), "other").file.name == "tws.xml"
    assert here.choose(str(root), "other/ibg.xml").file.name == "ibg.xml"
    with pytest.raises(NotFound) as unknown:
        here.choose(str(root), "nobody")
    assert unknown.value.code == "no-such-user"


def test_a_workspace_whose_file_is_gone_is_still_known(
    here: Workstation, workspace: Workspace, live: Path, root: Path
) -> None:
    here.save(workspace)
    live.unlink()
    assert here.choose(str(root)) == workspace
    assert here.choose() == workspace


def test_the_usual_place_is_the_home_folder(
    here: Workstation, tmp_path: Path, live: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert here.choose().file == live


def test_one_root_has_one_history_by_whatever_name(
    here: Workstation, root: Path, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(root)
    here.save(here.choose(str(root)))
    assert here.save(here.choose(str(tmp_path / "link"))).changed is False


def test_the_latest_good_snapshot_is_found_behind_a_rotten_one(
    here: Workstation, workspace: Workspace, live: Path
) -> None:
    good = here.save(workspace).snapshot
    (log,) = here.history.folder.glob("*.log")
    end = log.stat().st_size
    live.write_bytes(document())
    here.save(workspace)
    live.write_bytes(document("later"))
    here.save(workspace)
    whole = log.read_bytes()
    log.write_bytes(whole[: end + 200] + b"\xa5" * (len(whole) - end - 200))
    here = Workstation(here.folder)
    assert here.latest_good(workspace) == good


def test_a_name_that_is_not_text(here: Workstation, tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/J\xff"))
    folder.mkdir()
    live = folder / "tws.xml"
    live.write_bytes(document("a"))
    workspace = here.choose(str(live.parent))
    saved = here.save(workspace).snapshot
    live.write_bytes(document("b"))
    here.restore(here.plan_restore(workspace, saved.id))
    assert live.read_bytes() == document("a")
