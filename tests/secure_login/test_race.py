"""Two processes submit one right response two hundred times at once: one session."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.synchronize import Barrier
from pathlib import Path

from deskside.foundation.clock import FrozenClock
from deskside.foundation.database import Database
from deskside.secure_login.service import LoginFailed
from tests.secure_login.desk import Desk

PROCESSES, SUBMISSIONS, THREADS = 2, 100, 25


def submit(url: str, keys: Path, start: Barrier, login: str, device: str, response: str) -> None:
    """One node: exits with the number of sessions it was granted."""
    database = Database.open(url)
    desk = Desk.open(database, keys, FrozenClock())

    def once(_number: int) -> bool:
        try:
            return bool(desk.service.answer(login, device, response).token)
        except LoginFailed:
            return False

    start.wait(60)
    with ThreadPoolExecutor(THREADS) as pool:
        granted = sum(pool.map(once, range(SUBMISSIONS)))
    raise SystemExit(granted)


def test_one_response_is_one_session(database_url: str, desk: Desk, tmp_path: Path) -> None:
    desk.person("anna")
    step = desk.begin("anna")
    assert step.challenge is not None
    response = desk.respond("anna", step.challenge.question)
    spawn = multiprocessing.get_context("spawn")
    start = spawn.Barrier(PROCESSES)
    work = (database_url, tmp_path / "keys", start, step.login, step.challenge.device, response)
    nodes = [spawn.Process(target=submit, args=work) for _node in range(PROCESSES)]
    for node in nodes:
        node.start()
    for node in nodes:
        node.join(120)
    assert sorted(node.exitcode or 0 for node in nodes) == [0, 1]
    assert desk.count("session") == desk.count("spent") == 1
    # None of the other 199 was taken for a guess.
    assert desk.log_in("anna").token
