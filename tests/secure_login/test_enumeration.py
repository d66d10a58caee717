"""Nothing tells a user name that exists from one that does not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from unittest import mock

import pytest
from sqlalchemy import text

from deskside.foundation.clock import FrozenClock
from deskside.secure_login import passwords
from deskside.secure_login.lockout import LIMIT
from deskside.secure_login.service import LoginFailed
from tests.secure_login.desk import PASSWORD, Desk


@pytest.fixture
def hashes() -> Iterator[mock.Mock]:
    """Counts how often a password is verified."""
    with mock.patch.object(passwords, "verify_now", wraps=passwords.verify_now) as counted:
        yield counted


def attempt(desk: Desk, name: str, password: str) -> tuple[list[str], dict[str, str | None]]:
    with desk.statements() as seen, pytest.raises(LoginFailed) as caught:
        desk.begin(name, password)
    return list(seen), caught.value.as_json()


def test_one_hash_and_the_same_statements_whoever_asks(desk: Desk, hashes: mock.Mock) -> None:
    """Unknown, wrong, without password, disabled, at every attempt until after the lock."""
    desk.person("anna")
    silent = desk.person("silent", email="")
    disabled = desk.person("disabled")
    desk.service.set_enabled(disabled, enabled=False)
    with desk.database.write() as connection:
        desk.directory.store_password(connection, silent.id, None)
    before = hashes.call_count
    for number in range(LIMIT + 2):
        shapes = [
            attempt(desk, "anna", "wrong password"),
            attempt(desk, "nobody", "wrong password"),
            attempt(desk, "silent", "wrong password"),
            attempt(desk, "disabled", PASSWORD),
            attempt(desk, "Not A Name \x00", "wrong password"),
        ]
        kinds = [[word for word in seen if "SAVEPOINT" not in word.upper()] for seen, _ in shapes]
        assert all(kind == kinds[0] for kind in kinds), kinds
        assert all(len(seen) == len(shapes[0][0]) for seen, _ in shapes)
        assert all(told == shapes[0][1] for _, told in shapes)
        assert hashes.call_count == before + 5 * (number + 1)


def test_a_locked_name_still_costs_one_hash(small_desk: Desk, hashes: mock.Mock) -> None:
    small_desk.person("anna")
    for _time in range(LIMIT):
        attempt(small_desk, "anna", "wrong password")
    before = hashes.call_count
    assert attempt(small_desk, "anna", PASSWORD)[1] == attempt(small_desk, "nobody", "x")[1]
    assert hashes.call_count == before + 2


def test_an_attempt_at_a_locked_name_writes_as_any_other(
    small_desk: Desk, clock: FrozenClock
) -> None:
    """A transaction that changes no byte needs no flush, and so would tell by its time."""
    small_desk.person("anna")
    for _time in range(LIMIT):
        attempt(small_desk, "anna", "wrong password")
    attempt(small_desk, "nobody", "wrong password")
    written = []
    for name in ("anna", "nobody"):
        clock.advance(timedelta(seconds=1))
        before = stored(small_desk)
        attempt(small_desk, name, "wrong password")
        written.append(len(stored(small_desk) - before))
    assert written == [1, 1]


def stored(desk: Desk) -> set[tuple[object, ...]]:
    with desk.database.read() as connection:
        return {tuple(row) for row in connection.execute(text("SELECT * FROM guesses"))}
