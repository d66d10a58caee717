"""Version and manifest that a program file carries. Pure; depth and counts are bounded.

Sources: Microsoft, VS_VERSIONINFO; The .rsrc Section.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from deskside.workstation.esignal.pe import Directory, Image

VERSION, MANIFEST = 16, 24
MOST_ENTRIES = 4_096
LARGEST_RESOURCE = 1_000_000
_FIXED = b"\xbd\x04\xef\xfe"
_DEEPEST = 4
_BELOW = 0x80000000


@dataclass(frozen=True, slots=True)
class Version:
    """What a file says of itself.

    Attributes:
        number: four numbers, as `12.0.3601.1`; empty where none is given.
        texts: company, product, description and so on, by their names.
    """

    number: str = ""
    texts: dict[str, str] = field(default_factory=dict)


def version(image: Image) -> Version:
    """The version resource; an empty one where there is none."""
    content = _resource(image, VERSION)
    at = content.find(_FIXED)
    number = ""
    if at >= 0 and at + 16 <= len(content):
        high, low = struct.unpack_from("<II", content, at + 8)
        number = ".".join(
            str(part) for part in (high >> 16, high & 0xFFFF, low >> 16, low & 0xFFFF)
        )
    texts = dict(_texts(content, 0, len(content), 0)) if content else {}
    return Version(number, texts)


def manifest(image: Image) -> str:
    """The manifest, as XML; empty where there is none."""
    return _resource(image, MANIFEST).decode("utf-8", "replace").lstrip("\ufeff")


def _resource(image: Image, kind: int) -> bytes:
    """The first resource of a kind, whatever its name and language."""
    place = image.directories.get(Directory.RESOURCES)
    if place is None:
        return b""
    base, at = place[0], 0
    for level in range(3):
        found = _entry(image, base + at, kind if level == 0 else None)
        if found is None or bool(found & _BELOW) is (level == 2):
            return b""
        at = found & ~_BELOW
    address, size = image.number(base + at), image.number(base + at + 4)
    start = image.offset(address) if address else None
    if start is None or not size or size > LARGEST_RESOURCE:
        return b""
    return image.content[start : start + size]


def _entry(image: Image, table: int, kind: int | None) -> int | None:
    """Where an entry of a table of resources leads: that of a kind, or the first."""
    counts = image.number(table + 12)
    if counts is None:
        return None
    count = (counts & 0xFFFF) + (counts >> 16)
    for position in range(min(count, MOST_ENTRIES)):
        name = image.number(table + 16 + 8 * position)
        if name is None:
            return None
        if kind is None or name == kind:
            return image.number(table + 20 + 8 * position)
    return None


def _texts(content: bytes, start: int, end: int, depth: int) -> Iterator[tuple[str, str]]:
    """The texts within a block of a version; a block holds its name, its value, and blocks."""
    at = start
    while depth < _DEEPEST and at + 6 <= end:
        length, value_length, kind = struct.unpack_from("<HHH", content, at)
        if length < 8:
            return
        stop = min(at + length, end)
        name, value = _name(content, at + 6, stop)
        if kind == 1 and value_length and depth == _DEEPEST - 1:
            raw = content[value : min(value + 2 * value_length, stop)]
            yield name, raw.decode("utf-16-le", "replace").split("\0")[0]
        elif depth or name == "VS_VERSION_INFO":
            inner = value if depth else _aligned(value + value_length)
            yield from _texts(content, inner, stop, depth + 1)
        at = _aligned(at + length)


def _name(content: bytes, start: int, end: int) -> tuple[str, int]:
    """The name that begins somewhere, and where what follows it begins."""
    at = start
    while at + 2 <= end and content[at : at + 2] != b"\0\0":
        at += 2
    return content[start:at].decode("utf-16-le", "replace"), _aligned(at + 2)


def _aligned(at: int) -> int:
    return (at + 3) & ~3
