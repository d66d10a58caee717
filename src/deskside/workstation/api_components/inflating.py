"""The content of one entry: exactly as long as it claims, and with the checksum that it claims."""

from __future__ import annotations

import zlib

from deskside.workstation.api_components.archive_format import DEFLATED, Buffer, Entry
from deskside.workstation.api_components.hostile import HostileArchive, Rule


def content(archive: Buffer, entry: Entry) -> bytes:
    """The content of one entry.

    Raises:
        HostileArchive: it is not as long as it claims, or its checksum is wrong.
    """
    data = archive[entry.data : entry.data + entry.packed]
    held = _inflated(data, entry) if entry.method == DEFLATED else bytes(data)
    if len(held) != entry.size:
        raise HostileArchive(Rule.LYING_SIZE, entry.name)
    if zlib.crc32(held) != entry.crc:
        raise HostileArchive(Rule.CHECKSUM, entry.name)
    return held


def _inflated(data: Buffer, entry: Entry) -> bytes:
    """The content, of which never more is unpacked than it claims to have, and one byte."""
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        held = stream.decompress(data, entry.size + 1)
    except zlib.error:
        raise HostileArchive(Rule.CHECKSUM, entry.name) from None
    if not stream.eof or stream.unused_data:
        raise HostileArchive(Rule.LYING_SIZE, entry.name)
    return held
