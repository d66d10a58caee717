"""The live folder: restores, restores taken back, backups brought in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from deskside.workspace.importing import bring_in
from deskside.workspace.places.backups import found_backups
from tests.crash_states.scenarios import Seen
from tests.crash_states.tracing import Say
from tests.crash_states.work.desk import (
    digest,
    kept,
    look_at_history,
    settings,
    workspaces,
    workstation,
    write_live,
)

STORED_BY_VENDOR = b"[Logon]\nuseRemoteSettings=true\ns3store=true\n"


@dataclass(frozen=True)
class Restores:
    """Settings restored, together with the vendor's own store switched off, and taken back."""

    name: str = "restore"

    def prepare(self, root: Path) -> None:
        here, (workspace, _other) = workstation(root), workspaces(root)
        for number in (1, 2):
            write_live(workspace, settings(number))
            here.save(workspace)
        write_live(workspace, settings(3))
        (root / "Jts" / "jts.ini").write_bytes(STORED_BY_VENDOR)

    def work(self, root: Path, say: Say) -> None:
        here, (workspace, _other) = workstation(root), workspaces(root)
        older = here.history.snapshots(workspace)[-1]
        planned = here.plan_restore(workspace, older.id)
        before = digest(settings(3) + STORED_BY_VENDOR)
        after = digest(
            settings(1)
            + (STORED_BY_VENDOR.replace(b"useRemoteSettings=true", b"useRemoteSettings=false"))
        )
        say(f"NOW live {before}")
        say(f"TRY live {after}")
        restored = here.restore(planned)
        say(f"NOW live {after}")
        assert restored.saved
        assert restored.change
        say(f"HOLD {kept(restored.saved, workspace)}")
        say(f"HOLD change {restored.change.id}")
        say(f"TRY live {before}")
        here.engine().undo(restored.change.id)
        say(f"NOW live {before}")

    def look(self, root: Path) -> Seen:
        here, (workspace, _other) = workstation(root), workspaces(root)
        here._recover()
        live = digest(workspace.file.read_bytes() + (root / "Jts" / "jts.ini").read_bytes())
        trouble = [f"left behind: {path.name}" for path in (root / "Jts").rglob(".deskside*")]
        trouble += [f"recovered again: {change.id}" for change in here.engine().recover()]
        changes = {f"change {change.id}" for change in here.engine().list()}
        seen = look_at_history(here, root)
        here.save(workspace)
        oldest = here.history.snapshots(workspace)[-1]
        here.restore(here.plan_restore(workspace, oldest.id))
        if workspace.file.read_bytes() != settings(1):
            trouble.append("a restore after the crash is not what was restored")
        return Seen(seen.holds | changes, {"live": live}, (*seen.trouble, *trouble))


@dataclass(frozen=True)
class Backups:
    """The program's own backups brought into the history."""

    name: str = "backups"

    def prepare(self, root: Path) -> None:
        here, (workspace, _other) = workstation(root), workspaces(root)
        write_live(workspace, settings(0))
        here.save(workspace)
        for number in (5, 6):
            workspace.file.with_name(f"tws.2026110{number}.xml").write_bytes(settings(number))

    def work(self, root: Path, say: Say) -> None:
        here, (workspace, _other) = workstation(root), workspaces(root)
        say(f"HOLD {kept(here.history.snapshots(workspace)[0], workspace)}")
        brought = bring_in(here, workspace, found_backups(workspace))
        for _backup, snapshot in brought.saved:
            say(f"HOLD {kept(snapshot, workspace)}")
        say(f"NOW latest {digest(settings(0))}")

    def look(self, root: Path) -> Seen:
        here, (workspace, _other) = workstation(root), workspaces(root)
        latest = here.history.snapshots(workspace)[0].sha256
        seen = look_at_history(here, root)
        return replace(seen, values={"latest": latest})
