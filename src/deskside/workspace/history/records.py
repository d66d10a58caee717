"""What the records of a log say, and how it is written. Pure.

The first byte of a head is its kind, then two bytes: how many numbers before this one belong to
records that were never finished (and so never acknowledged). Then, by kind:

    OWNER      the path of the settings file
    SNAPSHOT   codec · flags · depth · brief · [brief of the snapshot before] · [digest of the
               base, 8 bytes] · length of origin · origin · note
    EVENT      JSON: a pin, a note, the state of a portal
    CATALOGUE  briefs, so that what damage costs can be named

A brief is id 12 · created, in milliseconds 8 · size 4 · SHA-256 32.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any, NamedTuple

from deskside.foundation.errors import Refused
from deskside.foundation.text import _

_PREFIX = struct.Struct("<BH")
_FIXED = struct.Struct("<BBB")
_BRIEF = struct.Struct("<12sQI32s")
BASE = 8
"""Bytes of a base's SHA-256 that name it."""

LONGEST_NOTE = 20_000
"""Bytes."""

CATALOGUE_EVERY = 32
"""Snapshots after which they are all named once more."""

CATALOGUED = 1000
"""Briefs of one catalogue; all fit into the head of a record."""


class Kind(IntEnum):
    """What a record is about."""

    OWNER = 0
    SNAPSHOT = 1
    EVENT = 2
    CATALOGUE = 3


class Codec(IntEnum):
    """How a content is kept in the body of its record.

    RAW: as it is. WHOLE: zstd. DELTA: zstd with the content of the base before it.
    SAME: not at all, since the base is equal.
    """

    RAW = 0
    WHOLE = 1
    DELTA = 2
    SAME = 3


DENSE = 1
"""Flag: compressed as far as is worth while."""

OPAQUE = 2
"""Flag: sealed by the program, so that nothing can be said about what is in it."""

FAR = 4
"""Flag: a delta that begins a new run."""

_AFTER = 8
"""Flag: the brief of the snapshot before follows."""


class Brief(NamedTuple):
    """What identifies a snapshot and its content.

    Attributes:
        created: milliseconds since 1970, UTC.
        sha256: of the content.
    """

    id: str
    created: int
    size: int
    sha256: bytes

    @property
    def moment(self) -> str:
        """When it was created, in ISO 8601."""
        return datetime.fromtimestamp(self.created / 1000, UTC).isoformat(timespec="milliseconds")


class Kept(NamedTuple):
    """The head of a snapshot's record.

    Attributes:
        depth: how many deltas lie between it and a whole copy.
        before: the brief of the snapshot before it, as it is written; empty for none.
        base: first bytes of the digest of the content that it derives from; empty for none.
    """

    brief: Brief
    codec: Codec
    flags: int
    depth: int
    base: bytes
    before: bytes
    origin: str
    note: str


def milliseconds(created: str) -> int:
    """A moment in ISO 8601 as a brief keeps it."""
    return round(datetime.fromisoformat(created).timestamp() * 1000)


def owner(path: bytes, unfinished: int = 0) -> bytes:
    """The head of a record that tells whose log it is."""
    return _PREFIX.pack(Kind.OWNER, unfinished) + path


def snapshot(kept: Kept, unfinished: int = 0) -> bytes:
    """The head of a snapshot's record."""
    flags = kept.flags | _AFTER if kept.before else kept.flags & ~_AFTER
    origin = kept.origin.encode("utf-8", "replace")[:200]
    return b"".join(
        (
            _PREFIX.pack(Kind.SNAPSHOT, unfinished),
            _FIXED.pack(kept.codec, flags, kept.depth),
            packed(kept.brief),
            kept.before,
            kept.base,
            bytes([len(origin)]),
            origin,
            note_bytes(kept.note),
        )
    )


def event(said: dict[str, Any], unfinished: int = 0) -> bytes:
    """The head of an event's record."""
    return _PREFIX.pack(Kind.EVENT, unfinished) + json.dumps(said, separators=(",", ":")).encode()


def catalogue(briefs: Iterable[Brief], unfinished: int = 0) -> bytes:
    """The head of a catalogue's record."""
    return _PREFIX.pack(Kind.CATALOGUE, unfinished) + b"".join(map(packed, briefs))


def note_bytes(note: str) -> bytes:
    """A note as it is written.

    Raises:
        Refused: `note-too-long`.
    """
    written = note.encode("utf-8", "surrogatepass")
    if len(written) > LONGEST_NOTE:
        raise Refused(
            "note-too-long",
            _("The note is too long; nothing was saved."),
            hint=_("A note has at most {most} bytes.").format(most=LONGEST_NOTE),
        )
    return written


def read_prefix(head: bytes) -> tuple[int, int]:
    """Kind of a record, and how many unfinished ones come before it."""
    kind, unfinished = _PREFIX.unpack_from(head)
    return kind, unfinished


def read_owner(head: bytes) -> bytes:
    """The path of the settings file that a log belongs to."""
    return head[_PREFIX.size :]


def read_event(head: bytes) -> dict[str, Any]:
    """What an event says."""
    said: dict[str, Any] = json.loads(head[_PREFIX.size :])
    return said


def read_catalogue(head: bytes) -> list[Brief]:
    """The briefs of a catalogue."""
    return [read_brief(head, at) for at in range(_PREFIX.size, len(head), _BRIEF.size)]


def read_snapshot(head: bytes) -> Kept:
    """What the record of a snapshot says."""
    codec, flags, depth = _FIXED.unpack_from(head, _PREFIX.size)
    at = _PREFIX.size + _FIXED.size
    brief, before, base = read_brief(head, at), b"", b""
    at += _BRIEF.size
    if flags & _AFTER:
        before = head[at : at + _BRIEF.size]
        at += _BRIEF.size
    if codec in (Codec.DELTA, Codec.SAME):
        base = head[at : at + BASE]
        at += BASE
    start = at + 1 + head[at]
    origin, note = head[at + 1 : start].decode("utf-8", "replace"), head[start:]
    text = note.decode("utf-8", "surrogatepass")
    return Kept(brief, Codec(codec), flags & ~_AFTER, depth, base, before, origin, text)


def packed(brief: Brief) -> bytes:
    """A brief as it is written."""
    return _BRIEF.pack(brief.id.encode("ascii"), brief.created, brief.size, brief.sha256)


def read_brief(head: bytes, at: int = 0) -> Brief:
    """The brief that is written there."""
    identifier, created, size, sha256 = _BRIEF.unpack_from(head, at)
    return Brief(identifier.rstrip(b"\0").decode("ascii"), created, size, sha256)
