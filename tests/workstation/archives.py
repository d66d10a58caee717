"""A writer of zip archives that can lie in every field, and the hostile archives made with it."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

DEFLATED = 8


@dataclass
class Member:
    """One entry; whatever is not said is true."""

    name: str | bytes
    content: bytes = b"hello\n"
    mode: int = stat.S_IFREG | 0o644
    flags: int = 0
    method: int = DEFLATED
    crc: int | None = None
    size: int | None = None
    local_name: bytes | None = None
    local_size: int | None = None
    raw: bytes | None = None
    start: int | None = None
    descriptor: bytes = b""
    after: bytes = b""

    @property
    def encoded(self) -> bytes:
        return self.name if isinstance(self.name, bytes) else self.name.encode()

    @property
    def all_flags(self) -> int:
        plain = isinstance(self.name, bytes) or self.name.isascii()
        return self.flags | (0 if plain else 1 << 11)

    @property
    def data(self) -> bytes:
        if self.raw is not None:
            return self.raw
        return deflated(self.content) if self.method == DEFLATED else self.content

    @property
    def figures(self) -> tuple[int, int, int]:
        crc = zlib.crc32(self.content) if self.crc is None else self.crc
        return crc, len(self.data), len(self.content) if self.size is None else self.size


def deflated(content: bytes, level: int = 9) -> bytes:
    packer = zlib.compressobj(level, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


def local(member: Member) -> bytes:
    """Its local header and data."""
    crc, packed, size = member.figures
    if member.descriptor:
        crc = packed = size = 0
    size = size if member.local_size is None else member.local_size
    name = member.encoded if member.local_name is None else member.local_name
    flags, method = member.all_flags, member.method
    head = struct.pack("<4s5H3L2H", b"PK\3\4", 20, flags, method, 0, 33, crc, packed, size,
                       len(name), 0)  # fmt: skip
    return head + name + member.data + member.descriptor + member.after


def central(member: Member, start: int) -> bytes:
    """Its record in the directory."""
    name = member.encoded
    return struct.pack(
        "<4s6H3L5H2L", b"PK\1\2", 3 << 8 | 20, 20, member.all_flags, member.method, 0, 33,
        *member.figures, len(name), 0, 0, 0, 0, member.mode << 16,
        start if member.start is None else member.start,
    ) + name  # fmt: skip


def archive(members: Iterable[Member], *, before: bytes = b"", after: bytes = b"",
            count: int | None = None) -> bytes:  # fmt: skip
    """All members as one archive."""
    body, directory, number = bytearray(before), bytearray(), 0
    for member in members:
        directory += central(member, len(body))
        if member.start is None:
            body += local(member)
        number += 1
    number = min(number if count is None else count, 0xFFFF)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, number, number, len(directory), len(body), 0)
    return bytes(body + directory) + end + after


def stream_of(content: bytes, *, signature: bool = True, lie: int = 0) -> bytes:
    """What follows the data of an entry that was written as a stream."""
    figures = zlib.crc32(content) ^ lie, len(deflated(content)), len(content)
    return (b"PK\7\x08" if signature else b"") + struct.pack("<3L", *figures)


def quoted_overlap(copies: int = 200, kernel: bytes = b"0" * 2_000_000) -> bytes:
    """Each entry's data is the headers of all that follow, quoted, and then the one kernel.

    After David Fifield, "A better zip bomb", 2019: written anew from the idea.
    """
    squeezed = deflated(kernel)
    locals_: list[bytes] = []
    members: list[Member] = []
    tail, crc_of = squeezed, kernel
    for number in reversed(range(copies)):
        name = f"IBJts/source/{number:04}.txt"
        member = Member(name, crc_of, raw=tail, size=len(crc_of))
        member.crc = 0
        head = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, DEFLATED, 0, 33, 0, len(tail),
                           len(crc_of), len(name), 0) + name.encode()  # fmt: skip
        members.append(member)
        locals_.append(head)
        quoted = struct.pack("<BHH", 0, len(head), len(head) ^ 0xFFFF) + head
        tail, crc_of = quoted + tail, head + crc_of
    # Offsets: entry n begins at its head within the quotation of entry n - 1.
    body = locals_[-1] + members[-1].data
    directory = bytearray()
    for member in reversed(members):
        start = body.index(struct.pack("<4s", b"PK\3\4") and member.encoded) - 30
        directory += central(member, start)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, copies, copies, len(directory), len(body), 0)
    return body + bytes(directory) + end


def nested_bomb(depth: int = 5, width: int = 8) -> bytes:
    """Archives of archives: a little at every level, and at the end very much."""
    inner = b"\0" * 60_000
    for level in range(depth):
        inner = archive(Member(f"{level}-{number}.zip", inner) for number in range(width))
    return inner


def good() -> list[Member]:
    """The least that a package is made of."""
    return [
        Member("META-INF/MANIFEST.MF", b"Manifest-Version: 1.0\r\n"),
        Member("IBJts/API_VersionNum.txt", b"API_Version=10.51.01\r\n"),
        Member("IBJts/source/pythonclient/ibapi/__init__.py", b'"""Client."""\n'),
        Member("IBJts/samples/Python/Program.py", b"print(1)\n"),
    ]


def with_(*members: Member, **more: object) -> bytes:
    """A good package and some members more."""
    return archive([*good(), *members], **more)  # type: ignore[arg-type]


N = "IBJts/source/x.txt"


def _more_than_it_claims() -> bytes:
    return with_(Member(N, b"a" * 500, size=10, crc=zlib.crc32(b"a" * 10)))


def _flat_bomb() -> bytes:
    return with_(Member(N, b"\0" * 30_000_000))


def _many_small_bombs() -> bytes:
    return with_(
        *(Member(f"IBJts/source/{n}", b"\0" * 65_000, method=DEFLATED) for n in range(900))
    )


def _too_large() -> bytes:
    block = bytes(range(256)) * 16
    squeezed = deflated(block)
    return with_(*(Member(f"IBJts/{n}", block, raw=squeezed, size=(1 << 32) - 2) for n in range(2)))


def _encrypted() -> bytes:
    return with_(Member(N, flags=1))


def _bomb_within() -> bytes:
    return with_(
        Member(
            "IBJts/samples/Java/ApiDemo.jar", archive([Member("a", b"\0" * 9_000_000)]), method=0
        )
    )


KINDS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "traversal": ("path-traversal", lambda: with_(Member("IBJts/../../evil.txt"))),
    "traversal by backslash": ("path-traversal", lambda: with_(Member("IBJts\\..\\..\\evil.txt"))),
    "absolute": ("absolute-path", lambda: with_(Member("/tmp/evil.txt"))),
    "drive": ("absolute-path", lambda: with_(Member("C:/Windows/evil.txt"))),
    "drive, relative": ("absolute-path", lambda: with_(Member("C:evil.txt"))),
    "share": ("absolute-path", lambda: with_(Member("\\\\server\\share\\evil.txt"))),
    "backslash": ("unportable-name", lambda: with_(Member("IBJts\\source\\evil.txt"))),
    "stream of a file": ("unportable-name", lambda: with_(Member("IBJts/x.txt:hidden"))),
    "device name": ("unportable-name", lambda: with_(Member("IBJts/source/NUL.txt"))),
    "dot at the end": ("unportable-name", lambda: with_(Member("IBJts/source./x"))),
    "dot alone": ("unportable-name", lambda: with_(Member("IBJts/./x"))),
    "nothing between": ("unportable-name", lambda: with_(Member("IBJts//x"))),
    "zero byte": ("unportable-name", lambda: with_(Member(b"IBJts/x\0.txt"))),
    "escape sequence": ("unportable-name", lambda: with_(Member("IBJts/\x1b[31m.txt"))),
    "writing direction": ("unportable-name", lambda: with_(Member("IBJts/\u202etxt.exe"))),
    "no text": ("unportable-name", lambda: with_(Member(b"IBJts/\xff\xfe.txt"))),
    "no name": ("unportable-name", lambda: with_(Member(""))),
    "link": ("link", lambda: with_(Member(N, b"/etc/passwd", mode=stat.S_IFLNK | 0o777))),
    "device": ("special-file", lambda: with_(Member(N, b"", mode=stat.S_IFBLK | 0o666))),
    "terminal": ("special-file", lambda: with_(Member(N, b"", mode=stat.S_IFCHR | 0o666))),
    "pipe": ("special-file", lambda: with_(Member(N, b"", mode=stat.S_IFIFO | 0o666))),
    "socket": ("special-file", lambda: with_(Member(N, b"", mode=stat.S_IFSOCK | 0o666))),
    "set user id": ("privileged-mode", lambda: with_(Member(N, mode=stat.S_IFREG | 0o4755))),
    "folder as a file": ("records-disagree", lambda: with_(Member(N, b"", mode=stat.S_IFDIR))),
    "same name twice": ("twin-names", lambda: with_(Member("IBJts/API_VersionNum.txt"))),
    "case twins": ("twin-names", lambda: with_(Member("IBJts/api_versionnum.TXT"))),
    "case twins of folders": ("twin-names", lambda: with_(Member("ibjts/source/y"))),
    "Unicode twins": (
        "twin-names",
        lambda: with_(Member("IBJts/\u00e9.txt"), Member("IBJts/e\u0301.txt")),
    ),
    "file and folder": ("twin-names", lambda: with_(Member("IBJts/samples", b"x"))),
    "overlap, whole": ("overlapping-entries", lambda: with_(replace(good()[0], start=0))),
    "overlap, quoted": ("overlapping-entries", quoted_overlap),
    "flat bomb": ("expands-too-much", _flat_bomb),
    "many small bombs": ("expands-too-much", _many_small_bombs),
    "nested bomb": (
        "nested-bomb",
        lambda: with_(Member("IBJts/samples/a.zip", nested_bomb(), method=0)),
    ),
    "bomb within": ("nested-bomb", _bomb_within),
    "overlap within": (
        "nested-bomb",
        lambda: with_(Member("IBJts/samples/a.jar", quoted_overlap(), method=0)),
    ),
    "more than it claims": ("lying-size", _more_than_it_claims),
    "less than it claims": ("lying-size", lambda: with_(Member(N, b"a" * 500, size=900))),
    "stored, lying": ("lying-size", lambda: with_(Member(N, b"a" * 500, size=10, method=0))),
    "data after its end": (
        "lying-size",
        lambda: with_(Member(N, b"abc", raw=deflated(b"abc") + b"hidden")),
    ),
    "huge by its claim": ("expands-too-much", _too_large),
    "bad checksum": ("bad-checksum", lambda: with_(Member(N, crc=1))),
    "garbled data": ("bad-checksum", lambda: with_(Member(N, b"x" * 30, raw=b"\xff" * 30))),
    "encrypted": ("encrypted", _encrypted),
    "encrypted strongly": ("encrypted", lambda: with_(Member(N, flags=1 << 6 | 1))),
    "unknown method": ("unknown-method", lambda: with_(Member(N, method=12, raw=b"x"))),
    "two names": ("records-disagree", lambda: with_(Member(N, local_name=b"IBJts/evil"))),
    "two sizes": ("records-disagree", lambda: with_(Member(N, local_size=7))),
    "stream, lying": (
        "records-disagree",
        lambda: with_(Member(N, b"abc", flags=8, descriptor=stream_of(b"abc", lie=1))),
    ),
    "hidden between": ("data-around", lambda: with_(Member(N, after=b"hidden"), Member("IBJts/y"))),
    "hidden before directory": ("data-around", lambda: with_(Member(N, after=b"hidden"))),
    "trailing data": ("data-around", lambda: with_(after=b"#!/bin/sh\n" * 500)),
    "something before": ("data-around", lambda: with_(before=b"MZ stub of a program")),
    "count too small": ("records-disagree", lambda: with_(count=3)),
    "deep tree": ("too-deep", lambda: with_(Member("IBJts/" + "d/" * 2000 + "x"))),
    "long name": ("too-deep", lambda: with_(Member("IBJts/" + "n" * 300))),
    "100,000 entries": (
        "too-many-entries",
        lambda: archive(Member(f"IBJts/{n}", b"", method=0) for n in range(100_000)),
    ),
    "cut short": ("not-an-archive", lambda: with_()[:-40]),
    "nothing": ("not-an-archive", lambda: b""),
    "text": ("not-an-archive", lambda: b"<html>Log in first</html>"),
}  # fmt: skip
"""Every hostile kind: the rule that it breaks, and how it is made."""


def rezipped(files: dict[str, bytes]) -> bytes:
    """An archive as the standard library writes it."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as writer:
        for name, content in files.items():
            writer.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return made.getvalue()
