"""Moments, sizes and numbers as people read them.

Moments are kept in UTC and shown with the name of the zone that they are shown in: this
computer's at the command line and on its local pages, where it is the reader's own; UTC on a
portal's pages, whose readers sit elsewhere.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

from deskside.foundation.text import language, ngettext

if TYPE_CHECKING:
    from datetime import datetime

_SEPARATORS = {"en": (",", "."), "it": (".", ",")}
"""Between thousands, and before decimals, in each language."""

_local: ContextVar[bool] = ContextVar("local_zone", default=False)


def use_local_zone(*, local: bool = True) -> None:
    """Show moments in this computer's zone from here on, or else in UTC."""
    _local.set(local)


def when(at: datetime | str) -> str:
    """A moment to the second, with the name of its zone: `2026-11-22 21:47:52 CET`.

    Args:
        at: aware, or as ISO 8601 with its offset.
    """
    from datetime import UTC, datetime

    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    shown = moment.astimezone(None if _local.get() else UTC)
    zone = shown.tzname() or ""
    # Zones without letters of their own call themselves `+04`.
    return f"{shown:%Y-%m-%d %H:%M:%S} {'UTC' if zone[:1] in '+-' else ''}{zone}"


def number(value: float, decimals: int = 0) -> str:
    """A number with the separators of the present language: `1,234.5`."""
    thousands, point = _SEPARATORS[language()]
    return f"{value:,.{decimals}f}".translate({ord(","): thousands, ord("."): point})


def size(count: int) -> str:
    """A size in bytes: `225,057 bytes`."""
    return ngettext("{size} byte", "{size} bytes", count).format(size=number(count))
