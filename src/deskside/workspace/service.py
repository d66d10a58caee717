"""The portal's store of workspace settings: each person's own, sealed, never overwritten."""

from __future__ import annotations

import hashlib
import re
import zlib

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from deskside.foundation.audit.service import Audit
from deskside.foundation.clock import Clock
from deskside.foundation.database import Database, new_id
from deskside.foundation.errors import NotFound, Refused, UsageProblem
from deskside.foundation.keyring import Keyring
from deskside.foundation.text import _
from deskside.foundation.units import size
from deskside.workspace import store
from deskside.workspace.model import Saved, Snapshot, StoredWorkspace
from deskside.workspace.rules import LARGEST_PUSHED, kind_of

MOST_WORKSPACES = 50
MOST_SNAPSHOTS = 10_000
LONGEST_NOTE = 500
LATEST = "latest"
"""Stands for the id of the latest snapshot."""

_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}\.[a-z]{1,10}")


class SettingsStore:
    """Workspace settings by user name.

    Every operation is on the visitor's own: `user_name_id` is that of the session.
    """

    def __init__(self, database: Database, keyring: Keyring, clock: Clock, audit: Audit) -> None:
        self._database = database
        self._keyring = keyring
        self._clock = clock
        self._audit = audit

    def workspaces(self, user_name_id: str) -> list[StoredWorkspace]:
        """All workspaces of a user name, by name."""
        with self._database.read() as connection:
            return [
                self._described(connection, identifier, name)
                for identifier, name in store.workspaces(connection, user_name_id)
            ]

    def snapshots(self, user_name_id: str, workspace: str) -> list[Snapshot]:
        """The snapshots of a workspace, the latest first.

        Raises:
            NotFound: `no-such-workspace`.
        """
        with self._database.read() as connection:
            found = self._required(connection, user_name_id, workspace)
            return store.snapshots(connection, found)

    def get(self, user_name_id: str, workspace: str, snapshot: str) -> tuple[Snapshot, bytes]:
        """One snapshot with its content, checked against its digest.

        Args:
            snapshot: its id, or `latest`.

        Raises:
            NotFound: `no-such-workspace`, `no-such-snapshot`.
            Refused: `snapshot-damaged`.
        """
        with self._database.read() as connection:
            found = self._required(connection, user_name_id, workspace)
            newest = store.latest(connection, found)
            wanted = newest[1].id if snapshot == LATEST and newest else snapshot
            held = store.find(connection, found, wanted)
        if held is None:
            raise NotFound("no-such-snapshot", _("There is no such snapshot."))
        return held[0], self._unsealed(found, *held)

    def push(
        self, user_name_id: str, workspace: str, content: bytes, *, base: str = "", note: str = ""
    ) -> Saved:
        """Add a snapshot on top of the version that it derives from.

        Args:
            workspace: its name; a new name begins a new workspace.
            base: id of the latest version that the sender had seen; empty for none.

        Raises:
            UsageProblem: `wrong-name`, `note-too-long`.
            Refused: `settings-conflict` where others have pushed since `base`: nothing is
                overwritten and both are kept; `settings-quota`; what `rules.kind_of` refuses.
        """
        _check(workspace, content, note)
        kind_of(content)
        sha256, packed = hashlib.sha256(content).hexdigest(), zlib.compress(content, 6)
        try:
            with self._database.write() as connection:
                found = self._found_or_added(connection, user_name_id, workspace)
                newest = store.latest(connection, found)
                if newest and newest[1].sha256 == sha256:
                    return Saved(newest[1], changed=False)
                number = self._next_number(newest, base)
                created = self._clock.now().isoformat(timespec="milliseconds")
                made = Snapshot(new_id(), created, sha256, len(content), note)
                sealed = self._keyring.seal(packed, context=_context(found))
                store.add_snapshot(connection, found, number, made, sealed)
                self._audit.record(
                    connection,
                    "settings.pushed",
                    actor=user_name_id,
                    subject=found,
                    detail={"snapshot": made.id, "size": made.size},
                )
        except IntegrityError as error:
            raise _conflict() from error
        return Saved(made, changed=True)

    def _described(self, connection: Connection, identifier: str, name: str) -> StoredWorkspace:
        newest = store.latest(connection, identifier)
        held = store.count(connection, identifier)
        return StoredWorkspace(identifier, name, newest[1] if newest else None, held)

    def _required(self, connection: Connection, user_name_id: str, workspace: str) -> str:
        found = store.workspace_id(connection, user_name_id, workspace)
        if found is None:
            raise NotFound(
                "no-such-workspace",
                _("The portal holds no settings of that name for you."),
                hint=_("Send them from a computer that has them: deskside settings push"),
            )
        return found

    def _found_or_added(self, connection: Connection, user_name_id: str, workspace: str) -> str:
        found = store.workspace_id(connection, user_name_id, workspace)
        if found:
            return found
        if len(store.workspaces(connection, user_name_id)) >= MOST_WORKSPACES:
            raise _quota()
        return store.add_workspace(connection, user_name_id, workspace, self._clock.now())

    def _next_number(self, newest: tuple[int, Snapshot] | None, base: str) -> int:
        number, latest = newest or (0, None)
        if base != (latest.id if latest else ""):
            raise _conflict()
        if number >= MOST_SNAPSHOTS:
            raise _quota()
        return number + 1

    def _unsealed(self, workspace: str, snapshot: Snapshot, sealed: bytes) -> bytes:
        content = zlib.decompress(self._keyring.open_sealed(sealed, context=_context(workspace)))
        if hashlib.sha256(content).hexdigest() != snapshot.sha256:
            raise Refused(
                "snapshot-damaged",
                _("This snapshot is damaged in the portal's database."),
                hint=_("Choose another one, and tell the operator of your desk."),
            )
        return content


def _context(workspace: str) -> str:
    return f"settings:{workspace}"


def _check(workspace: str, content: bytes, note: str) -> None:
    """The limits, before anything is looked at."""
    if not _NAME.fullmatch(workspace):
        raise UsageProblem("wrong-name", _("That is not the name of a workspace."))
    if len(note) > LONGEST_NOTE or not (note.isprintable() or not note):
        raise UsageProblem(
            "note-too-long",
            _("A note is one line of at most {most} characters.").format(most=LONGEST_NOTE),
        )
    if len(content) > LARGEST_PUSHED:
        raise UsageProblem(
            "settings-too-large",
            _("The settings are larger than {most}.").format(most=size(LARGEST_PUSHED)),
        )


def _conflict() -> Refused:
    return Refused(
        "settings-conflict",
        _("The portal holds settings that this computer has not seen; nothing was overwritten."),
        hint=_(
            "Both are kept. Take the portal's: deskside settings pull. "
            "Or put yours on top: deskside settings push --keep-mine"
        ),
    )


def _quota() -> Refused:
    return Refused(
        "settings-quota",
        _("The portal keeps no more settings for this user name."),
        hint=_("Ask the operator of your desk."),
    )
