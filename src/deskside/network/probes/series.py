"""Series of connections to a responder: what one connection cannot show.

Only the desk's own responders are tried like this.
"""

from __future__ import annotations

import asyncio
import math
import secrets
import socket
import time
from contextlib import suppress
from dataclasses import dataclass, field

from deskside.network.line_observations import (
    HeldSeen,
    IdleSeen,
    SegmentsSeen,
    SeriesSeen,
)
from deskside.network.observations import Echo, EchoSeen
from deskside.network.probes import nonce
from deskside.network.probes.channel import PlainChannel
from deskside.network.probes.resending import resent

CONNECTIONS = 6
QUESTIONS, MOST_QUESTIONS = 10, 15
"""Round trips wanted of one connection, and questions asked for them at most, as those that were
sent again do not count; a responder allows 16, of which the first proves it."""

FEWEST, LONG_ENOUGH = 6, 1.5
"""Round trips that suffice, once so many seconds have passed."""

LATE = 0.8
"""Seconds beyond the quickest from which a connection's first packet was lost: it is sent again
after one second (RFC 6298)."""

LARGE_TRIES, HESITATION = 2, 1.2
"""Tries with large packets, and seconds after which small ones are tried beside them."""

HOLD_SLOW, HOLD_STEP, HOLD_TRIES = 0.25, 16, 6
"""Seconds that a connection more may take; once one takes longer, so many come at once. And how
many are tried before it is said that no more work: packets get lost, too."""

QUICK = 1.0
"""Seconds beyond four round trips in which small packets arrive, if the way is not narrow."""

_SMALL = 400
_PADDING = 4096


@dataclass(slots=True)
class _Asked:
    """The questions of a series, as `SeriesSeen` counts them."""

    answered: int = 0
    resent: int = 0
    lost: int = 0
    round_trips: list[float] = field(default_factory=list)


class Line:
    """One plain port of a responder, by one address."""

    def __init__(self, host: str, address: str, port: int, desk_key: str | None) -> None:
        self.host, self.address, self.port = host, address, port
        self.desk_key = desk_key
        self.quickest = math.inf  # seconds to connect
        self.cut = False  # a padded question ended by a reset or a hang-up

    async def connect(self, patience: float = 4.0, segment: int = 0) -> socket.socket:
        """A connection that does not block.

        Raises:
            OSError: there is none.
            TimeoutError: nobody answered in time.
        """
        family = socket.AF_INET6 if ":" in self.address else socket.AF_INET
        opened = socket.socket(family)
        opened.setblocking(False)
        if segment:
            with suppress(OSError):
                opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, segment)
        began = time.perf_counter()
        try:
            await asyncio.wait_for(
                asyncio.get_running_loop().sock_connect(opened, (self.address, self.port)), patience
            )
        except BaseException:
            opened.close()
            raise
        self.quickest = min(self.quickest, time.perf_counter() - began)
        return opened

    async def _ask(self, opened: socket.socket, patience: float = 3.0) -> EchoSeen:
        return await nonce.ask(PlainChannel(opened), desk_key=self.desk_key, patience=patience)

    async def series(self) -> SeriesSeen:
        """Some connections side by side, and questions on one more."""
        made = [asyncio.create_task(self._proved(number)) for number in range(CONNECTIONS - 1)]
        asked = _Asked()
        told = [await self._proved(CONNECTIONS - 1, asked), *await asyncio.gather(*made)]
        taken = [one[0] for one in told if one]
        quickest = min(taken, default=0.0)
        return SeriesSeen(
            host=self.host,
            address=self.address,
            port=self.port,
            connections=len(taken),
            late=sum(one > quickest + LATE for one in taken),
            quickest_connect=quickest * 1000,
            seen_as=tuple(one[1] for one in told if one and one[1]),
            questions=asked.answered,
            resent=asked.resent,
            lost=asked.lost,
            round_trips=tuple(asked.round_trips),
        )

    async def _proved(self, number: int, asked: _Asked | None = None) -> tuple[float, str] | None:
        """Seconds to connect, and the address that the responder saw, if it proved itself; asks
        on where the questions are to be counted."""
        # Out of step with other series: a balancer that alternates would look steady.
        await asyncio.sleep((20 * number + secrets.randbelow(40)) / 1000)
        began = time.perf_counter()
        try:
            opened = await self.connect()
        except (OSError, TimeoutError):
            return None
        spent = time.perf_counter() - began
        with opened:
            told = await self._ask(opened)
            if asked is not None:
                await self._questions(opened, asked)
        return spent, told.seen_as if told.result is Echo.GENUINE else ""

    async def _questions(self, opened: socket.socket, asked: _Asked) -> None:
        end = time.perf_counter() + LONG_ENOUGH
        first = before = resent(opened)
        for _number in range(MOST_QUESTIONS):
            enough = FEWEST if time.perf_counter() > end else QUESTIONS
            if len(asked.round_trips) >= enough:
                break
            told = await self._ask(opened)
            if told.result is not Echo.GENUINE:
                break
            after = resent(opened)
            asked.answered += 1
            if after.packets > before.packets:
                asked.resent += 1
            else:
                asked.round_trips.append(told.milliseconds)
            await asyncio.sleep(0.01)
            before = resent(opened)
        needlessly = before.needlessly - first.needlessly
        asked.lost = max(asked.resent - needlessly, 0)

    async def _padded(
        self, segment: int = 0, size: int = _PADDING, patience: float = 4.0
    ) -> bool | None:
        """Whether a padded question and its equally padded answer arrive; None where the
        responder knows no padding, or there is no connection to ask by."""
        try:
            opened = await self.connect(segment=segment)
        except (OSError, TimeoutError):
            return None
        with opened:
            told = await nonce.ask_padded(
                PlainChannel(opened), size, desk_key=self.desk_key, patience=patience
            )
        if told in (Echo.STRANGE, Echo.BUSY):
            return None
        self.cut = self.cut or told in (Echo.RESET, Echo.CLOSED)
        return told is Echo.GENUINE

    async def segments(self, *, measure: bool) -> SegmentsSeen | None:
        """Whether large packets arrive; where not, whether small segments help.

        All tries run side by side, so that what vanishes is waited for once.
        """
        tries = [asyncio.create_task(self._padded()) for _each in range(LARGE_TRIES)]
        beside: asyncio.Task[tuple[bool | None, float]] | None = None
        try:
            large = await _first(tries, HESITATION)
            if large is None and not all(one.done() for one in tries):
                beside = asyncio.create_task(self._small())
                large = await _first(tries, None)
            if large is not None:
                return SegmentsSeen(host=self.host, port=self.port, large=True) if large else None
            small, spent = await (beside or self._small())
            # Where small ones take long as well, the way may be narrow, and all are on it.
            narrow = bool(small) and spent > QUICK + 4 * self.quickest
            if narrow and await self._padded(patience=8.0 if measure else 4.0):
                return SegmentsSeen(host=self.host, port=self.port, large=True)
        finally:
            for one in [*tries, *filter(None, [beside])]:
                one.cancel()
        largest = await self._largest() if measure and small else None
        return SegmentsSeen(
            host=self.host,
            port=self.port,
            large=False,
            small=bool(small),
            largest=largest,
            cut=self.cut,
        )

    async def _small(self) -> tuple[bool | None, float]:
        """Whether small packets arrive, and the seconds that they took."""
        began = time.perf_counter()
        told = await self._padded(_SMALL)
        return told, time.perf_counter() - began

    async def _largest(self) -> int:
        low, high = _SMALL, 1460
        while high - low > 8:
            middle = (low + high) // 2
            if await self._padded(middle):
                low = middle
            else:
                high = middle
        return low

    async def held(self, count: int) -> HeldSeen | None:
        """Hold connections open at once, each proved by a question; None where the responder
        itself says that it has no room."""
        opened: list[socket.socket] = []
        worked, step = 0, 1
        try:
            while worked < count:
                began = time.perf_counter()
                told = await self._hold(opened, min(step, count - worked))
                if Echo.GENUINE not in told:  # lost packets, or a limit
                    told = await self._hold(opened, min(HOLD_TRIES, count - worked))
                if Echo.BUSY in told:
                    return None
                worked += told.count(Echo.GENUINE)
                if Echo.GENUINE not in told:
                    break
                if time.perf_counter() - began > HOLD_SLOW:
                    step = HOLD_STEP
        finally:
            for one in opened:
                one.close()
        after = worked == count or await self._works_again()
        return HeldSeen(host=self.host, port=self.port, asked=count, worked=worked, after=after)

    async def _hold(self, opened: list[socket.socket], count: int) -> list[Echo | None]:
        """How the question on each of some more connections ended, which are left open; None
        where there was none."""

        async def one_more() -> Echo | None:
            try:
                one = await self.connect(2.5)
            except (OSError, TimeoutError):
                return None
            opened.append(one)
            return (await self._ask(one, 2.5)).result

        return await asyncio.gather(*(one_more() for _each in range(count)))

    async def _works_again(self) -> bool:
        for pause in (0.5, 1.0, 2.0):
            await asyncio.sleep(pause)
            with suppress(OSError, TimeoutError), await self.connect(2.5) as opened:
                if (await self._ask(opened)).result is Echo.GENUINE:
                    return True
        return False

    async def idle(self, longest: float) -> IdleSeen | None:
        """Keep connections quiet for different times, all at once; then once more between the
        longest that lived and the shortest that did not, where time is left."""
        began = time.monotonic()
        steps = [step for step in _STEPS if step <= longest] or [longest]
        alive, dead, ending = await self._ladder(steps)
        if dead is not None and dead - alive > 1.5:
            between = [alive + (dead - alive) * part / 4 for part in (1, 2, 3)]
            between = [one for one in between if one < longest - (time.monotonic() - began)]
            closer = await self._ladder(between) if between else (0.0, None, None)
            alive = max(alive, closer[0])
            if closer[1] is not None:
                dead, ending = closer[1], closer[2]
        if alive == 0 and dead is None:
            return None
        return IdleSeen(host=self.host, port=self.port, alive=alive, dead=dead, ending=ending)

    async def _ladder(self, steps: list[float]) -> tuple[float, float | None, Echo | None]:
        """The longest quiet time that a connection outlived, and the shortest that one did not:
        once one is dead, and a fresh one works, longer ones are not waited for."""
        waiting = [(step, asyncio.create_task(self._quiet(step))) for step in steps]
        alive = 0.0
        try:
            for step, quiet in waiting:
                told = await quiet
                if told is Echo.GENUINE:
                    alive = step
                elif told in _CUT and await self._works_again():
                    return alive, step, told
        finally:
            for _step, quiet in waiting:
                quiet.cancel()
        return alive, None, None

    async def _quiet(self, seconds: float) -> Echo | None:
        try:
            opened = await self.connect()
        except (OSError, TimeoutError):
            return None
        with opened:
            if (await self._ask(opened)).result is not Echo.GENUINE:
                return None
            await asyncio.sleep(seconds)
            return (await self._ask(opened)).result


_STEPS = (3.0, 6.0, 10.0, 15.0, 22.0, 30.0, 45.0, 65.0, 95.0, 130.0, 190.0, 250.0, 310.0, 610.0)
_CUT = (Echo.SILENT, Echo.RESET, Echo.CLOSED)


async def _first(tries: list[asyncio.Task[bool | None]], seconds: float | None) -> bool | None:
    """True once a try arrived; False once the responder said that it knows none; None where all
    failed, or the time is up."""
    waiting = set(tries)
    end = None if seconds is None else time.monotonic() + seconds
    while waiting:
        left = None if end is None else max(end - time.monotonic(), 0.0)
        done, waiting = await asyncio.wait(
            waiting, timeout=left, return_when=asyncio.FIRST_COMPLETED
        )
        told = {one.result() for one in done}
        if told & {True, None}:
            return True in told
        if not done:
            return None
    return None
