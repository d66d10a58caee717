"""Hashing: the right costs, one at a time per worker, and never the event loop."""

from __future__ import annotations

import asyncio
import threading

import pytest

from deskside.secure_login.passwords import (
    Busy,
    PasswordPool,
    hash_now,
    is_outdated,
    verify_now,
)


def test_the_hash_is_argon2id_at_its_cost(real_costs: None) -> None:
    hashed = hash_now("seven grey herons")
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert not is_outdated(hashed)
    assert is_outdated(hashed.replace("t=2", "t=1"))
    assert verify_now(hashed, "seven grey herons")
    assert not verify_now(hashed, "seven grey heron")
    assert not verify_now(None, "seven grey herons")
    assert not verify_now("not a hash", "seven grey herons")
    assert not verify_now(hashed, "\ud800\x00")


def test_places_are_bounded_and_given_back() -> None:
    pool, gate = PasswordPool(1, 5), threading.Event()

    async def burst() -> None:
        tasks = [asyncio.create_task(pool.run(gate.wait, 30)) for _task in range(20)]
        await asyncio.sleep(0)
        refused = [task for task in tasks if task.done()]
        gate.set()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert len(refused) == 15
        assert outcomes.count(True) == 5
        assert sum(isinstance(outcome, Busy) for outcome in outcomes) == 15

    for _time in range(2):
        gate.clear()
        asyncio.run(burst())
    pool.close()


def test_what_goes_wrong_in_the_pool_reaches_the_caller() -> None:
    pool = PasswordPool(1, 1)
    for _time in range(3):
        with pytest.raises(ValueError, match="no"):
            asyncio.run(pool.run(int, "no"))
    pool.close()


def test_the_event_loop_stays_free(real_costs: None) -> None:
    pool = PasswordPool(1, 100)
    hashed = hash_now("seven grey herons")

    async def turns_meanwhile() -> int:
        checks = [asyncio.create_task(pool.run(pool.verify, hashed, "no")) for _check in range(8)]
        turns = 0
        while not all(check.done() for check in checks):
            await asyncio.sleep(0)
            turns += 1
        return turns

    # A loop that waited for the hashes would turn no more often than there are hashes.
    assert asyncio.run(turns_meanwhile()) > 100
    pool.close()
