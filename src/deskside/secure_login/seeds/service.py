"""Importing seeds: a row at a time is judged, a thousand at a time are stored.

A device that is there already is passed over, so that an import that was cut off is simply run
again. Imported devices wait: they are due at no log-in before their holders activate them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import Connection, select

from deskside.directory.model import UserName
from deskside.directory.service import DirectoryService
from deskside.foundation.errors import DesksideError
from deskside.foundation.text import _
from deskside.secure_login.authenticators import Importable, authenticator, kinds
from deskside.secure_login.devices import Devices
from deskside.secure_login.model import Issued
from deskside.secure_login.seeds.reading import Line
from deskside.secure_login.store import device
from deskside.secure_login.values import DeviceStatus

BATCH = 1000
NEW, PRESENT, REFUSED = "new", "present", "refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one row: `new`, `present` or `refused`, and why."""

    line: int
    serial: str
    kind: str
    outcome: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Ready:
    line: Line
    kind: str
    issued: Issued
    owner: UserName | None

    @property
    def name(self) -> tuple[str, str]:
        """By which the device is known: kind and serial number."""
        return self.kind, self.issued.public["serial"]


Keep = Callable[[Connection, list[Outcome]], None]


def _outcome(judged: _Ready | Outcome, *, new: bool) -> Outcome:
    if isinstance(judged, Outcome):
        return judged
    return Outcome(judged.line.number, judged.name[1], judged.kind, NEW if new else PRESENT)


@dataclass(frozen=True, slots=True)
class SeedImport:
    """Takes rows of a seed file."""

    devices: Devices
    directory: DirectoryService

    def run(
        self,
        lines: Iterable[Line],
        *,
        dry_run: bool = False,
        actor: str | None = None,
        progress: Callable[[int], None] = lambda _rows: None,
        keep: Keep = lambda _connection, _outcomes: None,
    ) -> Iterator[Outcome]:
        """Import the rows, and say of each what became of it.

        Args:
            lines: rows as read.
            dry_run: judge and store nothing.
            actor: who imports, for the audit trail.
            progress: is told how many rows are done after each batch.
            keep: is given what became of a batch, in the very transaction that stores it.
        """
        source, done = iter(lines), 0
        seen: set[tuple[str, str]] = set()
        while batch := list(islice(source, BATCH)):
            judged = [self._judge(line) for line in batch]
            ready = [one for one in judged if isinstance(one, _Ready)]
            with self.devices.database.write() as connection:
                fresh = self._fresh(connection, ready, seen)
                if not dry_run and fresh:
                    self._store(connection, fresh, actor)
                new = {id(one) for one in fresh}
                outcomes = [_outcome(one, new=id(one) in new) for one in judged]
                keep(connection, outcomes)
            seen.update(one.name for one in fresh)
            yield from outcomes
            done += len(batch)
            progress(done)

    def _fresh(
        self, connection: Connection, ready: list[_Ready], seen: set[tuple[str, str]]
    ) -> list[_Ready]:
        """Those that are neither stored nor came before in the file."""
        serials = [one.name[1] for one in ready]
        rows = connection.execute(
            select(device.c.kind, device.c.serial).where(device.c.serial.in_(serials))
        )
        there = {(row.kind, row.serial) for row in rows}
        fresh = []
        for one in ready:
            if one.name not in there and one.name not in seen:
                fresh.append(one)
                there.add(one.name)
        return fresh

    def _store(self, connection: Connection, fresh: list[_Ready], actor: str | None) -> None:
        self.devices.store_issued(
            connection,
            [(one.kind, one.issued, one.owner) for one in fresh],
            status=DeviceStatus.WAITING,
            actor=actor,
        )
        for kind, count in Counter(one.kind for one in fresh).items():
            self.devices.audit.record(
                connection,
                "device.imported",
                actor=actor,
                subject=None,
                detail={"kind": kind, "count": count},
            )

    def _judge(self, line: Line) -> _Ready | Outcome:
        seed = line.seed
        if seed is None:
            return Outcome(line.number, "", "", REFUSED, line.problem)
        if not seed.serial or len(seed.serial) > 80:
            return Outcome(line.number, seed.serial[:80], "", REFUSED, _("no serial number"))
        for kind in [seed.kind] if seed.kind else kinds():
            plugin: object = authenticator(kind) if kind in kinds() else None
            issued = (
                plugin.adopt(self.devices.random, seed) if isinstance(plugin, Importable) else None
            )
            if issued is not None:
                try:
                    owner = self.directory.find(seed.user_name) if seed.user_name else None
                except DesksideError as error:
                    return Outcome(line.number, seed.serial, kind, REFUSED, error.message)
                return _Ready(line, kind, issued, owner)
        return Outcome(
            line.number, seed.serial, seed.kind, REFUSED, _("no kind of device takes such a seed")
        )
