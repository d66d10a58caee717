"""Hashing passwords with Argon2id, in a pool of its own.

A hash costs 19 MiB and some 25 ms of one core. The pool has as many threads as there are cores
and a queue of bounded length: a burst of log-ins waits its turn, then is refused, and neither
fills the memory nor takes the threads that serve other pages.

The work is the same whoever asks: a user name that is unknown, or has no password, is verified
against a hash of nothing.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from deskside.foundation.errors import Unavailable
from deskside.foundation.text import _

T = TypeVar("T")

TIME_COST, MEMORY_KIB, PARALLELISM = 2, 19 * 1024, 1
"""OWASP's choice: 19 MiB, two passes."""

WAITING_PER_WORKER = 64
"""Attempts that may wait for each core: some two seconds' worth."""

_hasher = PasswordHasher(TIME_COST, MEMORY_KIB, PARALLELISM)


class Busy(Unavailable):
    """Too many log-ins at once. `retry_after` is in seconds."""

    retry_after = 2

    def __init__(self) -> None:
        super().__init__(
            "login-busy",
            _("Too many people are logging in at this moment."),
            hint=_("Try again in a few seconds."),
        )


class PasswordPool:
    """Hashes and verifies without keeping the event loop."""

    def __init__(self, workers: int | None = None, waiting: int | None = None) -> None:
        count = workers or os.cpu_count() or 1
        places = count + (count * WAITING_PER_WORKER if waiting is None else waiting)
        self._executor = ThreadPoolExecutor(count, "argon2")
        self._places = threading.BoundedSemaphore(places)

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place in the queue, for all of one attempt; raises Busy when there is none."""
        if not self._places.acquire(blocking=False):
            raise Busy
        try:
            yield
        finally:
            self._places.release()

    async def hash(self, password: str) -> str:
        """The hash to store."""
        return await self._run(lambda: hash_now(password))

    async def verify(self, stored: str | None, password: str) -> bool:
        """Whether the password is the one that was hashed; None never is."""
        return await self._run(lambda: verify_now(stored, password))

    def close(self) -> None:
        """Let the threads go."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.wrap_future(self._executor.submit(work))


def hash_now(password: str) -> str:
    """The hash to store, computed here and now."""
    return _hasher.hash(password.encode("utf-8", "surrogatepass"))


def verify_now(stored: str | None, password: str) -> bool:
    """Whether the password is the one that was hashed; always one hash's worth of work."""
    given = password.encode("utf-8", "surrogatepass")
    try:
        return _hasher.verify(stored or _HASH_OF_NOTHING, given) and stored is not None
    except (Argon2Error, InvalidHashError):
        return False


def is_outdated(stored: str) -> bool:
    """Whether a stored hash was made with other costs than today's."""
    return _hasher.check_needs_rehash(stored)


_HASH_OF_NOTHING = hash_now(secrets.token_urlsafe(32))
