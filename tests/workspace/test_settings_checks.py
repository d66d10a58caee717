"""The check of KB2323 and its fix: look, plan, apply, look again, undo."""

from __future__ import annotations

from pathlib import Path

import pytest

from deskside.foundation import registry
from deskside.foundation.errors import Refused
from deskside.foundation.findings import Finding, Status
from deskside.foundation.registry import Situation
from deskside.workspace.model import Workspace
from deskside.workspace.workstation import Workstation

from .conftest import SAMPLE, document


def look(root: Path, **options: str) -> Finding:
    situation = Situation({"root": str(root), **options})
    (finding,) = registry.run(registry.check("workspace.settings-file"), situation)
    return finding


def test_never_saved_then_whole_then_changed(
    here: Workstation, root: Path, live: Path, workspace: Workspace
) -> None:
    assert look(root).code == "settings-unsaved"
    here.save(workspace)
    whole = look(root)
    assert (whole.code, whole.status) == ("settings-ok", Status.OK)
    assert whole.evidence["size"] == 225_057
    live.write_bytes(document())
    changed = look(root)
    assert (changed.code, changed.status) == ("settings-changed", Status.NOTICE)


def test_no_root(tmp_path: Path) -> None:
    finding = look(tmp_path / "nowhere")
    assert finding.code == "settings-no-root"
    assert finding.is_problem
    assert "--root" in finding.remedy


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (b"", "settings-damaged"),
        (SAMPLE.read_bytes()[:5000], "settings-damaged"),
        (b"garbage", "settings-not-xml"),
        (None, "settings-missing"),
    ],
)
def test_check_plan_apply_verify_undo(
    here: Workstation,
    root: Path,
    live: Path,
    workspace: Workspace,
    damage: bytes | None,
    code: str,
) -> None:
    here.save(workspace)
    live.unlink()
    if damage is not None:
        live.write_bytes(damage)
    finding = look(root)
    assert (finding.code, finding.status) == (code, Status.FAILURE)
    assert finding.fixes == ("workspace.restore",)
    assert finding.article == f"2323#{code}"
    plan = registry.fix("workspace.restore").plan(Situation({"root": str(root)}), finding)
    change = here.engine().apply(plan)
    assert look(root).code == "settings-ok"
    assert live.read_bytes() == SAMPLE.read_bytes()
    here.engine().undo(change.id)
    assert (live.read_bytes() if live.exists() else None) == damage


def test_no_fix_is_offered_where_there_is_nothing_to_restore(root: Path, live: Path) -> None:
    live.write_bytes(b"")
    finding = look(root)
    assert finding.code == "settings-damaged"
    assert finding.fixes == ()
    with pytest.raises(Refused) as refused:
        registry.fix("workspace.restore").plan(Situation({"root": str(root)}), finding)
    assert refused.value.code == "nothing-to-restore"


def test_restoring_from_a_file_of_the_person(
    here: Workstation, root: Path, live: Path, tmp_path: Path
) -> None:
    stick = tmp_path / "stick.xml"
    stick.write_bytes(document("stick"))
    finding = look(root, file=str(stick))
    assert finding.code == "settings-differ"
    situation = Situation({"root": str(root), "file": str(stick)})
    here.engine().apply(registry.fix("workspace.restore").plan(situation, finding))
    assert live.read_bytes() == document("stick")
    assert look(root, file=str(stick)).code == "settings-unsaved"


def test_a_bad_file_of_the_person_is_named_and_not_used(
    root: Path, live: Path, tmp_path: Path
) -> None:
    stick = tmp_path / "stick.xml"
    stick.write_bytes(b"garbage")
    live.write_bytes(b"")
    finding = look(root, file=str(stick))
    situation = Situation({"root": str(root), "file": str(stick)})
    with pytest.raises(Refused) as refused:
        registry.fix("workspace.restore").plan(situation, finding)
    assert refused.value.code == "settings-not-xml"
    assert live.read_bytes() == b""


def test_damaged_snapshots_are_named(here: Workstation, workspace: Workspace) -> None:
    saved = here.save(workspace).snapshot
    check = registry.check("workspace.history")
    (whole,) = registry.run(check, Situation())
    assert whole.code == "history-ok"
    log = max(here.history.folder.iterdir(), key=lambda file: file.stat().st_size)
    content = bytearray(log.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 500] = bytes(500)
    log.write_bytes(content)
    damaged = [f for f in registry.run(check, Situation()) if f.code == "snapshot-damaged"]
    assert [one.subject for one in damaged] == [saved.id]


def test_a_small_damage_costs_nothing_and_is_said(here: Workstation, workspace: Workspace) -> None:
    here.save(workspace)
    log = max(here.history.folder.iterdir(), key=lambda file: file.stat().st_size)
    content = bytearray(log.read_bytes())
    content[len(content) // 2] ^= 1
    log.write_bytes(content)
    (damaged, *_more) = registry.run(registry.check("workspace.history"), Situation())
    assert damaged.is_problem
    assert damaged.code in ("history-damaged", "snapshot-damaged")
