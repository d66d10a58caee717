"""The zip format, read strictly: every byte of the file belongs to one entry or to the directory.

Source: APPNOTE.TXT 6.3.10, sections 4.3.7 (local header), 4.3.9 (data descriptor), 4.3.12
(central directory), 4.3.16 (end). Zip64 is not read: an API package has a few megabytes.

Readers differ in what they do when the two records of an entry disagree, when entries share
data, or when something precedes or follows the archive; whatever they could differ in, we refuse.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from deskside.workstation.api_components.hostile import HostileArchive, Rule

Buffer = bytes | mmap.mmap

STORED, DEFLATED = 0, 8
MAX_ENTRIES = 20_000
"""A vendor's package has some six hundred."""

NEWEST = 63
"""Version of the format that a reader may be asked to know, in tenths (APPNOTE 6.3.9, 4.4.3)."""

_END = struct.Struct("<4s4H2LH")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_ENCRYPTED = 1 << 0 | 1 << 6 | 1 << 13
_DESCRIPTOR = 1 << 3
_UTF8 = 1 << 11
_PATCHED = 1 << 5
_MAX_COMMENT = 1024
_ZIP64 = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry, as both of its records say.

    Attributes:
        name: as written, with `/` at the end of a folder's.
        method: STORED or DEFLATED.
        crc: CRC-32 of the content.
        packed: bytes of data in the archive.
        size: bytes of the content.
        mode: of the file on Unix, type included; 0 where the archive doesn't say.
        start: where its local header begins.
        data: where its data begins.
    """

    name: str
    method: int
    crc: int
    packed: int
    size: int
    mode: int
    start: int
    data: int

    @property
    def is_folder(self) -> bool:
        """Whether it stands for a folder."""
        return self.name.endswith("/")


def read(archive: Buffer) -> tuple[Entry, ...]:
    """All entries, in the order in which they lie in the archive.

    Raises:
        HostileArchive: it is no archive, or its parts don't account for every byte.
    """
    count, size, offset, end = _end(archive)
    entries, position = [], offset
    while position < end:
        entry, position = _entry(archive, position, end)
        entries.append(entry)
    if len(entries) != count or offset + size != end:
        raise HostileArchive(Rule.RECORDS_DISAGREE)
    entries.sort(key=lambda each: each.start)
    _check_extents(archive, entries, offset)
    return tuple(entries)


def _end(archive: Buffer) -> tuple[int, int, int, int]:
    """Number of entries, size and offset of the directory, and where its end record begins."""
    tail = bytes(archive[-(_END.size + _MAX_COMMENT) :])
    found = tail.rfind(b"PK\5\6")
    if bytes(archive[:4]) not in (b"PK\3\4", b"PK\5\6"):
        raise HostileArchive(Rule.DATA_AROUND if found >= 0 else Rule.NOT_AN_ARCHIVE)
    while found >= 0:
        if len(tail) - found >= _END.size:
            record = _END.unpack_from(tail, found)
            if found + _END.size + record[7] == len(tail):
                return _checked_end(record, len(archive) - len(tail) + found)
        found = tail.rfind(b"PK\5\6", 0, found)
    rule = Rule.DATA_AROUND if b"PK\5\6" in bytes(archive) else Rule.NOT_AN_ARCHIVE
    raise HostileArchive(rule)


def _checked_end(
    record: tuple[bytes, int, int, int, int, int, int, int], end: int
) -> tuple[int, int, int, int]:
    _signature, disk, first_disk, here, count, size, offset, _comment = record
    if count > MAX_ENTRIES:
        raise HostileArchive(Rule.TOO_MANY)
    if disk or first_disk or here != count or _ZIP64 in (size, offset):
        raise HostileArchive(Rule.NOT_AN_ARCHIVE)
    if offset + size != end:
        raise HostileArchive(Rule.DATA_AROUND)
    return count, size, offset, end


def _entry(archive: Buffer, position: int, end: int) -> tuple[Entry, int]:
    """The entry whose central record is at a position, and where the next one is."""
    if position + _CENTRAL.size > end:
        raise HostileArchive(Rule.NOT_AN_ARCHIVE)
    (signature, _made_by, needs, flags, method, _time, _date, crc, packed, size, *lengths) = (
        _CENTRAL.unpack_from(archive, position)
    )
    name_length, extra, comment, disk, _internal, external, start = lengths
    following = position + _CENTRAL.size + name_length + extra + comment
    if signature != b"PK\1\2" or disk or following > end:
        raise HostileArchive(Rule.NOT_AN_ARCHIVE)
    begin = position + _CENTRAL.size
    raw = bytes(archive[begin : begin + name_length])
    name = _name(raw, flags)
    if flags & _ENCRYPTED:
        raise HostileArchive(Rule.ENCRYPTED, name)
    if method not in (STORED, DEFLATED) or flags & _PATCHED or needs & 0xFF > NEWEST:
        raise HostileArchive(Rule.METHOD, name)
    if _ZIP64 in (packed, size, start):
        raise HostileArchive(Rule.TOO_LARGE, name)
    data = _local(archive, start, (flags, method, crc, packed, size), raw, name)
    return Entry(name, method, crc, packed, size, external >> 16, start, data), following


def _name(raw: bytes, flags: int) -> str:
    try:
        name = raw.decode("utf-8" if flags & _UTF8 else "ascii")
    except UnicodeDecodeError:
        # Some archivers write UTF-8 and don't say so; what is not even that, is unreadable.
        try:
            name = raw.decode("utf-8")
        except UnicodeDecodeError:
            shown = raw.decode("utf-8", "backslashreplace")
            raise HostileArchive(Rule.UNPORTABLE, shown) from None
    if not name:
        raise HostileArchive(Rule.UNPORTABLE, name)
    return name


def _local(
    archive: Buffer, start: int, central: tuple[int, int, int, int, int], raw: bytes, name: str
) -> int:
    """Where the data begins, having compared the local header with the central record."""
    if start + _LOCAL.size > len(archive):
        raise HostileArchive(Rule.RECORDS_DISAGREE, name)
    (signature, _needs, flags, method, _time, _date, crc, packed, size, name_length, extra) = (
        _LOCAL.unpack_from(archive, start)
    )
    begin = start + _LOCAL.size
    local_name = bytes(archive[begin : begin + name_length])
    if signature != b"PK\3\4" or local_name != raw:
        raise HostileArchive(Rule.RECORDS_DISAGREE, name)
    if flags & _ENCRYPTED:
        raise HostileArchive(Rule.ENCRYPTED, name)
    # An entry that was written as a stream tells its sizes after its data.
    later = bool(flags & _DESCRIPTOR) and (crc, packed, size) == (0, 0, 0)
    sizes = central[2:] if later else (crc, packed, size)
    if (flags, method, *sizes) != central:
        raise HostileArchive(Rule.RECORDS_DISAGREE, name)
    return int(begin + name_length + extra)


def _check_extents(archive: Buffer, entries: list[Entry], directory: int) -> None:
    """Make sure that entries follow upon one another, from the first byte to the directory."""
    position = 0
    for entry, following in zip(entries, [*_starts(entries), directory], strict=False):
        end = entry.data + entry.packed
        if entry.start < position or end > following:
            rule = Rule.OVERLAP if end <= directory else Rule.RECORDS_DISAGREE
            raise HostileArchive(rule, entry.name)
        if entry.start > position:
            raise HostileArchive(Rule.DATA_AROUND, entry.name)
        position = end
        if end != following:
            position = _after_descriptor(archive, entry, following)
    if position != directory:
        raise HostileArchive(Rule.DATA_AROUND)


def _starts(entries: list[Entry]) -> Iterator[int]:
    return (entry.start for entry in entries[1:])


def _after_descriptor(archive: Buffer, entry: Entry, following: int) -> int:
    """Where an entry ends that is followed by its sizes, with or without their signature."""
    end = entry.data + entry.packed
    expected = struct.pack("<3L", entry.crc, entry.packed, entry.size)
    found = bytes(archive[end:following])
    if found not in (expected, b"PK\7\x08" + expected):
        rule = Rule.RECORDS_DISAGREE if len(found) in (12, 16) else Rule.DATA_AROUND
        raise HostileArchive(rule, entry.name)
    return following
