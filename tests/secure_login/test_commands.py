"""`deskside card` at the command line: what is printed, and with which exit code."""

from __future__ import annotations

import io
import json
import os
import pty
import select
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from deskside.foundation.console import guarded
from deskside.foundation.paths import demo_folder, portal_folder
from deskside.secure_login import commands
from deskside.secure_login.authenticators import registry
from deskside.secure_login.card import file as device_file

from .helpers import PIN, plain_card

CARD = plain_card()
RESPONSE = CARD.respond("123456", PIN)


class Outcome:
    """What one run left behind."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


class Terminal(io.StringIO):
    """Standard input that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def card_file(tmp_path: Path) -> str:
    path = tmp_path / "card.json"
    device_file.write(path, CARD.as_document())
    return str(path)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Run `deskside card …` as the entry point does."""

    def run(*arguments: str, stdin: str | io.StringIO = "") -> Outcome:
        group = click.Group("deskside", {"card": commands.card})
        monkeypatch.setattr(sys, "argv", ["deskside", "card", *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin) if isinstance(stdin, str) else stdin)
        code = 0
        try:
            guarded(group.main)(["card", *arguments], prog_name="deskside", standalone_mode=False)
        except SystemExit as ended:
            code = int(ended.code or 0)
        printed = capsys.readouterr()
        return Outcome(code, printed.out, printed.err)

    return run


def test_respond_prints_the_response_and_nothing_else(run, card_file: str) -> None:
    outcome = run("respond", "--file", card_file, "--pin", PIN, "--challenge", "123456")
    assert (outcome.code, outcome.out, outcome.err) == (0, f"{RESPONSE}\n", "")


def test_respond_in_json(run, card_file: str) -> None:
    outcome = run("respond", "--file", card_file, "--pin", PIN, "--challenge", "123456", "--json")
    assert outcome.code == 0
    assert json.loads(outcome.out) == {"response": RESPONSE}


def test_the_pin_may_come_from_standard_input(run, card_file: str) -> None:
    arguments = ("respond", "--file", card_file, "--pin", "-", "--challenge", "123 456")
    assert run(*arguments, stdin=f"{PIN}\n").out == f"{RESPONSE}\n"
    assert run(*arguments, stdin="").code == 2


def test_the_file_may_stand_before_the_command(run, card_file: str) -> None:
    outcome = run("--file", card_file, "respond", "--pin", PIN, "--challenge", "123456")
    assert outcome.out == f"{RESPONSE}\n"


def test_a_wrong_pin_is_no_error_but_a_wrong_response(run, card_file: str) -> None:
    outcome = run("respond", "--file", card_file, "--pin", "9174", "--challenge", "123456")
    assert outcome.code == 0
    assert len(outcome.out.strip()) == 8
    assert outcome.out != f"{RESPONSE}\n"


@pytest.mark.parametrize("challenge", ["", "abcdef", "12345", "1234567", "١٢٣٤٥٦", "１２３４５６"])
def test_a_malformed_challenge_is_wrong_usage(run, card_file: str, challenge: str) -> None:
    arguments = ("respond", "--file", card_file, "--pin", PIN, "--challenge", challenge)
    outcome = run(*arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("deskside: error: The challenge")
    error = json.loads(run(*arguments, "--json").out)["error"]
    assert error["code"].startswith("challenge-")


def test_a_malformed_pin_is_wrong_usage_and_not_repeated(run, card_file: str) -> None:
    outcome = run("respond", "--file", card_file, "--pin", "28055", "--challenge", "123456")
    assert outcome.code == 2
    assert "28055" not in outcome.out + outcome.err


def test_a_missing_or_damaged_file_is_refused(run, card_file: str, tmp_path: Path) -> None:
    arguments = ("--pin", PIN, "--challenge", "123456")
    assert run("respond", "--file", str(tmp_path / "no.json"), *arguments).code == 3
    Path(card_file).write_text('{"kind": "dsc-plus"}')
    outcome = run("respond", "--file", card_file, *arguments)
    assert outcome.code == 3
    assert "serial is missing" in outcome.err
    assert run("respond", "--file", str(tmp_path), *arguments).code == 3


def test_an_unknown_kind_is_refused(run, card_file: str) -> None:
    Path(card_file).write_text('{"kind": "crystal-ball"}')
    for arguments in ((), ("respond",)):
        outcome = run(*arguments, "--file", card_file)
        assert outcome.code == 3
        assert "crystal-ball" in outcome.err


@pytest.mark.parametrize("arguments", [(), ("respond",)], ids=["interactive", "respond"])
def test_a_kind_without_a_file_is_refused(run, card_file, arguments, monkeypatch) -> None:
    monkeypatch.setattr(commands, "authenticator", lambda _kind: object())
    outcome = run(*arguments, "--file", card_file)
    assert outcome.code == 3
    assert "dsc-plus" in outcome.err


def test_line_by_line_when_the_input_is_no_terminal(run, card_file: str) -> None:
    outcome = run("--file", card_file, stdin=f"press\n{PIN}\n123456\n")
    assert outcome.code == 0
    assert outcome.out == f"PIN>\nCHALLNG>\n{RESPONSE}\n"


def test_line_by_line_in_json(run, card_file: str) -> None:
    outcome = run("--file", card_file, "--json", stdin=f"press\n{PIN}\n123456\n")
    assert json.loads(outcome.out) == {"displays": ["PIN>", "CHALLNG>", RESPONSE]}


def test_a_mistyped_line_is_wrong_usage(run, card_file: str) -> None:
    assert run("--file", card_file, stdin=f"press\n{PIN}\n12345\n").code == 2


# At a real terminal


class Screen:
    """`deskside card` in a real pseudo-terminal, which echoes whatever nobody forbids it to."""

    def __init__(self, card_file: str) -> None:
        self.keyboard, terminal = pty.openpty()
        self.before = termios.tcgetattr(terminal)
        self.terminal = terminal
        program = str(Path(sys.executable).with_name("deskside"))
        self.process = subprocess.Popen(
            [program, "card", "--file", card_file], stdin=terminal, stdout=terminal, stderr=terminal
        )
        self.seen = ""

    def until(self, text: str) -> None:
        """Read what the screen shows, up to a text that must come."""
        while text not in self.seen:
            ready, _w, _x = select.select([self.keyboard], [], [], 20)
            assert ready, self.seen
            self.seen += os.read(self.keyboard, 4096).decode(errors="replace")

    def type(self, keys: str) -> None:
        os.write(self.keyboard, keys.encode())

    def ended(self) -> int:
        """Wait for the end; whatever was still on its way to the screen is read."""
        code = self.process.wait(timeout=20)
        while select.select([self.keyboard], [], [], 0)[0]:
            self.seen += os.read(self.keyboard, 4096).decode(errors="replace")
        return code


@pytest.fixture
def screen(card_file: str) -> Iterator[Screen]:
    shown = Screen(card_file)
    yield shown
    shown.process.kill()
    shown.process.wait()
    os.close(shown.keyboard)
    os.close(shown.terminal)


def test_what_is_typed_ahead_or_pasted_works_and_is_not_echoed(screen: Screen) -> None:
    screen.until("q quit")
    screen.type(f"p{PIN}x\x1b[A\r123456\r")
    screen.until(RESPONSE)
    screen.type(f"p{PIN}c{PIN}\r")
    screen.until("CHALLNG>  ")
    screen.type(f"q{PIN}")
    assert screen.ended() == 0
    for display in ("PIN>", "PIN>----", "CHALLNG>", "CHALLNG>123456", RESPONSE):
        assert f"│ {display.ljust(16)} │" in screen.seen
    assert PIN not in screen.seen
    assert termios.tcgetattr(screen.terminal) == screen.before


@pytest.mark.parametrize("end", ["q", "\x03", "\x04", "\x1b"])
def test_the_terminal_is_as_before_however_it_ends(screen: Screen, end: str) -> None:
    screen.until("q quit")
    assert not termios.tcgetattr(screen.terminal)[3] & termios.ECHO
    screen.type(end)
    assert screen.ended() == 0
    assert termios.tcgetattr(screen.terminal) == screen.before


@pytest.mark.parametrize("end", [EOFError, KeyboardInterrupt])
def test_keys_on_windows(run, card_file: str, monkeypatch, end) -> None:
    keys = iter(["p", *PIN, "\xe0H", "\r", *"123456", "\r"])

    def key() -> str:
        try:
            return next(keys)
        except StopIteration:
            raise end from None

    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(click, "getchar", key)
    outcome = run("--file", card_file, stdin=Terminal())
    assert outcome.code == 0
    assert RESPONSE in outcome.out
    assert PIN not in outcome.out


# Which card, when none is named


def _demo(folder: Path, *devices: dict[str, object]) -> None:
    folder.mkdir(parents=True)
    users = [{"username": "ada", "devices": list(devices)}]
    (folder / "demo.json").write_text(json.dumps({"portal": "http://localhost", "users": users}))
    device_file.write(folder / "ada.json", CARD.as_document())


ADAS: dict[str, object] = {"kind": "dsc-plus", "file": "ada.json", "pin": PIN}
OTHERS: list[dict[str, object]] = [
    {"kind": "crystal-ball", "file": "ball.json", "pin": None},
    {"kind": "passkey", "file": None, "pin": None},
]


@pytest.mark.parametrize("place", [demo_folder, portal_folder])
def test_the_only_card_of_the_demo_needs_no_name(run, place) -> None:
    _demo(place(), ADAS, *OTHERS, ADAS)
    assert run("respond", "--pin", PIN, "--challenge", "123456").out == f"{RESPONSE}\n"


@pytest.mark.parametrize("content", [None, "", "[]", '{"users": 1}', '{"users": [1]}'])
def test_without_a_demo_the_file_must_be_named(run, content) -> None:
    if content is not None:
        demo_folder().mkdir(parents=True)
        (demo_folder() / "demo.json").write_text(content)
    for stdin in ("", Terminal()):
        outcome = run("respond", "--pin", PIN, "--challenge", "123456", stdin=stdin)
        assert outcome.code == 2
        assert "--file" in outcome.err


@pytest.mark.parametrize("answer", ["1\n", "ada\n", "7\nAda\n"])
def test_with_several_cards_a_person_is_asked_whose(run, answer) -> None:
    folder = demo_folder()
    _demo(folder, ADAS)
    users = [
        {"username": name, "devices": [{**ADAS, "file": file}]}
        for name, file in (("ada", "ada.json"), ("bea", "second.json"), ("cara", "second.json"))
    ]
    (folder / "demo.json").write_text(json.dumps({"portal": "http://localhost", "users": users}))
    assert run("respond", "--pin", PIN, "--challenge", "123456").code == 2
    arguments = ("respond", "--pin", PIN, "--challenge", "123456")
    outcome = run(*arguments, stdin=Terminal(answer))
    assert RESPONSE in outcome.out
    assert "1  ada\n" in outcome.err
    assert "2  bea, cara\n" in outcome.err


def test_the_commands_explain_themselves(run) -> None:
    assert "PIN>" in run("--help").out
    assert "standard input" in run("respond", "--help").out
    assert registry.GROUP == "deskside.authenticators"
