"""Requests that a chosen computer restore a version at its next start.

waiting ──that computer did it──▶ done
   ├─────it could not, or its person would not──▶ refused
   └─────another request, or no longer wanted, or the version deleted──▶ cancelled
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from deskside.foundation.audit.service import Audit
from deskside.foundation.clock import Clock
from deskside.foundation.database import Database, new_id
from deskside.foundation.errors import NotFound, Refused, UsageProblem
from deskside.foundation.text import _
from deskside.workspace import store
from deskside.workspace.portal_store import workstations
from deskside.workspace.portal_store.model import Restore, RestoreState, WorkstationName
from deskside.workspace.portal_store.tables import (
    settings_restore,
    settings_workspace,
    settings_workstation,
)

LONGEST_DETAIL = 300
SHOWN = 100
"""Requests that a list has at most, the newest."""

_RESULTS = (RestoreState.DONE, RestoreState.REFUSED)


@dataclass(frozen=True, slots=True)
class Restores:
    """Requests of the visitor's own user name."""

    database: Database
    clock: Clock
    audit: Audit

    def request(
        self, user_name_id: str, workspace: str, workstation: str, snapshot: str
    ) -> Restore:
        """Ask a computer to restore a version; an earlier request to it that waits is cancelled.

        Raises:
            NotFound: `no-such-workspace`, `no-such-snapshot`, `no-such-workstation`.
        """
        now, made = self.clock.now(), new_id()
        with self.database.write() as connection:
            found = store.required(connection, user_name_id, workspace)
            store.lock(connection, found)
            chosen = store.required_snapshot(connection, found, snapshot)
            target = workstations.find(connection, user_name_id, workstation)
            if target is None:
                raise NotFound(
                    "no-such-workstation",
                    _("No computer of yours by that id has sent settings to this portal."),
                    hint=_("Send settings from it first: deskside settings push"),
                )
            table = settings_restore.c
            earlier = (table.workspace_id == found) & (table.workstation_id == target.id)
            _cancel(connection, earlier, now)
            row = {"id": made, "user_name_id": user_name_id, "workspace_id": found}
            row |= {"snapshot_id": chosen.id, "workstation_id": target.id}
            connection.execute(
                insert(settings_restore).values(
                    **row, state=RestoreState.WAITING, created=now, settled=None, detail=""
                )
            )
            detail = {"snapshot": chosen.id, "workstation": target.id, "restore": made}
            self._record(connection, "settings.restore-requested", user_name_id, found, detail)
            return _one(connection, user_name_id, made)

    def listed(self, user_name_id: str, workstation: str | None = None) -> list[Restore]:
        """The requests that wait for a computer, or all of the user name; the newest first."""
        table = settings_restore.c
        query = _QUERY.where(table.user_name_id == user_name_id)
        if workstation is not None:
            waiting = table.state == RestoreState.WAITING
            query = query.where(table.workstation_id == workstation, waiting)
        with self.database.read() as connection:
            rows = connection.execute(query.order_by(table.id.desc()).limit(SHOWN)).all()
        return [_restore(row) for row in rows]

    def settle(self, user_name_id: str, restore: str, result: str, detail: str = "") -> Restore:
        """What became of a request, told by the computer; telling it twice is fine.

        Args:
            result: `done` or `refused`.

        Raises:
            NotFound: `no-such-restore`.
            UsageProblem: `wrong-result`, `detail-too-long`.
            Refused: `restore-settled`: it no longer waits.
        """
        if result not in _RESULTS:
            raise UsageProblem("wrong-result", _("The result is either done or refused."))
        if len(detail) > LONGEST_DETAIL or not detail.isprintable():
            raise UsageProblem(
                "detail-too-long",
                _("A detail is one line of at most {most} characters.").format(most=LONGEST_DETAIL),
            )
        return self._settle(user_name_id, restore, RestoreState(result), detail)

    def cancel(self, user_name_id: str, restore: str) -> Restore:
        """Take a request back; raises NotFound, or Refused where it no longer waits."""
        return self._settle(user_name_id, restore, RestoreState.CANCELLED, "")

    def _settle(self, user_name_id: str, restore: str, state: RestoreState, detail: str) -> Restore:
        table = settings_restore
        waits = (table.c.id == restore) & (table.c.user_name_id == user_name_id)
        waits &= table.c.state == RestoreState.WAITING
        with self.database.write() as connection:
            changed = connection.execute(
                update(table)
                .where(waits)
                .values(state=state, settled=self.clock.now(), detail=detail)
            )
            settled = _one(connection, user_name_id, restore)
            if changed.rowcount:
                told = {"restore": restore, "state": state.value}
                subject = settled.snapshot
                self._record(connection, "settings.restore-settled", user_name_id, subject, told)
        if settled.state is not state:
            raise Refused(
                "restore-settled",
                _("This request no longer waits: it is {state}.").format(
                    state=_(settled.state.value)
                ),
            )
        return settled

    def _record(
        self, connection: Connection, event: str, actor: str, subject: str, detail: dict[str, str]
    ) -> None:
        self.audit.record(connection, event, actor=actor, subject=subject, detail=detail)


def forget(connection: Connection, workspace: str) -> None:
    """Delete all requests of a workspace."""
    connection.execute(delete(settings_restore).where(settings_restore.c.workspace_id == workspace))


def cancel_for(connection: Connection, snapshot: str, now: datetime) -> None:
    """Cancel what waits for a version that is being deleted."""
    _cancel(connection, settings_restore.c.snapshot_id == snapshot, now)


def _cancel(connection: Connection, which: Any, now: datetime) -> None:
    table = settings_restore
    connection.execute(
        update(table)
        .where(which, table.c.state == RestoreState.WAITING)
        .values(state=RestoreState.CANCELLED, settled=now)
    )


def _one(connection: Connection, user_name_id: str, restore: str) -> Restore:
    table = settings_restore.c
    query = _QUERY.where(table.id == restore, table.user_name_id == user_name_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound("no-such-restore", _("There is no such request."))
    return _restore(row)


def _restore(row: Any) -> Restore:
    return Restore(
        id=row.id,
        workspace=row.workspace,
        snapshot=row.snapshot_id,
        workstation=WorkstationName(row.workstation_id, row.workstation or ""),
        state=RestoreState(row.state),
        created=row.created,
        settled=row.settled,
        detail=row.detail,
    )


_QUERY = (
    select(
        settings_restore,
        settings_workspace.c.name.label("workspace"),
        settings_workstation.c.name.label("workstation"),
    )
    .join(settings_workspace, settings_workspace.c.id == settings_restore.c.workspace_id)
    .outerjoin(
        settings_workstation,
        (settings_workstation.c.user_name_id == settings_restore.c.user_name_id)
        & (settings_workstation.c.id == settings_restore.c.workstation_id),
    )
)
