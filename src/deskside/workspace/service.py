"""The portal's store of workspace settings: each person's own, sealed, never overwritten.

A push is read, checked, packed and sealed outside the transaction that stores it; that one
holds the workspace, makes sure that nothing has come in between, and adds a row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from deskside.foundation.audit.service import Audit
from deskside.foundation.clock import Clock
from deskside.foundation.database import Database
from deskside.foundation.errors import Refused
from deskside.foundation.keyring import Keyring
from deskside.foundation.recurring import Recurring
from deskside.foundation.text import _
from deskside.workspace import store
from deskside.workspace.model import Saved, StoredWorkspace
from deskside.workspace.portal_store import arriving, encryption, exporting, pieces, workstations
from deskside.workspace.portal_store import restores as restoring
from deskside.workspace.portal_store.arriving import Draft
from deskside.workspace.portal_store.contents import Contents, digest
from deskside.workspace.portal_store.deleting import Deleter, overwrite_what_goes
from deskside.workspace.portal_store.encryption import Encryption
from deskside.workspace.portal_store.intake import Intake
from deskside.workspace.portal_store.model import (
    PLAIN_FORMAT,
    SEALED_FORMAT,
    SeenWorkstation,
    StoredSnapshot,
    StoreRules,
    Usage,
    WorkstationName,
)
from deskside.workspace.portal_store.operator import store_rules
from deskside.workspace.portal_store.pushing import Pushing
from deskside.workspace.portal_store.resealing import Resealing
from deskside.workspace.portal_store.restores import Restores
from deskside.workspace.portal_store.thinning import EVERY, Thinner
from deskside.workspace.rules import LARGEST_PUSHED

if TYPE_CHECKING:
    from deskside.workspace.document.difference import Difference

__all__ = ["SettingsStore", "store_rules"]

MOST_WORKSPACES = 50


class SettingsStore:
    """Workspace settings by user name.

    Every operation is on the visitor's own: `user_name_id` is that of the session. What is
    somebody else's does not exist.

    Attributes:
        restores: requests that a computer restore a version.
        encryption: whom settings are sealed for, end to end.
        resealing: what was stored before is sealed, too.
        intake: the turns in which uploads are taken.
    """

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        clock: Clock,
        audit: Audit,
        *,
        rules: StoreRules | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit
        self._rules = rules or StoreRules()
        self._contents = Contents(keyring)
        self._deleter = Deleter(database, self._contents, clock)
        self._pushing = Pushing(database, self._contents, clock, audit, self._rules)
        self.restores = Restores(database, clock, audit)
        self.encryption = Encryption(database, clock, audit)
        self.resealing = Resealing(
            database, self._contents, self._deleter, audit, self._rules.quota
        )
        self.intake = Intake()

    def workspaces(self, user_name_id: str) -> list[StoredWorkspace]:
        """All workspaces of a user name, by name."""
        with self._database.read() as connection:
            return [
                StoredWorkspace(
                    identifier,
                    name,
                    store.latest(connection, identifier),
                    store.count(connection, identifier),
                )
                for identifier, name in store.workspaces(connection, user_name_id)
            ]

    def snapshots(
        self, user_name_id: str, workspace: str, *, limit: int | None = None
    ) -> list[StoredSnapshot]:
        """The snapshots of a workspace, the latest first; at most `limit`.

        Raises:
            NotFound: `no-such-workspace`.
        """
        with self._database.read() as connection:
            found = store.required(connection, user_name_id, workspace)
            return store.snapshots(connection, found, limit)

    def get(self, user_name_id: str, workspace: str, snapshot: str) -> tuple[StoredSnapshot, bytes]:
        """One snapshot with its content, checked against its digest.

        Args:
            snapshot: its id, or `latest`.

        Raises:
            NotFound: `no-such-workspace`, `no-such-snapshot`.
            Refused: `snapshot-damaged`, `snapshot-newer`.
        """
        with self._database.read() as connection:
            found = store.required(connection, user_name_id, workspace)
            held = store.required_snapshot(connection, found, snapshot)
            chain = pieces.chain(connection, held.id)
        return held, self._contents.read(found, chain)

    def push(
        self,
        user_name_id: str,
        workspace: str,
        content: bytes,
        *,
        base: str = "",
        note: str = "",
        stated_format: int = PLAIN_FORMAT,
        workstation: WorkstationName | None = None,
    ) -> Saved:
        """Add a snapshot on top of the version that it derives from.

        Args:
            workspace: its name; a new name begins a new workspace.
            base: id of the latest version that the sender had seen; empty for none.
            stated_format: PLAIN_FORMAT, or SEALED_FORMAT for an age file.
            workstation: the computer that sends it, which is remembered.

        Raises:
            UsageProblem: `wrong-name`, `note-too-long`, `wrong-workstation`,
                `settings-too-large`, `settings-format`.
            SettingsConflict: others have pushed since `base`: nothing is overwritten and both
                are kept.
            Refused: `settings-quota`, `settings-must-be-sealed`, `settings-not-sealed`, and what
                `rules.kind_of` refuses.
        """
        arriving.check_names(workspace, note, workstation)
        arriving.check_size(content, LARGEST_PUSHED)
        arriving.check_format(stated_format)
        draft = Draft(
            user_name_id=user_name_id,
            workspace=workspace,
            content=content,
            sha256=digest(content),
            format=stated_format,
            base=base,
            note=note,
            workstation=workstation,
        )
        return self._pushing.push(draft, most_workspaces=MOST_WORKSPACES)

    def difference(
        self, user_name_id: str, workspace: str, old: str, new: str, *, everything: bool = False
    ) -> Difference:
        """What changed between two snapshots, in the program's words.

        Args:
            old: id of the earlier one, or `latest`.
            new: id of the later one, or `latest`.
            everything: noise and order, too.

        Raises:
            NotFound: `no-such-workspace`, `no-such-snapshot`.
            Refused: `settings-sealed`: sealed end to end; `settings-opaque`; `snapshot-damaged`.
        """
        from deskside.workspace.document.difference import difference

        contents = []
        for wish in (old, new):
            held, content = self.get(user_name_id, workspace, wish)
            if held.format >= SEALED_FORMAT:
                raise _unreadable()
            contents.append(content)
        return difference(contents[0], contents[1], everything=everything)

    def pin(self, user_name_id: str, workspace: str, snapshot: str, *, pinned: bool) -> None:
        """Keep a snapshot for ever whatever the policy, or no longer; raises NotFound."""
        with self._database.write() as connection:
            found = store.required(connection, user_name_id, workspace)
            store.lock(connection, found)
            held = store.required_snapshot(connection, found, snapshot)
            if held.pinned != pinned:
                store.pin(connection, held.id, pinned=pinned)
                detail: dict[str, str | bool] = {"snapshot": held.id, "pinned": pinned}
                self._recorder("settings.pinned", user_name_id, found, detail)(connection)

    def delete(self, user_name_id: str, workspace: str, snapshot: str) -> None:
        """Delete one snapshot for good; all others stay as they were.

        Raises:
            NotFound: `no-such-workspace`, `no-such-snapshot`.
        """
        with self._database.read() as connection:
            found = store.required(connection, user_name_id, workspace)
            held = store.required_snapshot(connection, found, snapshot)
        record = self._recorder("settings.deleted", user_name_id, found, {"snapshot": held.id})
        if not self._deleter.delete(found, held.id, record):
            raise store.no_such_snapshot()

    def delete_workspace(self, user_name_id: str, workspace: str) -> None:
        """Delete a workspace with its whole history for good; raises NotFound."""
        with self._database.write() as connection:
            overwrite_what_goes(connection)
            found = store.required(connection, user_name_id, workspace)
            self._delete_workspace(connection, user_name_id, found)

    def delete_everything(self, user_name_id: str) -> int:
        """Delete all workspaces, requests and names of computers for good; how many versions.

        Whom settings are sealed for stays: the person's computers go on sealing for them.
        """
        deleted = 0
        with self._database.write() as connection:
            overwrite_what_goes(connection)
            for found, _name in store.workspaces(connection, user_name_id):
                deleted += self._delete_workspace(connection, user_name_id, found)
            workstations.forget(connection, user_name_id)
        return deleted

    def _delete_workspace(self, connection: Connection, user_name_id: str, found: str) -> int:
        store.lock(connection, found)
        restoring.forget(connection, found)
        count = store.delete_workspace(connection, found)
        detail = {"snapshots": count}
        self._recorder("settings.workspace-deleted", user_name_id, found, detail)(connection)
        return count

    def export(self, user_name_id: str) -> Iterator[bytes]:
        """Everything of a user name as a zip file, in pieces."""
        with self._database.write() as connection:
            self._recorder("settings.exported", user_name_id, user_name_id, {})(connection)
        with self._database.read() as connection:
            everything = exporting.Everything(
                at=self._clock.now(),
                workspaces={
                    name: store.snapshots(connection, identifier)
                    for identifier, name in store.workspaces(connection, user_name_id)
                },
                workstations=workstations.listed(connection, user_name_id),
                restores=self.restores.listed(user_name_id),
                recipient=encryption.recipient(connection, user_name_id),
            )

        def read(workspace: str, version: StoredSnapshot) -> bytes:
            return self.get(user_name_id, workspace, version.id)[1]

        return exporting.archive(everything, read)

    def usage(self, user_name_id: str) -> Usage:
        """What a user name has stored, of what it may."""
        with self._database.read() as connection:
            names = store.workspaces(connection, user_name_id)
            return Usage(
                used=store.stored(connection, user_name_id),
                quota=self._rules.quota,
                workspaces=len(names),
                snapshots=sum(store.count(connection, identifier) for identifier, _n in names),
            )

    def workstations(self, user_name_id: str) -> list[SeenWorkstation]:
        """The computers that have pushed for a user name, the last seen first."""
        with self._database.read() as connection:
            return workstations.listed(connection, user_name_id)

    def thin(self) -> int:
        """Let go of what retention does not keep, once; how many snapshots went."""
        return self._thinner().turn()

    def thinning(self) -> AbstractContextManager[None]:
        """Thin in the background while the block runs; one node at a time does so."""
        thinner = self._thinner()
        recurring = Recurring(
            "settings.thinning",
            lambda: thinner.turn(stopping=lambda: recurring.stopping),
            EVERY.total_seconds(),
        )
        return recurring.running()

    def _thinner(self) -> Thinner:
        return Thinner(self._database, self._clock, self._audit, self._rules, self._deleter)

    def _recorder(
        self, event: str, actor: str, subject: str, detail: Mapping[str, str | int | bool]
    ) -> Callable[[Connection], object]:
        def record(connection: Connection) -> object:
            return self._audit.record(
                connection, event, actor=actor, subject=subject, detail=detail
            )

        return record


def _unreadable() -> Refused:
    return Refused(
        "settings-sealed",
        _("These settings are sealed end to end: the portal cannot read what is in them."),
        hint=_("Compare on a computer that has the key: deskside settings diff"),
    )
