"""Hashing passwords with Argon2id, and the pool in which log-ins run.

A hash costs 19 MiB and some 15 ms of one core. As many run at once as there are cores; log-ins
have threads of their own and a queue of bounded length. A burst of them waits its turn, then is
refused, and neither fills the memory nor takes the threads that serve other pages.

The work is the same whoever asks: a user name that is unknown, or has no password, is verified
against a hash of nothing.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar, TypeVarTuple

from deskside.foundation.errors import Unavailable
from deskside.foundation.text import _
from deskside.secure_login.hashing import Hasher

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")

TIME_COST, MEMORY_KIB = 2, 19 * 1024
"""OWASP's choice: 19 MiB, two passes, one lane."""

THREADS_PER_CORE = 2
"""While one waits for the disk, another may hash."""

PLACES_PER_CORE = 64
"""Log-ins that may be under way or wait, for each core: some two seconds' worth."""

_hasher = Hasher(TIME_COST, MEMORY_KIB)


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
    """Runs what needs a password hashed, away from the event loop.

    Args:
        cores: how many hashes may be computed at once; the computer's own cores by default.
        places: how many pieces of work may be under way or wait.
    """

    def __init__(self, cores: int | None = None, places: int | None = None) -> None:
        count = cores or os.cpu_count() or 1
        self._executor = ThreadPoolExecutor(count * THREADS_PER_CORE, "login")
        self._places = threading.BoundedSemaphore(places or count * PLACES_PER_CORE)
        self._hashing = threading.BoundedSemaphore(count)

    async def run(self, work: Callable[[*Arguments], T], *arguments: *Arguments) -> T:
        """Run blocking work in the pool, with the request's language; raises Busy."""
        if not self._places.acquire(blocking=False):
            raise Busy
        context = copy_context()
        try:
            future = self._executor.submit(lambda: context.run(work, *arguments))
        except BaseException:
            self._places.release()
            raise
        # The thread gives the place back, not we: who goes away does not free the thread.
        future.add_done_callback(lambda _done: self._places.release())
        return await asyncio.wrap_future(future)

    def hash(self, password: str) -> str:
        """The hash to store. For work that runs in the pool."""
        with self._hashing:
            return hash_now(password)

    def verify(self, stored: str | None, password: str) -> bool:
        """Whether the password is the one that was hashed; None never is. As `hash`."""
        with self._hashing:
            return verify_now(stored, password)

    def close(self) -> None:
        """Let the threads go."""
        self._executor.shutdown(wait=False, cancel_futures=True)


def hash_now(password: str) -> str:
    """The hash to store, computed here and now."""
    return _hasher.hash(password.encode("utf-8", "surrogatepass"))


def verify_now(stored: str | None, password: str) -> bool:
    """Whether the password is the one that was hashed; always one hash's worth of work."""
    given = password.encode("utf-8", "surrogatepass")
    right = _hasher.verify(stored or _HASH_OF_NOTHING, given)
    return right and stored is not None


def is_outdated(stored: str) -> bool:
    """Whether a stored hash was made with other costs than today's."""
    return _hasher.is_outdated(stored)


_HASH_OF_NOTHING = hash_now(secrets.token_urlsafe(32))
