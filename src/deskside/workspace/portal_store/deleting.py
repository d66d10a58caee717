"""Deletion that is real: the row goes, and what was packed onto it is packed anew first.

Versions that need the deleted one are read and packed again outside the transaction that
deletes; the transaction makes sure that they are still the same ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from deskside.foundation.clock import Clock
from deskside.foundation.database import Database
from deskside.foundation.errors import Refused, Unavailable
from deskside.foundation.text import _
from deskside.workspace import store
from deskside.workspace.portal_store import pieces, restores
from deskside.workspace.portal_store.contents import Contents, Packed
from deskside.workspace.portal_store.pieces import Piece

ATTEMPTS = 5

Repacking = list[tuple[Piece, Piece]]
"""Versions as they lie, and as they shall lie."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """One version of a workspace that is to go, with all that must be done first."""

    workspace: str
    piece: Piece
    needing: Repacking


@dataclass(frozen=True, slots=True)
class Deleter:
    """Deletes versions."""

    database: Database
    contents: Contents
    clock: Clock

    def delete(
        self,
        workspace: str,
        snapshot: str,
        record: Callable[[Connection], object],
        *,
        unless_pinned: bool = False,
    ) -> bool:
        """Delete a version; false where it is gone already, or pinned and to stay then.

        Args:
            workspace: its id.
            record: called inside the transaction.

        Raises:
            Unavailable: others kept packing versions onto it (`database-busy`).
        """
        for _attempt in range(ATTEMPTS):
            deletion = self._prepared(workspace, snapshot)
            if deletion is None:
                return False
            try:
                with self.database.write() as connection:
                    store.lock(connection, workspace)
                    if unless_pinned and store.is_kept(connection, workspace, snapshot):
                        return False
                    self._apply(connection, deletion)
                    record(connection)
            except _Moved:
                continue
            return True
        raise Unavailable(
            "database-busy",
            _("The database is busy; nothing was changed."),
            hint=_("Try again in a moment."),
        )

    def _prepared(self, workspace: str, snapshot: str) -> Deletion | None:
        with self.database.read() as connection:
            chain = pieces.chain(connection, snapshot)
            needing = pieces.based_on(connection, snapshot)
        if not chain:
            return None
        return Deletion(workspace, chain[0], self._repacked(workspace, chain, needing))

    def _repacked(
        self, workspace: str, chain: Sequence[Piece], needing: Sequence[Piece]
    ) -> Repacking:
        """Pack what needs the version onto what it was packed onto itself.

        Where the version is a whole copy, the first that needs it becomes one, for the others.
        """
        base_id, base = chain[0].base, self._readable(workspace, chain[1:])
        repacked: Repacking = []
        for piece in needing:
            content = self._readable(workspace, [piece, *chain])
            if content is None:  # damaged, and stays so
                repacked.append((piece, replace(piece, base=None)))
                continue
            packed = self._packed(content, base_id, base)
            repacked.append((piece, self.contents.piece(workspace, piece, packed)))
            if base is None:
                base_id, base = piece.id, content
        return repacked

    def _packed(self, content: bytes, base_id: str | None, base: bytes | None) -> Packed:
        if base_id is None or base is None:
            return self.contents.whole(content)
        return self.contents.onto(content, base_id, base)

    def _readable(self, workspace: str, chain: Sequence[Piece]) -> bytes | None:
        if not chain:
            return None
        try:
            return self.contents.read(workspace, chain)
        except Refused:
            return None

    def _apply(self, connection: Connection, deletion: Deletion) -> None:
        overwrite_what_goes(connection)
        workspace, piece = deletion.workspace, deletion.piece
        expected = {before.id for before, _after in deletion.needing}
        if {each.id for each in pieces.based_on(connection, piece.id)} != expected:
            raise _Moved
        for before, after in deletion.needing:
            if not pieces.replace_piece(connection, workspace, before, after):
                raise _Moved
        if not store.delete_snapshot(connection, workspace, piece):
            raise _Moved
        restores.cancel_for(connection, piece.id, self.clock.now())


class _Moved(Exception):
    """The versions are no longer as they were when the deletion was prepared."""


def overwrite_what_goes(connection: Connection) -> None:
    """Have SQLite overwrite deleted rows in its file instead of only letting go of them."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete = ON")
