"""Reading files of people: CSV, a user name a row.

The head line names at least `username`; further columns are `name`, `email`, `password_hash`
(Argon2id, PHC format), `holder_of` (another user name of the same person or entity, of the file or
known already), `kind` (person, entity), `birth_date`, `citizenship`, `legal_residence`,
`document_type`, `document_number`, `us_ssn`, `roles` (parted by spaces), `account` (open,
not-approved), `equity` (whole USD) and `language`.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import BinaryIO, TypeVar

from deskside.directory.model import AccountStatus, HolderKind, Identity, NewUserName, Role
from deskside.directory.rules import is_user_name
from deskside.foundation.errors import Refused
from deskside.foundation.mail_transport import is_address
from deskside.foundation.text import LANGUAGES, _
from deskside.secure_login.people.hashes import why_not
from deskside.secure_login.seeds.counting import line_breaks

COLUMNS = (
    *("username", "name", "email", "password_hash", "holder_of", "kind", "birth_date"),
    *("citizenship", "legal_residence", "document_type", "document_number", "us_ssn"),
    *("roles", "account", "equity", "language"),
)
LONGEST = 200
Kind = TypeVar("Kind", HolderKind, AccountStatus)
_COUNTRY = re.compile(r"(?:[A-Z]{2})?")


@dataclass(frozen=True, slots=True)
class PersonLine:
    """One row; `person` is None where `problem` says what is wrong with it."""

    number: int
    name: str
    person: NewUserName | None
    problem: str = ""


class _Wrong(Exception):
    """A row cannot be taken; the text says why."""


def read_people(source: Path | BinaryIO) -> Iterator[PersonLine]:
    """The rows of a file of people.

    Raises:
        Refused: it cannot be read, or has columns that we do not know.
    """
    try:
        binary = source.open("rb") if isinstance(source, Path) else source
    except OSError as error:
        raise _unreadable(str(error.strerror)) from error
    with io.TextIOWrapper(binary, "utf-8-sig", errors="replace", newline="") as file:
        rows = csv.DictReader(file)
        try:
            named = rows.fieldnames or ()
        except csv.Error as error:
            raise _unreadable(_("it is no CSV")) from error
        if "username" not in named:
            raise _unreadable(_("its first line must name at least username"))
        if unknown := sorted(set(named) - set(COLUMNS)):
            raise _unreadable(_("unknown columns: {names}").format(names=", ".join(unknown)[:200]))
        try:
            yield from (_line(number, row) for number, row in enumerate(rows, 2))
        except csv.Error as error:
            raise _unreadable(_("it is no CSV")) from error


def people_in(file: BinaryIO) -> int:
    """About how many rows a file has, without reading it: for a progress bar."""
    return max(1, line_breaks(file))


def _line(number: int, row: dict[str, str]) -> PersonLine:
    cells = {name: (row.get(name) or "").strip() for name in COLUMNS}
    name = cells["username"]
    try:
        return PersonLine(number, name, _person(cells))
    except _Wrong as wrong:
        return PersonLine(number, name[:80], None, str(wrong))


def _person(cells: dict[str, str]) -> NewUserName:
    for name in ("username", "holder_of"):
        if cells[name] and not is_user_name(cells[name]):
            raise _Wrong(_("“{name}” cannot be a user name.").format(name=cells[name][:40]))
    if not cells["username"]:
        raise _Wrong(_("no user name"))
    if not (cells["name"] or cells["holder_of"]) or len(cells["name"]) > LONGEST:
        raise _Wrong(_("no name of the person or entity, or too long a one"))
    if cells["email"] and not is_address(cells["email"]):
        raise _Wrong(_("This is not an e-mail address."))
    if cells["password_hash"] and (problem := why_not(cells["password_hash"])):
        raise _Wrong(problem)
    if cells["language"] not in ("", *LANGUAGES):
        raise _Wrong(_("a language that the portal does not speak"))
    roles = _roles(cells["roles"])
    return NewUserName(
        name=cells["username"],
        identity=_identity(cells),
        kind=_member(HolderKind, cells["kind"] or "person", _("the kind is person or entity")),
        email=cells["email"],
        password_hash=cells["password_hash"],
        holder_of=cells["holder_of"],
        roles=roles,
        account=_account(cells, roles),
        equity=_equity(cells["equity"]),
        language=cells["language"],
    )


def _identity(cells: dict[str, str]) -> Identity:
    try:
        born = date.fromisoformat(cells["birth_date"]) if cells["birth_date"] else None
    except ValueError as error:
        raise _Wrong(_("the date of birth is not written as 1980-12-31")) from error
    countries = [cells[name].upper() for name in ("citizenship", "legal_residence")]
    if not all(map(_COUNTRY.fullmatch, countries)):
        raise _Wrong(_("a country is two letters, as in IT"))
    if any(len(cells[name]) > LONGEST for name in ("document_type", "document_number", "us_ssn")):
        raise _Wrong(_("a document is too long"))
    return Identity(
        name=cells["name"],
        birth_date=born,
        citizenship=countries[0],
        legal_residence=countries[1],
        document_type=cells["document_type"],
        document_number=cells["document_number"],
        us_ssn=cells["us_ssn"],
    )


def _roles(text: str) -> frozenset[Role]:
    try:
        return frozenset(map(Role, text.split())) or frozenset({Role.TRADER})
    except ValueError as error:
        raise _Wrong(_("roles are {names}").format(names=", ".join(Role))) from error


def _account(cells: dict[str, str], roles: frozenset[Role]) -> AccountStatus | None:
    if Role.TRADER not in roles:
        if cells["account"] or cells["equity"]:
            raise _Wrong(_("only traders have accounts"))
        return None
    status = _member(
        AccountStatus, cells["account"] or "open", _("the account is open or not-approved")
    )
    if status is AccountStatus.CLOSED:
        raise _Wrong(_("the account is open or not-approved"))
    return status


def _equity(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 15):
        raise _Wrong(_("The equity is no whole number of USD."))
    return int(text)


def _member(kinds: type[Kind], text: str, wrong: str) -> Kind:
    try:
        return kinds(text)
    except ValueError as error:
        raise _Wrong(wrong) from error


def _unreadable(why: str) -> Refused:
    return Refused(
        "people-unreadable",
        _("The file of people cannot be read: {why}.").format(why=why),
        hint=_("It must be CSV; the guide of the console names the columns."),
    )
