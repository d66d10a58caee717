"""Thins what the operator's policy thins, in the background, by one node at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from deskside.foundation import leases, logs
from deskside.foundation.audit.service import Audit
from deskside.foundation.clock import Clock
from deskside.foundation.database import Database, new_id
from deskside.workspace import store
from deskside.workspace.portal_store.deleting import Deleter
from deskside.workspace.portal_store.model import StoreRules
from deskside.workspace.retention import Version, thinned

LEASE = "settings-thinning"
EVERY = timedelta(hours=1)
SPAN = timedelta(minutes=50)
"""How long a node keeps the work, so that others do not repeat it within the hour."""


@dataclass(frozen=True, slots=True)
class Thinner:
    """Lets versions go by the rules of retention."""

    database: Database
    clock: Clock
    audit: Audit
    rules: StoreRules
    deleter: Deleter
    node: str = field(default_factory=new_id)

    def turn(self, *, stopping: Callable[[], bool] = lambda: False) -> int:
        """Thin all workspaces, if this node has the work; how many versions went."""
        if not self.rules.thin:
            return 0
        with self.database.write() as connection:
            if not leases.hold(connection, LEASE, self.node, SPAN):
                return 0
        with self.database.read() as connection:
            all_of_them = store.all_workspaces(connection)
        gone = 0
        for workspace in all_of_them:
            if stopping():
                break
            gone += self.thin(workspace)
        if gone:
            logs.event("settings.thinned", count=gone)
        return gone

    def thin(self, workspace: str) -> int:
        """Thin one workspace; how many versions went."""
        with self.database.read() as connection:
            rows = store.ages(connection, workspace)
        chosen = _chosen(rows, self)
        return sum(self._let_go(workspace, snapshot) for snapshot in chosen)

    def _let_go(self, workspace: str, snapshot: str) -> bool:
        def record(connection: Connection) -> None:
            detail = {"snapshot": snapshot}
            self.audit.record(
                connection, "settings.thinned", actor=None, subject=workspace, detail=detail
            )

        return self.deleter.delete(workspace, snapshot, record, unless_pinned=True)


def _chosen(rows: Any, thinner: Thinner) -> list[str]:
    """Ids of the versions of one workspace that may go."""
    latest = max((row.number for row in rows), default=0)
    kinds = {kind.value for kind in thinner.rules.thin}
    versions = [
        Version(row.id, row.number, row.created, row.pinned)
        for row in rows
        if row.kind in kinds or row.number == latest
    ]
    return thinned(versions, thinner.clock.now(), thinner.rules.keeping)
