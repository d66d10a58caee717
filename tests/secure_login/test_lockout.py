"""Ten failures in a row lock; nothing else does, and a lock always ends."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import text

from deskside.foundation.clock import FrozenClock
from deskside.secure_login.lockout import LIMIT, WINDOW, Tally
from deskside.secure_login.passwords import Busy
from deskside.secure_login.service import LoginFailed
from deskside.secure_login.values import LoginStep, Origin
from tests.secure_login.desk import PASSWORD, Desk, filled_pool


class LockModel(RuleBasedStateMachine):
    """The rule, told again the long way: by looking at everything that ever happened."""

    @initialize()
    def begin(self) -> None:
        self.now = datetime(2026, 1, 5, 9, tzinfo=UTC)
        self.tally = Tally()
        self.row: list[datetime] = []
        self.locked_until: datetime | None = None

    @property
    def locked(self) -> bool:
        return self.locked_until is not None and self.now < self.locked_until

    @rule(minutes=st.integers(1, 8 * 60))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(times=st.integers(1, LIMIT))
    def failures(self, times: int) -> None:
        for _time in range(times):
            self.now += timedelta(seconds=1)
            if self.tally.is_locked(self.now):
                continue
            self.tally = self.tally.with_failure(self.now)
            self.row.append(self.now)
            in_window = [moment for moment in self.row if moment > self.now - WINDOW]
            if len(in_window) == LIMIT:
                self.locked_until = self.now + WINDOW
                self.row = []

    @rule()
    def success(self) -> None:
        if not self.tally.is_locked(self.now):
            self.tally = Tally()
            self.row = []

    @invariant()
    def agrees(self) -> None:
        if hasattr(self, "now"):
            assert self.tally.is_locked(self.now) == self.locked
            assert len(self.tally.failures) <= LIMIT


LockModel.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestLockRule = LockModel.TestCase


def fail(desk: Desk, name: str, times: int = LIMIT, origin: Origin | None = None) -> None:
    for _time in range(times):
        with pytest.raises(LoginFailed):
            desk.begin(name, "not the password", origin)


def mails(desk: Desk) -> int:
    return sum("locked" in subject for _to, subject, _body in desk.mails())


def test_ten_failures_lock_and_the_right_password_fails_too(desk: Desk, clock: FrozenClock) -> None:
    desk.person("anna")
    fail(desk, "anna", LIMIT - 1)
    assert mails(desk) == 0
    assert desk.begin("anna").challenge
    fail(desk, "anna", 1)
    assert mails(desk) == 1
    with pytest.raises(LoginFailed):
        desk.begin("anna")
    clock.advance(timedelta(hours=23, minutes=59))
    fail(desk, "anna", 3)
    clock.advance(timedelta(minutes=1))
    assert desk.log_in("anna").token
    assert mails(desk) == 1


def test_a_right_password_alone_does_not_reset(small_desk: Desk) -> None:
    small_desk.person("anna")
    fail(small_desk, "anna", LIMIT - 1)
    small_desk.begin("anna")
    fail(small_desk, "anna", 1)
    with pytest.raises(LoginFailed):
        small_desk.begin("anna")


def test_a_full_login_resets(small_desk: Desk) -> None:
    small_desk.person("anna")
    for _round in range(3):
        fail(small_desk, "anna", LIMIT - 1)
        assert small_desk.log_in("anna").token


def test_failures_spread_over_days_do_not_lock(small_desk: Desk, clock: FrozenClock) -> None:
    small_desk.person("anna")
    for _day in range(5):
        fail(small_desk, "anna", LIMIT - 1)
        clock.advance(timedelta(hours=24))
    assert small_desk.log_in("anna").token


def test_unknown_names_are_counted_alike_and_not_kept_in_clear(small_desk: Desk) -> None:
    fail(small_desk, "nobody", LIMIT + 2)
    with small_desk.database.read() as connection:
        rows = connection.execute(text("SELECT subject, failures FROM guesses")).all()
    assert len(rows) == 1
    assert rows[0].failures.count(",") == LIMIT - 1
    assert "nobody" not in rows[0].subject
    assert mails(small_desk) == 0


def test_wrong_answers_count_on_the_user_name(small_desk: Desk) -> None:
    small_desk.person("anna")
    step = small_desk.begin("anna")
    wrong_answers(small_desk, "anna", step, LIMIT)
    with pytest.raises(LoginFailed):
        small_desk.begin("anna")
    assert mails(small_desk) == 1
    challenge = small_desk.service.challenge(step.login, step.factors[0].device)
    with pytest.raises(LoginFailed):
        small_desk.service.answer(
            step.login, challenge.device, small_desk.respond("anna", challenge.question)
        )


def test_sharing_a_device_gives_no_further_guesses(desk: Desk) -> None:
    users = [desk.person(name, card=False) for name in ("anna", "annapaper")]
    desk.issue(*users)
    wrong_answers(desk, "anna", desk.begin("anna"), 5)
    wrong_answers(desk, "annapaper", desk.begin("annapaper"), 5)
    step = desk.begin("anna")
    assert step.challenge is not None
    with pytest.raises(LoginFailed):
        desk.answer(step, desk.respond("anna", step.challenge.question))


def test_another_name_on_the_device_does_not_refresh_the_guesses(small_desk: Desk) -> None:
    users = [small_desk.person(name, card=False) for name in ("anna", "annapaper")]
    small_desk.issue(*users)
    known = Origin(interactive=True)
    known = Origin(browser=small_desk.log_in("anna", known).browser, interactive=True)
    # Two counters of the user name and a device that is reset between: the binding remembers.
    wrong_answers(small_desk, "anna", small_desk.begin("anna"), 5)
    small_desk.log_in("annapaper")
    wrong_answers(small_desk, "anna", small_desk.begin("anna", origin=known), 5)
    step = small_desk.begin("anna")
    assert step.challenge is not None
    with pytest.raises(LoginFailed):
        small_desk.answer(step, small_desk.respond("anna", step.challenge.question))


def test_strangers_cannot_lock_out_a_known_browser(desk: Desk) -> None:
    desk.person("anna")
    desk.person("bruno")
    granted = desk.log_in("anna", Origin(interactive=True))
    known = Origin(browser=granted.browser, interactive=True)
    fail(desk, "anna", LIMIT + 5)
    with pytest.raises(LoginFailed):
        desk.begin("anna")
    assert desk.log_in("anna", known).browser == granted.browser
    # A full log-in elsewhere does not give the strangers ten guesses more.
    with pytest.raises(LoginFailed):
        desk.begin("anna")
    # The browser is known to one user name, and has its own limit.
    fail(desk, "anna", LIMIT, known)
    with pytest.raises(LoginFailed):
        desk.begin("anna", PASSWORD, known)
    fail(desk, "bruno", LIMIT, known)
    with pytest.raises(LoginFailed):
        desk.begin("bruno")


def test_a_browser_is_forgotten_in_the_end(small_desk: Desk, clock: FrozenClock) -> None:
    small_desk.person("anna")
    granted = small_desk.log_in("anna", Origin(interactive=True))
    clock.advance(timedelta(days=181))
    fail(small_desk, "anna")
    with pytest.raises(LoginFailed):
        small_desk.begin("anna", origin=Origin(browser=granted.browser))


def test_a_parallel_burst_gets_ten_guesses(desk: Desk) -> None:
    """However many attempts arrive at once, ten are verified with a chance of success."""
    user = desk.person("anna")
    before = len(desk.events())

    async def burst() -> list[object]:
        attempts = [desk.service.begin("anna", f"guess {number}") for number in range(30)]
        return await asyncio.gather(*attempts, return_exceptions=True)

    assert all(isinstance(outcome, LoginFailed) for outcome in asyncio.run(burst()))
    with desk.database.read() as connection:
        reasons = connection.execute(
            text("SELECT detail FROM audit_event WHERE event = 'login.refused'")
        ).scalars()
        told = sorted(reasons)
    assert len(desk.events()) == before + 30
    assert sum("password" in reason for reason in told) == LIMIT
    assert sum("locked" in reason for reason in told) == 30 - LIMIT
    assert mails(desk) == 1
    assert user.enabled


def test_the_right_password_among_too_many_at_once_is_worth_nothing(desk: Desk) -> None:
    """It was hashed before the ten failures were counted, and is judged after them."""
    desk.person("anna")
    pool, hashed, counted = desk.service.pool, threading.Event(), threading.Event()
    verify = pool.verify

    def slowly(stored: str | None, password: str) -> bool:
        right = verify(stored, password)
        if right:
            hashed.set()
            assert counted.wait(30)
        return right

    with mock.patch.object(pool, "verify", slowly), ThreadPoolExecutor(1) as elsewhere:
        under_way = elsewhere.submit(desk.begin, "anna")
        assert hashed.wait(30)
        fail(desk, "anna")
        counted.set()
        with pytest.raises(LoginFailed):
            under_way.result(30)


def test_a_parallel_burst_of_answers_gets_ten_guesses(desk: Desk) -> None:
    desk.person("anna")
    steps = [desk.begin("anna") for _session in range(14)]

    def guess(step: LoginStep) -> None:
        assert step.challenge is not None
        with pytest.raises(LoginFailed):
            desk.answer(step, desk.wrong("anna", step.challenge.question))

    with ThreadPoolExecutor(14) as pool:
        list(pool.map(guess, steps))
    with desk.database.read() as connection:
        told = connection.execute(
            text("SELECT detail FROM audit_event WHERE event = 'login.refused'")
        ).scalars()
        assert sum('"answer"' in reason for reason in told) == LIMIT


def test_a_full_queue_counts_nothing(small_desk: Desk) -> None:
    small_desk.person("anna")
    before = small_desk.count("guesses")
    with filled_pool(small_desk), pytest.raises(Busy) as caught:
        small_desk.begin("anna")
    assert caught.value.http_status == 503
    assert caught.value.retry_after > 0
    assert small_desk.count("guesses") == before
    assert small_desk.begin("anna").challenge


def wrong_answers(desk: Desk, name: str, step: LoginStep, times: int) -> None:
    for _time in range(times):
        asked = desk.service.challenge(step.login, step.factors[0].device)
        with pytest.raises(LoginFailed):
            desk.service.answer(step.login, asked.device, desk.wrong(name, asked.question))
