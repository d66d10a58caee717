"""Looks at one host after the other: its name, then each of its ports, as far as it takes to say
who answers there.

Vendors' hosts are guests' rooms: at most three connections to a host in a run, and no byte
beyond the TLS handshake. The desk's own responders are asked to prove themselves.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from dataclasses import replace

from deskside.network.host_findings import by_ipv4_at_all
from deskside.network.model import Host
from deskside.network.observations import Echo, EchoSeen, HostSeen, PortSeen, Reach, Shake, TlsSeen
from deskside.network.probes import dns, machine, nonce, tcp, tls
from deskside.network.probes.channel import Channel, PlainChannel

VENDOR_CONNECTIONS = 3
RETRIES, BREATH = 2, 0.3
"""Fresh connections to a responder that fell silent or hung up: three packets in a row do get
lost; and seconds before them, in which a responder that was full finds room."""

OTHER_NAME = "www.example.com"
"""A name that no filter minds (RFC 2606)."""

SMALL_SEGMENT = 400
_CUT = (Shake.RESET, Shake.CLOSED, Shake.SILENT)
_DISTRUSTED = (Shake.UNTRUSTED, Shake.WRONG_NAME, Shake.EXPIRED)
_TALKATIVE = (Echo.HTTP, Echo.REDIRECT)


class Examiner:
    """Fills what is seen of hosts; counts the connections made to each."""

    def __init__(self, desk_key: str | None, resolver: dns.Resolver, lag: machine.LagWatch) -> None:
        self._desk_key = desk_key
        self._resolver = resolver
        self._lag = lag
        self._connections: dict[str, int] = {}

    async def examine(self, seen: HostSeen) -> None:
        """Everything about one host."""
        seen.lookup = await self._resolver.look_up(seen.host.host)
        by_ipv4 = self._examine_ports(seen, 4, seen.lookup.ipv4, seen.host.ports)
        if seen.host.responder:
            by_ipv6_too = self._examine_ports(seen, 6, seen.lookup.ipv6, by_ipv6(seen))
            await asyncio.gather(by_ipv4, by_ipv6_too)
        else:  # IPv4 first, as long as connections are left
            await by_ipv4
            await self._examine_ports(seen, 6, seen.lookup.ipv6, by_ipv6(seen))
        seen.finished = True

    async def _examine_ports(
        self, seen: HostSeen, version: int, addresses: tuple[str, ...], ports: Sequence[int]
    ) -> None:
        async def examine(port: int) -> None:
            if addresses and self.may_connect(seen.host):
                seen.ports.append(await self._port(seen, version, addresses, port))

        await asyncio.gather(*(examine(port) for port in ports))

    def may_connect(self, host: Host) -> bool:
        """Whether one more connection is good manners; it counts as made."""
        if host.responder:
            return True
        used = self._connections.get(host.host, 0)
        self._connections[host.host] = used + 1
        return used < VENDOR_CONNECTIONS

    async def _port(
        self, seen: HostSeen, version: int, addresses: tuple[str, ...], port: int
    ) -> PortSeen:
        host, name = seen.host, seen.lookup.name if seen.lookup else seen.host.host
        began = asyncio.get_running_loop().time()
        connect, connected = await tcp.connect(addresses, port)
        if connect.result is Reach.UNROUTABLE and not host.responder:
            self._connections[host.host] -= 1  # it troubled nobody
        found = PortSeen(port=port, version=version, connect=connect)
        if connected:
            found = await self._converse(found, host, name, connected)
            found = await self.refine(found, host, name)
        return replace(found, lag=self._lag.since(began))

    async def refine(self, found: PortSeen, host: Host, name: str) -> PortSeen:
        """What further connections tell of a port that accepted one, and did not prove itself."""
        silent = found.tls is not None and found.tls.result is Shake.SILENT
        if host.responder and _cut_off(found):
            work = self._silent(found, host, name) if silent else _as_it_is(found)
            again, found = await asyncio.gather(self._again(found, host, name), work)
            found = found if _cut_off(again) else again
        elif silent:
            found = await self._silent(found, host, name)
        if found.tls and found.tls.result in (Shake.RESET, Shake.CLOSED) and self.may_connect(host):
            found = replace(found, other_name=await self._shake_again(found, OTHER_NAME))
        if host.responder:
            return await self._provoke(found)
        if found.tls and found.tls.result in _DISTRUSTED and self.may_connect(host):
            return await self._look_at_certificate(found, name)
        return found

    async def _again(self, found: PortSeen, host: Host, name: str) -> PortSeen:
        """Silence after a connection may be lost packets: fresh connections tell."""
        await asyncio.sleep(BREATH)
        tries = [self._once_more(found, host, name) for _each in range(RETRIES)]
        told = await asyncio.gather(*tries)
        return next((one for one in told if not _cut_off(one)), found)

    async def _once_more(self, found: PortSeen, host: Host, name: str) -> PortSeen:
        _again, connected = await tcp.connect((found.connect.address,), found.port)
        return await self._converse(found, host, name, connected) if connected else found

    async def _silent(self, found: PortSeen, host: Host, name: str) -> PortSeen:
        """A handshake that fell silent: large packets may vanish, or a filter may swallow what
        holds the name."""
        small = other = None
        if self.may_connect(host):
            small = self._shake_again(found, name, segment=SMALL_SEGMENT)
        if self.may_connect(host):
            other = self._shake_again(found, OTHER_NAME)
        told = await asyncio.gather(*filter(None, [small, other]))
        by_size = bool(told) and told[0] is Shake.UNVERIFIED
        return replace(
            found,
            small_segments=told[0] if told else None,
            other_name=told[1] if len(told) > 1 and not by_size else None,
        )

    async def _shake_again(self, found: PortSeen, name: str, segment: int = 0) -> Shake | None:
        """How another handshake ends; None where no connection is made."""
        _seen, connected = await tcp.connect([found.connect.address], found.port, segment=segment)
        if not connected:
            return None
        with connected:
            told, _channel = await tls.shake_hands(PlainChannel(connected), name, verify=False)
        return told.result

    async def _converse(
        self, found: PortSeen, host: Host, name: str, connected: socket.socket
    ) -> PortSeen:
        """The handshake where the port speaks TLS, then the nonce where a responder is."""
        # A line by satellite needs its round trips on top of what is usual.
        trip = found.connect.milliseconds / 1000
        with connected:
            top: Channel = PlainChannel(connected)
            handshake: TlsSeen | None = None
            if found.port in host.tls:
                handshake, top = await tls.shake_hands(
                    top,
                    name,
                    verify=not host.responder,
                    desk_key=self._desk_key,
                    patience=tls.PATIENCE + 3 * trip,
                )
            echo: EchoSeen | None = None
            if host.responder and (handshake is None or handshake.result is Shake.UNVERIFIED):
                patience = nonce.PATIENCE + 2 * trip
                echo = await nonce.ask(top, desk_key=self._desk_key, patience=patience)
        return replace(found, tls=handshake, echo=echo)

    async def _provoke(self, found: PortSeen) -> PortSeen:
        """Where no responder answered, find out whether something that speaks HTTP does."""
        told = found.echo.result if found.echo else None
        if told in (Echo.GENUINE, Echo.OTHER_KEY, Echo.OTHER_NONCE, Echo.BUSY, *_TALKATIVE):
            return found
        if found.small_segments is Shake.UNVERIFIED or found.other_name not in (None, *_CUT):
            return found
        again, connected = await tcp.connect((found.connect.address,), found.port)
        if not connected or again.result is not Reach.CONNECTED:
            return found
        with connected:
            provoked = await nonce.provoke(PlainChannel(connected))
        return replace(found, echo=provoked) if provoked.result in _TALKATIVE else found

    async def _look_at_certificate(self, found: PortSeen, name: str) -> PortSeen:
        """Shake hands again without judging, to be able to say who issued what was refused."""
        _again, connected = await tcp.connect((found.connect.address,), found.port)
        if not connected or not found.tls:
            return found
        with connected:
            bare, _channel = await tls.shake_hands(PlainChannel(connected), name, verify=False)
        evidence = replace(
            found.tls,
            subject=bare.subject,
            issuer=bare.issuer,
            fingerprint=bare.fingerprint,
            protocol=bare.protocol,
        )
        return replace(found, tls=evidence)


async def _as_it_is(found: PortSeen) -> PortSeen:
    return found


def _cut_off(found: PortSeen) -> bool:
    if found.echo:
        return found.echo.result in (Echo.SILENT, Echo.RESET, Echo.CLOSED)
    return found.tls is not None and found.tls.result in _CUT


def by_ipv6(seen: HostSeen) -> Sequence[int]:
    """Ports to judge by IPv6: of a vendor's host only one, to spare it connections, where IPv4
    leads out."""
    host, routed = seen.host, by_ipv4_at_all(seen)
    without_ipv4 = not (seen.lookup and seen.lookup.ipv4) or bool(routed and not any(routed))
    if host.responder or without_ipv4:
        return host.ports
    return (host.tls or host.ports)[:1]
