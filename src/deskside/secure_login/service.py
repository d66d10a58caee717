"""Secure Login's use cases: the only door for other parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, exists, or_, select

from deskside.directory.model import UserName
from deskside.directory.rules import check_password
from deskside.directory.service import DirectoryService
from deskside.foundation.audit.service import Audit
from deskside.foundation.clock import Clock, Randomness, SystemRandomness
from deskside.foundation.database import Database
from deskside.foundation.keyring import Keyring
from deskside.foundation.mail import Mail
from deskside.foundation.recurring import Recurring
from deskside.secure_login import lockout
from deskside.secure_login.alarms import Alarms
from deskside.secure_login.device_step import DeviceStep
from deskside.secure_login.devices import Devices
from deskside.secure_login.endings import QUIET, ChallengeExpired, Endings, LoginFailed
from deskside.secure_login.handover import Handover
from deskside.secure_login.life import Lives
from deskside.secure_login.model import Challenge, Issued
from deskside.secure_login.password_step import PasswordStep
from deskside.secure_login.passwords import PasswordPool
from deskside.secure_login.proof import Proof
from deskside.secure_login.rates import Rates
from deskside.secure_login.rights.service import Rights, RightsPolicy
from deskside.secure_login.sessions import Limits, Sessions
from deskside.secure_login.step_up.rules import Policy as StepUpPolicy
from deskside.secure_login.step_up.service import StepUp
from deskside.secure_login.store import challenge, known_browser, login, session, spent
from deskside.secure_login.values import (
    Bridge,
    DeviceInfo,
    DeviceStatus,
    LoginStatus,
    LoginStep,
    Origin,
    SessionGranted,
    SessionInfo,
)
from deskside.web.model import Resolved, SessionMoved, Visitor

SWEEP_EVERY = timedelta(minutes=10)

__all__ = [
    "ChallengeExpired",
    "Limits",
    "LoginFailed",
    "LoginService",
    "Rates",
    "RightsPolicy",
    "StepUpPolicy",
]


@dataclass(frozen=True, slots=True)
class LoginService:
    """Logging in, sessions, and the devices that it takes."""

    database: Database
    clock: Clock
    directory: DirectoryService
    password_step: PasswordStep
    device_step: DeviceStep
    sessions: Sessions
    devices: Devices
    keyring: Keyring
    audit: Audit
    pool: PasswordPool
    alarms: Alarms
    endings: Endings
    lives: Lives
    handover: Handover
    step_up: StepUp
    rights: Rights

    @classmethod
    def open(
        cls,
        database: Database,
        keyring: Keyring,
        clock: Clock,
        audit: Audit,
        mail: Mail,
        directory: DirectoryService,
        *,
        limits: Limits | None = None,
        rates: Rates | None = None,
        random: Randomness | None = None,
        pool: PasswordPool | None = None,
        quiet: timedelta = QUIET,
        portal: Callable[[], str | None] = lambda: None,
        rights: RightsPolicy | None = None,
        step_up: StepUpPolicy | None = None,
        bridge: Bridge | None = None,
    ) -> LoginService:
        """Put the service together; `close` it at the end. `portal` is its address, for links."""
        chance, hashing = random or SystemRandomness(), pool or PasswordPool()
        devices = Devices(database, keyring, clock, audit, chance)
        sessions = Sessions(database, keyring, clock, audit, directory, limits or Limits())
        endings = Endings(clock, audit, mail, directory, sessions, quiet)
        alarms = Alarms(database, clock, directory, mail, portal)
        audit.listen(alarms.tell)
        device_step = DeviceStep(database, clock, chance, devices, endings, rates or Rates())
        password_step = PasswordStep(
            database,
            keyring,
            clock,
            directory,
            devices,
            hashing,
            device_step,
            endings,
            rates or Rates(),
        )
        proof = Proof(clock, devices, device_step)
        proving = StepUp(
            database, keyring, clock, devices, proof, password_step, step_up or StepUpPolicy()
        )
        return cls(
            database=database,
            clock=clock,
            directory=directory,
            password_step=password_step,
            device_step=device_step,
            sessions=sessions,
            devices=devices,
            keyring=keyring,
            audit=audit,
            pool=hashing,
            alarms=alarms,
            endings=endings,
            lives=Lives(keyring, devices, proof, bridge or Bridge()),
            handover=Handover(keyring, clock),
            step_up=proving,
            rights=Rights(database, clock, audit, proving, rights or RightsPolicy()),
        )

    def close(self) -> None:
        """Let go of the hashing threads."""
        self.pool.close()

    # Logging in

    async def begin(self, username: str, password: str, origin: Origin | None = None) -> LoginStep:
        """User name and password: a challenge, or a session where no device is due.

        Raises:
            LoginFailed: whatever the reason.
            Busy: too many log-ins at this moment; nothing was counted.
            TooManyAttempts: a limit by user name, address or desk is reached; as Busy.
        """
        return await self.pool.run(self.password_step.begin, username, password, origin or Origin())

    def challenge(self, login_id: str, device_id: str) -> Challenge:
        """A new challenge for one of the log-in's devices; raises LoginFailed."""
        return self.device_step.challenge(login_id, device_id)

    def progress(self, login_id: str) -> LoginStep:
        """An open log-in's devices and latest challenge; raises LoginFailed."""
        return self.device_step.progress(login_id)

    def status(self, login_id: str) -> LoginStatus:
        """Where a log-in stands; raises LoginFailed when there is none of that name."""
        return self.device_step.status(login_id)

    def answer(
        self, login_id: str, device_id: str, answer: str, origin: Origin | None = None
    ) -> SessionGranted:
        """The answer to the latest challenge.

        Raises:
            MalformedAnswer: it cannot be an answer at all; the challenge stays open.
            LoginFailed: wrong, late or second; the challenge is used up.
        """
        return self.device_step.answer(login_id, device_id, answer, origin or Origin())

    # Sessions

    def resolve(self, token: str, address: str = "") -> Resolved | SessionMoved | None:
        """Whose session a token stands for; what the shell calls for each request."""
        return self.sessions.resolve(token, address)

    def log_out(self, visitor: Visitor) -> None:
        """End the visitor's session."""
        self.sessions.end(visitor.session_id)

    def list_sessions(self, visitor: Visitor) -> Sequence[SessionInfo]:
        """The visitor's sessions, this one marked."""
        return self.sessions.listed(visitor)

    def revoke_session(self, visitor: Visitor, session_id: str) -> None:
        """End one session of the visitor's user name; raises NotFound."""
        self.sessions.revoke(visitor, session_id)

    def revoke_other_sessions(self, visitor: Visitor) -> int:
        """End all sessions of the visitor's user name but this one; how many there were."""
        return self.sessions.revoke_others(visitor)

    # Passwords

    async def choose_password(self, token: str, password: str) -> str:
        """Spend a one-time link on a password; end the user's sessions; the user name's id.

        Raises:
            LinkGone: the link is not open.
            PasswordRefused: the password is not acceptable; the link stays open.
        """
        return await self.pool.run(self._choose_password, token, password)

    def _choose_password(self, token: str, password: str) -> str:
        link = self.directory.open_link(token)
        hashed = self.pool.hash(check_password(password, self.directory.known_of(link)))
        with self.database.write() as connection:
            user_name_id = self.directory.spend_link(connection, token, hashed)
            self.end_everything(connection, user_name_id)
        return user_name_id

    async def change_password(
        self, visitor: Visitor, current: str, password: str, origin: Origin
    ) -> None:
        """A new password in place of the present one; ends all other sessions.

        Raises:
            LoginFailed: `current` is not the present password, or too many were tried.
            PasswordRefused: the new one is not acceptable.
            Busy, TooManyAttempts: as for `begin`.
        """
        await self.pool.run(self._change_password, visitor, current, password, origin)

    def _change_password(
        self, visitor: Visitor, current: str, password: str, origin: Origin
    ) -> None:
        user = self.directory.find(visitor.user_name)
        chosen = check_password(password, self.directory.known_about(user.holder_id, user.name))
        self.password_step.confirm(user.name, current, origin)
        hashed = self.pool.hash(chosen)
        with self.database.write() as connection:
            self.directory.store_password(connection, user.id, hashed)
            self.endings.record(
                connection, "directory.password-chosen", user.id, actor=user.id, by="current"
            )
            connection.execute(delete(login).where(login.c.user_name_id == user.id))
            self.sessions.revoke_all(connection, user.id, but=visitor.session_id)

    def disown(self, token: str) -> None:
        """Lock a user name by its owner's word, end all that is open, and tell the desk.

        Raises:
            AlarmGone: it is no open link.
        """
        with self.database.write() as connection:
            spent = self.alarms.spend(connection, token)
            self.directory.set_enabled(connection, spent.user_name_id, enabled=False)
            self.end_everything(connection, spent.user_name_id)
            self.endings.record(
                connection,
                "login.disowned",
                spent.user_name_id,
                actor=spent.user_name_id,
                after=spent.event,
            )
            self.alarms.tell_desk(connection, spent.user_name_id)

    # User names and devices

    def set_enabled(
        self, user: UserName, *, enabled: bool, actor: str | None = None, **why: str
    ) -> None:
        """Let a user name log in, or stop it at once and end its sessions.

        Args:
            user: the user name.
            enabled: whether it may log in.
            actor: id of who decides.
            why: for the audit trail: codes, never free text.
        """
        with self.database.write() as connection:
            self.directory.set_enabled(connection, user.id, enabled=enabled, actor=actor, **why)
            if not enabled:
                self.end_everything(connection, user.id)

    def list_devices(
        self, *, user_name_id: str | None = None, serial: str = ""
    ) -> list[DeviceInfo]:
        """Devices, perhaps of one user name or of one serial number."""
        return self.devices.listed(user_name_id=user_name_id, serial=serial)

    def issue_device(
        self,
        owners: Sequence[UserName],
        kind: str,
        *,
        label: str = "",
        actor: str | None = None,
        **choices: Any,
    ) -> tuple[DeviceInfo, Issued]:
        """Make a device for user names; see `Devices.issue`."""
        return self.devices.issue(owners, kind, label=label, actor=actor, **choices)

    def set_device_status(
        self, serial: str, status: DeviceStatus, *, actor: str | None = None
    ) -> DeviceInfo:
        """Lock or unlock a device; raises NotFound."""
        return self.devices.set_status(serial, status, actor=actor)

    def sweeping(self, every: timedelta = SWEEP_EVERY) -> AbstractContextManager[None]:
        """Forget what has lapsed, in the background, while the block runs; any node may."""
        return Recurring("login.sweep", self.sweep, every.total_seconds()).running()

    def sweep(self) -> None:
        """Forget what has lapsed, once."""
        now = self.clock.now()
        with self.database.write() as connection:
            self.sessions.sweep(connection)
            lockout.sweep(connection, now)
            connection.execute(delete(known_browser).where(known_browser.c.expires <= now))
            self.alarms.sweep(connection)
            self.step_up.sweep(connection)
            self._tell_of_unfinished(connection, now)
            connection.execute(delete(login).where(login.c.expires <= now))
            # A question that was answered stays for ever: it must not be asked again.
            answered = select(spent.c.what).where(spent.c.device_id == challenge.c.device_id)
            connection.execute(
                delete(challenge).where(
                    challenge.c.expires <= now,
                    or_(challenge.c.question.is_(None), challenge.c.id.not_in(answered)),
                )
            )

    def _tell_of_unfinished(self, connection: Connection, now: datetime) -> None:
        """Whoever knows the password and not the device is worth a notice: one a sweep."""
        unfinished = connection.execute(
            select(login.c.user_name_id)
            .where(login.c.expires <= now, ~exists().where(session.c.login_id == login.c.id))
            .where(login.c.challenge_id.is_not(None))
            .distinct()
        )
        for user_name_id in unfinished.scalars().all():
            self.endings.record(connection, "login.unfinished", user_name_id)

    def end_everything(self, connection: Connection, user_name_id: str) -> int:
        """End all sessions and log-ins under way of a user name; how many sessions."""
        connection.execute(delete(login).where(login.c.user_name_id == user_name_id))
        return self.sessions.revoke_all(connection, user_name_id)
