"""What a probe saw counts only if this computer kept time meanwhile: a busy one invents outages."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from deskside.network.judging import VOID_LAG
from deskside.network.probes.machine import LagWatch

BUSY = "this computer was too busy"
BEARABLE = 1.0
"""Seconds by which an answer may be read late where it is waited for for 2.5 or longer."""

T = TypeVar("T")


class Steadily:
    """Runs probes; those that were kept waiting are noted in `untested`, with the reason."""

    def __init__(self, lag: LagWatch, untested: dict[str, str]) -> None:
        self._lag = lag
        self._untested = untested

    async def see(
        self,
        what: str,
        probe: Callable[[], Awaitable[T]],
        *,
        attempts: int = 2,
        bearable: float | None = None,
    ) -> T | None:
        """What a probe saw, unless this computer kept it waiting every time: then nothing.

        Args:
            bearable: seconds for which it may be kept waiting at once, where the probe itself
                waits for much longer; otherwise all delays count together.
        """
        loop = asyncio.get_running_loop()
        for _attempt in range(attempts):
            began = loop.time()
            told = await probe()
            if self._kept_time(began, bearable):
                return told
        self._untested[what] = BUSY
        return None

    def _kept_time(self, began: float, bearable: float | None) -> bool:
        if bearable is None:
            return self._lag.since(began) <= VOID_LAG
        return self._lag.worst_since(began) <= bearable
