"""Hashing: the right costs, one at a time per worker, and never the event loop."""

from __future__ import annotations

import asyncio
import time

import pytest

from deskside.secure_login.passwords import (
    Busy,
    PasswordPool,
    hash_now,
    is_outdated,
    verify_now,
)


def test_the_hash_is_argon2id_at_its_cost() -> None:
    hashed = hash_now("seven grey herons")
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert not is_outdated(hashed)
    assert is_outdated(hashed.replace("t=2", "t=1"))
    assert verify_now(hashed, "seven grey herons")
    assert not verify_now(hashed, "seven grey heron")
    assert not verify_now(None, "seven grey herons")
    assert not verify_now("not a hash", "seven grey herons")
    assert not verify_now(hashed, "\ud800\x00")


def test_places_are_bounded() -> None:
    pool = PasswordPool(1, 1)
    with pool.place(), pool.place(), pytest.raises(Busy), pool.place():
        pass
    with pool.place():
        pass
    pool.close()


def test_the_event_loop_stays_free() -> None:
    pool = PasswordPool(1, 100)
    hashed = hash_now("seven grey herons")

    async def work() -> tuple[float, int]:
        checks = [asyncio.create_task(pool.verify(hashed, "no")) for _check in range(8)]
        longest, turns = 0.0, 0
        while not all(check.done() for check in checks):
            before = time.perf_counter()
            await asyncio.sleep(0)
            longest, turns = max(longest, time.perf_counter() - before), turns + 1
        return longest, turns

    _longest, turns = asyncio.run(work())
    # A loop that waited for the hashes would turn no more often than there are hashes.
    assert turns > 100
    pool.close()
