"""The proxies that this computer is told to use, asked for the far ends of the test."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from deskside.network.line_observations import LineSeen, Passage, ProxySeen
from deskside.network.model import Host
from deskside.network.observations import Echo, HostSeen, Shake
from deskside.network.probes import answers, dns, nonce, proxies, tcp, through, tls
from deskside.network.probes.channel import PlainChannel
from deskside.network.probes.steadily import Steadily
from deskside.network.proxy_scripts import looking

WEB = 443
MOST_LOOKED_UP, LOOKING_UP = 16, 2.5
"""Names of which one is to have an address, and seconds for that; then they are the proxy's to
look up."""

MOST_ASKED = 256
"""Hosts that a proxy script is asked about."""


class ProxiesHere:
    """Fills what is seen of proxies and proxy scripts."""

    def __init__(
        self, seen: LineSeen, resolver: dns.Resolver, desk_key: str | None, steady: Steadily
    ) -> None:
        self._seen = seen
        self._resolver = resolver
        self._key = desk_key
        self._steady = steady

    async def look(self, hosts: Sequence[HostSeen]) -> None:
        """Every proxy that is configured, asked for a far end's ports."""
        found, scripts = proxies.configured()
        if not hosts:
            return
        asked = far_ends(hosts) if scripts else []
        seen = await asyncio.gather(*(looking.look(one, asked) for one in scripts))
        self._seen.scripts += [one for one in seen if one]
        known_ends = {(one.kind, one.host, one.port) for one in found}
        found += [
            proxy
            for one in self._seen.scripts
            for proxy in proxies.in_script(one)
            if (proxy.kind, proxy.host, proxy.port) not in known_ends
        ]
        if not found:
            return
        chosen, address = await self._far_end(hosts)
        here = [port for one in hosts if one.host.host == chosen.host for port in one.host.ports]
        ports = tuple(dict.fromkeys([*here, WEB]))[:4]

        async def prove(channel: PlainChannel, port: int) -> bool:
            return await self._proves(chosen, hosts, channel, port)

        async def ask(proxy: proxies.Proxy, far_end: str) -> ProxySeen:
            return await through.try_proxy(proxy, far_end, ports, prove, self._resolver)

        async def one_proxy(proxy: proxies.Proxy) -> ProxySeen:
            # A browser gives an HTTP proxy the name; what takes TWS to a SOCKS proxy, the address.
            if proxy.kind != "socks5":
                return await ask(proxy, chosen.host)
            if address:
                return await ask(proxy, address)
            seen, told = await asyncio.gather(
                ask(proxy, chosen.host), self._name_through(proxy, chosen.host)
            )
            if not told:
                return seen
            opened = {Passage.PROVED, Passage.OPENED} & {*seen.passages.values()}
            by_address, (reach, connected) = await asyncio.gather(
                _as_it_is(seen) if opened else ask(proxy, told), tcp.connect([told], ports[0])
            )
            if connected:
                connected.close()
            return replace(by_address, far_address=told, direct=reach.result)

        tried = await self._steady.see(
            "proxies", lambda: asyncio.gather(*(one_proxy(one) for one in found))
        )
        self._seen.proxies += tried or []

    async def _far_end(self, hosts: Sequence[HostSeen]) -> tuple[Host, str]:
        """Whom the proxies are asked for, and its address: a responder where there is one, and
        one whose address is known here. The address is empty where none is, after a while."""
        ours = [one.host for one in hosts if one.host.responder] or [one.host for one in hosts]
        chosen = list({one.host: one for one in reversed(ours[:MOST_LOOKED_UP])}.values())[::-1]
        asked = [asyncio.create_task(self._resolver.look_up(one.host)) for one in chosen]
        await asyncio.wait(asked, timeout=LOOKING_UP)
        for host, look_up in zip(chosen, asked, strict=True):
            known = look_up.result() if look_up.done() else None
            if known and (known.ipv4 or known.ipv6):
                return host, (*known.ipv4, *known.ipv6)[0]
        for look_up in asked:
            look_up.cancel()
        return chosen[0], ""

    async def _name_through(self, proxy: proxies.Proxy, name: str) -> str:
        """An address of a name by the name server that this computer is told to use, asked
        through a proxy: shows what passes the proxy and nothing else."""
        found = await self._resolver.look_up(proxy.host)
        server = next(iter(answers.servers()), "")
        at = next(iter((*found.ipv4, *found.ipv6)), "")
        told = await through.ask_name_server(proxy, at, server, name) if at and server else ()
        return next(iter(told), "")

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


async def _as_it_is(seen: ProxySeen) -> ProxySeen:
    return seen


def far_ends(hosts: Sequence[HostSeen]) -> list[looking.Question]:
    """What a proxy script is asked about: the ports of the hosts, and each host's web port."""
    asked: dict[looking.Question, None] = {}
    for one in hosts[:MOST_ASKED]:
        for port in one.host.ports:
            asked[one.host.host, port, port in one.host.tls] = None
        if WEB not in one.host.ports:
            asked[one.host.host, WEB, True] = None
    return list(asked)
