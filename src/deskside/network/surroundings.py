"""Looks at this computer and its line while the hosts are tested, and after them at what only
the desk's responders may be asked."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import replace

from deskside.network import packets
from deskside.network.line_observations import LineSeen, PingSeen, ProxySeen, SeriesSeen
from deskside.network.model import Host
from deskside.network.observations import Echo, Found, HostSeen, PortSeen, Shake
from deskside.network.probes import (
    absent,
    answers,
    dns,
    listeners,
    machine,
    nonce,
    ping,
    proxies,
    through,
    tls,
)
from deskside.network.probes.channel import PlainChannel
from deskside.network.probes.series import Line
from deskside.network.probes.steadily import BEARABLE, Steadily
from deskside.network.proxy_scripts import looking

WEB = 443
PINGS, RESPONDER_PINGS = 2, 24
HELD = 32
"""Connections held at once; a responder allows 64 from one address."""

RATE_SECONDS = 4.0
IDLE_SPARE = 10.0
"""Seconds kept back from the deadline for the last idle connection's answer, and for a fresh
connection beside it."""

AGAIN_AFTER = 0.5
"""Seconds after which unsteady round trips are measured once more."""

MAX_LINES = 4
MOST_ASKED = 256
"""Hosts that a proxy script is asked about."""


class Surroundings:
    """Fills `seen`."""

    def __init__(self, resolver: dns.Resolver, desk_key: str | None, lag: machine.LagWatch) -> None:
        self.seen = LineSeen()
        self._resolver = resolver
        self._key = desk_key
        self._lag = lag
        self._steady = Steadily(lag, self.seen.untested)
        # Together they would ask for more than a responder gives one address, or share the way.
        self._one_at_a_time = asyncio.Lock()

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
        beside = [self._answers(hosts), self._proxies(hosts)]
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
            large = [self._large(line, deep=deep, end=end) for line in lines]
            running += [asyncio.create_task(one) for one in large]
            await asyncio.gather(*running)
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
        for server in servers[:1]:
            self.seen.answers += await answers.ask_all(names, server)

    async def _proxies(self, hosts: Sequence[HostSeen]) -> None:
        found, scripts = proxies.configured()
        if not hosts:
            return
        asked = far_ends(hosts) if scripts else []
        seen = await asyncio.gather(*(looking.look(one, asked) for one in scripts))
        self.seen.scripts += [one for one in seen if one]
        known_ends = {(one.kind, one.host, one.port) for one in found}
        found += [
            proxy
            for one in self.seen.scripts
            for proxy in proxies.in_script(one)
            if (proxy.kind, proxy.host, proxy.port) not in known_ends
        ]
        if not found:
            return
        chosen = next((one.host for one in hosts if one.host.responder), hosts[0].host)
        ports = tuple(
            dict.fromkeys(
                [
                    *(
                        port
                        for one in hosts
                        if one.host.host == chosen.host
                        for port in one.host.ports
                    ),
                    WEB,
                ]
            )
        )[:4]

        async def prove(channel: PlainChannel, port: int) -> bool:
            return await self._proves(chosen, hosts, channel, port)

        # A browser gives an HTTP proxy the name; what takes TWS to a SOCKS proxy, the address.
        known = await self._resolver.look_up(chosen.host)
        address = next(iter((*known.ipv4, *known.ipv6)), chosen.host)

        async def one_proxy(proxy: proxies.Proxy) -> ProxySeen:
            host = address if proxy.kind == "socks5" else chosen.host
            return await through.try_proxy(proxy, host, ports, prove, self._resolver)

        tried = await self._steady.see(
            "proxies", lambda: asyncio.gather(*(one_proxy(one) for one in found))
        )
        self.seen.proxies += tried or []

    async def _proves(
        self, chosen: Host, hosts: Sequence[HostSeen], channel: PlainChannel, port: int
    ) -> bool:
        rows = [
            one.host for one in hosts if one.host.host == chosen.host and port in one.host.ports
        ]
        if not rows:
            return False
        if port in rows[0].tls:
            told, _secure = await tls.shake_hands(
                channel, chosen.host, verify=not chosen.responder, desk_key=self._key
            )
            return told.result is Shake.TRUSTED or bool(told.desk_issued)
        if not chosen.responder:
            return False
        return (await nonce.ask(channel, desk_key=self._key)).result is Echo.GENUINE

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

    async def _large(self, line: Line, *, deep: bool, end: float) -> None:
        segments = await self._steady.see(
            "segments", lambda: line.segments(measure=deep), bearable=BEARABLE
        )
        if segments:
            self.seen.segments.append(segments)
        if not deep or not (segments and segments.large):
            return
        async with self._one_at_a_time:
            held = await self._steady.see("limits", lambda: line.held(HELD), bearable=BEARABLE)
        if held:
            self.seen.held.append(held)
        else:
            self.seen.untested.setdefault("limits", "the responder had no room")
        await asyncio.gather(self._rate(line), self._idle(line, end))

    async def _rate(self, line: Line) -> None:
        async with self._one_at_a_time:
            rate = await self._steady.see("rate", lambda: line.rate(RATE_SECONDS))
        if rate:
            self.seen.rates.append(rate)

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


def far_ends(hosts: Sequence[HostSeen]) -> list[looking.Question]:
    """What a proxy script is asked about: the ports of the hosts, and each host's web port."""
    asked: dict[looking.Question, None] = {}
    for one in hosts[:MOST_ASKED]:
        for port in one.host.ports:
            asked[one.host.host, port, port in one.host.tls] = None
        if WEB not in one.host.ports:
            asked[one.host.host, WEB, True] = None
    return list(asked)


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
