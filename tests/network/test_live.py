"""A test that somebody watches, and ends: in a real terminal, and without one."""

from __future__ import annotations

import json
import os
import pty
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deskside.foundation.text import use_language
from deskside.network.live import Display, doing
from deskside.network.progress import Step

from .conftest import far_end

COMMAND = [sys.executable, "-m", "deskside", "network", "test", "--deadline", "20"]
CLEARED = "\x1b[J"


@pytest.fixture
def reached() -> threading.Event:
    return threading.Event()


@pytest.fixture
def lab(reached: threading.Event, tmp_path: Path) -> Iterator[str]:
    """A far end that accepts, and then says nothing until the other side has gone."""

    def talk(connection: socket.socket) -> None:
        reached.set()
        connection.settimeout(25)
        while connection.recv(1024):
            pass

    with far_end(talk) as port:
        file = tmp_path / "lab.toml"
        file.write_text(
            f'[[host]]\nid = "mute"\nhost = "127.0.0.1"\nports = [{port}]\ntls = [{port}]\n'
        )
        yield str(file)


@contextmanager
def terminal(*arguments: str) -> Iterator[Callable[[str], str]]:
    """The command on a terminal; gives what reads until a text, or the end where it is empty."""
    ours, its = pty.openpty()
    running = subprocess.Popen(
        [*COMMAND, *arguments], stdin=its, stdout=its, stderr=its, start_new_session=True
    )
    os.close(its)
    seen = ""

    def until(text: str) -> str:
        nonlocal seen
        while not text or text not in seen:
            try:
                read = os.read(ours, 4096)
            except OSError:  # Linux's way to say that the other side was closed
                break
            seen += read.decode(errors="replace")
        if not text:
            assert running.wait(30) == 1
        else:
            assert text in seen
        return seen

    def interrupt(text: str) -> str:
        if text == "^C":
            running.send_signal(signal.SIGINT)
            return ""
        return until(text)

    try:
        yield interrupt
    finally:
        running.kill()
        running.wait()
        os.close(ours)


def test_a_terminal_shows_what_is_probed_and_then_the_report(lab: str) -> None:
    with terminal("--catalogue", lab) as at:
        at("0 of 1 hosts")
        at("s left at most")
        at("127.0.0.1 …")
        at("^C")
        seen = at("")
    report = seen[seen.rindex(CLEARED) :]
    assert "hosts ·" not in report
    assert "127.0.0.1 (mute): not tested to the end" in report
    assert "The test was stopped; this is what was seen until then." in report
    assert "the test was stopped" in report


def test_json_shows_nothing_of_it_even_there(lab: str) -> None:
    with terminal("--catalogue", lab, "--json", "--deadline", "0.5") as at:
        seen = at("")
    assert "\x1b" not in seen
    assert json.loads(seen)["verdict"] == "degraded"


def test_ctrl_c_reports_what_was_done_until_then_in_every_format(
    lab: str, reached: threading.Event, tmp_path: Path
) -> None:
    files = {name: tmp_path / name for name in ("html", "junit", "text")}
    wanted = [word for name, file in files.items() for word in (f"--{name}", str(file))]
    with subprocess.Popen(
        [*COMMAND, "--catalogue", lab, "--json", *wanted],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert reached.wait(20)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=20)
    assert running.returncode == 1
    assert err == ""
    said = json.loads(out)
    assert said["stopped"] is True
    assert {"what": "mute", "why": "stopped"} in said["not_tested"]
    assert said["findings"][0]["code"] == "not-tested"
    for file in files.values():
        assert "the test was stopped" in file.read_text()
        assert "not tested to the end" in file.read_text()


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (Step(0, 0, (), 10), "The test begins …"),
        (Step(1, 3, ("a", "b"), 10), "a, b …"),
        (Step(0, 9, ("a", "b", "c", "d", "e"), 10), "a, b, c and 2 more …"),
        (Step(3, 3, (), 4), "This computer and its line …"),
    ],
)
def test_what_is_being_done(step: Step, words: str) -> None:
    use_language("en")
    assert doing(step) == words


def test_the_lines_fit_and_are_taken_away(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    display = Display(10)
    display.show(Step(1, 2, ("x" * 90,), 3.4))
    display.show(Step(2, 2, (), -0.1))
    display.clear()
    drawn = capsys.readouterr().err
    assert "1 of 2 hosts" in drawn.split("\n")[0] + drawn
    assert all(len(line.split("\x1b[K")[0].split("F", 1)[-1]) <= 39 for line in drawn.split("\n"))
    assert drawn.endswith("\x1b[2F" + CLEARED)
