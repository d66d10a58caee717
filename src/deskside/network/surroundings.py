"""Looks at this computer and its line while the hosts are tested, and after them at what only
the desk's responders may be asked."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from deskside.network import packets
from deskside.network.line_observations import LineSeen, PingSeen, SeriesSeen
from deskside.network.model import Host
from deskside.network.observations import Echo, Found, HostSeen, PortSeen
from deskside.network.probes import (
    absent,
    answers,
    dns,
    listeners,
    machine,
    ping,
    speed,
)
from deskside.network.probes.series import Line
from deskside.network.probes.steadily import BEARABLE, Steadily
from deskside.network.proxies_here import ProxiesHere

PINGS, RESPONDER_PINGS = 2, 24
HELD = 32
"""Connections held at once; a responder allows 64 from one address."""

DEEP = ("limits", "rate", "idle")
RATE_SECONDS, ALL_SECONDS = 4.0, 16.0
"""Seconds for a line's rate, and again where it is slow; and for one thing at all lines, until no
more is begun."""

IDLE_SPARE = 10.0
"""Seconds kept back from the deadline for the last idle connection's answer, and for a fresh
connection beside it."""

AGAIN_AFTER = 0.5
"""Seconds after which unsteady round trips are measured once more."""

MAX_LINES = 4


class Surroundings:
    """Fills `seen`.

    Attributes:
        unfinished: of what only a deep test does, what was begun or due and is not yet done.
    """

    def __init__(self, resolver: dns.Resolver, desk_key: str | None, lag: machine.LagWatch) -> None:
        self.seen = LineSeen()
        self._resolver = resolver
        self._key = desk_key
        self._lag = lag
        self._steady = Steadily(lag, self.seen.untested)
        self.unfinished: set[str] = set()

    async def look(
        self,
        hosts_done: Sequence[asyncio.Task[None]],
        hosts: Sequence[HostSeen],
        *,
        deep: bool,
        end: float,
    ) -> None:
        """Everything about the line; `end` is the deadline on the loop's clock."""
        self.seen.own_addresses = machine.own_addresses()
        self.seen.interfaces = machine.interfaces_up()
        canaries = asyncio.create_task(self._canaries(hosts))
        proxies = ProxiesHere(self.seen, self._resolver, self._key, self._steady)
        beside = [self._answers(hosts), proxies.look(hosts)]
        running = [canaries, *(asyncio.create_task(one) for one in beside)]
        try:
            await asyncio.gather(*hosts_done)
            lines = [
                Line(host.host, port.connect.address, port.port, self._key)
                for host, port in _provable(hosts)
            ]
            running.append(asyncio.create_task(self._absent(hosts, canaries)))
            # Delays are measured before anything large is sent: it would wait in the same queue.
            running.append(timed := asyncio.create_task(self._timed(hosts, lines)))
            self._listeners(hosts)
            await timed
            large = [self._large(line, deep=deep) for line in lines]
            running += [asyncio.create_task(one) for one in large]
            await asyncio.gather(*running)
            if deep:
                await self._deep(lines, end)
            self.seen.gateway = machine.gateway_answers()
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _timed(self, hosts: Sequence[HostSeen], lines: Sequence[Line]) -> None:
        """Round trips; of the responders' twice where they are unsteady: a moment is no line."""
        seen = self.seen
        await asyncio.gather(
            self._pings(hosts, seen.pings), *(self._series(line, seen.series) for line in lines)
        )
        if packets.is_unsteady(seen.pings, seen.series):
            await asyncio.sleep(AGAIN_AFTER)
            ours = [one for one in hosts if one.host.responder]
            await asyncio.gather(
                self._pings(ours, seen.pings_again),
                *(self._series(line, seen.series_again) for line in lines),
            )

    async def _canaries(self, hosts: Sequence[HostSeen]) -> None:
        if any(dns.literal(one.host.host) is None for one in hosts):
            name = f"deskside-{secrets.token_hex(10)}.com."
            self.seen.canaries.append(await self._resolver.look_up(name, spell=False))

    async def _answers(self, hosts: Sequence[HostSeen]) -> None:
        names = list(
            dict.fromkeys(one.host.host for one in hosts if dns.literal(one.host.host) is None)
        )[:64]
        servers = answers.servers() if names else []
        if names and not servers:
            self.seen.untested["dns-injected"] = "no name server is known"
        for server in servers:
            told = await answers.ask_all(names, server)
            self.seen.answers += told
            if any(one.answers for one in told):
                break

    async def _absent(self, hosts: Sequence[HostSeen], canaries: asyncio.Task[None]) -> None:
        if all(_is_local(one) for one in hosts):
            return
        taken = {
            address
            for one in hosts
            if one.lookup
            for address in (*one.lookup.ipv4, *one.lookup.ipv6)
        }
        tried = absent.addresses({*taken, *self.seen.own_addresses})
        if len(tried) < 2:
            self.seen.untested["canary"] = "no address is known to be absent"
            return
        ports = dict.fromkeys([80, *(port for one in hosts for port in one.host.ports)])
        self.seen.absent += await asyncio.gather(
            *(absent.try_port(port, tried) for port in list(ports)[:6])
        )
        await canaries
        invented = next((one.ipv4 for one in self.seen.canaries if one.ipv4), ())
        if invented:
            # Where names that do not exist lead, a portal may say what it wants.
            self.seen.invented = await absent.try_port(80, invented[:1])

    async def _pings(self, hosts: Sequence[HostSeen], into: list[PingSeen]) -> None:
        chosen: dict[str, Host] = {}
        for one in hosts:
            if one.host.ping and one.lookup and one.lookup.ipv4 and not _is_local(one):
                chosen.setdefault(one.lookup.ipv4[0], one.host)

        async def one_host(address: str, host: Host) -> PingSeen:
            count = RESPONDER_PINGS if host.responder else PINGS
            began = asyncio.get_running_loop().time()
            trips = await ping.ping(address, count, apart=0.03 if host.responder else 0.2)
            return PingSeen(
                host=host.host,
                address=address,
                sent=count,
                round_trips=tuple(trips),
                lag=self._lag.usual(began),
            )

        asked = list(chosen.items())[:64]
        try:
            told = await self._steady.see(
                "ping", lambda: asyncio.gather(*(one_host(*each) for each in asked))
            )
            into += told or []
        except ping.NotPermitted:
            self.seen.untested["ping"] = "this user may send no echo request"

    def _listeners(self, hosts: Sequence[HostSeen]) -> None:
        if all(_is_local(one) for one in hosts):
            return
        known = {
            (address, port)
            for one in hosts
            if one.lookup
            for address in (*one.lookup.ipv4, *one.lookup.ipv6)
            for port in one.host.ports
        }
        self.seen.listeners += listeners.listeners(known)

    async def _series(self, line: Line, into: list[SeriesSeen]) -> None:
        began = asyncio.get_running_loop().time()
        series = await self._steady.see("series", line.series)
        if series:
            into.append(replace(series, lag=self._lag.usual(began)))

    async def _large(self, line: Line, *, deep: bool) -> None:
        segments = await self._steady.see(
            "segments", lambda: line.segments(measure=deep), bearable=BEARABLE
        )
        if segments:
            self.seen.segments.append(segments)
        else:
            self.seen.untested.setdefault("segments", "too little came back")

    async def _deep(self, lines: Sequence[Line], end: float) -> None:
        """What takes its time. One thing at a time: together they would ask for more than a
        responder gives one address, and a way that is full loses what is quiet."""
        arrives = {one.host for one in self.seen.segments if one.large}
        wide = [line for line in lines if line.host in arrives]
        for what in DEEP if lines else ():
            self.unfinished.add(what)
        for what, those, see in (("limits", lines, self._held), ("rate", wide, self._rate)):
            await self._one_by_one(those, what, see)
            self.unfinished.discard(what)
        if lines and not wide:
            self.seen.untested.setdefault("rate", "too little came back")
        await asyncio.gather(*(self._idle(line, end) for line in lines))
        self.unfinished.discard("idle")

    async def _one_by_one(
        self, lines: Sequence[Line], what: str, see: Callable[[Line], Awaitable[None]]
    ) -> None:
        """IPv4 first, as long as there is time: others want some, too."""
        loop = asyncio.get_running_loop()
        end = loop.time() + ALL_SECONDS
        for line in sorted(lines, key=lambda one: ":" in one.address):
            if loop.time() > end:
                self.seen.untested.setdefault(what, "too little time for all addresses")
                return
            await see(line)

    async def _held(self, line: Line) -> None:
        held = await self._steady.see("limits", lambda: line.held(HELD), bearable=BEARABLE)
        if not held:
            self.seen.untested.setdefault("limits", "the responder had no room")
            return
        self.seen.held.append(held)
        if not (held.worked and held.after):
            self.seen.untested.setdefault("limits", "too little came back")

    async def _rate(self, line: Line) -> None:
        rates = await self._steady.see("rate", lambda: speed.measure(line, RATE_SECONDS))
        if rates:
            self.seen.rates += rates
        else:
            self.seen.untested.setdefault("rate", "too little came back")

    async def _idle(self, line: Line, end: float) -> None:
        left = end - asyncio.get_running_loop().time() - IDLE_SPARE
        if left <= 4:
            self.seen.untested["idle"] = "too little time; a longer --deadline allows it"
            return
        idle = await self._steady.see(
            "idle", lambda: line.idle(left), attempts=1, bearable=BEARABLE
        )
        if idle:
            self.seen.idle.append(idle)
        else:
            self.seen.untested.setdefault("idle", "no quiet connection could be judged")


def _provable(hosts: Sequence[HostSeen]) -> list[tuple[Host, PortSeen]]:
    """One plain port of each responder's address that proved itself."""
    chosen: dict[str, tuple[Host, PortSeen]] = {}
    for one in hosts:
        for port in one.ports:
            genuine = port.echo is not None and port.echo.result is Echo.GENUINE
            if genuine and port.tls is None:
                chosen.setdefault(port.connect.address, (one.host, port))
    return list(chosen.values())[:MAX_LINES]


def _is_local(seen: HostSeen) -> bool:
    lookup = seen.lookup
    if not lookup or lookup.result not in (Found.FOUND, Found.LITERAL):
        return False
    return all(one.startswith("127.") or one == "::1" for one in (*lookup.ipv4, *lookup.ipv6))
