"""The proxies that this computer is told to use, asked for the far ends of the test."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from deskside.network.line_observations import LineSeen, ProxySeen
from deskside.network.model import Host
from deskside.network.observations import Echo, HostSeen, Shake
from deskside.network.probes import dns, nonce, proxies, through, tls
from deskside.network.probes.channel import PlainChannel
from deskside.network.probes.steadily import Steadily
from deskside.network.proxy_scripts import looking

WEB = 443
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
        self._seen.proxies += tried or []

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


def far_ends(hosts: Sequence[HostSeen]) -> list[looking.Question]:
    """What a proxy script is asked about: the ports of the hosts, and each host's web port."""
    asked: dict[looking.Question, None] = {}
    for one in hosts[:MOST_ASKED]:
        for port in one.host.ports:
            asked[one.host.host, port, port in one.host.tls] = None
        if WEB not in one.host.ports:
            asked[one.host.host, WEB, True] = None
    return list(asked)
