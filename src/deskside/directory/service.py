"""The directory's use cases: the only door for other parts.

Methods that take a `connection` work inside the caller's transaction, so that what belongs
together is committed together.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from deskside.directory import rules, sealed, searching
from deskside.directory.accounts import Accounts
from deskside.directory.entering import Entering
from deskside.directory.links import link_address, link_text, token_hash
from deskside.directory.model import (
    AccountStatus,
    Holder,
    HolderKind,
    Identity,
    IdentityMarks,
    Link,
    LinkPurpose,
    Role,
    UserName,
)
from deskside.directory.rows import as_user_name
from deskside.directory.store import (
    account,
    contact_point,
    holder,
    secret_link,
    standing,
    user_name,
    user_role,
)
from deskside.foundation.audit.service import Audit
from deskside.foundation.clock import Clock
from deskside.foundation.database import Database, new_id
from deskside.foundation.errors import NotFound, Refused
from deskside.foundation.keyring import Keyring
from deskside.foundation.mail import Mail
from deskside.foundation.text import DEFAULT, LANGUAGES, _, speaking

STANDING = standing
"""For other parts to join: `user_name_id, name, enabled, password_hash, holder_id, identity`
(sealed: see `display_name`), `account_id`, `account_status`, `language` (None is the desk's) and
`roles` (parted by spaces)."""


__all__ = ["STANDING", "DirectoryService", "LinkGone", "link_address"]


class LinkGone(NotFound):
    """The link was used, replaced or has expired, or never existed."""

    def __init__(self) -> None:
        super().__init__(
            "link-gone",
            _("This link has been used, has expired or was replaced by a newer one."),
            hint=_("Ask an administrator of your desk to send you a new one."),
        )


@dataclass(frozen=True, slots=True)
class DirectoryService:
    """Holders, their user names, and one-time links to choose a password."""

    database: Database
    keyring: Keyring
    clock: Clock
    audit: Audit
    mail: Mail
    language: str = DEFAULT
    """The language of messages to those who have chosen none."""

    # Holders and accounts

    def add_holder(self, kind: HolderKind, identity: Identity, *, email: str = "") -> Holder:
        """Enter a person or entity."""
        entered = Holder(new_id(), kind, identity)
        now = self.clock.now()
        with self.database.write() as connection:
            connection.execute(
                insert(holder).values(
                    id=entered.id,
                    kind=kind.value,
                    identity=sealed.seal_identity(self.keyring, entered.id, identity),
                    created=now,
                )
            )
            searching.remember_words(connection, self.keyring, [(entered.id, identity.name)])
            if email:
                self._add_email(connection, entered.id, email, now)
            self._record(connection, "directory.holder-added", entered.id)
        return entered

    def add_account(self, holder_id: str, status: AccountStatus = AccountStatus.OPEN) -> str:
        """Open an account of a holder; its id."""
        identifier = new_id()
        with self.database.write() as connection:
            connection.execute(
                insert(account).values(
                    id=identifier,
                    holder_id=holder_id,
                    status=status.value,
                    created=self.clock.now(),
                )
            )
            self._record(connection, "directory.account-added", identifier)
        return identifier

    @property
    def accounts(self) -> Accounts:
        """The accounts of holders, and what they are worth."""
        return Accounts(self.keyring, self.clock)

    @property
    def entering(self) -> Entering:
        """Entering many at once."""
        return Entering(self.keyring, self.clock, self.audit, self.mail, self.language)

    def set_equity(self, name: str, usd: int, *, actor: str | None = None) -> None:
        """Keep what the account of a user name is worth, in whole USD.

        Raises:
            NotFound: there is no such user name.
            Refused: it has no account, as the desk's own staff.
        """
        user = self.find(name)
        with self.database.write() as connection:
            account_id = self.accounts.of(connection, user.id)
            if account_id is None:
                raise Refused(
                    "no-account", _("The user name {name} has no account.").format(name=name)
                )
            self.accounts.set_equity(connection, account_id, usd)
            self._record(connection, "directory.equity", user.id, actor=actor)

    def holder(self, holder_id: str) -> Holder:
        """A holder with identity; raises NotFound."""
        with self.database.read() as connection:
            row = connection.execute(select(holder).where(holder.c.id == holder_id)).first()
        if row is None:
            raise NotFound("unknown-holder", _("There is no such holder."))
        identity = sealed.open_identity(self.keyring, row.id, row.identity)
        return Holder(row.id, HolderKind(row.kind), identity)

    def personal_digits(self, holder_id: str) -> list[str]:
        """The numbers that others may know of a holder: no PIN is made of them."""
        identity = self.holder(holder_id).identity
        born = identity.birth_date.isoformat() if identity.birth_date else ""
        numbers = (born, identity.document_number, identity.us_ssn)
        return [written for written in numbers if written]

    def marks(self, identity: Identity) -> IdentityMarks:
        """Keyed hashes of identification data, to compare holders by."""
        return sealed.marks_of(self.keyring, identity)

    def email(self, connection: Connection, holder_id: str) -> str | None:
        """Where to write to a holder."""
        row = connection.execute(
            select(contact_point.c.id, contact_point.c.address)
            .where(contact_point.c.holder_id == holder_id, contact_point.c.kind == "e-mail")
            .order_by(contact_point.c.created)
            .limit(1)
        ).first()
        return None if row is None else sealed.open_address(self.keyring, row.id, row.address)

    def emails_of(self, connection: Connection, *roles: Role) -> list[str]:
        """Where to write to those who hold one of the roles, each address once."""
        holding = select(user_role.c.user_name_id).where(user_role.c.role.in_(roles))
        rows = connection.execute(
            select(user_name.c.holder_id).where(user_name.c.id.in_(holding), user_name.c.enabled)
        )
        found = (self.email(connection, holder_id) for holder_id in rows.scalars().all())
        return sorted({address for address in found if address})

    # User names

    def add_user_name(
        self,
        name: str,
        holder_id: str,
        roles: frozenset[Role] = frozenset({Role.TRADER}),
        *,
        account_id: str | None = None,
    ) -> UserName:
        """Give a holder a user name, without a password.

        Raises:
            UsageProblem: it cannot be a user name.
            Refused: somebody has it already.
        """
        rules.check_user_name(name)
        identifier = new_id()
        with self.database.write() as connection:
            try:
                connection.execute(
                    insert(user_name).values(
                        id=identifier,
                        name=name,
                        holder_id=holder_id,
                        account_id=account_id,
                        enabled=True,
                        created=self.clock.now(),
                    )
                )
            except IntegrityError as error:
                raise Refused(
                    "user-name-taken",
                    _("The user name {name} exists already.").format(name=name),
                    hint=_("Choose another."),
                ) from error
            if roles:
                rows = [{"user_name_id": identifier, "role": role.value} for role in sorted(roles)]
                connection.execute(insert(user_role), rows)
            self._record(connection, "directory.user-name-added", identifier)
        return self.find(name)

    def users(self) -> list[UserName]:
        """All user names, in alphabetical order."""
        with self.database.read() as connection:
            rows = connection.execute(select(standing).order_by(standing.c.name))
            return [as_user_name(self.keyring, row) for row in rows]

    def search(self, query: str, limit: int = 50) -> list[UserName]:
        """User names that begin so, or whose holders' names have all these words."""
        with self.database.read() as connection:
            rows = connection.execute(searching.matching(self.keyring, query, limit))
            return [as_user_name(self.keyring, row) for row in rows]

    def of_holder(self, holder_id: str) -> list[UserName]:
        """All user names of a holder."""
        with self.database.read() as connection:
            rows = connection.execute(
                select(standing).where(standing.c.holder_id == holder_id).order_by(standing.c.name)
            )
            return [as_user_name(self.keyring, row) for row in rows]

    def page_of(self, after: str, limit: int = 1000) -> list[UserName]:
        """User names in alphabetical order after one, for reading all of them in pieces."""
        with self.database.read() as connection:
            rows = connection.execute(
                select(standing)
                .where(standing.c.name > after)
                .order_by(standing.c.name)
                .limit(limit)
            )
            return [as_user_name(self.keyring, row) for row in rows]

    def names_of(self, ids: Collection[str]) -> dict[str, str]:
        """The user names that ids stand for; those that stand for none are left out."""
        with self.database.read() as connection:
            rows = connection.execute(
                select(user_name.c.id, user_name.c.name).where(user_name.c.id.in_(ids))
            )
            return {row.id: row.name for row in rows}

    def holders_of(self, connection: Connection, ids: Collection[str]) -> dict[str, str]:
        """The holders behind user names, by the user names' ids."""
        rows = connection.execute(
            select(user_name.c.id, user_name.c.holder_id).where(user_name.c.id.in_(ids))
        )
        return {row.id: row.holder_id for row in rows}

    def make_searchable(self) -> None:
        """Make holders' names searchable where an older release has entered them."""
        with self.database.write() as connection:
            searching.catch_up(connection, self.keyring)

    def is_empty(self) -> bool:
        """Whether nobody has a user name yet."""
        with self.database.read() as connection:
            return not connection.execute(select(func.count()).select_from(user_name)).scalar_one()

    def find(self, name: str) -> UserName:
        """A user name; raises NotFound."""
        if rules.is_user_name(name):
            with self.database.read() as connection:
                row = connection.execute(select(standing).where(standing.c.name == name)).first()
            if row is not None:
                return as_user_name(self.keyring, row)
        raise NotFound(
            "unknown-user",
            _("There is no user name {name}.").format(name=name[:40]),
            hint=_("See: deskside admin users list"),
        )

    def set_enabled(
        self,
        connection: Connection,
        user_name_id: str,
        *,
        enabled: bool,
        actor: str | None = None,
        **detail: str,
    ) -> None:
        """Let a user name log in, or not. Whoever disables it also ends its sessions."""
        connection.execute(
            update(user_name).where(user_name.c.id == user_name_id).values(enabled=enabled)
        )
        event = "directory.user-name-enabled" if enabled else "directory.user-name-disabled"
        self._record(connection, event, user_name_id, actor=actor, **detail)

    def language_of(self, connection: Connection, user_name_id: str) -> str:
        """The language of messages to a user name."""
        chosen = connection.execute(
            select(user_name.c.language).where(user_name.c.id == user_name_id)
        ).scalar()
        return chosen or self.language

    def choose_language(self, user_name_id: str, language: str) -> None:
        """Remember the language that a person reads; one that we do not speak changes nothing."""
        if language in LANGUAGES:
            with self.database.write() as connection:
                connection.execute(
                    update(user_name)
                    .where(user_name.c.id == user_name_id)
                    .values(language=language)
                )

    def display_name(self, holder_id: str, identity: bytes) -> str:
        """The name in a row of `STANDING`."""
        return sealed.open_identity(self.keyring, holder_id, identity).name

    # Passwords

    def known_of(self, link: Link) -> tuple[str, ...]:
        """What others know of the person behind a link, and no password may be made of."""
        return self.known_about(link.holder_id, link.user_name)

    def known_about(self, holder_id: str, name: str) -> tuple[str, ...]:
        """What others know of a holder and one of their user names."""
        identity = self.holder(holder_id).identity
        with self.database.read() as connection:
            return (name, identity.name, self.email(connection, holder_id) or "")

    def store_password(
        self,
        connection: Connection,
        user_name_id: str,
        password_hash: str,
        *,
        replacing: str | None = None,
    ) -> None:
        """Keep the hash of a password; only in place of `replacing`, where that is given."""
        change = update(user_name).where(user_name.c.id == user_name_id)
        if replacing is not None:
            change = change.where(user_name.c.password_hash == replacing)
        connection.execute(
            change.values(password_hash=password_hash, password_since=self.clock.now())
        )

    # One-time links

    def issue_link(self, user: UserName, purpose: LinkPurpose, *, actor: str | None = None) -> str:
        """A new one-time link's token, which replaces all that were open; shown only here."""
        with self.database.write() as connection:
            return self._issue_link(connection, user, purpose, actor)

    def send_link(
        self, user: UserName, purpose: LinkPurpose, portal: str, *, actor: str | None = None
    ) -> bool:
        """Send a new one-time link by e-mail; False, and no link, where no address is known."""
        with self.database.write() as connection:
            address = self.email(connection, user.holder_id)
            if address is None:
                return False
            token = self._issue_link(connection, user, purpose, actor)
            with speaking(self.language_of(connection, user.id)):
                self.mail.enqueue(
                    connection,
                    address,
                    _("Choose your password for {name}").format(name=user.name),
                    link_text(user.name, link_address(portal, purpose, token), purpose),
                )
        return True

    def open_link(self, token: str) -> Link:
        """For whom a link is, without using it up; raises LinkGone."""
        with self.database.read() as connection:
            row = connection.execute(
                select(
                    secret_link.c.purpose,
                    secret_link.c.expires,
                    standing.c.user_name_id,
                    standing.c.name,
                    standing.c.holder_id,
                )
                .join(standing, standing.c.user_name_id == secret_link.c.user_name_id)
                .where(*self._is_open(token), standing.c.enabled)
            ).first()
        if row is None:
            raise LinkGone
        return Link(
            row.user_name_id, row.name, row.holder_id, LinkPurpose(row.purpose), row.expires
        )

    def spend_link(self, connection: Connection, token: str, password_hash: str) -> str:
        """Use a link up and keep the hash of the password chosen with it; the user name's id.

        Raises:
            LinkGone: somebody was faster, or it is no open link.
        """
        spent = connection.execute(
            update(secret_link)
            .where(*self._is_open(token))
            .values(used=self.clock.now())
            .returning(secret_link.c.user_name_id, secret_link.c.purpose)
        ).first()
        if spent is None:
            raise LinkGone
        self.store_password(connection, spent.user_name_id, password_hash)
        self._replace_links(connection, spent.user_name_id)
        self._record(
            connection,
            "directory.password-chosen",
            spent.user_name_id,
            actor=spent.user_name_id,
            by=spent.purpose,
        )
        return str(spent.user_name_id)

    def _issue_link(
        self, connection: Connection, user: UserName, purpose: LinkPurpose, actor: str | None
    ) -> str:
        token, now = secrets.token_urlsafe(32), self.clock.now()
        self._replace_links(connection, user.id)
        connection.execute(
            insert(secret_link).values(
                id=new_id(),
                user_name_id=user.id,
                purpose=purpose.value,
                token_hash=token_hash(token),
                created=now,
                expires=now + rules.LINK_LIFETIME[purpose],
            )
        )
        self._record(
            connection, "directory.link-issued", user.id, actor=actor, purpose=purpose.value
        )
        return token

    def _replace_links(self, connection: Connection, user_name_id: str) -> None:
        connection.execute(
            update(secret_link)
            .where(secret_link.c.user_name_id == user_name_id, secret_link.c.used.is_(None))
            .values(used=self.clock.now())
        )

    def _is_open(self, token: str) -> tuple[ColumnElement[bool], ...]:
        return (
            secret_link.c.token_hash == token_hash(token),
            secret_link.c.used.is_(None),
            secret_link.c.expires > self.clock.now(),
        )

    def _add_email(self, connection: Connection, holder_id: str, email: str, now: datetime) -> None:
        identifier = new_id()
        connection.execute(
            insert(contact_point).values(
                id=identifier,
                holder_id=holder_id,
                kind="e-mail",
                address=sealed.seal_address(self.keyring, identifier, email),
                created=now,
            )
        )

    def _record(
        self,
        connection: Connection,
        event: str,
        subject: str,
        *,
        actor: str | None = None,
        **detail: str,
    ) -> None:
        self.audit.record(connection, event, actor=actor, subject=subject, detail=detail)
