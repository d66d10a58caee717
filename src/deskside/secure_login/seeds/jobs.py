"""Imports of devices and people from the pages: a file is checked, and once somebody says so
imported, in the background.

    checking ──all rows judged──▶ checked ──go──▶ running ──all rows in──▶ done
        ╰──cannot be read──▶ failed   ╰───dropped───╯

Each batch is one transaction: devices, report and progress together. So a server that is killed
loses nothing and repeats nothing; whichever node comes next goes on where it stopped. The file
waits sealed in the database, and is gone when it is through.
"""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import Any, BinaryIO

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from deskside.foundation.audit.service import Audit
from deskside.foundation.clock import Clock
from deskside.foundation.database import Database, new_id
from deskside.foundation.errors import DesksideError, NotFound, Refused
from deskside.foundation.keyring import Keyring
from deskside.foundation.leases import hold, release
from deskside.foundation.recurring import Recurring
from deskside.foundation.text import _, language, use_language
from deskside.secure_login.people.reading import people_in, read_people
from deskside.secure_login.people.service import PeopleImport
from deskside.secure_login.seeds.counting import PIECE, pieces
from deskside.secure_login.seeds.reading import read_seeds, rows_in
from deskside.secure_login.seeds.service import Outcome, SeedImport
from deskside.secure_login.seeds.store import seed_import, seed_import_file, seed_import_report
from deskside.secure_login.seeds.waiting import opened

LARGEST = 128 * 1024 * 1024
"""Bytes of a file; a hundred thousand encrypted keys of PSKC fit."""

LEASE, LEASE_SPAN = "seed-import", timedelta(seconds=15)
LOOK_EVERY = 1.0


class Status(StrEnum):
    """Where an import stands."""

    CHECKING = "checking"
    CHECKED = "checked"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    DROPPED = "dropped"


class Kind(StrEnum):
    """What a file holds."""

    DEVICES = "devices"
    PEOPLE = "people"


WORKING = (Status.CHECKING, Status.RUNNING)
OPEN = (*WORKING, Status.CHECKED)


@dataclass(frozen=True, slots=True)
class Import:
    """An import as the console shows it; the counts belong to the present stage."""

    id: str
    kind: Kind
    name: str
    actor: str
    created: datetime
    status: Status
    total: int
    done: int
    new: int
    present: int
    refused: int
    problem: str


class _Overtaken(Exception):
    """Somebody dropped the import, or another node took it over."""


@dataclass(frozen=True, slots=True)
class ImportJobs:
    """Takes files from the pages, and works on them."""

    database: Database
    keyring: Keyring
    clock: Clock
    audit: Audit
    devices: SeedImport
    people: PeopleImport
    holder: str = field(default_factory=new_id)

    # What the pages ask for

    def begin(
        self,
        file: BinaryIO,
        name: str,
        actor: str,
        *,
        key: str = "",
        password: str = "",
        kind: Kind = Kind.DEVICES,
    ) -> Import:
        """Store a file, sealed, to be checked.

        Raises:
            Refused: it is empty or too large.
        """
        identifier, now = new_id(), self.clock.now()
        opener = json.dumps({"key": key, "password": password}).encode()
        with self.database.write() as connection:
            connection.execute(
                insert(seed_import).values(
                    id=identifier,
                    kind=kind,
                    name=name[:80],
                    actor=actor,
                    language=language(),
                    created=now,
                    changed=now,
                    status=Status.CHECKING,
                    opener=self.keyring.seal(opener, context=_context(identifier, -1)),
                    problem="",
                    total=0,
                    **_FRESH,
                )
            )
            size = 0
            for number, piece in enumerate(pieces(file)):
                size += len(piece)
                _check_size(size)
                sealed = self.keyring.seal(piece, context=_context(identifier, number))
                connection.execute(
                    insert(seed_import_file).values(
                        import_id=identifier, number=number, content=sealed
                    )
                )
            _check_size(size)
            self._record(connection, "desk.import-begun", identifier, actor)
        return self.one(identifier)

    def listed(self, limit: int = 50) -> list[Import]:
        """The latest imports, newest first."""
        with self.database.read() as connection:
            rows = connection.execute(
                select(seed_import).order_by(seed_import.c.id.desc()).limit(limit)
            )
            return [_as_import(row) for row in rows]

    def one(self, identifier: str) -> Import:
        """One import; raises NotFound."""
        with self.database.read() as connection:
            return _as_import(_load(connection, identifier))

    def report(self, identifier: str) -> Iterator[Outcome]:
        """What became of each row, as far as it is known."""
        number = -1
        while True:
            with self.database.read() as connection:
                piece = connection.execute(
                    select(seed_import_report.c.number, seed_import_report.c.outcomes)
                    .where(
                        seed_import_report.c.import_id == identifier,
                        seed_import_report.c.number > number,
                    )
                    .order_by(seed_import_report.c.number)
                    .limit(1)
                ).first()
            if piece is None:
                return
            number = piece.number
            yield from (Outcome(**told) for told in json.loads(zlib.decompress(piece.outcomes)))

    def go(self, identifier: str, actor: str) -> None:
        """Import what was checked; raises Refused where it is not checked."""
        with self.database.write() as connection:
            self._move(connection, identifier, (Status.CHECKED,), Status.RUNNING, **_FRESH)
            connection.execute(
                delete(seed_import_report).where(seed_import_report.c.import_id == identifier)
            )
            self._record(connection, "desk.import-run", identifier, actor)

    def drop(self, identifier: str, actor: str) -> None:
        """Give up; what is in stays in. The file is forgotten. Raises Refused where it is over."""
        with self.database.write() as connection:
            self._move(connection, identifier, OPEN, Status.DROPPED, opener=None)
            self._forget_file(connection, identifier)
            self._record(connection, "desk.import-dropped", identifier, actor)

    # What is done in the background

    def working(self) -> AbstractContextManager[None]:
        """Work on imports while the block runs; of all nodes, one does."""
        recurring = Recurring("seed-import", lambda: self.turn(recurring), LOOK_EVERY)
        return recurring.running()

    def turn(self, recurring: Recurring | None = None) -> None:
        """Work on what is there, unless another node does."""
        while not (recurring and recurring.stopping):
            with self.database.read() as connection:
                row = connection.execute(
                    select(seed_import)
                    .where(seed_import.c.status.in_(WORKING))
                    .order_by(seed_import.c.id)
                    .limit(1)
                ).first()
            if row is None or not self._hold():
                return
            self._work(row, lambda: bool(recurring and recurring.stopping))
        with self.database.write() as connection:
            release(connection, LEASE, self.holder)

    def _work(self, row: Row[Any], stopping: Callable[[], bool]) -> None:
        use_language(row.language)
        try:
            people, file = row.kind == Kind.PEOPLE, self._file(row)
            total = row.total
            if row.status == Status.CHECKING:
                total = people_in(file) if people else rows_in(file)
                file.seek(0)
            lines: Iterator[Any] = (
                read_people(file) if people else read_seeds(file, **self._opener(row))
            )
            if row.status == Status.CHECKING:
                self._check(row, lines, total, stopping)
            else:
                self._import(row, islice(lines, row.done, None), stopping)
        except _Overtaken:
            return
        except DesksideError as error:
            with self.database.write() as connection:
                problem = f"{error.message} {error.hint}".strip()
                failed = {"problem": problem, "opener": None}
                if self._moved(connection, row.id, OPEN, Status.FAILED, **failed):
                    self._forget_file(connection, row.id)

    def _check(
        self, row: Row[Any], lines: Iterable[Any], total: int, stopping: Callable[[], bool]
    ) -> None:
        """Judge all rows anew: nothing is stored yet that could be lost."""
        with self.database.write() as connection:
            connection.execute(
                delete(seed_import_report).where(seed_import_report.c.import_id == row.id)
            )
            self._go_on(connection, row, Status.CHECKING, total=total, **_FRESH)
        progress = _Progress(row.id, Status.CHECKING)
        for _outcome in self._taking(row).run(
            lines, dry_run=True, actor=row.actor, keep=self._keeper(progress)
        ):
            if stopping():
                return
        with self.database.write() as connection:
            self._go_on(connection, row, Status.CHECKED, total=progress.done)

    def _import(self, row: Row[Any], lines: Iterable[Any], stopping: Callable[[], bool]) -> None:
        counts = Counter({"new": row.new, "present": row.present, "refused": row.refused})
        progress = _Progress(row.id, Status.RUNNING, row.done, counts)
        for _outcome in self._taking(row).run(lines, actor=row.actor, keep=self._keeper(progress)):
            if stopping():
                return
        with self.database.write() as connection:
            self._go_on(connection, row, Status.DONE, opener=None)
            self._forget_file(connection, row.id)

    def _taking(self, row: Row[Any]) -> SeedImport | PeopleImport:
        return self.people if row.kind == Kind.PEOPLE else self.devices

    def _keeper(self, progress: _Progress) -> Callable[[Connection, list[Outcome]], None]:
        """Keeps report and progress in the transaction of a batch."""

        def keep(connection: Connection, outcomes: list[Outcome]) -> None:
            if not hold(connection, LEASE, self.holder, LEASE_SPAN):
                raise _Overtaken
            before = progress.done
            progress.add(outcomes)
            told = json.dumps([asdict(outcome) for outcome in outcomes]).encode()
            changed = connection.execute(
                update(seed_import)
                .where(
                    seed_import.c.id == progress.id,
                    seed_import.c.status == progress.status,
                    seed_import.c.done == before,
                )
                .values(done=progress.done, changed=self.clock.now(), **progress.counts)
            )
            if changed.rowcount != 1:
                raise _Overtaken
            connection.execute(
                insert(seed_import_report).values(
                    import_id=progress.id, number=before, outcomes=zlib.compress(told)
                )
            )

        return keep

    def _hold(self) -> bool:
        with self.database.write() as connection:
            return hold(connection, LEASE, self.holder, LEASE_SPAN)

    def _file(self, row: Row[Any]) -> BinaryIO:
        stored = seed_import_file.c
        with self.database.read() as connection:
            last = connection.execute(
                select(func.max(stored.number)).where(stored.import_id == row.id)
            ).scalar()
        length = 0 if last is None else last * PIECE + len(self._piece(row.id, last))
        return opened(lambda number: self._piece(row.id, number), PIECE, length)

    def _piece(self, identifier: str, number: int) -> bytes:
        stored = seed_import_file.c
        with self.database.read() as connection:
            sealed = connection.execute(
                select(stored.content).where(
                    stored.import_id == identifier, stored.number == number
                )
            ).scalar()
        if sealed is None:
            raise _Overtaken
        return self.keyring.open_sealed(sealed, context=_context(identifier, number))

    def _opener(self, row: Row[Any]) -> dict[str, Any]:
        opener = json.loads(self.keyring.open_sealed(row.opener, context=_context(row.id, -1)))
        key = bytes.fromhex(opener["key"]) if opener["key"] else None
        return {"key": key, "password": opener["password"]}

    def _move(
        self,
        connection: Connection,
        identifier: str,
        before: tuple[Status, ...],
        after: Status,
        **values: Any,
    ) -> None:
        """As somebody asked; raises NotFound, Refused."""
        if not self._moved(connection, identifier, before, after, **values):
            _load(connection, identifier)
            raise Refused(
                "import-elsewhere",
                _("The import has gone on meanwhile; that cannot be done now."),
                hint=_("Look at it again."),
            )

    def _go_on(self, connection: Connection, row: Row[Any], after: Status, **values: Any) -> None:
        """As the work goes; raises _Overtaken."""
        if not self._moved(connection, row.id, (Status(row.status),), after, **values):
            raise _Overtaken

    def _moved(
        self,
        connection: Connection,
        identifier: str,
        before: tuple[Status, ...],
        after: Status,
        **values: Any,
    ) -> bool:
        changed = connection.execute(
            update(seed_import)
            .where(seed_import.c.id == identifier, seed_import.c.status.in_(before))
            .values(status=after, changed=self.clock.now(), **values)
        )
        return changed.rowcount == 1

    def _forget_file(self, connection: Connection, identifier: str) -> None:
        connection.execute(
            delete(seed_import_file).where(seed_import_file.c.import_id == identifier)
        )

    def _record(self, connection: Connection, event: str, identifier: str, actor: str) -> None:
        self.audit.record(
            connection, event, actor=actor, subject=None, detail={"import": identifier}
        )


_FRESH = {"done": 0, "new": 0, "present": 0, "refused": 0}


@dataclass(slots=True)
class _Progress:
    id: str
    status: Status
    done: int = 0
    counts: Counter[str] = field(default_factory=lambda: Counter(new=0, present=0, refused=0))

    def add(self, outcomes: list[Outcome]) -> None:
        self.done += len(outcomes)
        self.counts.update(outcome.outcome for outcome in outcomes)


def _load(connection: Connection, identifier: str) -> Row[Any]:
    row = connection.execute(select(seed_import).where(seed_import.c.id == identifier)).first()
    if row is None:
        raise NotFound("unknown-import", _("There is no such import."))
    return row


def _as_import(row: Row[Any]) -> Import:
    return Import(
        row.id,
        Kind(row.kind),
        row.name,
        row.actor,
        row.created,
        Status(row.status),
        row.total,
        row.done,
        row.new,
        row.present,
        row.refused,
        row.problem,
    )


def _context(identifier: str, number: int) -> str:
    return f"seed-import:{identifier}:{number}"


def _check_size(size: int) -> None:
    if not 0 < size <= LARGEST:
        raise Refused(
            "seeds-too-large" if size else "seeds-empty",
            _("The file is larger than {size} MB.").format(size=LARGEST // 1024**2)
            if size
            else _("Choose a file."),
            hint=_("Split it, or import it at the desk's own computer.") if size else "",
        )
