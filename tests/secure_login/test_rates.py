"""Too many attempts are refused before any secret is looked at, on all nodes together."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskside.foundation.clock import FrozenClock
from deskside.foundation.database import Database
from deskside.secure_login import passwords, rates
from deskside.secure_login.device_step import Devices
from deskside.secure_login.lockout import Tally
from deskside.secure_login.rates import MINUTE, Rates, TooManyAttempts
from deskside.secure_login.service import LoginFailed, LoginService
from deskside.secure_login.values import Origin
from tests.secure_login.browser import portal
from tests.secure_login.desk import PASSWORD, POOL, Desk

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
HERE, THERE = Origin("192.0.2.1"), Origin("192.0.2.2")


def limited(desk: Desk, limits: Rates) -> Desk:
    """The same desk with limits."""
    desk.service = LoginService.open(
        desk.database,
        desk.keyring,
        desk.clock,
        desk.audit,
        desk.mail,
        desk.directory,
        rates=limits,
        pool=POOL,
    )
    return desk


@pytest.fixture
def verified() -> Iterator[mock.Mock]:
    with mock.patch.object(passwords, "verify_now", wraps=passwords.verify_now) as counted:
        yield counted


@given(st.integers(1, 120), st.lists(st.integers(0, 90), min_size=1, max_size=300))
def test_no_minute_lets_more_through_than_twice_the_limit(limit: int, waits: list[int]) -> None:
    """A minute's worth at once, and what a minute brings back; never more."""
    now, tally, passed, waited = NOW, Tally(), [], []
    for wait in waits:
        now += timedelta(seconds=wait)
        try:
            tally = rates.counted({"s": tally}, {"s": limit}, now)["s"]
        except TooManyAttempts as error:
            waited.append(error.retry_after)
        else:
            passed.append(now)
    assert all(1 <= wait <= 61 for wait in waited)
    for start in passed:
        assert sum(start <= moment < start + MINUTE for moment in passed) <= 2 * limit


@given(st.integers(1, 600))
def test_whoever_keeps_to_the_limit_is_never_refused(limit: int) -> None:
    now, tally = NOW, Tally()
    for _time in range(50):
        tally = rates.counted({"s": tally}, {"s": limit}, now)["s"]
        now += MINUTE / limit + timedelta(microseconds=1)


@pytest.mark.parametrize("name", ["anna", "nobody"])
def test_a_user_name_known_or_not(desk: Desk, name: str, verified: mock.Mock) -> None:
    limited(desk, Rates(user=3)).person("anna")
    for _time in range(3):
        with pytest.raises(LoginFailed):
            desk.begin(name, "wrong", HERE)
    hashes, tallies = verified.call_count, guesses(desk)
    with pytest.raises(TooManyAttempts):
        desk.begin(name, PASSWORD, THERE)
    assert verified.call_count == hashes
    assert guesses(desk) == tallies


def test_an_address_and_the_whole_desk(desk: Desk) -> None:
    limited(desk, Rates(address=2))
    for number in range(2):
        with pytest.raises(LoginFailed):
            desk.begin(f"nobody-{number}", "wrong", HERE)
    with pytest.raises(TooManyAttempts):
        desk.begin("another", "wrong", HERE)
    with pytest.raises(LoginFailed):
        desk.begin("another", "wrong", THERE)
    limited(desk, Rates(desk=16))
    refused = 0
    for number in range(200):
        try:
            desk.begin(f"name-{number}", "wrong", Origin(f"192.0.2.{number}"))
        except TooManyAttempts:
            refused += 1
        except LoginFailed:
            pass
    assert refused >= 200 - 2 * rates.SHARDS


def test_a_minute_later_it_goes_on(desk: Desk, clock: FrozenClock) -> None:
    limited(desk, Rates(user=2)).person("anna", card=False)
    for _time in range(2):
        desk.log_in("anna")
    with pytest.raises(TooManyAttempts) as caught:
        desk.log_in("anna")
    clock.advance(timedelta(seconds=caught.value.retry_after))
    desk.log_in("anna")


def test_answers_are_limited_before_the_device_is_unsealed(desk: Desk) -> None:
    limited(desk, Rates(address=2)).person("anna")
    step = desk.begin("anna", origin=THERE)
    assert step.challenge is not None
    for _time in range(2):
        with pytest.raises(LoginFailed):
            desk.begin("nobody", "wrong", HERE)
    right = desk.respond("anna", step.challenge.question)
    unsealing = mock.patch.object(Devices, "record", side_effect=AssertionError("unsealed"))
    with unsealing, pytest.raises(TooManyAttempts):
        desk.answer(step, right, HERE)
    assert desk.answer(step, right, THERE).token, "nothing was used up"


def test_nodes_share_their_limits(database: Database, tmp_path: Path, clock: FrozenClock) -> None:
    nodes = [
        limited(Desk.open(database, tmp_path / "keys", clock), Rates(user=5)) for _node in "ab"
    ]
    nodes[0].person("anna", card=False)

    def attempt(number: int) -> bool:
        try:
            nodes[number % 2].begin("anna", origin=HERE)
        except TooManyAttempts:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(30))) == 5


def test_it_is_said_with_the_time_to_wait(small_desk: Desk) -> None:
    limited(small_desk, Rates(user=1)).person("anna")
    with portal(small_desk) as address:
        bodies = {}
        for name in ("anna", "nobody"):
            for _time in range(2):
                told = httpx2.post(
                    f"{address}/api/v1/login", json={"username": name, "password": "wrong"}
                )
            assert told.status_code == 429
            assert int(told.headers["retry-after"]) >= 1
            bodies[name] = told.content
        assert bodies["anna"] == bodies["nobody"]
        page = httpx2.post(f"{address}/login", data={"username": "anna", "password": PASSWORD})
    assert page.status_code == 429
    assert "too many attempts" in page.text


def guesses(desk: Desk) -> list[tuple[str, str]]:
    from sqlalchemy import text

    with desk.database.read() as connection:
        found = connection.execute(text("SELECT subject, failures FROM guesses ORDER BY 1"))
        return [(row.subject, row.failures) for row in found]
