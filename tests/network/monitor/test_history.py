"""The file: what was kept stays, what cannot be read is left alone, and it stays small."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from deskside.foundation.errors import DesksideError
from deskside.network.monitor.history import History
from deskside.network.monitor.model import Change, Standing, State

from .conftest import FAILURE, START, SUCCESS, VOID, keep, measure, run

FAR = timedelta(days=1000)


def test_what_is_kept_is_read_back(file: Path) -> None:
    expires = START + timedelta(days=30)
    first = run(0, SUCCESS, measure(lookup=1.5, handshake=30.25, total=60.0, expires=expires))
    second = run(5, FAILURE, measure(reached=False, connect=None), measure("b", reached=None))
    change = Change(at=second.started, now=FAILURE, previous=SUCCESS)
    standing = Standing(FAILURE, second.started, (SUCCESS, FAILURE))
    with History.open(file) as history:
        keep(history, first)
        history.record(second, standing, change, [("mail", {"id": "7"})])
    with History.read(file) as history:
        assert history.last_run() == second
        assert history.standing() == standing
        assert history.changes(START, START + FAR) == [change]
        (one,) = history.seen(START, START + timedelta(minutes=1))
        assert one == (
            START.timestamp(),
            "success",
            *["a.example", "a.example", "reachable"],
            1,
            20.0,
            2,
            0,
        )
        assert [one.target for one in history.seen(second.started, START + FAR)] == [
            "a.example",
            "b",
        ]
        assert [one.outcome for one in history.runs(START, START + FAR)] == [SUCCESS, FAILURE]
        assert history.tallies()[State.FAILURE] == 1
        assert history.last_started() == second.started
        assert history.waiting() == 1


def test_alerts_keep_their_order_by_way(file: Path) -> None:
    with History.open(file) as history:
        history.record(run(0), Standing(), None, [("mail", {"n": 1}), ("command", {"n": 1})])
        history.record(run(1), Standing(), None, [("mail", {"n": 2})])
        now = START + timedelta(minutes=2)
        mail, command = sorted(history.due_alerts(now), key=lambda one: one.number)
        assert (mail.way, mail.document, command.way) == ("mail", {"n": 1}, "command")
        history.put_off(mail, now + timedelta(minutes=5))
        history.delivered(command)
        assert history.due_alerts(now) == []
        (again,) = history.due_alerts(now + timedelta(minutes=5))
        assert (again.document, again.attempts) == ({"n": 1}, 1)
        history.delivered(again)
        assert [one.document for one in history.due_alerts(now)] == [{"n": 2}]


def test_what_is_old_goes_and_the_count_of_all_runs_stays(file: Path) -> None:
    with History.open(file) as history:
        keep(history, *(run(60 * hour) for hour in range(10)))
        history.prune(START + timedelta(hours=9), timedelta(hours=4), 100)
        assert [one.started.hour for one in history.runs(START, START + FAR)] == [*range(14, 19)]
        assert len(list(history.seen(START, START + FAR))) == 5
        assert history.tallies()[State.SUCCESS] == 10


def test_a_file_that_is_too_large_loses_its_oldest_runs(file: Path) -> None:
    rows = [measure(f"row-{number}", code="c" * 200) for number in range(60)]
    with History.open(file) as history:
        keep(history, *(run(minute, SUCCESS, *rows) for minute in range(120)))
        history.prune(START, FAR, 1)
        left = history.runs(START, START + FAR)
        assert 10 < len(left) < 120
        assert left[-1].started == START + timedelta(minutes=119)
        used = file.stat().st_size
        for minute in range(120, 240):
            keep(history, run(minute, SUCCESS, *rows))
            history.prune(START, FAR, 1)
    assert file.stat().st_size <= used * 1.2


WRITER = """
import itertools, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from deskside.network.monitor.history import History
from deskside.network.monitor.model import Measure, Outcome, Run, Standing, State
failure = Outcome(State.FAILURE, "port-dropped")
rows = [Measure(target=f"row-{n}", host="h", code="port-dropped", reached=False) for n in range(50)]
with History.open(Path(sys.argv[1])) as history:
    for minute in itertools.count():
        at = datetime(2026, 1, 5, 9, tzinfo=UTC) + timedelta(minutes=minute)
        run = Run(started=at, seconds=1.0, outcome=failure, measures=tuple(rows))
        history.record(run, Standing(failure), None, [("mail", {"id": minute})])
        print(minute, flush=True)
"""


def test_a_kill_takes_nothing_that_was_kept_and_leaves_nothing_half(file: Path) -> None:
    kept = 0
    for lines in (5, 9):
        command = [sys.executable, "-c", WRITER, str(file)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writing:
            assert writing.stdout
            said = [writing.stdout.readline() for _line in range(lines)]
            writing.send_signal(signal.SIGKILL)
            said += [line for line in writing.stdout if line.endswith("\n")]
        with History.open(file) as history:
            runs = history.count()
            # The one that was being kept when the kill came may be there: then it is whole.
            assert kept + len(said) <= runs <= kept + len(said) + 1
            assert history.waiting() == runs
            assert len(list(history.seen(START, START + FAR))) == 50 * runs
            assert history.tallies()[State.FAILURE] == runs
        kept = runs


def newer(file: Path) -> None:
    with History.open(file) as history:
        keep(history, run())
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()


def somebody_elses(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE song (title TEXT)")
    connection.close()


def no_database(file: Path) -> None:
    file.write_bytes(b"Dear diary, " * 500)


def torn(file: Path) -> None:
    with History.open(file) as history:
        keep(history, *(run(minute) for minute in range(200)))
    whole = bytearray(file.read_bytes())
    whole[4096:] = bytes(len(whole) - 4096)
    file.write_bytes(whole)


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (newer, "monitor-history-newer"),
        (somebody_elses, "monitor-history-damaged"),
        (no_database, "monitor-history-damaged"),
        (torn, "monitor-history-damaged"),
    ],
)
def test_a_file_that_is_no_good_is_refused_and_left_as_it_is(
    file: Path, spoil: object, code: str
) -> None:
    assert callable(spoil)
    spoil(file)
    before = file.read_bytes()
    with pytest.raises(DesksideError) as refused, History.open(file):
        pass
    assert refused.value.code == code
    assert str(file) in refused.value.message
    assert refused.value.hint
    with pytest.raises(DesksideError) as unread, History.read(file) as history:
        list(history.seen(START, START + FAR))
    assert unread.value.code == code
    assert file.read_bytes() == before


def test_an_empty_file_is_begun_and_a_missing_one_is_not_read(file: Path) -> None:
    with pytest.raises(DesksideError) as missing, History.read(file):
        pass
    assert missing.value.code == "monitor-history-missing"
    assert not file.exists()
    file.touch()
    with History.open(file) as history:
        keep(history, run(0, VOID))
        assert history.count() == 1


def test_a_place_that_is_no_file_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(DesksideError) as refused, History.open(tmp_path):
        pass
    assert refused.value.code == "not-writable"
    assert str(tmp_path) in refused.value.message


def test_only_the_owner_reads_it(file: Path) -> None:
    with History.open(file):
        assert file.stat().st_mode & 0o777 == 0o600


def test_a_row_listed_twice_is_kept_once(file: Path) -> None:
    with History.open(file) as history:
        keep(history, run(0, SUCCESS, measure(connect=1.0), measure(connect=2.0)))
        last = history.last_run()
    assert last
    assert last.measures == (replace(measure(), connect=2.0),)
