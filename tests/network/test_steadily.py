"""A busy prober invents nothing, and does not give up what it saw all the same."""

from __future__ import annotations

import asyncio
import time

import pytest

from deskside.network.probes.machine import LagWatch
from deskside.network.probes.steadily import BUSY, Steadily


async def seen(stalls: list[float], bearable: float | None) -> tuple[str | None, dict[str, str]]:
    """What comes of a probe that is kept waiting by each of these in turn."""
    lag, untested = LagWatch(), dict[str, str]()
    watch = asyncio.create_task(lag.watch())

    async def probe() -> str:
        for stall in stalls:
            await asyncio.sleep(0.05)
            time.sleep(stall)  # noqa: ASYNC251 - the loop is kept waiting on purpose
            await asyncio.sleep(0.05)
        return "seen"

    told = await Steadily(lag, untested).see("x", probe, attempts=1, bearable=bearable)
    watch.cancel()
    return told, untested


@pytest.mark.parametrize(
    ("stalls", "bearable", "counts"),
    [
        ([], None, True),
        ([0.3, 0.3], None, False),
        ([0.3, 0.3], 1.0, True),
        ([1.3], 1.0, False),
    ],
)
def test_delays_of_its_own(stalls: list[float], bearable: float | None, counts: bool) -> None:
    told, untested = asyncio.run(seen(stalls, bearable))
    assert (told, untested) == (("seen", {}) if counts else (None, {"x": BUSY}))
