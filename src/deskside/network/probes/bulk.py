"""Thousands of targets at once: staggered connects and TLS handshakes in one loop over the
operating system's own selector.

A task per connection costs several times the processor and memory of what is done here
(bench/network_probes.py). A busy computer never turns a far end that answered into one that was
silent: time is up only for what was not ready when the system was asked after that time, and
the last attempt has its full share of it, however late it was made.
"""

from __future__ import annotations

import errno
import selectors
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from deskside.network.observations import ConnectSeen, Reach, Shake, TlsSeen
from deskside.network.probes.descriptors import descriptors
from deskside.network.probes.handshakes import Handshake
from deskside.network.probes.tcp import (
    APART,
    ATTEMPTS,
    PATIENCE,
    REASONS,
    accepted,
    refused_by_message,
    tell_messages,
)

AT_ONCE = 256
"""Targets under way; a firewall on the way may take many more for an attack."""

HANDSHAKE = 4.0
"""Seconds for a handshake: beside many others it takes longer than alone."""

_OVERTAKEN = 0.05
"""Seconds by which a later attempt must be quicker before an earlier one counts as lost."""

_UNDER_WAY = (0, errno.EINPROGRESS, errno.EWOULDBLOCK, getattr(errno, "WSAEWOULDBLOCK", 10035))


@dataclass(frozen=True, slots=True)
class Target:
    """An address and port; with a `name`, TLS with that name is spoken after connecting."""

    address: str
    port: int
    name: str | None = None


_NOTHING_YET = ConnectSeen(result=Reach.SILENT)


@dataclass(slots=True)
class Probed:
    """What was seen of a target.

    Attributes:
        finished: false where the time for all of them was up.
        late: seconds by which the sweep may have been late to see that it was connected: those
            in which it did not ask the system, or got no processor after asking.
    """

    connect: ConnectSeen = _NOTHING_YET
    tls: TlsSeen | None = None
    finished: bool = False
    late: float = 0.0


@dataclass(slots=True)
class _Attempt:
    number: int
    opened: socket.socket
    descriptor: int
    started: float
    secure: Handshake | None = None


@dataclass(slots=True)
class _Progress:
    attempts: list[_Attempt] = field(default_factory=list)
    made: int = 0


def sweep(
    targets: Sequence[Target],
    *,
    context: ssl.SSLContext | None = None,
    patience: float = PATIENCE,
    handshake: float = HANDSHAKE,
    at_once: int = AT_ONCE,
    deadline: float | None = None,
    goes_on: Callable[[int], bool] | None = None,
) -> list[Probed]:
    """Probe every target once; the results stand in the order of the targets.

    Args:
        context: judges certificates; by default OpenSSL's own trust store.
        patience: seconds for a connection, over all of its attempts.
        handshake: seconds for TLS after it.
        at_once: targets under way at the same time.
        deadline: seconds for all of it; None is as long as it takes.
        goes_on: told many times a second how many targets are finished; False ends the sweep.
    """
    if context is None and any(target.name for target in targets):
        context = ssl.create_default_context()
    with descriptors(at_once * ATTEMPTS) as room:
        loop = _Sweep(targets, context, patience, handshake, min(at_once, room), room)
        return loop.run(deadline, goes_on or (lambda _finished: True))


class _Sweep:
    def __init__(
        self,
        targets: Sequence[Target],
        context: ssl.SSLContext | None,
        patience: float,
        handshake: float,
        at_once: int,
        room: int,
    ) -> None:
        self._targets = targets
        self._context = context
        self._patience, self._handshake = patience, handshake
        self._at_once, self._room = at_once, room
        self._results = [Probed() for _target in targets]
        self._open: dict[int, _Progress] = {}
        self._by_descriptor: dict[int, _Attempt] = {}
        self._next = 0
        self._again: deque[tuple[float, int]] = deque()
        self._up: deque[tuple[float, int]] = deque()
        self._shaken: deque[tuple[float, int]] = deque()
        self._selector = selectors.DefaultSelector()
        self._looked = time.monotonic()
        self._unheeded = 0.0

    def run(self, deadline: float | None, goes_on: Callable[[int], bool]) -> list[Probed]:
        end = None if deadline is None else time.monotonic() + deadline
        try:
            while self._fill() or self._open:
                if end is not None and time.monotonic() >= end:
                    break
                if not goes_on(self._next - len(self._open)):
                    break
                before = time.monotonic()
                self._look(before, end)
                self._time_passes(before)
        finally:
            for number in list(self._open):
                self._drop(number)
            self._selector.close()
        return self._results

    def _fill(self) -> bool:
        while (
            self._next < len(self._targets)
            and len(self._open) < self._at_once
            and len(self._by_descriptor) < self._room
        ):
            number = self._next
            self._next += 1
            self._open[number] = _Progress()
            self._attempt(number)
        return self._next < len(self._targets)

    def _attempt(self, number: int) -> None:
        progress, target = self._open[number], self._targets[number]
        if len(self._by_descriptor) >= self._room:
            self._again.append((time.monotonic() + APART, number))
            return
        progress.made += 1
        family = socket.AF_INET6 if ":" in target.address else socket.AF_INET
        try:
            opened = socket.socket(family, socket.SOCK_STREAM)
        except OSError as error:
            if not progress.attempts:
                self._refused(number, error.errno or 0, time.monotonic())
            return
        opened.setblocking(False)
        tell_messages(opened, wanted=True)
        attempt = _Attempt(number, opened, opened.fileno(), time.monotonic())
        try:
            code = opened.connect_ex((target.address, target.port))
        except OSError as error:  # no address at all
            code = abs(error.errno or errno.EINVAL)
        if code not in _UNDER_WAY:
            opened.close()
            if not progress.attempts:
                self._refused(number, code, attempt.started)
            return
        progress.attempts.append(attempt)
        self._by_descriptor[attempt.descriptor] = attempt
        self._selector.register(attempt.descriptor, selectors.EVENT_WRITE)
        if progress.made < ATTEMPTS:
            self._again.append((attempt.started + APART, number))
        else:
            last = max(self._patience - (ATTEMPTS - 1) * APART, APART)
            self._up.append((attempt.started + last, number))

    def _look(self, now: float, end: float | None) -> None:
        heads = [queue[0][0] for queue in (self._again, self._up, self._shaken) if queue]
        wait = max(min(heads, default=now + 0.1) - now, 0.0)
        if end is not None:
            wait = min(wait, max(end - now, 0.0))
        asked = time.monotonic()
        ready = self._selector.select(wait)
        told = time.monotonic()
        # What is ready now may have been so since the last look, but for the wait that was meant.
        self._unheeded = asked - self._looked + max(told - asked - wait, 0.0)
        self._looked = told
        for key, _events in ready:
            attempt = self._by_descriptor.get(key.fd)
            if attempt is None:
                continue
            if attempt.secure is None:
                self._connected(attempt)
            else:
                self._shake(attempt, attempt.secure)

    def _time_passes(self, now: float) -> None:
        """What was due by `now`, which lies before the last look at what is ready."""
        while self._again and self._again[0][0] <= now:
            number = self._again.popleft()[1]
            progress = self._open.get(number)
            if progress and not _is_secure(progress):
                self._attempt(number)
        while self._up and self._up[0][0] <= now:
            number = self._up.popleft()[1]
            progress = self._open.get(number)
            if progress and not _is_secure(progress):
                self._silent(number, progress)
        while self._shaken and self._shaken[0][0] <= now:
            number = self._shaken.popleft()[1]
            if number in self._open:
                self._shook(number, Shake.SILENT, "", self._handshake)

    def _connected(self, attempt: _Attempt) -> None:
        code = attempt.opened.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            if code == errno.ECONNREFUSED and refused_by_message(attempt.opened):
                code = errno.EHOSTUNREACH
            self._lose(attempt)
            if code != errno.ETIMEDOUT:
                self._refused(attempt.number, code, attempt.started)
            return
        number, now = attempt.number, time.monotonic()
        progress, target = self._open[number], self._targets[number]
        spent = now - attempt.started
        self._results[number].late = self._unheeded + now - self._looked
        self._results[number].connect = ConnectSeen(
            result=Reach.CONNECTED,
            address=target.address,
            attempts=progress.made,
            unanswered=sum(
                now - other.started > spent + _OVERTAKEN and not accepted(other.opened)
                for other in progress.attempts
                if other.started < attempt.started
            ),
            milliseconds=spent * 1000,
        )
        for other in [one for one in progress.attempts if one is not attempt]:
            self._lose(other)
        if target.name is None:
            self._finish(number)
        else:
            self._begin_tls(attempt, target.name, now)

    def _begin_tls(self, attempt: _Attempt, name: str, now: float) -> None:
        assert self._context
        attempt.started = now
        tell_messages(attempt.opened, wanted=False)
        self._shaken.append((now + self._handshake, attempt.number))
        attempt.secure = Handshake(self._context, name)
        self._shake(attempt, attempt.secure)

    def _shake(self, attempt: _Attempt, handshake: Handshake) -> None:
        before = handshake.wanted
        told = handshake.go_on(attempt.opened)
        if told is not None:
            self._shook(attempt.number, *told, time.monotonic() - attempt.started)
        elif handshake.wanted != before:
            self._selector.modify(attempt.descriptor, handshake.wanted)

    def _shook(self, number: int, result: Shake, problem: str, seconds: float) -> None:
        secure = next((one.secure for one in self._open[number].attempts if one.secure), None)
        self._results[number].tls = TlsSeen(
            result=result,
            milliseconds=seconds * 1000,
            protocol=secure.protocol if secure and result is Shake.TRUSTED else "",
            error=problem,
        )
        self._finish(number)

    def _refused(self, number: int, code: int, started: float) -> None:
        self._results[number].connect = ConnectSeen(
            result=REASONS.get(code, Reach.FAILED),
            address=self._targets[number].address,
            attempts=self._open[number].made,
            milliseconds=(time.monotonic() - started) * 1000,
            error=errno.errorcode.get(code, ""),
        )
        self._finish(number)

    def _silent(self, number: int, progress: _Progress) -> None:
        self._results[number].connect = ConnectSeen(
            result=Reach.SILENT,
            address=self._targets[number].address,
            attempts=progress.made,
            milliseconds=self._patience * 1000,
        )
        self._finish(number)

    def _finish(self, number: int) -> None:
        self._results[number].finished = True
        self._drop(number)

    def _drop(self, number: int) -> None:
        for attempt in list(self._open[number].attempts):
            self._lose(attempt)
        del self._open[number]

    def _lose(self, attempt: _Attempt) -> None:
        del self._by_descriptor[attempt.descriptor]
        self._selector.unregister(attempt.descriptor)
        with suppress(OSError):
            attempt.opened.close()
        self._open[attempt.number].attempts.remove(attempt)


def _is_secure(progress: _Progress) -> bool:
    return any(attempt.secure for attempt in progress.attempts)
