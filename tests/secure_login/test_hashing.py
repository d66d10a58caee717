"""Our memory, Argon2's hashes: held against argon2-cffi, which does all of it by itself."""

from __future__ import annotations

import mmap
from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError, VerifyMismatchError
from hypothesis import given
from hypothesis import strategies as st

from deskside.secure_login.hashing import Hasher

COSTS = 2, 64, 1
OURS, THEIRS = Hasher(*COSTS), PasswordHasher(*COSTS)


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_both_say_the_same(password: bytes, other: bytes) -> None:
    stored = THEIRS.hash(password)
    OURS.verify(stored, password)
    THEIRS.verify(OURS.hash(password), password)
    if other != password:
        with pytest.raises(VerifyMismatchError):
            OURS.verify(stored, other)


@given(st.data())
def test_what_is_stored_may_be_anything(data: st.DataObject) -> None:
    stored = THEIRS.hash(b"seven grey herons")
    at = data.draw(st.integers(0, len(stored) - 1))
    changed = stored[:at] + data.draw(st.characters(codec="ascii")) + stored[at + 1 :]
    if changed != stored:
        with pytest.raises((Argon2Error, InvalidHashError)):
            OURS.verify(changed, b"seven grey herons")


@pytest.mark.parametrize("cut", ["", "$", "$argon2id$v=19$m=64,t=2,p=1$", "rest of a hash"])
def test_a_stored_hash_that_was_cut_short_is_none(cut: str) -> None:
    with pytest.raises(InvalidHashError):
        OURS.verify(cut, b"")


def test_other_costs_are_verified_and_outdated() -> None:
    stored = PasswordHasher(1, 32, 1).hash(b"seven grey herons")
    OURS.verify(stored, b"seven grey herons")
    assert OURS.is_outdated(stored)
    assert not OURS.is_outdated(THEIRS.hash(b""))


def test_where_there_are_no_huge_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(mmap, "MADV_HUGEPAGE", raising=False)
    stored = OURS.hash(b"seven grey herons")
    OURS.verify(stored, b"seven grey herons")
    with pytest.raises(VerifyMismatchError):
        OURS.verify(stored, b"seven grey heron")


def test_threads_do_not_share_memory() -> None:
    passwords = [str(number).encode() for number in range(50)]
    stored = [THEIRS.hash(password) for password in passwords]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(OURS.verify, stored * 4, passwords * 4))
