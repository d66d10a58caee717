"""Argon2id by libsodium, which uses the widest instructions that the processor has.

An attacker who has stolen hashes uses them too; a portal that does not gives them away.
"""

from __future__ import annotations

from nacl.exceptions import InvalidkeyError
from nacl.pwhash import argon2id


class Hasher:
    """Hashes and verifies with fixed costs, in one lane.

    Args:
        time_cost: passes over the memory.
        memory_kib: KiB of memory.
    """

    def __init__(self, time_cost: int, memory_kib: int) -> None:
        self._passes, self._bytes = time_cost, memory_kib * 1024
        self._costs = f"$argon2id$v=19$m={memory_kib},t={time_cost},p=1$"

    def hash(self, password: bytes) -> str:
        """The hash to store, in PHC string format, with a new salt (RFC 9106)."""
        stored = argon2id.str(password, opslimit=self._passes, memlimit=self._bytes)
        return stored.rstrip(b"\0").decode("ascii")

    def verify(self, stored: str, password: bytes) -> bool:
        """Whether the password is the one that was hashed, at whatever costs; never for no hash."""
        try:
            return argon2id.verify(stored.encode("ascii"), password)
        except (InvalidkeyError, ValueError):
            return False

    def is_outdated(self, stored: str) -> bool:
        """Whether a stored hash was made with other costs."""
        return not stored.startswith(self._costs)
