"""The bytes of versions: packed, sealed under the desk's keys, and whole again.

The seal's context names the workspace, the version's number and id, and its coding, so that a
row moved to another place does not open. Every content that is read is held against its digest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from deskside.foundation.errors import DesksideError, Refused
from deskside.foundation.keyring import Keyring
from deskside.foundation.text import _
from deskside.workspace.portal_store.model import StoredKind
from deskside.workspace.portal_store.packing import (
    DEEPEST,
    SPAN,
    Coding,
    PackedWrong,
    distance,
    pack,
    pack_onto,
    unpack,
)
from deskside.workspace.portal_store.pieces import Piece

SMALL = 32
"""What is packed to so small a part of its size is not worth a search for better."""

LEAST = 4096
"""Bytes of a content that is worth being packed onto another."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A packed content, and the id of the version that it is packed onto."""

    coding: Coding
    base: str | None
    content: bytes


@dataclass(frozen=True, slots=True)
class Contents:
    """Packs and unpacks with the keys of one desk."""

    keyring: Keyring

    def read(self, workspace: str, chain: Sequence[Piece]) -> bytes:
        """The content of a version.

        Args:
            workspace: its id.
            chain: the version and all that it is packed onto, down to the whole copy.

        Raises:
            Refused: `snapshot-damaged`, `snapshot-newer`.
        """
        content = None
        for piece in reversed(chain):
            content = self._unpacked(workspace, piece, content)
        whole = chain and chain[-1].base is None
        if content is None or not whole or digest(content) != chain[0].sha256:
            raise _damaged()
        return content

    def packed(
        self, workspace: str, number: int, content: bytes, kind: StoredKind, chain: Sequence[Piece]
    ) -> Packed:
        """A new version's content, packed as small as is quickly done, and tried out.

        Args:
            number: its number.
            chain: that of the latest version of the same kind.
        """
        if kind is not StoredKind.XML:
            return Packed(Coding.AS_IS, None, content)
        if len(content) < LEAST:
            return self.whole(content)
        for part in _bases(number, chain):
            try:
                packed = self.onto(content, part[0].id, self.read(workspace, part))
            except Refused:
                continue  # what is damaged must not damage what comes
            if len(packed.content) * SMALL < len(content):
                return packed
            whole = self.whole(content)
            if len(packed.content) * 2 < len(whole.content):
                return packed
        return self.whole(content)

    def whole(self, content: bytes) -> Packed:
        """A content packed by itself."""
        coding, packed = pack(content)
        return _tried(Packed(coding, None, packed), content, None)

    def onto(self, content: bytes, base_id: str, base: bytes) -> Packed:
        """A content packed onto another version's."""
        return _tried(Packed(Coding.ONTO, base_id, pack_onto(content, base)), content, base)

    def piece(self, workspace: str, blank: Piece, packed: Packed) -> Piece:
        """A version as it shall lie in the database: `blank` with its content sealed."""
        piece = replace(blank, coding=int(packed.coding), base=packed.base)
        sealed = self.keyring.seal(packed.content, context=_context(workspace, piece))
        return replace(piece, sealed=sealed)

    def _unpacked(self, workspace: str, piece: Piece, base: bytes | None) -> bytes:
        if piece.coding not in tuple(Coding):
            raise Refused(
                "snapshot-newer",
                _("This version was stored by a newer Deskside than this one."),
                hint=_("Upgrade the portal; nothing is lost."),
            )
        try:
            packed = self.keyring.open_sealed(piece.sealed, context=_context(workspace, piece))
            return unpack(piece.coding, packed, piece.size, base)
        except (DesksideError, PackedWrong) as error:
            raise _damaged() from error


def digest(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def _bases(number: int, chain: Sequence[Piece]) -> list[Sequence[Piece]]:
    """Chains of the versions to pack a new one onto, the preferred one first."""
    if not chain or not 0 < number - chain[-1].number < SPAN:
        return []
    root = chain[-1].number
    wanted = root + distance(number - root)
    skip = next(index for index, piece in enumerate(chain) if piece.number <= wanted)
    found = [chain[skip:]] if skip == 0 else [chain[skip:], chain]
    return [part for part in found if len(part) <= DEEPEST]


def _tried(packed: Packed, content: bytes, base: bytes | None) -> Packed:
    """What was packed, if it is whole again; no defect of a library may cost a version."""
    if unpack(packed.coding, packed.content, len(content), base) != content:
        return Packed(Coding.AS_IS, None, content)
    return packed


def _context(workspace: str, piece: Piece) -> str:
    if piece.coding == Coding.ZLIB:
        return f"settings:{workspace}"
    return f"settings:{workspace}:{piece.number}:{piece.id}:{piece.coding}"


def _damaged() -> Refused:
    return Refused(
        "snapshot-damaged",
        _("This snapshot is damaged in the portal's database."),
        hint=_("Choose another one, and tell the operator of your desk."),
    )
