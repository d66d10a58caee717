"""What the console does: each question and each action checked against the rights of who asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, delete, func, or_, select

from deskside.directory.model import LinkPurpose, UserName
from deskside.directory.service import DirectoryService
from deskside.foundation.audit.model import Row
from deskside.foundation.audit.service import Audit, concerning
from deskside.foundation.clock import Clock
from deskside.foundation.database import Database
from deskside.foundation.errors import NotAllowed, NotFound, Refused
from deskside.foundation.keyring import Keyring
from deskside.foundation.text import _
from deskside.secure_login.helpdesk.reasons import Why
from deskside.secure_login.helpdesk.rights import EVERYWHERE, Right, rights_of, rights_over
from deskside.secure_login.lockout import device_subjects, guesses, name_subject, tallies_of
from deskside.secure_login.orders.closing import Closing
from deskside.secure_login.orders.model import Policy
from deskside.secure_login.orders.returning import Returns
from deskside.secure_login.orders.service import Orders
from deskside.secure_login.service import LoginService
from deskside.secure_login.store import binding, device, session
from deskside.secure_login.values import DeviceInfo, DeviceStatus
from deskside.web.model import Visitor

LISTED, PIECE = 50, 1000
"""How many a page lists, and rows that an export reads at once."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a search brought; `more` where there is more than is listed."""

    people: list[UserName]
    devices: list[DeviceInfo]
    more: bool


@dataclass(frozen=True, slots=True)
class Dossier:
    """What the console shows of one user name, and what its viewer may do about it."""

    person: UserName
    devices: list[DeviceInfo]
    sessions: int
    locked: bool
    disowned: bool
    others: list[UserName]
    rights: frozenset[Right]


@dataclass(frozen=True, slots=True)
class StockRow:
    """Devices of one kind: how many there are, in which state; `in_stock` can be handed out."""

    kind: str
    total: int
    in_stock: int
    waiting: int
    active: int
    locked: int
    lost: int
    retired: int


_COUNTED = (
    DeviceStatus.ACTIVE,
    DeviceStatus.LOCKED,
    DeviceStatus.LOST,
    DeviceStatus.RETIRED,
)


@dataclass(frozen=True, slots=True)
class Helpdesk:
    """The console's use cases."""

    database: Database
    keyring: Keyring
    clock: Clock
    audit: Audit
    directory: DirectoryService
    secure_login: LoginService
    portal: Callable[[], str | None]
    policy: Policy = field(default_factory=Policy)

    # Looking

    def rights(self, visitor: Visitor) -> frozenset[Right]:
        """What the visitor may do about anybody; raises NotAllowed where that is nothing."""
        granted = rights_of(visitor.roles)
        if not granted:
            raise _not_allowed()
        return granted

    def search(self, visitor: Visitor, query: str) -> Found:
        """People by user name or words of their names, devices by serial number."""
        self.require(visitor, Right.SEARCH)
        query = "".join(filter(str.isprintable, query)).strip()
        if not query:
            return Found([], [], more=False)
        people = self.directory.search(query, LISTED + 1)
        devices = self.secure_login.devices.starting(query, LISTED + 1)
        if not self._sees_all(visitor):
            own = self._holder_of(visitor)
            people = [person for person in people if person.holder_id == own]
            names = {person.name for person in self.directory.of_holder(own)}
            devices = [info for info in devices if names & set(info.user_names)]
        more = len(people) > LISTED or len(devices) > LISTED
        return Found(people[:LISTED], devices[:LISTED], more)

    def dossier(self, visitor: Visitor, name: str) -> Dossier:
        """All about one user name. That somebody looked is recorded.

        Raises:
            NotFound: there is none of that name, or it is not the visitor's to see.
        """
        dossier = self.allowed(visitor, name, Right.SEARCH)
        with self.database.write() as connection:
            self.audit.record(
                connection, "desk.viewed", actor=visitor.user_name_id, subject=dossier.person.id
            )
        return dossier

    def allowed(self, visitor: Visitor, name: str, right: Right) -> Dossier:
        """A user name about which the visitor may do something; nothing is recorded.

        Raises:
            NotFound: there is none of that name, or it is not the visitor's to see.
            NotAllowed: the visitor may see it and not do that.
        """
        person, rights = self._person(visitor, name, right)
        now = self.clock.now()
        with self.database.read() as connection:
            tallies = tallies_of(connection, self._subjects(person))
            sessions = connection.execute(
                select(func.count())
                .select_from(session)
                .where(
                    session.c.user_name_id == person.id, session.c.expires > now, ~session.c.moved
                )
            ).scalar_one()
        said = concerning(
            self.database,
            person.id,
            limit=1,
            events=("login.disowned", "directory.user-name-enabled"),
        )
        return Dossier(
            person=person,
            devices=self.secure_login.list_devices(user_name_id=person.id),
            sessions=sessions,
            locked=any(tally.is_locked(now) for tally in tallies.values()),
            disowned=not person.enabled and bool(said) and said[0].event == "login.disowned",
            others=[
                other
                for other in self.directory.of_holder(person.holder_id)
                if other.id != person.id
            ],
            rights=rights,
        )

    def stock(self, visitor: Visitor) -> list[StockRow]:
        """Devices by kind and state."""
        self.require(visitor, Right.STOCK)
        bound = select(binding.c.device_id)
        waiting = device.c.status == DeviceStatus.WAITING.value
        counts = select(
            device.c.kind,
            func.count().label("total"),
            func.count().filter(waiting, device.c.id.not_in(bound)),
            func.count().filter(waiting, device.c.id.in_(bound)),
            *(func.count().filter(device.c.status == each.value) for each in _COUNTED),
        )
        with self.database.read() as connection:
            rows = connection.execute(counts.group_by(device.c.kind).order_by(device.c.kind))
            return [StockRow(*row) for row in rows]

    def trail(
        self, visitor: Visitor, name: str, *, before: str = "", limit: int = LISTED
    ) -> tuple[UserName, list[Row]]:
        """The audit trail about one user name and its devices, newest first."""
        person, _rights = self._person(visitor, name, Right.AUDIT)
        with self.database.read() as connection:
            devices = connection.execute(
                select(binding.c.device_id).where(binding.c.user_name_id == person.id)
            ).scalars()
            about = (person.id, *devices)
        return person, concerning(self.database, *about, limit=limit, before=before)

    def whole_trail(self, visitor: Visitor, name: str) -> Iterator[Row]:
        """All of the audit trail about one user name, in pieces, for an export; recorded."""
        self.require(visitor, Right.EXPORT)
        self._person(visitor, name, Right.AUDIT)
        self._record_export(visitor, "trail")
        return self._rows_of(visitor, name)

    def _rows_of(self, visitor: Visitor, name: str) -> Iterator[Row]:
        before = ""
        while rows := self.trail(visitor, name, before=before, limit=PIECE)[1]:
            yield from rows
            before = rows[-1].id

    def names(self, ids: Sequence[str | None]) -> dict[str, str]:
        """The user names that ids stand for, for reading the trail."""
        return self.directory.names_of([identifier for identifier in ids if identifier])

    def everybody(self, visitor: Visitor) -> Iterator[UserName]:
        """All user names, in pieces, for an export; recorded."""
        self.require(visitor, Right.EXPORT)
        self._record_export(visitor, "people")
        return self._all_names()

    def _all_names(self) -> Iterator[UserName]:
        after = ""
        while page := self.directory.page_of(after):
            yield from page
            after = page[-1].name

    def all_devices(self, visitor: Visitor) -> Iterator[DeviceInfo]:
        """All devices, in pieces, for an export; recorded."""
        self.require(visitor, Right.EXPORT)
        self._record_export(visitor, "devices")
        return self._every_device()

    def _every_device(self) -> Iterator[DeviceInfo]:
        after = ""
        while piece := self.secure_login.devices.filtered(after=after, limit=PIECE):
            yield from piece
            after = f"{piece[-1].serial} {piece[-1].id}"

    # Acting

    def set_enabled(self, visitor: Visitor, name: str, why: Why, *, enabled: bool) -> None:
        """Lock a user name, which ends its sessions, or unlock it."""
        person, _rights = self._person(visitor, name, Right.LOCK)
        self.secure_login.set_enabled(
            person, enabled=enabled, actor=visitor.user_name_id, **why.detail()
        )

    def end_sessions(self, visitor: Visitor, name: str, why: Why) -> int:
        """End all sessions and log-ins under way of a user name; how many sessions."""
        person, _rights = self._person(visitor, name, Right.LOCK)
        with self.database.write() as connection:
            self._record(connection, "desk.sessions-ended", visitor, person.id, why)
            return self.secure_login.end_everything(connection, person.id)

    def end_lock(self, visitor: Visitor, name: str, why: Why) -> None:
        """Forget the failed attempts of a user name, its browsers and its devices."""
        person, _rights = self._person(visitor, name, Right.RECOVER)
        subjects = self._subjects(person)
        with self.database.write() as connection:
            connection.execute(
                delete(guesses).where(
                    or_(
                        guesses.c.subject.in_(subjects),
                        guesses.c.subject.like(f"{subjects[0]}:%"),
                    )
                )
            )
            self._record(connection, "login.lock-ended", visitor, person.id, why)

    def send_reset(self, visitor: Visitor, name: str, why: Why) -> None:
        """Send a link to choose a new password to the address on record, and nowhere else.

        Raises:
            Refused: no address is known, or the portal does not know its own.
        """
        person, _rights = self._person(visitor, name, Right.RECOVER)
        portal = self.portal()
        sent = portal is not None and self.directory.send_link(
            person, LinkPurpose.RESET, portal, actor=visitor.user_name_id
        )
        if not sent:
            raise Refused(
                "no-address",
                _("No e-mail address of {name} is known; nothing was sent.").format(name=name),
                hint=_(
                    "Whoever runs the portal can make a link: deskside admin users reset {name}"
                ).format(name=name),
            )
        with self.database.write() as connection:
            self._record(connection, "desk.reset-sent", visitor, person.id, why)

    def set_device_status(
        self, visitor: Visitor, name: str, device_id: str, status: DeviceStatus, why: Why
    ) -> DeviceInfo:
        """Lock or unlock a device of a user name, for everybody who uses it."""
        right = Right.LOCK if status is DeviceStatus.LOCKED else Right.RECOVER
        person, _rights = self._person(visitor, name, right)
        owned = {info.id for info in self.secure_login.list_devices(user_name_id=person.id)}
        if device_id not in owned:
            raise NotFound("unknown-device", _("That device is not this person's."))
        info = self.secure_login.set_device_status(device_id, status, actor=visitor.user_name_id)
        with self.database.write() as connection:
            self._record(connection, f"desk.device-{status.value}", visitor, device_id, why)
        return info

    def give_temporary_code(self, visitor: Visitor, name: str, why: Why) -> str:
        """A temporary code, to be told to the holder after a check of who they are; shown once.

        Raises:
            Refused: it would be the second in a row (KB69).
        """
        person, _rights = self._person(visitor, name, Right.RECOVER)
        _info, issued = self.secure_login.lives.temporary_code(person, actor=visitor.user_name_id)
        with self.database.write() as connection:
            self._record(connection, "desk.temporary-code", visitor, person.id, why)
        assert issued.virtual_device is not None
        return issued.virtual_device["code"]

    def close_account(self, visitor: Visitor, name: str, why: Why) -> None:
        """Close the account of a user name, and destroy what we keep of its devices.

        Raises:
            Refused: there is none, or it is closed.
        """
        person, _rights = self._person(visitor, name, Right.ISSUE)
        closing = Closing(Returns(Orders(self.secure_login, self.policy)))
        closing.close(person, actor=visitor.user_name_id, **why.detail())

    # Checking

    def person(self, visitor: Visitor, name: str, right: Right) -> UserName:
        """A user name that the visitor may do something about; raises NotFound, NotAllowed."""
        return self._person(visitor, name, right)[0]

    def exporting(self, visitor: Visitor, what: str) -> None:
        """Record that the visitor exports something; raises NotAllowed."""
        self.require(visitor, Right.EXPORT)
        self._record_export(visitor, what)

    def _person(
        self, visitor: Visitor, name: str, right: Right
    ) -> tuple[UserName, frozenset[Right]]:
        """A user name that the visitor may do something about, and all that they may."""
        self.require(visitor, right)
        person = self.directory.find(name)
        rights = rights_over(visitor.roles, visitor.user_name_id, self._holder_of(visitor), person)
        if not rights:
            raise NotFound("unknown-user", _("There is no user name {name}.").format(name=name))
        if right not in rights:
            raise _not_allowed()
        return person, rights

    def require(self, visitor: Visitor, right: Right) -> None:
        """Raises NotAllowed where the visitor may do no such thing about anybody."""
        if right not in rights_of(visitor.roles):
            raise _not_allowed()

    def _holder_of(self, visitor: Visitor) -> str:
        return self.directory.find(visitor.user_name).holder_id

    def _sees_all(self, visitor: Visitor) -> bool:
        return any(role.value in visitor.roles for role in EVERYWHERE)

    def _subjects(self, person: UserName) -> list[str]:
        name_hash = self.keyring.keyed_hash("login name", person.name.encode()).hex()
        owned = self.secure_login.list_devices(user_name_id=person.id)
        of_devices = [s for info in owned for s in device_subjects(person.id, info.id)]
        return [name_subject(name_hash, None), *of_devices]

    def _record(
        self, connection: Connection, event: str, visitor: Visitor, subject: str, why: Why
    ) -> None:
        self.audit.record(
            connection, event, actor=visitor.user_name_id, subject=subject, detail=why.detail()
        )

    def _record_export(self, visitor: Visitor, what: str) -> None:
        with self.database.write() as connection:
            self.audit.record(
                connection,
                "desk.exported",
                actor=visitor.user_name_id,
                subject=None,
                detail={"what": what},
            )


def _not_allowed() -> NotAllowed:
    return NotAllowed(
        "not-allowed",
        _("Your user name may not do this."),
        hint=_("Ask an administrator of your desk."),
    )
