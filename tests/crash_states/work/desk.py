"""A computer under a root: its settings, its history, and what to look at after a crash."""

from __future__ import annotations

import hashlib
from pathlib import Path

from deskside.workspace import restoring
from deskside.workspace.model import Snapshot, Workspace
from deskside.workspace.places.running import RunningProgram
from deskside.workspace.workstation import Workstation
from tests.crash_states.scenarios import Seen

OPAQUE = b"IBGZENC\0"


def settings(number: int, *, opaque: bool = False) -> bytes:
    """Settings that differ with their number; of a size that takes several sectors."""
    seed = hashlib.shake_256(b"%d" % number).hexdigest(1200 + 400 * (number % 4))
    if opaque:
        return OPAQUE + bytes.fromhex(seed)
    shared = "".join(f'<Column colId="{n}" width="{n * 7 % 90}"/>\n' for n in range(90))
    text = f'<Settings mode="TWS" n="{number}">\n{shared}<Own value="{seed}"/>\n</Settings>\n'
    return text.encode()


def digest(content: bytes) -> str:
    """What a content is called in marks."""
    return hashlib.sha256(content).hexdigest()


def workspaces(root: Path) -> list[Workspace]:
    """Two users' settings: plain ones, and opaque ones."""
    folder = root / "Jts"
    names = ("dgmgqticxk/tws.xml", "abcdefghij/ibg.xml")
    return [Workspace(folder / name) for name in names]


def workstation(root: Path) -> Workstation:
    """The workstation whose data are under a root; no program runs on it."""
    restoring.programs = _none  # the real processes of this computer play no part
    return Workstation(root / "data")


def _none(workspace: Workspace) -> tuple[RunningProgram, ...]:
    return ()


def write_live(workspace: Workspace, content: bytes) -> None:
    """What a trading program wrote, long ago."""
    workspace.file.parent.mkdir(parents=True, exist_ok=True)
    workspace.file.write_bytes(content)


def kept(snapshot: Snapshot, workspace: Workspace) -> str:
    """A snapshot in marks."""
    return f"{snapshot.id} {snapshot.sha256} {workspace.file.name}"


def look_at_history(here: Workstation, root: Path) -> Seen:
    """Everything in the history read back; then one more save each, and everything again."""
    history = here.history
    trouble = [f"false alarm: {each.what}" for each in history.verify()]
    held = _held(here, root)
    for number, workspace in enumerate(workspaces(root)):
        content = settings(900 + number, opaque=bool(number))
        saved = history.save(workspace, content).snapshot
        if history.content(saved) != content:
            trouble.append("a save after the crash is not what was saved")
    again = workstation(root)
    if gone := held - _held(again, root):
        trouble.append(f"gone after the next save: {sorted(gone)}")
    trouble += [f"false alarm after the next save: {each.what}" for each in again.history.verify()]
    return Seen(held, trouble=tuple(trouble))


def _held(here: Workstation, root: Path) -> frozenset[str]:
    held = set()
    for workspace in workspaces(root):
        for snapshot in here.history.snapshots(workspace):
            content = here.history.content(snapshot)
            assert digest(content) == snapshot.sha256, "a snapshot gives another content"
            held.add(kept(snapshot, workspace))
    return frozenset(held)
