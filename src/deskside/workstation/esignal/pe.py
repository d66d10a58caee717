"""Windows program files (PE/COFF), read as strictly as Windows loads them. Pure.

Nothing in such a file is believed: every offset is checked before it is followed, every count is
bounded, and whatever leads out of the file is said to be a defect. Only what tells whether a
library can be loaded is read: machine, exports, imports, version, manifest.

Source: Microsoft, PE Format; IMAGE_FILE_HEADER, IMAGE_OPTIONAL_HEADER.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from enum import Enum

LARGEST = 64 * 1024 * 1024
"""Bytes of a file that are looked at; libraries of this kind have less than one hundredth."""

MOST_SECTIONS = 96
"""As many as Windows accepts."""

MACHINES = {0x014C: ("x86", 32), 0x8664: ("x64", 64), 0xAA64: ("arm64", 64), 0x01C4: ("arm", 32)}
"""Machine types, what they are called, and their word size in bits."""

_MAGIC = {0x10B: 32, 0x20B: 64}
_DLL = 0x2000


class NotAnImage(ValueError):
    """No program file that Windows would load; says what is wrong with its headers."""


class Directory(Enum):
    """Tables that a program file has, by their place in the header."""

    EXPORTS = 0
    IMPORTS = 1
    RESOURCES = 2


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the file and where it lies in memory."""

    address: int
    size: int
    offset: int
    stored: int


@dataclass(frozen=True, slots=True)
class Image:
    """A program file, its headers understood.

    Attributes:
        machine: number of the machine type.
        bits: word size: 32 or 64.
        is_library: whether it is a DLL.
        headers: bytes that the headers take.
        defects: what makes Windows refuse it all the same.
    """

    content: bytes = field(repr=False)
    machine: int
    bits: int
    is_library: bool
    headers: int
    sections: tuple[Section, ...]
    directories: dict[Directory, tuple[int, int]]
    defects: tuple[str, ...] = ()

    @property
    def machine_name(self) -> str:
        """The machine type as people call it."""
        known = MACHINES.get(self.machine)
        return known[0] if known else f"0x{self.machine:04x}"

    def offset(self, address: int) -> int | None:
        """Where in the file what lies at an address in memory is; None if nowhere."""
        if address < self.headers:
            return address if address < len(self.content) else None
        for part in self.sections:
            within = address - part.address
            if 0 <= within < part.stored and part.offset + within < len(self.content):
                return part.offset + within
        return None

    def text(self, address: int, longest: int = 512) -> str | None:
        """The zero-ended text at an address; None if there is none of that length."""
        start = self.offset(address)
        if start is None:
            return None
        end = self.content.find(b"\0", start, start + longest)
        return None if end < 0 else self.content[start:end].decode("latin-1")

    def number(self, address: int) -> int | None:
        """The 32-bit number at an address."""
        start = self.offset(address)
        if start is None or start + 4 > len(self.content):
            return None
        return int.from_bytes(self.content[start : start + 4], "little")


def parse(content: bytes) -> Image:
    """The headers of a program file.

    Raises:
        NotAnImage: Windows would not know it for one.
    """
    if not content:
        raise NotAnImage("empty")
    if content[:2] != b"MZ":
        raise NotAnImage("no MZ header")
    at = _unpack("<I", content, 0x3C)[0]
    if content[at : at + 4] != b"PE\0\0":
        raise NotAnImage("no PE header")
    machine, count, _time, _symbols, _number, optional, flags = _unpack("<HHIIIHH", content, at + 4)
    start = at + 24
    magic = _unpack("<H", content, start)[0]
    bits = _MAGIC.get(magic)
    if bits is None:
        raise NotAnImage(f"unknown kind 0x{magic:04x}")
    if machine in MACHINES and MACHINES[machine][1] != bits:
        raise NotAnImage("machine type and word size contradict each other")
    if not 0 < count <= MOST_SECTIONS:
        raise NotAnImage(f"{count} sections")
    sections = tuple(_section(content, start + optional + 40 * n) for n in range(count))
    headers = _unpack("<I", content, start + 60)[0]
    return Image(
        content=content,
        machine=machine,
        bits=bits,
        is_library=bool(flags & _DLL),
        headers=headers,
        sections=sections,
        directories=_directories(content, start, optional, bits),
        defects=tuple(_defects(content, headers, sections)),
    )


def _section(content: bytes, at: int) -> Section:
    size, address, stored, offset = _unpack("<IIII", content, at + 8)
    return Section(address, size, offset, stored)


def _directories(
    content: bytes, start: int, optional: int, bits: int
) -> dict[Directory, tuple[int, int]]:
    first = 96 if bits == 32 else 112
    if optional < first:
        raise NotAnImage("the optional header is too short")
    count = _unpack("<I", content, start + first - 4)[0]
    found = {}
    for which in Directory:
        place = first + 8 * which.value
        if which.value < count and place + 8 <= optional:
            address, size = _unpack("<II", content, start + place)
            if address and size:
                found[which] = (address, size)
    return found


def _defects(content: bytes, headers: int, sections: tuple[Section, ...]) -> list[str]:
    """What is cut off: Windows refuses a file that ends before its sections do."""
    found = []
    if headers > len(content):
        found.append("the file ends within its headers")
    end = max((part.offset + part.stored for part in sections if part.stored), default=0)
    if end > len(content):
        found.append(f"the file ends {end - len(content)} bytes too early")
    return found


def _unpack(form: str, content: bytes, at: int) -> tuple[int, ...]:
    try:
        return struct.unpack_from(form, content, at)
    except struct.error:
        raise NotAnImage("the file ends within its headers") from None
