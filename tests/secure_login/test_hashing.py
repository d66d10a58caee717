"""Argon2id by libsodium, held against argon2-cffi, which is another implementation."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from hypothesis import given
from hypothesis import strategies as st

from deskside.secure_login.hashing import Hasher

OURS, THEIRS = Hasher(2, 64), PasswordHasher(2, 64, 1)


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_both_say_the_same(password: bytes, other: bytes) -> None:
    stored, ours = THEIRS.hash(password), OURS.hash(password)
    assert OURS.verify(stored, password)
    assert OURS.verify(ours, password)
    THEIRS.verify(ours, password)
    if other != password:
        assert not OURS.verify(stored, other)
        assert not OURS.verify(ours, other)
        with pytest.raises(VerifyMismatchError):
            THEIRS.verify(ours, other)


@given(st.data())
def test_what_is_stored_may_be_anything(data: st.DataObject) -> None:
    stored = THEIRS.hash(b"seven grey herons")
    at = data.draw(st.integers(0, len(stored) - 1))
    changed = stored[:at] + data.draw(st.characters()) + stored[at + 1 :]
    if changed != stored:
        assert not OURS.verify(changed, b"seven grey herons")


@given(st.text(max_size=300))
def test_what_is_no_hash_fits_no_password(stored: str) -> None:
    assert not OURS.verify(stored, b"")
    assert not OURS.verify("$argon2id$v=19$m=64,t=2,p=1$" + stored, b"")


@pytest.mark.parametrize("costs", [(1, 32, 1), (3, 64, 4), (2, 64, 2)])
def test_other_costs_are_verified_and_outdated(costs: tuple[int, int, int]) -> None:
    stored = PasswordHasher(*costs).hash(b"seven grey herons")
    assert OURS.verify(stored, b"seven grey herons")
    assert OURS.is_outdated(stored)
    assert not OURS.is_outdated(OURS.hash(b""))
    assert not OURS.is_outdated(THEIRS.hash(b""))


def test_a_hash_is_never_the_same_twice() -> None:
    assert OURS.hash(b"seven grey herons") != OURS.hash(b"seven grey herons")


def test_threads_do_not_share_memory() -> None:
    passwords = [str(number).encode() for number in range(50)]
    stored = [THEIRS.hash(password) for password in passwords]
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(OURS.verify, stored * 4, passwords * 4))
