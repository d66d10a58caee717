"""Ask a proxy for a far end: CONNECT (RFC 9110 section 9.3.6), SOCKS5 (RFC 1928, 1929), SOCKS4."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_address

from deskside.network.line_observations import Passage, ProxySeen
from deskside.network.observations import Echo, Reach
from deskside.network.probes import answers, dns, nonce, tcp
from deskside.network.probes.channel import PlainChannel
from deskside.network.probes.proxies import Proxy

PATIENCE, CONNECTING = 3.0, 5.0
OPENING = 4.0
"""Seconds in which a SOCKS proxy greets and a web proxy answers, which has to get there first; and
in which a SOCKS proxy that speaks opens the way: its name server may be a slow one."""

NAMES = 53
_STATUS = re.compile(rb"HTTP/1\.\d (\d{3})")
_UNREACHED = (500, 502, 503, 504)
WANTS_LOG_IN = (401, 407)
"""RFC 9110 section 15.5.8; tinyproxy says 401 where a password is wrong."""

Prove = Callable[[PlainChannel, int], Awaitable[bool]]
"""Whether the far end proves itself through the opened way."""

Ask = Callable[[PlainChannel, Proxy, str, int], Awaitable[Passage]]
"""Asks for a port of a far end by one protocol."""


async def try_proxy(
    proxy: Proxy, far_end: str, ports: Sequence[int], prove: Prove, resolver: dns.Resolver
) -> ProxySeen:
    """Connect to the proxy, then ask it for every port of the far end."""
    found = await resolver.look_up(proxy.host)
    addresses = [*found.ipv4, *found.ipv6]
    if not addresses:
        return _seen(proxy, Reach.FAILED, {})
    reach, connected = await tcp.connect(addresses, proxy.port)
    if connected is None:
        return _seen(proxy, reach.result, {})
    connected.close()
    told = await asyncio.gather(
        *(_passage(proxy, reach.address, far_end, port, prove) for port in ports)
    )
    return _seen(proxy, reach.result, dict(zip(ports, told, strict=True)))


def _seen(proxy: Proxy, reach: Reach, passages: dict[int, Passage]) -> ProxySeen:
    return ProxySeen(
        kind=proxy.kind,
        host=proxy.host,
        port=proxy.port,
        source=proxy.source,
        reach=reach,
        passages=passages,
        given_for=proxy.given_for,
    )


async def _passage(proxy: Proxy, address: str, far_end: str, port: int, prove: Prove) -> Passage:
    async def by(ask: Ask) -> Passage:
        return await _asked(proxy, address, far_end, port, prove, ask)

    told = await by(_connect if proxy.kind == "http" else _socks)
    if told is Passage.STRANGE and proxy.kind != "http":
        older = await by(_socks4)  # it may speak the older version alone
        return told if older is Passage.SILENT else older
    return told


async def _asked(
    proxy: Proxy, address: str, far_end: str, port: int, prove: Prove, ask: Ask
) -> Passage:
    _seen, connected = await tcp.connect([address], proxy.port)
    if connected is None:
        return Passage.SILENT
    with connected:
        channel = PlainChannel(connected)
        try:
            told = await ask(channel, proxy, far_end, port)
        except TimeoutError:
            # Alive, and waiting for the far end as long as it likes: that is no dead proxy.
            alive = proxy.kind == "http" and await _speaks_http(address, proxy.port)
            return Passage.UNREACHED if alive else Passage.SILENT
        except (OSError, EOFError, UnicodeError):
            return Passage.STRANGE
        if told is Passage.OPENED and await prove(channel, port):
            return Passage.PROVED
        return told


async def _speaks_http(address: str, port: int) -> bool:
    """Whether something answers that a request which asks for nothing is none."""
    _seen, connected = await tcp.connect([address], port)
    if connected is None:
        return False
    with connected:
        told = await nonce.provoke(PlainChannel(connected))
        return told.result in (Echo.HTTP, Echo.REDIRECT)


async def _connect(channel: PlainChannel, proxy: Proxy, far_end: str, port: int) -> Passage:
    return await asyncio.wait_for(_http(channel, proxy, far_end, port), CONNECTING)


async def _http(channel: PlainChannel, proxy: Proxy, far_end: str, port: int) -> Passage:
    authority = f"[{far_end}]:{port}" if ":" in far_end else f"{far_end}:{port}"
    lines = [f"CONNECT {authority} HTTP/1.1", f"Host: {authority}"]
    if proxy.credentials:
        lines.append(f"Proxy-Authorization: Basic {proxy.basic}")
    await channel.send("\r\n".join([*lines, "", ""]).encode())
    received = b""
    while b"\r\n\r\n" not in received and len(received) < 16_384:
        data = await channel.receive()
        if not data:
            break
        received += data
    found = _STATUS.match(received)
    if not found:
        return Passage.STRANGE
    status = int(found[1])
    if 200 <= status < 300:
        return Passage.OPENED
    if status in WANTS_LOG_IN:
        return Passage.AUTHENTICATE
    return Passage.UNREACHED if status in _UNREACHED else Passage.DENIED


async def _socks(channel: PlainChannel, proxy: Proxy, far_end: str, port: int) -> Passage:
    refused = await asyncio.wait_for(_greet(channel, proxy), PATIENCE)
    if refused:
        return refused
    try:
        return await asyncio.wait_for(_open(channel, far_end, port), OPENING)
    except TimeoutError:
        return Passage.UNREACHED  # it is alive, and does not get there


async def _greet(channel: PlainChannel, proxy: Proxy) -> Passage | None:
    """None where the proxy is content with who we are."""
    methods = b"\x00\x02" if proxy.credentials else b"\x00"
    await channel.send(bytes([5, len(methods)]) + methods)
    version, method = await channel.receive_exactly(2)
    if version != 5:
        return Passage.STRANGE
    if method == 2 and proxy.credentials:
        user, password = (word.encode()[:255] for word in proxy.credentials)
        await channel.send(bytes([1, len(user)]) + user + bytes([len(password)]) + password)
        return Passage.AUTHENTICATE if (await channel.receive_exactly(2))[1] != 0 else None
    return Passage.AUTHENTICATE if method != 0 else None


async def _open(channel: PlainChannel, far_end: str, port: int) -> Passage:
    await channel.send(b"\x05\x01\x00" + _destination(far_end) + port.to_bytes(2, "big"))
    reply = await channel.receive_exactly(4)
    if reply[1] != 0:
        return Passage.DENIED if reply[1] == 2 else Passage.UNREACHED
    length = {1: 4, 4: 16}.get(reply[3]) or (await channel.receive_exactly(1))[0]
    await channel.receive_exactly(length + 2)
    return Passage.OPENED


async def _socks4(channel: PlainChannel, proxy: Proxy, far_end: str, port: int) -> Passage:
    """By SOCKS4, and 4A where all that is known is a name. IPv6 it does not know."""
    user = (proxy.credentials or ("", ""))[0].encode()
    try:
        packed, name = ip_address(far_end).packed, b""
    except ValueError:
        packed, name = bytes([0, 0, 0, 1]), far_end.encode("idna") + b"\x00"
    if len(packed) != 4:
        return Passage.UNREACHED
    await channel.send(b"\x04\x01" + port.to_bytes(2, "big") + packed + user + b"\x00" + name)
    reply = await asyncio.wait_for(channel.receive_exactly(8), OPENING)
    if reply[0] != 0:
        return Passage.STRANGE
    told = {90: Passage.OPENED, 91: Passage.UNREACHED}
    return told.get(reply[1], Passage.AUTHENTICATE if reply[1] in (92, 93) else Passage.STRANGE)


async def ask_name_server(proxy: Proxy, address: str, server: str, name: str) -> tuple[str, ...]:
    """IPv4 addresses of a name by a name server that is asked through a SOCKS proxy (RFC 7766);
    none where that tells none.

    Args:
        address: the proxy's.
    """
    _seen, connected = await tcp.connect([address], proxy.port)
    if connected is None:
        return ()
    with connected:
        channel = PlainChannel(connected)
        try:
            if await _socks(channel, proxy, server, NAMES) is not Passage.OPENED:
                return ()
            return await asyncio.wait_for(answers.ask_by(channel, name), PATIENCE)
        except (OSError, TimeoutError, EOFError, UnicodeError):
            return ()


def _destination(far_end: str) -> bytes:
    try:
        packed = ip_address(far_end).packed
    except ValueError:
        name = far_end.encode("idna" if not far_end.isascii() else "ascii")[:255]
        return bytes([3, len(name)]) + name
    return bytes([1 if len(packed) == 4 else 4]) + packed
