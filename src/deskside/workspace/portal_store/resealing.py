"""A plain version becomes one that is sealed end to end, in its own place.

It keeps its id, its number, its day and its pin, so that nothing that derives from it has to
know; the plain bytes are deleted for good, as by a deletion.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from deskside.foundation.audit.service import Audit
from deskside.foundation.database import Database
from deskside.foundation.errors import Refused
from deskside.foundation.text import _
from deskside.workspace import store
from deskside.workspace.portal_store import arriving, pieces
from deskside.workspace.portal_store.contents import Contents, digest
from deskside.workspace.portal_store.deleting import Deleter
from deskside.workspace.portal_store.model import PLAIN_FORMAT, SEALED_FORMAT, StoredSnapshot
from deskside.workspace.portal_store.pieces import Piece
from deskside.workspace.portal_store.pushing import quota_reached


@dataclass(frozen=True, slots=True)
class Resealing:
    """Seals what was stored before its owner chose to."""

    database: Database
    contents: Contents
    deleter: Deleter
    audit: Audit
    quota: int

    def replace(
        self, user_name_id: str, workspace: str, snapshot: str, sealed: bytes
    ) -> StoredSnapshot:
        """Put the same content, sealed end to end, in the place of a plain version.

        The portal cannot see that it is the same: its owner alone does this to their own.

        Raises:
            UsageProblem: `settings-too-large`.
            NotFound: `no-such-workspace`, `no-such-snapshot`.
            Refused: `settings-not-sealed`; `already-sealed`; `settings-quota`.
        """
        kind = arriving.stored_kind(sealed, SEALED_FORMAT)
        with self.database.read() as connection:
            found = store.required(connection, user_name_id, workspace)
            held = store.required_snapshot(connection, found, snapshot)
            number = pieces.chain(connection, held.id)[0].number
        if held.format != PLAIN_FORMAT:
            raise _already_sealed()
        made = replace(
            held, sha256=digest(sealed), size=len(sealed), note="", format=SEALED_FORMAT, kind=kind
        )
        blank = Piece(held.id, number, made.sha256, made.size, 0, None, b"")
        packed = self.contents.packed(found, number, sealed, kind, [])
        piece = self.contents.piece(found, blank, packed)

        def put(connection: Connection) -> None:
            self._put(connection, user_name_id, found, made, piece)

        if not self.deleter.delete(found, held.id, put):
            raise store.no_such_snapshot()
        return made

    def _put(
        self,
        connection: Connection,
        user_name_id: str,
        workspace: str,
        made: StoredSnapshot,
        piece: Piece,
    ) -> None:
        if store.stored(connection, user_name_id) + len(piece.sealed) > self.quota:
            raise quota_reached()
        last = store.last_number(connection, workspace)
        store.add_snapshot(connection, workspace, piece, made)
        pieces.account(connection, workspace, 0, last_number=last)
        self.audit.record(
            connection,
            "settings.sealed-end-to-end",
            actor=user_name_id,
            subject=workspace,
            detail={"snapshot": made.id, "size": made.size},
        )


def _already_sealed() -> Refused:
    return Refused("already-sealed", _("This version is sealed end to end already."))
