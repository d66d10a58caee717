"""What enumeration finds once in a thousand runs, made to happen."""

from __future__ import annotations

from pathlib import Path

from deskside.workspace.history import History
from deskside.workspace.history.frame import MARKER
from deskside.workspace.model import Workspace
from tests.crash_states.work.desk import settings


def test_the_next_record_may_supply_the_end_of_one_cut_short(tmp_path: Path) -> None:
    history, workspace = History(tmp_path), Workspace(Path("/Jts/dgmgqticxk/tws.xml"))
    saved = [history.save(workspace, settings(0)).snapshot]
    (log,) = tmp_path.glob("*.log")
    while log.read_bytes()[-1] != MARKER[0]:
        saved.append(history.save(workspace, settings(len(saved))).snapshot)
    log.write_bytes(log.read_bytes()[:-1])
    history = History(tmp_path)
    saved[-1] = history.save(workspace, settings(10**6)).snapshot
    assert History(tmp_path).snapshots(workspace) == saved[::-1]
    assert History(tmp_path).content(saved[-1]) == settings(10**6)
    assert History(tmp_path).verify() == []
