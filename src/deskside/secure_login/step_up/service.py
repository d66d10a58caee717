"""Proofs of identity within a session: asked for, given, and used up by the task that needs one.

A proof belongs to one session and one kind of task. It is made by one answer of one of the
person's devices (or the password, see the rules), lasts for minutes, and by default serves once.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from deskside.foundation.clock import Clock
from deskside.foundation.database import Database, new_id
from deskside.foundation.errors import DesksideError, NotAllowed, UsageProblem
from deskside.foundation.keyring import Keyring
from deskside.foundation.text import _
from deskside.secure_login.authenticators import authenticator
from deskside.secure_login.device_rows import is_usable
from deskside.secure_login.devices import Devices
from deskside.secure_login.model import Challenge
from deskside.secure_login.password_step import PasswordStep
from deskside.secure_login.proof import NotProved, Proof
from deskside.secure_login.step_up.rules import Means, Policy, Task, log_in_counts, means
from deskside.secure_login.step_up.store import step_up
from deskside.secure_login.store import session
from deskside.secure_login.threads import in_thread
from deskside.secure_login.values import Factor, Origin
from deskside.web.model import Visitor


class StepUpNeeded(NotAllowed):
    """The person must prove their identity first; `task` says for what."""

    def __init__(self, task: Task) -> None:
        super().__init__(
            "step-up-needed",
            _("Verify your identity first: this changes how you are protected."),
            hint=_("Answer with your security device again, then repeat what you did."),
        )
        self.task = task


class OnlyTheDesk(NotAllowed):
    """None of the person's devices works; nobody but the desk can tell who they are."""

    def __init__(self) -> None:
        super().__init__(
            "no-device-to-prove",
            _("None of your security devices can answer now, so you cannot verify your identity."),
            hint=_("Call your desk: they check who you are and tell you a temporary code."),
        )


@dataclass(frozen=True, slots=True)
class Proven:
    """A proof that was given. `level` is the protection level of the device that answered."""

    id: str
    task: Task
    level: int
    expires: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """A form that waits until its sender has proved who they are."""

    path: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StepUp:
    """Verifying one's identity before a sensitive task."""

    database: Database
    keyring: Keyring
    clock: Clock
    devices: Devices
    proof: Proof
    passwords: PasswordStep
    policy: Policy

    # Asking and answering

    def means(self, visitor: Visitor, task: Task) -> tuple[Means, tuple[Factor, ...]]:
        """How the visitor proves their identity, and with which devices, the strongest first."""
        with self.database.read() as connection:
            rows = self.devices.bound(connection, visitor.user_name_id)
        due = any(holding.due for holding in self.devices.holdings(rows))
        factors = self.devices.factors(rows)
        return means(task, due=due, usable=bool(factors)), factors

    def ask(self, visitor: Visitor, task: Task, device_id: str) -> Challenge:
        """A question to one of the visitor's devices, for this session and kind of task alone.

        Raises:
            NotFound, OnlyTheDesk: the device is not the visitor's, or cannot answer.
        """
        with self.database.write() as connection:
            row = self._usable(connection, visitor, device_id)
            return self.proof.ask(connection, visitor.user_name_id, row, _purpose(visitor, task))

    def answer(
        self, visitor: Visitor, task: Task, device_id: str, challenge_id: str, text: str
    ) -> Proven:
        """Take the device's answer.

        Raises:
            MalformedAnswer: it cannot be an answer; the question stays open.
            NotProved: it was wrong, late or second.
        """
        with self.database.write() as connection:
            row = self._usable(connection, visitor, device_id)
            purpose = _purpose(visitor, task)
            right = self.proof.judge(
                connection, visitor.user_name_id, row, purpose, challenge_id, text
            )
            if right:
                level = authenticator(row.kind).protection_level
                proven = self._keep(connection, visitor, task, level)
        if not right:
            raise NotProved
        return proven

    def password(self, visitor: Visitor, task: Task, password: str, origin: Origin) -> Proven:
        """Take the password where that is enough; runs in the pool of hashes.

        Raises:
            UsageProblem: the visitor has a device that must answer.
            LoginFailed, TooManyAttempts: as at a log-in, and counted so.
        """
        wanted, _factors = self.means(visitor, task)
        if wanted is not Means.PASSWORD:
            raise UsageProblem(
                "device-must-answer",
                _("The password is not enough: your security device must answer."),
            )
        self.passwords.confirm(visitor.user_name, password, origin)
        with self.database.write() as connection:
            return self._keep(connection, visitor, task, 0)

    # What a task does

    def is_proven(self, visitor: Visitor, task: Task) -> bool:
        """Whether the visitor may go on with a task; uses nothing up."""
        with self.database.read() as connection:
            if self._log_in_counts(connection, visitor, task):
                return True
            open_ = connection.execute(_open(visitor, task, self.clock.now()).limit(1)).first()
        return open_ is not None or self.means(visitor, task)[0] is Means.NOTHING

    def require(self, visitor: Visitor, task: Task) -> None:
        """Raises StepUpNeeded where the visitor has not proved their identity for the task."""
        if not self.is_proven(visitor, task):
            raise StepUpNeeded(task)

    @contextmanager
    def spending(self, visitor: Visitor, task: Task) -> Iterator[None]:
        """Do the task with the visitor's proof, used up first; a task that fails gives it back.

        Raises:
            StepUpNeeded: there is none.
        """
        spent = self.take(visitor, task)
        try:
            yield
        except DesksideError:
            self.give_back(spent)
            raise

    @asynccontextmanager
    async def spending_in_thread(self, visitor: Visitor, task: Task) -> AsyncIterator[None]:
        """As `spending`, for a task that is awaited."""
        spent = await in_thread(self.take, visitor, task)
        try:
            yield
        except DesksideError:
            await in_thread(self.give_back, spent)
            raise

    def take(self, visitor: Visitor, task: Task) -> str:
        """Use a proof up for a task; its id, or nothing where none was needed."""
        with self.database.write() as connection:
            if self._log_in_counts(connection, visitor, task):
                return ""
            proven = self.use(connection, visitor, task)
        if proven is not None:
            return proven.id if self.policy.single_use else ""
        if self.means(visitor, task)[0] is Means.NOTHING:
            return ""
        raise StepUpNeeded(task)

    def give_back(self, proof_id: str) -> None:
        """Let a proof serve again: the task that took it has failed."""
        if proof_id:
            with self.database.write() as connection:
                connection.execute(
                    update(step_up).where(step_up.c.id == proof_id).values(used=None)
                )

    def use(
        self, connection: Connection, visitor: Visitor, task: Task, proof_id: str = ""
    ) -> Proven | None:
        """In a transaction of the caller's: a proof of the visitor's, used up if it serves once."""
        now = self.clock.now()
        query = _open(visitor, task, now)
        if proof_id:
            query = query.where(step_up.c.id == proof_id)
        row = connection.execute(query.limit(1)).first()
        if row is None:
            return None
        if self.policy.single_use:
            # Of two tasks at once one updates the row; the other finds it used.
            used = connection.execute(
                update(step_up)
                .where(step_up.c.id == row.id, step_up.c.used.is_(None))
                .values(used=now)
            )
            if used.rowcount != 1:
                return None
        return Proven(row.id, task, row.level, row.expires)

    def sweep(self, connection: Connection) -> None:
        """Forget proofs that are over."""
        connection.execute(delete(step_up).where(step_up.c.expires <= self.clock.now()))

    # A form that waits

    def keep_form(self, visitor: Visitor, path: str, fields: Mapping[str, str]) -> str:
        """A form sealed for its sender's session, to be sent again after the proof."""
        until = (self.clock.now() + self.policy.lifetime * 2).timestamp()
        document = json.dumps({"path": path, "fields": dict(fields), "until": until})
        return self.keyring.seal(document.encode(), context=_context(visitor)).hex()

    def kept_form(self, visitor: Visitor, sealed: str) -> Kept:
        """What `keep_form` sealed; raises UsageProblem for anything else, or too late."""
        try:
            opened = self.keyring.open_sealed(bytes.fromhex(sealed), context=_context(visitor))
        except (ValueError, DesksideError) as error:
            raise _form_gone() from error
        document: dict[str, Any] = json.loads(opened)
        if self.clock.now().timestamp() >= document["until"]:
            raise _form_gone()
        return Kept(document["path"], document["fields"])

    def _usable(self, connection: Connection, visitor: Visitor, device_id: str) -> Row[Any]:
        row = self.proof.load(connection, visitor.user_name_id, device_id)
        if not is_usable(row, self.clock.now()):
            raise OnlyTheDesk
        return row

    def _keep(self, connection: Connection, visitor: Visitor, task: Task, level: int) -> Proven:
        now = self.clock.now()
        proven = Proven(new_id(), task, level, now + self.policy.lifetime)
        connection.execute(
            insert(step_up).values(
                id=proven.id,
                session_id=visitor.session_id,
                user_name_id=visitor.user_name_id,
                task=task.value,
                level=level,
                at=now,
                expires=proven.expires,
            )
        )
        self.devices.audit.record(
            connection,
            "step-up.proved",
            actor=visitor.user_name_id,
            subject=visitor.user_name_id,
            detail={"task": task.value, "level": level},
        )
        return proven

    def _log_in_counts(self, connection: Connection, visitor: Visitor, task: Task) -> bool:
        started = connection.execute(
            select(session.c.started).where(session.c.id == visitor.session_id)
        ).scalar()
        return started is not None and log_in_counts(self.policy, task, started, self.clock.now())


def task_named(name: str) -> Task:
    """A task by its name; raises UsageProblem."""
    try:
        return Task(name)
    except ValueError as error:
        raise UsageProblem(
            "unknown-task",
            _("There is no task “{name}” that wants a proof.").format(name=name[:40]),
            hint=", ".join(Task),
        ) from error


def _open(visitor: Visitor, task: Task, now: datetime) -> Any:
    return (
        select(step_up)
        .where(
            step_up.c.session_id == visitor.session_id,
            step_up.c.task == task.value,
            step_up.c.expires > now,
            step_up.c.used.is_(None),
        )
        .order_by(step_up.c.id.desc())
    )


def _purpose(visitor: Visitor, task: Task) -> str:
    return f"{task} {visitor.session_id}"


def _context(visitor: Visitor) -> str:
    return f"kept form:{visitor.session_id}"


def _form_gone() -> UsageProblem:
    return UsageProblem(
        "form-gone",
        _("What you had entered was kept for some minutes only."),
        hint=_("Enter it again."),
    )
