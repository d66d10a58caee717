"""Many hosts at once: names first, then one sweep over every port, and a closer look only at what
the sweep could not settle.

The sweep runs on a thread of its own, which ends within a moment when the test does.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from deskside.network.examining import Examiner, by_ipv6
from deskside.network.observations import HostSeen, PortSeen, Shake
from deskside.network.probes import dns, machine, tls
from deskside.network.probes.bulk import Probed, Target, sweep

MANY = 200
"""Rows from which on a sweep is quicker, and lighter, than looking at each."""

AT_ONCE = 1024
"""Connections under way: silent ones take two seconds each."""

CLOSELY, SIDE_BY_SIDE = 1024, 128
"""Ports looked at more closely, spread over all that need it; and how many of them at a time."""

NAMES, NAME_SHARE = 64, 0.4
"""Names asked for side by side, and the share of the time that may go to them."""

SPARED, SPARED_SHARE = 3.0, 0.2
"""Seconds before the deadline, or a share of the time if that is less, that are left to what
comes after the hosts."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a target of the sweep belongs."""

    seen: HostSeen
    version: int


class Crowd:
    """Fills what is seen of the rows; `done` counts those that are finished."""

    def __init__(
        self,
        rows: list[HostSeen],
        examiner: Examiner,
        resolver: dns.Resolver,
        stop: threading.Event,
    ) -> None:
        self._rows = rows
        self._examiner = examiner
        self._resolver = resolver
        self._stop = stop
        self._over = False
        self.done = 0

    @property
    def doing(self) -> tuple[str, ...]:
        """About which host is being probed; none once all are done."""
        return (self._rows[self.done].host.host,) if self.done < len(self._rows) else ()

    async def look(self, end: float) -> None:
        """Everything; `end` is the deadline on the loop's clock."""
        loop = asyncio.get_running_loop()
        whole = end - loop.time()
        end -= min(SPARED, whole * SPARED_SHARE)
        names = iter(self._rows)
        await _for_a_while([self._look_up(names) for _worker in range(NAMES)], whole * NAME_SHARE)
        places, targets = self._targets()
        left = max(end - loop.time(), 0.1)
        sweeping = asyncio.ensure_future(asyncio.to_thread(self._sweep, targets, left))
        try:
            await asyncio.shield(sweeping)
        finally:
            self._over = True  # the thread ends, also where this was cancelled
            self._take(places, targets, await sweeping)
        unsettled = self._unsettled()
        waiting = iter(unsettled[:: max(len(unsettled) // CLOSELY, 1)][:CLOSELY])
        closely = [self._refine(waiting) for _worker in range(SIDE_BY_SIDE)]
        await _for_a_while(closely, max(end - loop.time(), 0.1))

    async def _look_up(self, rows: Iterator[HostSeen]) -> None:
        for seen in rows:
            seen.lookup = await self._resolver.look_up(seen.host.host)

    def _targets(self) -> tuple[list[_Place], list[Target]]:
        places, targets = [], []
        leads_out = machine.has_route(4)
        for seen in self._rows:
            if not seen.lookup:
                continue
            ipv4 = seen.lookup.ipv4 if leads_out or not seen.lookup.ipv6 else ()
            several = by_ipv6(seen) if ipv4 else seen.host.ports
            for version, addresses, ports in (
                (4, ipv4, seen.host.ports),
                (6, seen.lookup.ipv6, several if seen.lookup.ipv6 else ()),
            ):
                for port in ports if addresses else ():
                    if self._examiner.may_connect(seen.host):
                        name = seen.lookup.name if port in seen.host.tls else None
                        places.append(_Place(seen, version))
                        targets.append(Target(addresses[0], port, name))
        return places, targets

    def _sweep(self, targets: list[Target], left: float) -> list[Probed]:
        def goes_on(finished: int) -> bool:
            self.done = finished * len(self._rows) // max(len(targets), 1)
            return not (self._over or self._stop.is_set())

        context = tls.trusting() if any(target.name for target in targets) else None
        return sweep(targets, context=context, at_once=AT_ONCE, deadline=left, goes_on=goes_on)

    def _take(self, places: list[_Place], targets: list[Target], probed: list[Probed]) -> None:
        for seen in self._rows:
            seen.finished = seen.lookup is not None
        for place, target, one in zip(places, targets, probed, strict=True):
            if not one.finished:
                place.seen.finished = False
                continue
            place.seen.ports.append(
                PortSeen(
                    port=target.port,
                    version=place.version,
                    connect=one.connect,
                    tls=one.tls,
                    lag=one.late,
                )
            )
        self.done = sum(seen.finished for seen in self._rows)

    def _unsettled(self) -> list[tuple[HostSeen, int]]:
        return [
            (seen, index)
            for seen in self._rows
            for index, port in enumerate(seen.ports)
            if port.tls and port.tls.result is not Shake.TRUSTED
        ]

    async def _refine(self, waiting: Iterator[tuple[HostSeen, int]]) -> None:
        for seen, index in waiting:
            name = seen.lookup.name if seen.lookup else seen.host.host
            seen.ports[index] = await self._examiner.refine(seen.ports[index], seen.host, name)


async def _for_a_while(work: Iterable[Coroutine[Any, Any, None]], seconds: float) -> None:
    """Side by side; what is not done in time is left."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        await asyncio.wait(tasks, timeout=seconds)
    finally:
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome
