"""One log: the history of one settings file, as it is on the disk and as it is known.

What is known is kept between calls and brought up to date from what was appended meanwhile. A
file that has changed in any other way is read anew.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from deskside.foundation.errors import Refused
from deskside.foundation.text import _
from deskside.workspace.history import deltas, disk, frame, records, scanning
from deskside.workspace.history.frame import PREAMBLE_SIZE, Seal
from deskside.workspace.history.records import Brief, Codec, Kept, Kind
from deskside.workspace.history.scanning import Frame, Scan, Source

SUFFIX = ".log"
_CACHED = 48 << 20
"""Bytes of contents that are kept in memory."""


class Entry(NamedTuple):
    """A snapshot: what its record says, and where it is."""

    kept: Kept
    frame: Frame


class Contents:
    """The contents used last, by their SHA-256."""

    def __init__(self, most: int = _CACHED) -> None:
        self._most, self._size = most, 0
        self._held: OrderedDict[bytes, bytes] = OrderedDict()

    def get(self, sha256: bytes) -> bytes | None:
        """A content, if it is still there."""
        if sha256 in self._held:
            self._held.move_to_end(sha256)
        return self._held.get(sha256)

    def put(self, sha256: bytes, content: bytes) -> None:
        """Keep a content, at the cost of those not used for longest."""
        if sha256 in self._held or len(content) > self._most // 4:
            return
        self._held[sha256] = content
        self._size += len(content)
        while self._size > self._most:
            self._size -= len(self._held.popitem(last=False)[1])


@dataclass
class State:
    """What the records of a log come to.

    Attributes:
        entries: in the order of the log; a later one with the same id replaces an earlier one.
        named: every snapshot that some record names, those that damage has taken included.
        uncatalogued: how many have been added since they were last named all together.
        last: the brief of the one that was added last, as it is written.
        portals: by their address.
    """

    owner: bytes | None = None
    entries: dict[str, Entry] = field(default_factory=dict)
    contents: dict[bytes, list[Entry]] = field(default_factory=dict)
    named: dict[str, Brief] = field(default_factory=dict)
    uncatalogued: int = 0
    last: bytes = b""
    pins: set[str] = field(default_factory=set)
    notes: dict[str, str] = field(default_factory=dict)
    portals: dict[str, dict[str, Any]] = field(default_factory=dict)

    def learn(self, found: Frame) -> None:
        """Take in one more record."""
        if found.head is None:
            return
        kind = records.read_prefix(found.head)[0]
        if kind == Kind.SNAPSHOT:
            try:
                self._snapshot(Entry(records.read_snapshot(found.head), found))
            except ValueError:  # a codec that we don't know
                raise newer() from None
        elif kind == Kind.EVENT:
            self._event(records.read_event(found.head))
        elif kind == Kind.CATALOGUE:
            self.named |= {brief.id: brief for brief in records.read_catalogue(found.head)}
            self.uncatalogued = 0
        elif kind == Kind.OWNER:
            self.owner = records.read_owner(found.head)
        else:
            raise newer()

    def _snapshot(self, entry: Entry) -> None:
        brief = entry.kept.brief
        self.entries[brief.id] = entry
        self.named[brief.id] = brief
        self.uncatalogued += 1
        self.contents.setdefault(brief.sha256[: records.BASE], []).append(entry)
        if entry.kept.before and entry.kept.before != self.last:
            before = records.read_brief(entry.kept.before)
            self.named.setdefault(before.id, before)
        self.last = records.packed(brief)

    def _event(self, said: dict[str, Any]) -> None:
        match said["event"]:
            case "pin":
                (self.pins.add if said["pinned"] else self.pins.discard)(said["id"])
            case "note":
                self.notes[said["id"]] = said["note"]
            case "portal":
                self.portals[said["address"]] = said["state"]
            case _:
                raise newer()

    @property
    def latest(self) -> Entry | None:
        """The latest snapshot."""
        return self.entries[max(self.entries)] if self.entries else None

    @property
    def missing(self) -> list[Brief]:
        """Snapshots that are named and not there."""
        return [brief for brief in self.named.values() if brief.id not in self.entries]

    def recent(self, most: int) -> list[Brief]:
        """The snapshots that were added last."""
        return [entry.kept.brief for entry in list(self.entries.values())[-most:]]

    def deriving_from(self, digest: bytes) -> Entry | None:
        """A snapshot with that content."""
        return next(iter(self.contents.get(digest, ())), None)


class Log:
    """A log that may be read at any time, and be added to by whoever holds the lock.

    Raises:
        Refused: `history-newer`, `history-key-wrong`.
        OSError: it cannot be read.
    """

    def __init__(self, file: Path, key: bytes) -> None:
        self.file = file
        self._key = key
        self._known: tuple[int, ...] = ()
        self.seal: Seal
        self.preamble_whole = True
        self._forget()
        self.refresh()

    def _forget(self) -> None:
        self.state, self.scan = State(), Scan()
        self.cache = Contents()

    def refresh(self) -> None:
        """Take in what others have done to the file."""
        with Source(self.file) as source:
            known = _signature(source)
            if known == self._known:
                return
            if self._only_longer(known):
                self._continue(source)
            else:
                self._begin(source)
            self._known = known

    def _only_longer(self, known: tuple[int, ...]) -> bool:
        same = known[:2] == self._known[:2] and known[2] > self._known[2]
        return same and not self.scan.unfinished and not self.scan.lost

    def _begin(self, source: Source) -> None:
        self._forget()
        identity = self._identity(source.get(0, PREAMBLE_SIZE))
        self.seal = Seal(self._key, identity)
        self.scan = scanning.scan(source, self.seal, PREAMBLE_SIZE, 0)
        if len(self.scan.frames) > 1 and not any(found.head for found in self.scan.frames):
            raise _wrong_key(self.file)
        for found in self.scan.frames:
            self.state.learn(found)

    def _continue(self, source: Source) -> None:
        old = self.scan
        more = scanning.scan(source, self.seal, old.end, old.next)
        if any(found.unfinished for found in more.frames[:1]) or more.lost or more.unfinished:
            self._begin(source)
            return
        self.scan = Scan(old.frames + more.frames, [], [], more.next, more.end)
        for found in more.frames:
            self.state.learn(found)

    def _identity(self, kept: bytes) -> bytes:
        read = frame.read_preamble(kept)
        self.preamble_whole = read is not None
        if read is None:  # the name tells it, too
            return bytes.fromhex(self.file.name[:32])
        if read[0] > frame.FORMAT:
            raise newer()
        return read[1]

    def content(self, entry: Entry) -> bytes | None:
        """The content of a snapshot, checked; None where it is lost."""
        brief = entry.kept.brief
        content = self.cache.get(brief.sha256)
        if content is None:
            with Source(self.file) as source:
                content = self._restored(source, brief.sha256[: records.BASE], set())
            if content is None or hashlib.sha256(content).digest() != brief.sha256:
                return None
            self.cache.put(brief.sha256, content)
        return content

    def _restored(self, source: Source, digest: bytes, trying: set[int]) -> bytes | None:
        """A content by the beginning of its digest, from whichever record still gives it."""
        for entry in self.state.contents.get(digest, ()):
            kept, start = entry.kept, entry.frame.start
            if (held := self.cache.get(kept.brief.sha256)) is not None:
                return held
            if start in trying:
                continue
            body = scanning.body_of(source, self.seal, entry.frame)
            if body is None:
                continue
            base = self._restored(source, kept.base, trying | {start}) if kept.base else None
            if kept.base and base is None:
                continue
            content = deltas.unpacked(kept.codec, body[0], base, kept.brief.size)
            if content is not None:
                return content
        return None

    def append(self, head: bytes, body: bytes = b"") -> None:
        """Add a record, and wait until the disk has it. For whoever holds the lock.

        Args:
            head: made with as many unfinished records before it as `scan.skipped` says.
        """
        end, number = self.scan.end, self.scan.next
        disk.append(self.file, end, self.seal.record(number, head, body))
        self.refresh()

    def base_for(self, head: Entry) -> tuple[Entry, bool] | None:
        """What a new content derives from if it is to follow `head`, and whether from afar.

        None where a whole copy is due.
        """
        node: Entry | None = head
        if head.kept.depth < deltas.DEEPEST:
            return head, False
        while node and (node.kept.codec is Codec.SAME or _in_run(node.kept)):
            node = self.state.deriving_from(node.kept.base)
        return (node, True) if node and node.kept.depth < deltas.DEEPEST else None


def _in_run(kept: Kept) -> bool:
    return bool(kept.depth) and not kept.flags & records.FAR


def _signature(source: Source) -> tuple[int, ...]:
    stat = source.stat
    return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns


def newer() -> Refused:
    """The file was written by a program that knows more."""
    return Refused(
        "history-newer",
        _("The history was written by a newer version of Deskside."),
        hint=_("Update Deskside on this computer."),
    )


def _wrong_key(file: Path) -> Refused:
    return Refused(
        "history-key-wrong",
        _("The key of the history does not open {file}; nothing was changed.").format(file=file),
        hint=_("Put the file history.key back that was beside it."),
    )
