"""What enumeration finds once in a thousand runs, made to happen."""

from __future__ import annotations

import shutil
from pathlib import Path

from deskside.workspace.history import History
from deskside.workspace.history.frame import MARKER
from deskside.workspace.model import Workspace
from tests.crash_states.work.desk import settings


def test_the_next_record_may_supply_the_end_of_one_cut_short(tmp_path: Path) -> None:
    folder, looked_at = tmp_path / "history", tmp_path / "looked at"
    history, workspace = History(folder), Workspace(Path("/Jts/dgmgqticxk/tws.xml"))
    saved = [history.save(workspace, settings(0)).snapshot]
    (log,) = folder.glob("*.log")
    while log.read_bytes()[-1] != MARKER[0]:
        saved.append(history.save(workspace, settings(len(saved))).snapshot)
    log.write_bytes(log.read_bytes()[:-1])
    shutil.copytree(folder, looked_at)
    # What was cut is the last snapshot, or what the log notes for itself from time to time.
    survived = History(looked_at).snapshots(workspace)
    assert survived in (saved[::-1], saved[-2::-1])
    new = History(folder).save(workspace, settings(10**6)).snapshot
    assert History(folder).snapshots(workspace) == [new, *survived]
    assert History(folder).content(new) == settings(10**6)
    assert History(folder).verify() == []
