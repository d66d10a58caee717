"""A small desk of our own for the tests: services over one database, people, their cards."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import event

from deskside.directory.model import AccountStatus, HolderKind, Identity, Role, UserName
from deskside.directory.service import DirectoryService
from deskside.foundation.audit.service import Audit
from deskside.foundation.clock import Clock
from deskside.foundation.database import Database
from deskside.foundation.keyring import Keyring
from deskside.foundation.mail import Mail
from deskside.secure_login.card.device import VirtualCard
from deskside.secure_login.hashing import Hasher
from deskside.secure_login.helpdesk.service import Helpdesk
from deskside.secure_login.orders.model import Policy
from deskside.secure_login.orders.service import Orders
from deskside.secure_login.passwords import PasswordPool
from deskside.secure_login.people.service import PeopleImport
from deskside.secure_login.seeds.jobs import ImportJobs
from deskside.secure_login.seeds.service import SeedImport
from deskside.secure_login.service import LoginService
from deskside.secure_login.sharing.rules import ReviewPolicy
from deskside.secure_login.sharing.service import Sharing
from deskside.secure_login.values import LoginStep, Origin, SessionGranted

PASSWORD = "seven grey herons"
PIN = "2805"
CHEAP = Hasher(1, 8)
HASH = CHEAP.hash(PASSWORD.encode())
POOL = PasswordPool(2, 500)


@dataclass
class Desk:
    """The services, and the virtual cards by user name."""

    database: Database
    keyring: Keyring
    clock: Clock
    mail: Mail
    audit: Audit
    directory: DirectoryService
    service: LoginService
    cards: dict[str, VirtualCard] = field(default_factory=dict)
    review: ReviewPolicy = ReviewPolicy.DOUBTFUL

    @property
    def secure_login(self) -> LoginService:
        return self.service

    @property
    def helpdesk(self) -> Helpdesk:
        return Helpdesk(
            self.database,
            self.keyring,
            self.clock,
            self.audit,
            self.directory,
            self.service,
            lambda: "https://desk.example",
        )

    @property
    def imports(self) -> ImportJobs:
        taking = SeedImport(self.service.devices, self.directory)
        people = PeopleImport(self.directory, lambda: "https://desk.example", mails=True)
        return ImportJobs(self.database, self.keyring, self.clock, self.audit, taking, people)

    @property
    def orders(self) -> Orders:
        return Orders(self.service, Policy({"dsc-plus": 1_000_000}))

    @property
    def sharing(self) -> Sharing:
        return Sharing(self.service, self.review)

    @classmethod
    def open(cls, database: Database, keys: Path, clock: Clock) -> Desk:
        keyring = Keyring.open(database, keys)
        audit, mail = Audit(clock), Mail(keyring, clock)
        directory = DirectoryService(database, keyring, clock, audit, mail)
        service = LoginService.open(
            database,
            keyring,
            clock,
            audit,
            mail,
            directory,
            pool=POOL,
            portal=lambda: "https://desk.example",
        )
        return cls(database, keyring, clock, mail, audit, directory, service)

    def person(
        self,
        name: str,
        *,
        card: bool = True,
        account: AccountStatus | None = AccountStatus.OPEN,
        roles: frozenset[Role] = frozenset({Role.TRADER}),
        email: str = "",
    ) -> UserName:
        """Somebody with a password, and with a card of their own."""
        holder = self.directory.add_holder(
            HolderKind.PERSON, Identity(name=name.title()), email=email or f"{name}@example.org"
        )
        number = self.directory.add_account(holder.id, account) if account else None
        user = self.directory.add_user_name(name, holder.id, roles, account_id=number)
        with self.database.write() as connection:
            self.directory.store_password(connection, user.id, HASH)
        if card:
            self.issue(user)
        return user

    def issue(self, *users: UserName) -> str:
        """A card for user names; its device id."""
        info, issued = self.service.issue_device(users, "dsc-plus", pin=PIN)
        assert issued.virtual_device is not None
        for user in users:
            self.cards[user.name] = VirtualCard.from_document(issued.virtual_device)
        return info.id

    def begin(self, name: str, password: str = PASSWORD, origin: Origin | None = None) -> LoginStep:
        return asyncio.run(self.service.begin(name, password, origin))

    def respond(self, name: str, question: str, pin: str = PIN) -> str:
        return self.cards[name].respond(question, pin)

    def answer(self, step: LoginStep, text: str, origin: Origin | None = None) -> SessionGranted:
        assert step.challenge is not None
        return self.service.answer(step.login, step.challenge.device, text, origin)

    def log_in(self, name: str, origin: Origin | None = None) -> SessionGranted:
        """All the way."""
        step = self.begin(name, origin=origin)
        if step.session is not None:
            return step.session
        assert step.challenge is not None
        return self.answer(step, self.respond(name, step.challenge.question), origin)

    def wrong(self, name: str, question: str) -> str:
        """A well-formed response that is not the right one."""
        right = self.respond(name, question)
        return f"{(int(right) + 1) % 100_000_000:08d}"

    def events(self) -> list[tuple[str, str]]:
        """What was recorded: event and subject, oldest first."""
        from sqlalchemy import select

        from deskside.foundation.audit.store import audit_event

        with self.database.read() as connection:
            rows = connection.execute(select(audit_event.c.event, audit_event.c.subject))
            return [(row.event, row.subject) for row in rows]

    def mails(self) -> list[tuple[str, str, str]]:
        """What waits to be sent: to whom, subject, text; oldest first."""
        from sqlalchemy import select

        from deskside.foundation.mail import outbox

        with self.database.read() as connection:
            rows = connection.execute(select(outbox).order_by(outbox.c.id)).all()
        opened = [
            json.loads(self.keyring.open_sealed(row.sealed, context=f"mail:{row.id}"))
            for row in rows
        ]
        return [(mail["to"], mail["subject"], mail["body"]) for mail in opened]

    def count(self, table: str) -> int:
        from sqlalchemy import text

        with self.database.read() as connection:
            return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())

    @contextmanager
    def statements(self) -> Iterator[list[str]]:
        """The statements that run meanwhile, commits among them."""
        seen: list[str] = []

        def statement(_c: object, _cursor: object, text: str, *_rest: object) -> None:
            if not text.startswith("BEGIN"):
                seen.append(" ".join(text.split()[:3]))

        def commit(_connection: object) -> None:
            seen.append("COMMIT")

        engine = self.database._engine
        event.listen(engine, "before_cursor_execute", statement)
        event.listen(engine, "commit", commit)
        try:
            yield seen
        finally:
            event.remove(engine, "before_cursor_execute", statement)
            event.remove(engine, "commit", commit)


@contextmanager
def filled_pool(desk: Desk) -> Iterator[None]:
    """A pool whose only place is taken, in place of the desk's own."""
    full, leave = PasswordPool(1, 1), threading.Event()
    entered = threading.Event()
    own = desk.service.pool

    def stay() -> None:
        entered.set()
        leave.wait(30)

    guest = threading.Thread(target=lambda: asyncio.run(full.run(stay)))
    guest.start()
    entered.wait(30)
    object.__setattr__(desk.service, "pool", full)
    try:
        yield
    finally:
        object.__setattr__(desk.service, "pool", own)
        leave.set()
        guest.join(30)
        full.close()
