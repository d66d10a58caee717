"""Importing people: a row at a time is judged, a thousand at a time are entered.

A user name that is there already is passed over, so that an import that was cut off is simply run
again. Whoever comes with a ready hash logs in with the password that they know; whoever comes
without one is sent a link to choose one, which works once and lapses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import Connection

from deskside.directory.model import NewUserName, Role
from deskside.directory.service import DirectoryService
from deskside.foundation.text import _
from deskside.secure_login.people.reading import PersonLine
from deskside.secure_login.seeds.service import BATCH, NEW, PRESENT, REFUSED, Keep, Outcome

STAFF = frozenset(Role) - {Role.TRADER, Role.SECURITY_OFFICER}
"""Roles with power over others: they are given at the desk's own computer, not by a page."""


@dataclass(frozen=True, slots=True)
class PeopleImport:
    """Takes rows of a file of people.

    Attributes:
        portal: the portal's address for links; None where it is not known.
        mails: whether a mail server is set, without which no link is sent.
        staff: whether rows may hold roles of staff.
    """

    directory: DirectoryService
    portal: Callable[[], str | None]
    mails: bool
    staff: bool = False

    def run(
        self,
        lines: Iterable[PersonLine],
        *,
        dry_run: bool = False,
        actor: str | None = None,
        progress: Callable[[int], None] = lambda _rows: None,
        keep: Keep = lambda _connection, _outcomes: None,
    ) -> Iterator[Outcome]:
        """Import the rows, and say of each what became of it; see `SeedImport.run`."""
        source, done = iter(lines), 0
        seen: set[str] = set()
        while batch := list(islice(source, BATCH)):
            with self.directory.database.write() as connection:
                fresh, outcomes = self._judged(connection, batch, seen)
                if fresh and not dry_run:
                    self.directory.entering.enter(
                        connection, fresh, portal=self.portal(), actor=actor
                    )
                keep(connection, outcomes)
            seen.update(one.name for one in fresh)
            yield from outcomes
            done += len(batch)
            progress(done)

    def _judged(
        self, connection: Connection, batch: list[PersonLine], seen: set[str]
    ) -> tuple[list[NewUserName], list[Outcome]]:
        people = [line.person for line in batch if line.person]
        asked = {one.name for one in people} | {one.holder_of for one in people} - {""}
        there = set(self.directory.entering.holders(connection, asked)) | (seen & asked)
        fresh, outcomes = [], []
        for line in batch:
            one, outcome, problem = line.person, NEW, line.problem
            if one is None:
                outcome = REFUSED
            elif one.name in there:
                outcome = PRESENT
            elif problem := self._problem(one, there):
                outcome = REFUSED
            else:
                fresh.append(one)
                there.add(one.name)
            outcomes.append(Outcome(line.number, line.name, "", outcome, problem))
        return fresh, outcomes

    def _problem(self, one: NewUserName, there: set[str]) -> str:
        """Why a user name cannot be entered; empty where it can."""
        if one.holder_of and one.holder_of not in there:
            return _("There is no user name {name}.").format(name=one.holder_of)
        if not self.staff and one.roles & STAFF:
            return _("staff are entered at the desk's own computer")
        if one.password_hash:
            return ""
        if not one.email:
            return _("neither a password hash nor an e-mail address to send a link to")
        if not self.mails or self.portal() is None:
            return _("no link can be sent: mail.host or portal.url is not set")
        return ""
