"""Plain values of the directory."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


class HolderKind(StrEnum):
    """What stands behind user names."""

    PERSON = "person"
    ENTITY = "entity"


class AccountStatus(StrEnum):
    """How far an account has come. One that is not open leaves only the portal (KB1133)."""

    NOT_APPROVED = "not-approved"
    OPEN = "open"
    CLOSED = "closed"


class Role(StrEnum):
    """What a user name may do. An operator is the desk's administrator."""

    TRADER = "trader"
    OPERATOR = "operator"
    HELPDESK = "helpdesk"
    REVIEWER = "reviewer"
    SECURITY_OFFICER = "security-officer"


class LinkPurpose(StrEnum):
    """Why somebody gets a one-time link to choose a password."""

    SET_UP = "set-up"
    INVITATION = "invitation"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a holder is, by documents. Empty means that we were not told.

    `birth_date` is an entity's date of formation; countries are ISO 3166-1 alpha-2 codes.
    """

    name: str
    birth_date: date | None = None
    citizenship: str = ""
    legal_residence: str = ""
    document_type: str = ""
    document_number: str = field(default="", repr=False)
    us_ssn: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class IdentityMarks:
    """Keyed hashes that stand for a holder's identification data, to be compared and no more.

    `person` stands for date of birth, citizenship and country of legal residence together,
    `document` for type and number; None where something of it is missing.
    """

    person: bytes | None = field(default=None, repr=False)
    document: bytes | None = field(default=None, repr=False)
    us_ssn: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Holder:
    """A person or entity."""

    id: str
    kind: HolderKind
    identity: Identity


@dataclass(frozen=True, slots=True)
class Account:
    """An account of a holder.

    `equity` is in whole USD, as the desk told it at `equity_since`; None where it never did.
    """

    id: str
    status: AccountStatus
    equity: int | None = None
    equity_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class UserName:
    """A name to log in with.

    `account` is None for the desk's own staff; `has_password` is false until the holder has
    chosen one by a one-time link.
    """

    id: str
    name: str
    holder_id: str
    display_name: str
    roles: frozenset[Role]
    account: AccountStatus | None
    enabled: bool
    has_password: bool


@dataclass(frozen=True, slots=True)
class Link:
    """An open one-time link, and for whom it is."""

    user_name_id: str
    user_name: str
    holder_id: str
    purpose: LinkPurpose
    expires: datetime


@dataclass(frozen=True, slots=True)
class NewUserName:
    """Somebody to be entered with others.

    `holder_of` is another user name of the same holder, whose identity counts then; `password_hash`
    is a ready one, empty where its holder is to choose a password; `account` is None for staff.
    """

    name: str
    identity: Identity
    kind: HolderKind = HolderKind.PERSON
    email: str = ""
    password_hash: str = field(default="", repr=False)
    holder_of: str = ""
    roles: frozenset[Role] = frozenset({Role.TRADER})
    account: AccountStatus | None = AccountStatus.OPEN
    equity: int | None = None
    language: str = ""
