"""`settings watch`: a snapshot at every save of the program, whatever happens to the files.

Every wait here is for something that is told, with a deadline.
"""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from typing import Any

import pytest
from click.testing import CliRunner

from deskside.foundation.errors import Unavailable
from deskside.workspace.commands import settings
from deskside.workspace.model import Saved, Workspace
from deskside.workspace.places.listening import Listening
from deskside.workspace.watching import Seen, Watch
from deskside.workspace.workstation import Workstation

from .conftest import SAMPLE, USER, document

DEADLINE = 15.0


class Running:
    """A watch that runs beside the test."""

    def __init__(self, here: Workstation, root: Path, **options: Any) -> None:
        self.told: Queue[Seen] = Queue()
        options = {"settle": 0.05, "look_around": 0.3} | options
        self.watch = Watch(here, lambda: here.workspaces(str(root)), self.told.put, **options)
        self.thread = threading.Thread(target=self.watch.run)

    def next(self) -> Seen:
        return self.told.get(timeout=DEADLINE)

    def saved(self) -> bytes:
        """Digest of the next snapshot."""
        seen = self.next()
        assert seen.saved, seen.problem
        return seen.saved.snapshot.sha256.encode()

    def nothing_more(self) -> None:
        with pytest.raises(Empty):
            self.told.get_nowait()


@contextmanager
def watching(here: Workstation, root: Path, **options: Any) -> Iterator[Running]:
    running = Running(here, root, **options)
    running.thread.start()
    try:
        yield running
    finally:
        running.watch.stop()
        running.thread.join(DEADLINE)
        assert not running.thread.is_alive()


def latest(here: Workstation, workspace: Workspace) -> bytes:
    return here.history.content(here.history.snapshots(workspace)[0])


def test_every_save_becomes_a_snapshot(here: Workstation, workspace: Workspace, root: Path) -> None:
    with watching(here, root) as running:
        running.saved()
        for number in range(3):
            workspace.file.write_bytes(document(str(number)))
            running.saved()
            assert latest(here, workspace) == document(str(number))
    running.nothing_more()
    assert len(here.history.snapshots(workspace)) == 4


def test_a_replaced_file_is_seen_as_well(
    here: Workstation, workspace: Workspace, root: Path
) -> None:
    with watching(here, root, look_around=60.0) as running:
        running.saved()
        beside = workspace.file.with_name("ibg.tmp")
        beside.write_bytes(document("replaced"))
        beside.replace(workspace.file)
        running.saved()
    assert latest(here, workspace) == document("replaced")


def test_what_was_saved_already_is_not_saved_again(
    here: Workstation, workspace: Workspace, root: Path
) -> None:
    here.save(workspace)
    Running(here, root).watch.run(once_idle=0.2)
    assert len(here.history.snapshots(workspace)) == 1


def test_a_file_that_is_being_written_is_not_saved_before_it_stands_still(
    here: Workstation, workspace: Workspace, root: Path
) -> None:
    """A valid file at every moment, written again and again; only what remains is kept."""
    with watching(here, root, settle=1.0) as running:
        running.saved()
        for number in range(40):
            workspace.file.write_bytes(document("x" * number))
            time.sleep(0.02)
        running.saved()
        assert latest(here, workspace) == document("x" * number)
    assert len(here.history.snapshots(workspace)) == 2


def test_a_damaged_file_is_told_once_and_saved_when_it_is_good_again(
    here: Workstation, workspace: Workspace, root: Path
) -> None:
    with watching(here, root) as running:
        running.saved()
        workspace.file.write_bytes(b"<Settings><half")
        problem = running.next().problem
        assert problem is not None
        assert problem.code == "settings-damaged"
        assert "The history holds" in problem.hint
        workspace.file.write_bytes(b"<Settings><half more")
        workspace.file.write_bytes(document("good"))
        running.saved()
    running.nothing_more()
    assert latest(here, workspace) == document("good")


def test_the_folder_disappears_and_comes_back(
    here: Workstation, workspace: Workspace, root: Path, tmp_path: Path
) -> None:
    with watching(here, root) as running:
        running.saved()
        for number in range(2):
            shutil.rmtree(root / USER if number else root)
            workspace.file.parent.mkdir(parents=True)
            workspace.file.write_bytes(document(f"back {number}"))
            running.saved()
            assert latest(here, workspace) == document(f"back {number}")


def test_a_new_user_is_watched_from_the_start(
    here: Workstation, workspace: Workspace, root: Path
) -> None:
    with watching(here, root) as running:
        running.saved()
        other = root / "dgmgqticxk" / "tws.xml"
        other.parent.mkdir()
        other.write_bytes(document("new user"))
        assert running.next().workspace.file == other


def test_a_root_that_is_not_there_yet(here: Workstation, tmp_path: Path) -> None:
    root = tmp_path / "Later"
    with watching(here, root) as running:
        (root / USER).mkdir(parents=True)
        (root / USER / "tws.xml").write_bytes(document())
        running.saved()


def test_where_nothing_is_told_looking_around_serves(
    here: Workstation, workspace: Workspace, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a network drive, or where the system has no watches left."""

    def no_watches(*_folders: Path, **_options: object) -> Iterator[object]:
        raise OSError(28, "inotify watch limit reached")

    monkeypatch.setattr("watchfiles.watch", no_watches)
    with watching(here, root) as running:
        running.saved()
        workspace.file.write_bytes(document("seen by looking"))
        running.saved()


def test_a_change_that_keeps_size_and_time_is_seen_because_it_was_told(
    here: Workstation, workspace: Workspace, root: Path
) -> None:
    workspace.file.write_bytes(document("a"))
    info = workspace.file.stat()
    with watching(here, root, look_around=60.0) as running:
        running.saved()
        workspace.file.write_bytes(document("b"))
        os.utime(workspace.file, ns=(info.st_atime_ns, info.st_mtime_ns))
        running.saved()
    assert latest(here, workspace) == document("b")


def test_what_comes_at_the_very_end_is_saved(
    here: Workstation, workspace: Workspace, root: Path
) -> None:
    with watching(here, root, settle=60.0):
        workspace.file.write_bytes(document("last words"))
    assert latest(here, workspace) == document("last words")


def test_the_history_is_busy_for_a_while(
    here: Workstation, workspace: Workspace, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = [True]
    save = here.history.save

    def sometimes(*arguments: Any) -> Saved:
        if busy:
            raise Unavailable("history-busy", "busy")
        return save(*arguments)

    monkeypatch.setattr(here.history, "save", sometimes)
    with watching(here, root) as running:
        problem = running.next().problem
        assert problem is not None
        assert problem.code == "history-busy"
        busy.clear()
        running.saved()


def test_each_snapshot_is_handed_on_and_a_refusal_there_ends_nothing(
    here: Workstation, workspace: Workspace, root: Path
) -> None:
    handed: list[Saved] = []

    def send(_workspace: Workspace, saved: Saved) -> None:
        handed.append(saved)
        raise Unavailable("portal-unreachable", "no portal")

    with watching(here, root, after_save=send) as running:
        for number in range(2):
            first, second = running.next(), running.next()
            assert first.saved == handed[number]
            assert second.problem is not None
            assert second.problem.code == "portal-unreachable"
            workspace.file.write_bytes(document(str(number)))


def test_the_history_is_tidied_up_while_all_is_quiet(
    here: Workstation, workspace: Workspace, root: Path
) -> None:
    tidied: Queue[float] = Queue()
    with watching(here, root, maintain=tidied.put, quiet=0.1) as running:
        running.saved()
        assert tidied.get(timeout=DEADLINE) > 0
        workspace.file.write_bytes(document("again"))
        running.saved()
        assert tidied.get(timeout=DEADLINE) > 0
    assert tidied.empty()


def test_doing_nothing_costs_nothing(here: Workstation, workspace: Workspace, root: Path) -> None:
    here.save(workspace)
    log = root / "launcher.log"
    running = Running(here, root, look_around=60.0)
    done = threading.Event()

    def write_logs() -> None:
        with log.open("a") as opened:
            while not done.wait(0.01):
                opened.write("a line\n")
                opened.flush()

    writer = threading.Thread(target=write_logs)
    writer.start()
    before = resource.getrusage(resource.RUSAGE_SELF)
    running.watch.run(once_idle=2.0)
    after = resource.getrusage(resource.RUSAGE_SELF)
    done.set()
    writer.join()
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert used < 0.5


def test_listening_wakes_for_a_bell_and_for_time() -> None:
    listening = Listening(lambda _path: True)
    listening.ring()
    assert listening.wait(60) == set()
    assert listening.wait(0.01) == set()


def test_two_watches_of_the_same_settings(
    here: Workstation, workspace: Workspace, root: Path
) -> None:
    here.save(workspace)
    with watching(here, root), watching(here, root):
        for number in range(3):
            workspace.file.write_bytes(document(str(number)))
            deadline = time.monotonic() + DEADLINE
            while latest(here, workspace) != document(str(number)):
                assert time.monotonic() < deadline
                time.sleep(0.01)
    assert len(here.history.snapshots(workspace)) == 4


# The command itself.


class Command:
    """`deskside settings watch` as a process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self._lines: Queue[str] = Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)

    def next(self) -> Any:
        return json.loads(self._lines.get(timeout=DEADLINE))

    def ended(self) -> tuple[int, str]:
        """Exit code and what was said beside the lines."""
        assert self.process.stderr is not None
        code = self.process.wait(DEADLINE)
        self._reader.join()
        return code, self.process.stderr.read()


@contextmanager
def command(root: Path, *options: str) -> Iterator[Command]:
    words = ["-m", "deskside", "settings", "watch", "--json", "--settle", "0.05", *options]
    with subprocess.Popen(
        [sys.executable, *words, "--root", str(root)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Command(process)
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_tells_in_lines_and_ends_cleanly(
    here: Workstation, workspace: Workspace, root: Path, number: signal.Signals
) -> None:
    with command(root) as running:
        first = running.next()
        assert first["event"] == "saved"
        assert first["workspace"] == "darykq.ibg"
        assert first["snapshot"]["size"] == SAMPLE.stat().st_size
        workspace.file.write_bytes(document("by the program"))
        assert running.next()["snapshot"]["sha256"] != first["snapshot"]["sha256"]
        workspace.file.write_bytes(document("at the end"))
        running.process.send_signal(number)
        assert running.ended() == (0, "")
    assert latest(here, workspace) == document("at the end")


def test_the_command_ends_by_itself_when_all_is_quiet(root: Path) -> None:
    with command(root, "--once-idle", "0.2") as running:
        assert running.next()["event"] == "saved"
        assert running.ended() == (0, "")


def test_in_words(root: Path, live: Path) -> None:
    words = ["watch", "--root", str(root), "--once-idle", "0.1", "--settle", "0"]
    told = CliRunner().invoke(settings, words)
    assert told.exit_code == 0
    assert re.search(
        r"UTC  saved \S+  IB Gateway, demo, user folder darykq, 225,057 b", told.stdout
    )
    live.write_bytes(b"<Settings>")
    assert "is damaged" in CliRunner().invoke(settings, words).stdout
