"""Runs the probes over the hosts of a catalogue, all within one deadline.

A few hosts are examined side by side; of many, a sweep first finds those that need it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

from deskside.network.crowd import MANY, Crowd
from deskside.network.examining import Examiner
from deskside.network.line_observations import DEADLINE as TIME_IS_UP
from deskside.network.line_observations import STOPPED, RunSeen
from deskside.network.model import Catalogue, Host
from deskside.network.observations import HostSeen, LookupSeen
from deskside.network.probes import dns, machine
from deskside.network.progress import Progress, Step
from deskside.network.surroundings import Surroundings

AT_ONCE = 256
DEADLINE = 10.0
TICK = 0.2
"""Seconds between two looks at whether to end, and two words about how far things are."""


def run(
    catalogue: Catalogue,
    hosts: Sequence[Host],
    *,
    deadline: float = DEADLINE,
    deep: bool = False,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> RunSeen:
    """Test the hosts; what is not finished after `deadline` seconds is marked so.

    With `deep`, the desk's responders are also tried for idle times, limits and packet sizes.

    Args:
        progress: told how far the test is.
        stop: ends the test when it is set, as if time were up.
    """
    running = _Run(catalogue.responder_key, progress, stop or threading.Event())
    return asyncio.run(running.over(hosts, deadline, deep=deep))


class _Run:
    def __init__(
        self, desk_key: str | None, progress: Progress | None, stop: threading.Event
    ) -> None:
        self._desk_key = desk_key
        self._progress = progress
        self._stop = stop
        self._doing: dict[str, None] = {}
        self._done = 0
        self._crowd: Crowd | None = None
        self._lag = machine.LagWatch()
        self._resolver = dns.Resolver()
        self._examiner = Examiner(desk_key, self._resolver, self._lag)
        self._canary: LookupSeen | None = None

    async def over(self, hosts: Sequence[Host], deadline: float, *, deep: bool) -> RunSeen:
        loop = asyncio.get_running_loop()
        started = loop.time()
        watch = asyncio.create_task(self._lag.watch())
        seen = {_far_end(host): HostSeen(host=host) for host in hosts}
        tasks = self._begin(list(seen.values()), started + deadline)
        lookups = [asyncio.create_task(self._ask_canary())] if _any_name(hosts) else []
        line = Surroundings(self._resolver, self._desk_key, self._lag)
        around = asyncio.create_task(
            line.look(tasks, list(seen.values()), deep=deep, end=started + deadline)
        )
        await self._until(started + deadline, [*tasks, *lookups, around], len(seen))
        unfinished = not around.done() or around.cancelled()
        stopped = unfinished and self._stop.is_set()
        if unfinished:
            for what in ("line", *sorted(line.unfinished)):
                line.seen.untested.setdefault(what, STOPPED if stopped else TIME_IS_UP)
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await watch
        return RunSeen(
            hosts=tuple(replace(seen[_far_end(host)], host=host) for host in hosts),
            canary=self._canary,
            routes={version: machine.has_route(version) for version in (4, 6)},
            lag=self._lag.worst,
            seconds=loop.time() - started,
            line=line.seen,
            stopped=stopped,
        )

    def _begin(self, rows: list[HostSeen], end: float) -> list[asyncio.Task[None]]:
        """Many rows go through a sweep; the desk's responders, and a few, one by one."""
        others = [one for one in rows if not one.host.responder]
        crowd = others if len(others) > MANY else []
        one_by_one = [one for one in rows if one.host.responder] if crowd else rows
        waiting = iter(one_by_one)
        tasks = [
            asyncio.create_task(self._examine(waiting))
            for _worker in range(min(AT_ONCE, len(one_by_one)))
        ]
        if crowd:
            self._crowd = Crowd(crowd, self._examiner, self._resolver, self._stop)
            tasks.append(asyncio.create_task(self._crowd.look(end)))
        return tasks

    async def _until(self, end: float, tasks: list[asyncio.Task[None]], rows: int) -> None:
        loop = asyncio.get_running_loop()
        waiting: set[asyncio.Task[None]] = set(tasks)
        while waiting and (left := end - loop.time()) > 0 and not self._stop.is_set():
            _done, waiting = await asyncio.wait(waiting, timeout=min(TICK, left))
            if self._progress:
                done, doing = self._done, tuple(self._doing)
                if self._crowd:
                    done, doing = done + self._crowd.done, (*doing, *self._crowd.doing)
                self._progress(Step(done, rows, doing, end - loop.time()))
        for task in waiting:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome

    async def _ask_canary(self) -> None:
        self._canary = await self._resolver.canary()

    async def _examine(self, waiting: Iterator[HostSeen]) -> None:
        for seen in waiting:
            self._doing[seen.host.host] = None
            await self._examiner.examine(seen)
            self._doing.pop(seen.host.host, None)
            self._done += 1


def _far_end(host: Host) -> tuple[str, tuple[int, ...], tuple[int, ...], bool]:
    """Rows that share a far end are probed once."""
    return host.host, host.ports, host.tls, host.responder


def _any_name(hosts: Sequence[Host]) -> bool:
    return any(dns.literal(host.host) is None for host in hosts)
