"""The history of a computer: saves, what is told about them, and what tidies them up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from deskside.workspace.history import History, PortalState
from tests.crash_states.scenarios import Seen
from tests.crash_states.tracing import Say
from tests.crash_states.work.desk import (
    kept,
    look_at_history,
    settings,
    workspaces,
    workstation,
)

PORTAL = "https://portal.example"
LATER = timedelta(days=3650)


@dataclass(frozen=True)
class Saves:
    """Settings of two users saved in turn, plain and opaque; some of them saved before."""

    name: str
    before: int
    count: int

    def prepare(self, root: Path) -> None:
        _saved(root, self.before)

    def work(self, root: Path, say: Say) -> None:
        history = workstation(root).history
        for number in range(self.before, self.before + self.count):
            which = number // 2 % 2
            workspace = workspaces(root)[which]
            content = settings(number, opaque=bool(which))
            say(f"HOLD {kept(history.save(workspace, content, 'a note').snapshot, workspace)}")

    def look(self, root: Path) -> Seen:
        return look_at_history(workstation(root), root)


@dataclass(frozen=True)
class Tidying:
    """Pins and a portal's state; compressed further; thinned."""

    name: str = "tidying"

    def prepare(self, root: Path) -> None:
        _saved(root, 8)

    def work(self, root: Path, say: Say) -> None:
        history, (plain, opaque) = workstation(root).history, workspaces(root)
        for workspace in (plain, opaque):
            for snapshot in history.snapshots(workspace):
                say(f"HOLD {kept(snapshot, workspace)}")
        first, last = history.snapshots(opaque)[-1], history.snapshots(plain)[0]
        history.pin(first)
        say(f"HOLD pin {first.id}")
        state = PortalState(base="v1", queued=last.id)
        say("NOW queued None")
        say(f"TRY queued {last.id}")
        history.set_portal_state(plain, PORTAL, state)
        say(f"NOW queued {last.id}")
        history.recompress(30)
        say("TRY queued None")
        history.set_portal_state(plain, PORTAL, replace(state, queued=None))
        say("NOW queued None")
        for snapshot in history.snapshots(opaque)[1:-1]:
            say(f"DROP {kept(snapshot, opaque)}")
        say("NOW thinned no")
        say("TRY thinned yes")
        assert history.prune(now=datetime.now(UTC) + LATER)
        say("NOW thinned yes")

    def look(self, root: Path) -> Seen:
        history, (plain, opaque) = workstation(root).history, workspaces(root)
        pins = {f"pin {s.id}" for s in history.snapshots(opaque) if s.pinned}
        thinned = "yes" if len(history.snapshots(opaque)) < 4 else "no"
        queued = str(history.portal_state(plain, PORTAL).queued)
        seen = look_at_history(workstation(root), root)
        return replace(seen, holds=seen.holds | pins, values={"queued": queued, "thinned": thinned})


@dataclass(frozen=True)
class TakingOver:
    """The history of another computer taken over."""

    name: str = "import"

    def prepare(self, root: Path) -> None:
        _saved(root, 6)
        (root / "data" / "workspace").rename(root / "other")
        _saved(root, 1)

    def work(self, root: Path, say: Say) -> None:
        history, (plain, _opaque) = workstation(root).history, workspaces(root)
        say(f"HOLD {kept(history.snapshots(plain)[0], plain)}")
        before = {snapshot.id for each in workspaces(root) for snapshot in history.snapshots(each)}
        history.import_history(other(root))
        say("NOW whole yes")
        for workspace in workspaces(root):
            for snapshot in history.snapshots(workspace):
                if snapshot.id not in before:
                    say(f"HOLD {kept(snapshot, workspace)}")

    def look(self, root: Path) -> Seen:
        seen = look_at_history(workstation(root), root)
        theirs = History(other(root))
        wanted = {kept(s, each) for each in workspaces(root) for s in theirs.snapshots(each)}
        whole = "yes" if wanted <= seen.holds else "no"
        workstation(root).history.import_history(other(root))  # again, as a person would
        finished = wanted <= look_at_history(workstation(root), root).holds
        trouble = () if finished else ("the import cannot be finished",)
        return replace(seen, values={"whole": whole}, trouble=(*seen.trouble, *trouble))


@dataclass(frozen=True)
class Repair:
    """A damaged history brought back from a copy of it."""

    name: str = "repair"

    def prepare(self, root: Path) -> None:
        _saved(root, 10)
        logs = root / "data" / "workspace" / "history"
        (root / "other" / "history").mkdir(parents=True)
        for file in logs.iterdir():
            (root / "other" / "history" / file.name).write_bytes(file.read_bytes())
        for log in logs.glob("*.log"):
            content = log.read_bytes()
            middle = len(content) // 2
            log.write_bytes(content[:middle] + b"?" * 600 + content[middle + 600 :])

    def work(self, root: Path, say: Say) -> None:
        history = workstation(root).history
        lost = set(history.damaged())
        for workspace in workspaces(root):
            for snapshot in history.snapshots(workspace):
                if snapshot.id not in lost:
                    say(f"HOLD {kept(snapshot, workspace)}")
        repaired = history.repair(History(other(root)))
        assert repaired.recovered
        assert not repaired.lost
        for workspace in workspaces(root):
            for snapshot in history.snapshots(workspace):
                say(f"HOLD {kept(snapshot, workspace)}")

    def look(self, root: Path) -> Seen:
        history = workstation(root).history
        whole = set()
        damaged = set(history.damaged())
        for workspace in workspaces(root):
            snapshots = history.snapshots(workspace)
            whole |= {kept(each, workspace) for each in snapshots if each.id not in damaged}
        history.repair(History(other(root)))
        seen = look_at_history(workstation(root), root)
        theirs = History(other(root))
        everything = {kept(s, w) for w in workspaces(root) for s in theirs.snapshots(w)}
        trouble = () if everything <= seen.holds else ("the repair cannot be finished",)
        return Seen(frozenset(whole), trouble=(*seen.trouble, *trouble))


def other(root: Path) -> Path:
    """Where another copy of the history is."""
    return root / "other" / "history"


def _saved(root: Path, count: int) -> None:
    history = workstation(root).history
    for number in range(count):
        which = number // 2 % 2
        history.save(workspaces(root)[which], settings(number, opaque=bool(which)))
