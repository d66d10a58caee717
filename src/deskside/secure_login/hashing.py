"""Argon2id in memory that stays, on huge pages.

A hash reads and writes 19 MiB at random. On pages of 4 KiB the processor looks up an address
anew at nearly every step; on pages of 2 MiB it does not, and a hash takes a sixth less time. The
C library gives no such pages to threads, so the memory is our own. Where the system has none,
argon2-cffi does all of it; the hashes are the same.
"""

from __future__ import annotations

import base64
import mmap
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any

from argon2 import PasswordHasher, Type
from argon2.exceptions import HashingError, InvalidHashError, VerifyMismatchError
from argon2.low_level import core, error_to_str, ffi

OK, NO_MEMORY = 0, -22
"""What Argon2's reference implementation calls ARGON2_OK and ARGON2_MEMORY_ALLOCATION_ERROR."""

HUGE = 2 * 1024 * 1024
"""Bytes of a huge page; the memory begins at a multiple of it."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory for one hash at a time, and the callbacks by which Argon2 takes it."""

    mapping: mmap.mmap
    take: Any
    give: Any


class Hasher:
    """Hashes and verifies with fixed costs.

    Args:
        time_cost: passes over the memory.
        memory_kib: KiB of memory.
        parallelism: lanes.
    """

    def __init__(self, time_cost: int, memory_kib: int, parallelism: int) -> None:
        self._library = PasswordHasher(time_cost, memory_kib, parallelism)
        self._costs = f"$argon2id$v=19$m={memory_kib},t={time_cost},p={parallelism}$"
        self._numbers = {
            "version": 19,
            "t_cost": time_cost,
            "m_cost": memory_kib,
            "lanes": parallelism,
            "threads": parallelism,
        }
        self._idle: list[Memory] = []
        self._lock = threading.Lock()

    def hash(self, password: bytes) -> str:
        """The hash to store, in PHC string format, with a new salt."""
        return self._library.hash(password)

    def verify(self, stored: str, password: bytes) -> None:
        """Return where the password is the one that was hashed.

        Raises:
            VerifyMismatchError: it is another one.
            InvalidHashError: what is stored is no hash.
        """
        if not (stored.startswith(self._costs) and hasattr(mmap, "MADV_HUGEPAGE")):
            self._library.verify(stored, password)
            return
        salt, _dollar, digest = stored[len(self._costs) :].partition("$")
        wanted = _decoded(digest)
        if not compare_digest(self._digest(password, _decoded(salt), len(wanted)), wanted):
            raise VerifyMismatchError

    def is_outdated(self, stored: str) -> bool:
        """Whether a stored hash was made with other costs."""
        return self._library.check_needs_rehash(stored)

    def _digest(self, password: bytes, salt: bytes, length: int) -> bytes:
        """Argon2id of a password, as bytes (RFC 9106)."""
        out = ffi.new("uint8_t[]", length)
        secret, salted = ffi.new("uint8_t[]", password), ffi.new("uint8_t[]", salt)
        with self._memory() as memory:
            context = ffi.new(
                "argon2_context *",
                self._numbers
                | {"out": out, "outlen": length, "pwd": secret, "pwdlen": len(password)}
                | {"salt": salted, "saltlen": len(salt), "flags": 0}
                | {"allocate_cbk": memory.take, "free_cbk": memory.give},
            )
            error = core(context, Type.ID.value)
        if error != OK:
            kind = HashingError if error == NO_MEMORY else InvalidHashError
            raise kind(error_to_str(error))
        return bytes(ffi.buffer(out))

    @contextmanager
    def _memory(self) -> Iterator[Memory]:
        """Memory that nobody else uses meanwhile; Argon2 wipes it when it is done."""
        with self._lock:
            memory = self._idle.pop() if self._idle else None
        memory = memory or _new_memory(self._numbers["m_cost"] * 1024)
        try:
            yield memory
        finally:
            with self._lock:
                self._idle.append(memory)


def _new_memory(size: int) -> Memory:
    """Memory of a size in bytes, on huge pages as far as the system has some."""
    mapping = mmap.mmap(-1, size + HUGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    mapping.madvise(mmap.MADV_HUGEPAGE)
    first = int(ffi.cast("uintptr_t", ffi.from_buffer(mapping)))
    address = ffi.cast("uint8_t *", -(-first // HUGE) * HUGE)

    def take(place: Any, wanted: int) -> int:
        if wanted > size:
            return NO_MEMORY
        place[0] = address
        return OK

    return Memory(
        mapping,
        ffi.callback("int(uint8_t **, size_t)", take),
        ffi.callback("void(uint8_t *, size_t)", lambda _place, _size: None),
    )


def _decoded(text: str) -> bytes:
    """Bytes of an unpadded base64 field of the PHC string format, written as they must be."""
    try:
        content = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError as error:
        raise InvalidHashError(str(error)) from error
    if base64.b64encode(content).rstrip(b"=") != text.encode():
        raise InvalidHashError("base64 with bits that mean nothing")
    return content
