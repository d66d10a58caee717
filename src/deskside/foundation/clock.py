"""Time and chance, passed in so that rules stay pure and tests need not wait."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol, runtime_checkable


@runtime_checkable
class Clock(Protocol):
    """Tells the time in UTC."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...


@runtime_checkable
class Randomness(Protocol):
    """Source of unpredictable bytes and numbers."""

    def token_bytes(self, length: int) -> bytes:
        """`length` unpredictable bytes."""
        ...

    def below(self, bound: int) -> int:
        """A uniform number n with 0 <= n < bound."""
        ...


class SystemClock:
    """The computer's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class SystemRandomness:
    """The operating system's cryptographic generator."""

    def token_bytes(self, length: int) -> bytes:
        return secrets.token_bytes(length)

    def below(self, bound: int) -> int:
        return secrets.randbelow(bound)


@dataclass
class FrozenClock:
    """A clock that stands still until it is told to move."""

    moment: datetime = field(default_factory=lambda: datetime(2026, 1, 5, 9, 0, tzinfo=UTC))

    def now(self) -> datetime:
        return self.moment

    def advance(self, by: timedelta) -> None:
        """Move the clock by a span of time."""
        self.moment += by
