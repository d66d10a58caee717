"""Logging in, from the password to the session."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from argon2 import PasswordHasher

from deskside.directory.model import AccountStatus
from deskside.foundation.clock import FrozenClock
from deskside.secure_login.authenticators import MalformedAnswer
from deskside.secure_login.passwords import hash_now
from deskside.secure_login.service import ChallengeExpired, LoginFailed
from deskside.secure_login.store import login
from deskside.secure_login.values import DeviceStatus, LoginStatus, Scope
from tests.secure_login.desk import PASSWORD, Desk


def test_password_and_card_open_a_session(desk: Desk) -> None:
    desk.person("anna")
    step = desk.begin("anna")
    assert step.session is None
    assert step.challenge is not None
    assert len(step.challenge.question) == 6
    assert [factor.kind for factor in step.factors] == ["dsc-plus"]
    assert desk.service.status(step.login) is LoginStatus.WAITING
    granted = desk.answer(step, desk.respond("anna", step.challenge.question))
    assert granted.amr == ("pwd", "otp", "pin", "hwk", "mfa")
    assert granted.scope is Scope.FULL
    assert granted.protection_level == 40
    assert desk.service.status(step.login) is LoginStatus.APPROVED
    resolved = desk.service.resolve(granted.token)
    assert resolved is not None
    assert resolved.visitor.user_name == "anna"
    assert resolved.visitor.display_name == "Anna"
    assert resolved.visitor.roles == {"trader"}


def test_a_wrong_pin_on_the_card_gives_no_session(desk: Desk) -> None:
    desk.person("anna")
    step = desk.begin("anna")
    assert step.challenge is not None
    with pytest.raises(LoginFailed):
        desk.answer(step, desk.respond("anna", step.challenge.question, pin="1397"))
    assert desk.count("session") == 0


def test_the_first_answer_consumes_the_challenge_right_or_wrong(desk: Desk) -> None:
    desk.person("anna")
    step = desk.begin("anna")
    assert step.challenge is not None
    right = desk.respond("anna", step.challenge.question)
    with pytest.raises(LoginFailed):
        desk.answer(step, desk.wrong("anna", step.challenge.question))
    with pytest.raises(LoginFailed):
        desk.answer(step, right)
    assert desk.count("session") == 0
    asked = desk.service.challenge(step.login, step.challenge.device)
    granted = desk.service.answer(step.login, asked.device, desk.respond("anna", asked.question))
    assert desk.service.resolve(granted.token)


def test_a_right_answer_works_once(desk: Desk) -> None:
    desk.person("anna")
    step = desk.begin("anna")
    assert step.challenge is not None
    right = desk.respond("anna", step.challenge.question)
    desk.answer(step, right)
    for _again in range(12):
        with pytest.raises(LoginFailed):
            desk.answer(step, right)
    assert desk.count("session") == 1
    # A second answer guesses nothing: nobody was locked by it.
    assert desk.log_in("anna").token


def test_a_finished_login_takes_no_further_challenge(small_desk: Desk) -> None:
    small_desk.person("anna")
    step = small_desk.begin("anna")
    assert step.challenge is not None
    small_desk.answer(step, small_desk.respond("anna", step.challenge.question))
    with pytest.raises(LoginFailed):
        small_desk.service.challenge(step.login, step.challenge.device)
    with pytest.raises(LoginFailed):
        small_desk.service.progress(step.login)


def test_a_challenge_lives_two_minutes(small_desk: Desk, clock: FrozenClock) -> None:
    small_desk.person("anna")
    step = small_desk.begin("anna")
    assert step.challenge is not None
    assert step.challenge.expires - clock.now() <= timedelta(minutes=2)
    right = small_desk.respond("anna", step.challenge.question)
    clock.advance(timedelta(minutes=2))
    with pytest.raises(ChallengeExpired):
        small_desk.answer(step, right)
    asked = small_desk.service.challenge(step.login, step.challenge.device)
    small_desk.service.answer(step.login, asked.device, small_desk.respond("anna", asked.question))


def test_a_login_lives_ten_minutes(small_desk: Desk, clock: FrozenClock) -> None:
    small_desk.person("anna")
    step = small_desk.begin("anna")
    assert step.challenge is not None
    clock.advance(timedelta(minutes=10))
    assert small_desk.service.status(step.login) is LoginStatus.REFUSED
    with pytest.raises(LoginFailed):
        small_desk.service.challenge(step.login, step.challenge.device)


def test_a_new_challenge_replaces_the_one_before(small_desk: Desk) -> None:
    small_desk.person("anna")
    step = small_desk.begin("anna")
    assert step.challenge is not None
    first = small_desk.respond("anna", step.challenge.question)
    small_desk.service.challenge(step.login, step.challenge.device)
    with pytest.raises(LoginFailed):
        small_desk.answer(step, first)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "answer-empty"),
        ("   ", "answer-empty"),
        ("1234567", "answer-too-short"),
        ("123456789", "answer-too-long"),
        ("1234567a", "answer-not-digits"),
        ("١٢٣٤٥٦٧٨", "answer-not-digits"),
        ("１２３４５６７８", "answer-not-digits"),
        ("9" * 100_000, "answer-too-long"),
        ("\x00" * 8, "answer-not-digits"),
    ],
)
def test_what_cannot_be_an_answer_spends_nothing(small_desk: Desk, text: str, code: str) -> None:
    small_desk.person("anna")
    step = small_desk.begin("anna")
    assert step.challenge is not None
    for _more_than_the_limit in range(12):
        with pytest.raises(MalformedAnswer) as caught:
            small_desk.answer(step, text)
        assert caught.value.code == code
    right = small_desk.respond("anna", step.challenge.question)
    assert small_desk.answer(step, f" {right[:4]} {right[4:]}\n").token


def test_another_persons_device_is_no_use(small_desk: Desk) -> None:
    small_desk.person("anna")
    small_desk.person("bruno")
    anna, bruno = small_desk.begin("anna"), small_desk.begin("bruno")
    assert anna.challenge is not None
    assert bruno.challenge is not None
    with pytest.raises(LoginFailed):
        small_desk.service.challenge(anna.login, bruno.challenge.device)
    with pytest.raises(LoginFailed):
        small_desk.service.answer(
            anna.login,
            bruno.challenge.device,
            small_desk.respond("bruno", bruno.challenge.question),
        )


def test_no_device_is_asked_the_same_question_twice(small_desk: Desk, clock: FrozenClock) -> None:
    class Stubborn:
        """Chance that offers the same few questions again and again."""

        def __init__(self) -> None:
            self.calls = 0

        def token_bytes(self, length: int) -> bytes:
            self.calls += 1
            return self.calls.to_bytes(length, "big")

        def below(self, bound: int) -> int:
            self.calls += 1
            return (self.calls // 20) % 7 if bound <= 10 else (self.calls // 3) % 7

    small_desk.person("anna")
    object.__setattr__(small_desk.service.device_step, "random", Stubborn())
    step = small_desk.begin("anna")
    assert step.challenge is not None
    device = step.challenge.device
    seen = [small_desk.service.challenge(step.login, device).question for _round in range(5)]
    seen.append(step.challenge.question)
    assert len(set(seen)) == len(seen)


def test_sweeping_keeps_answered_questions(small_desk: Desk, clock: FrozenClock) -> None:
    small_desk.person("anna")
    small_desk.log_in("anna")
    small_desk.begin("anna")
    assert small_desk.count("challenge") == 2
    clock.advance(timedelta(days=2))
    small_desk.service.sweep()
    assert small_desk.count("challenge") == 1
    assert small_desk.count("login") == small_desk.count("session") == 0
    assert small_desk.count("guesses") == 0


def test_sweeping_goes_on_in_the_background(small_desk: Desk, clock: FrozenClock) -> None:
    small_desk.person("anna")
    small_desk.begin("anna")
    clock.advance(timedelta(days=2))
    patience = time.monotonic() + 20
    with small_desk.service.sweeping(every=timedelta(milliseconds=5)):
        while small_desk.count("login") and time.monotonic() < patience:
            time.sleep(0.005)
    assert small_desk.count("login") == 0


def test_several_devices_the_strongest_first(small_desk: Desk) -> None:
    user = small_desk.person("anna")
    second = small_desk.issue(user)
    step = small_desk.begin("anna")
    assert len(step.factors) == 2
    asked = small_desk.service.challenge(step.login, second)
    assert small_desk.service.answer(
        step.login, second, small_desk.respond("anna", asked.question)
    ).token


def test_one_device_serves_several_user_names(desk: Desk) -> None:
    anna, second = desk.person("anna", card=False), desk.person("annapaper", card=False)
    desk.issue(anna, second)
    assert desk.log_in("anna").token
    assert desk.log_in("annapaper").token


def test_without_a_device_the_password_is_enough(desk: Desk) -> None:
    desk.person("nora", card=False)
    step = desk.begin("nora")
    assert step.factors == ()
    assert step.challenge is None
    assert step.session is not None
    assert step.session.amr == ("pwd",)
    assert step.session.protection_level == 0


def test_a_locked_device_does_not_make_it_easier(small_desk: Desk) -> None:
    user = small_desk.person("anna")
    serial = small_desk.service.list_devices(user_name_id=user.id)[0].serial
    step = small_desk.begin("anna")
    assert step.challenge is not None
    small_desk.service.set_device_status(serial, DeviceStatus.LOCKED)
    with pytest.raises(LoginFailed):
        small_desk.answer(step, small_desk.respond("anna", step.challenge.question))
    with pytest.raises(LoginFailed):
        small_desk.begin("anna")
    small_desk.service.set_device_status(serial, DeviceStatus.ACTIVE)
    assert small_desk.log_in("anna").token


@pytest.mark.parametrize(
    ("account", "scope"),
    [
        (AccountStatus.OPEN, Scope.FULL),
        (AccountStatus.NOT_APPROVED, Scope.PORTAL),
        (None, Scope.FULL),
    ],
)
def test_an_account_that_is_not_open_leaves_the_portal(
    small_desk: Desk, account: AccountStatus | None, scope: Scope
) -> None:
    small_desk.person("anna", account=account)
    assert small_desk.log_in("anna").scope is scope


def test_a_closed_account_needs_no_device(small_desk: Desk) -> None:
    small_desk.person("anna", account=AccountStatus.CLOSED)
    step = small_desk.begin("anna")
    assert step.session is not None
    assert step.session.scope is Scope.PORTAL


def test_a_disabled_user_name_is_out_at_once(small_desk: Desk) -> None:
    user = small_desk.person("anna")
    granted, step = small_desk.log_in("anna"), small_desk.begin("anna")
    assert step.challenge is not None
    small_desk.service.set_enabled(user, enabled=False)
    assert small_desk.service.resolve(granted.token) is None
    with pytest.raises(LoginFailed):
        small_desk.answer(step, small_desk.respond("anna", step.challenge.question))
    with pytest.raises(LoginFailed):
        small_desk.begin("anna")
    small_desk.service.set_enabled(user, enabled=True)
    assert small_desk.log_in("anna").token


def test_user_names_are_exact(desk: Desk) -> None:
    desk.person("anna")
    for name in ("Anna", "ANNA", " anna", "anna ", "", "anna\x00", "\ud800", "a" * 5000):
        with pytest.raises(LoginFailed):
            desk.begin(name)


def test_a_password_may_be_composed_either_way(small_desk: Desk) -> None:
    user = small_desk.person("anna", card=False)
    hashed = hash_now("caffè e brioche")
    with small_desk.database.write() as connection:
        small_desk.directory.store_password(connection, user.id, hashed)
    assert small_desk.begin("anna", "caffè e brioche").session


def test_an_old_hash_is_renewed(small_desk: Desk, real_costs: None) -> None:
    user = small_desk.person("anna", card=False)
    old = PasswordHasher(1, 8192, 1).hash(PASSWORD)
    with small_desk.database.write() as connection:
        small_desk.directory.store_password(connection, user.id, old)
    small_desk.begin("anna")
    with small_desk.database.read() as connection:
        from sqlalchemy import text

        stored = connection.execute(text("SELECT password_hash FROM user_name")).scalar_one()
    assert "m=19456,t=2,p=1" in stored
    assert small_desk.begin("anna").session


def test_the_answer_is_at_most_eight_statements_and_one_commit(desk: Desk) -> None:
    from deskside.secure_login.values import Origin

    desk.person("anna")
    origin = Origin(interactive=True)
    step = desk.begin("anna", origin=origin)
    assert step.challenge is not None
    right = desk.respond("anna", step.challenge.question)
    with desk.statements() as seen:
        desk.answer(step, right, origin)
    assert seen.count("COMMIT") == 1
    assert len(seen) - 1 <= 8, seen


def test_nothing_of_a_login_is_stored_in_clear(small_desk: Desk) -> None:
    small_desk.person("anna")
    step = small_desk.begin("anna")
    assert step.challenge is not None
    granted = small_desk.answer(step, small_desk.respond("anna", step.challenge.question))
    file = small_desk.database.file
    assert file is not None
    stored = file.read_bytes() + file.with_name(file.name + "-wal").read_bytes()
    for secret in (step.login, granted.token, granted.browser, PASSWORD, "anna@example.org"):
        assert secret.encode() not in stored
    assert login.c.secret_hash.name == "secret_hash"


def test_what_happened_is_recorded(small_desk: Desk) -> None:
    user = small_desk.person("anna")
    with pytest.raises(LoginFailed):
        small_desk.begin("anna", "wrong password")
    small_desk.log_in("anna")
    happened = [event for event, subject in small_desk.events() if subject == user.id]
    assert happened[-3:] == ["login.refused", "login.password-accepted", "login.succeeded"]
