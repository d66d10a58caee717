"""How much is taken in at once, so that a thousand computers that save together are served in
turn, in bounded memory and without a word of trouble.

A request's body is read only when there is room for it; until then it waits in the network.
Checking and packing have threads of their own, so that pages and log-ins never wait for them.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import anyio
import anyio.to_thread

from deskside.foundation.errors import Unavailable, UsageProblem
from deskside.foundation.text import _

if TYPE_CHECKING:
    from deskside.web.service import AnyRequest

T = TypeVar("T")

SMALL = 4 * 1024 * 1024
"""Bytes; settings files have up to about 3 MB."""

SMALL_AT_ONCE, LARGE_AT_ONCE = 24, 2
"""Bodies in memory: some 100 MB of small ones, and 128 MB of others."""

PATIENCE = 120.0
"""Seconds that a request waits for its turn."""

HEAD_START, SLOWEST = 15.0, 64 * 1024
"""Seconds, and bytes a second after them, that a sender may take."""


class Intake:
    """The turns of one process."""

    def __init__(self) -> None:
        self._small = anyio.CapacityLimiter(SMALL_AT_ONCE)
        self._large = anyio.CapacityLimiter(LARGE_AT_ONCE)
        self._workers = anyio.CapacityLimiter((os.cpu_count() or 1) + 2)

    async def take(self, request: AnyRequest, work: Callable[[bytes], T]) -> T:
        """Read a request's body when there is room for it, and work on it in a thread.

        Raises:
            Unavailable: no turn came (`settings-busy`).
            UsageProblem: its sender is too slow (`settings-too-slow`).
        """
        announced = request.headers.get("content-length", "")
        length = int(announced) if announced.isdecimal() else SMALL + 1
        room = self._small if length <= SMALL else self._large
        await _acquired(room)
        try:
            body = await _body(request, length)
            return await anyio.to_thread.run_sync(work, body, limiter=self._workers)
        finally:
            room.release()


async def _acquired(room: anyio.CapacityLimiter) -> None:
    with anyio.move_on_after(PATIENCE):
        await room.acquire()
        return
    raise Unavailable(
        "settings-busy",
        _("The portal is busy with the settings of others; nothing was stored."),
        hint=_("Try again in a moment."),
    )


async def _body(request: AnyRequest, length: int) -> bytes:
    with anyio.move_on_after(HEAD_START + length / SLOWEST):
        return await request.body()
    raise UsageProblem(
        "settings-too-slow",
        _("The settings arrived too slowly; nothing was stored."),
        hint=_("Check the connection to the portal: deskside network test"),
    )
