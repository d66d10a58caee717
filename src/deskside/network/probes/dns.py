"""Name look-ups by the system's own resolver: what TWS on this computer would be told."""

from __future__ import annotations

import asyncio
import secrets
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address

from deskside.network.observations import Found, LookupSeen

ASKS = 3
APART = 1.25
"""Seconds after which a silent resolver is asked again: its packets get lost too."""

LAST = 3.0
"""Seconds for what was asked last. Most systems ask the next name server once the first has been
silent for five seconds, and that answer is waited for."""

AT_ONCE = 16
"""Names asked for at once; many resolvers drop what comes in a larger burst."""

_ABSENT = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}

Answer = list[str] | OSError


class Resolver:
    """Looks names up within one event loop, not too many at once."""

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._under_way: dict[str, asyncio.Task[LookupSeen]] = {}

    async def look_up(self, name: str, *, spell: bool = True) -> LookupSeen:
        """IPv4 and IPv6 addresses of a name, or what the resolver said instead.

        Where `spell`, a name that is absent and has an underscore is asked for again with
        hyphens: the vendor's backups are spelt both ways.
        """
        if as_it_is := literal(name):
            return as_it_is
        seen = await self._shared(name)
        if spell and seen.result is Found.ABSENT and "_" in name:
            other = await self._shared(name.replace("_", "-"))
            return other if other.result is Found.FOUND else seen
        return seen

    async def _shared(self, name: str) -> LookupSeen:
        """One look-up serves all who ask for the name in a run."""
        if name not in self._under_way:
            self._under_way[name] = asyncio.create_task(self._once(name))
        return await asyncio.shield(self._under_way[name])

    async def canary(self) -> LookupSeen:
        """Look up a name that cannot exist (RFC 6761 section 6.4): there is no answer to it.

        The last dot keeps search domains out, where a wildcard may well answer.
        """
        return await self._once(f"deskside-{secrets.token_hex(8)}.invalid.")

    async def _once(self, name: str) -> LookupSeen:
        loop = asyncio.get_running_loop()
        asked = _Asked(loop.create_future())
        spent = 0.0
        for ask in range(1, ASKS + 1):
            async with self._slots:
                started = loop.time()
                asked.begin(name, loop)
                patience = APART if ask < ASKS else LAST
                await asyncio.wait([asked.answer], timeout=patience)
                spent += (loop.time() - started) * 1000
            if asked.answer.done():
                return _told(name, asked.answer.result(), spent)
        if asked.failure:
            return _told(name, asked.failure, spent)
        return LookupSeen(name=name, result=Found.SILENT, milliseconds=spent)


@dataclass(slots=True)
class _Asked:
    """One name, asked for a few times; packets get lost, so one failure is not yet an answer."""

    answer: asyncio.Future[Answer]
    failure: OSError | None = None

    def begin(self, name: str, loop: asyncio.AbstractEventLoop) -> None:
        # A thread that the interpreter does not wait for: a resolver may keep silent for a
        # minute.
        threading.Thread(target=_resolve, args=(name, loop, self.settle), daemon=True).start()

    def settle(self, told: Answer) -> None:
        if isinstance(told, OSError) and told.errno == socket.EAI_AGAIN:
            self.failure = told
        elif not self.answer.done():
            self.answer.set_result(told)


def _told(name: str, told: Answer, spent: float) -> LookupSeen:
    if not isinstance(told, OSError):
        return _found(name, told, Found.FOUND, spent)
    result = Found.ABSENT if told.errno in _ABSENT else Found.FAILED
    error = told.strerror or type(told).__name__
    return LookupSeen(name=name, result=result, milliseconds=spent, error=error)


def _resolve(name: str, loop: asyncio.AbstractEventLoop, settle: Callable[[Answer], None]) -> None:
    told: Answer
    try:
        entries = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
        told = [str(entry[4][0]) for entry in entries]
    except OSError as error:
        told = error
    except UnicodeError as error:
        told = socket.gaierror(socket.EAI_NONAME, str(error))
    try:
        loop.call_soon_threadsafe(settle, told)
    except RuntimeError:
        return  # the run is over and its loop closed


def literal(name: str) -> LookupSeen | None:
    """An address literal needs no resolver; None where it is a name."""
    try:
        ip_address(name)
    except ValueError:
        return None
    return _found(name, [name], Found.LITERAL, 0.0)


def _found(name: str, addresses: list[str], result: Found, spent: float) -> LookupSeen:
    unique = list(dict.fromkeys(address.partition("%")[0] for address in addresses))
    return LookupSeen(
        name=name,
        result=result,
        ipv4=tuple(address for address in unique if ":" not in address),
        ipv6=tuple(address for address in unique if ":" in address),
        milliseconds=spent,
    )
