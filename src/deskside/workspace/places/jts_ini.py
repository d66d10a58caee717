"""`jts.ini`, read and edited key by key. Pure: bytes in, bytes out.

The file is shared by all users of a root and by TWS and Gateway, and the program owns it. So an
edit touches the bytes of one value and no others: line ends, order, spaces, comments, unknown
bytes and a missing last line end stay as they are. Its text is latin-1, in which every byte is a
letter. Sections and keys are told apart by capitals; a key that is given twice counts as last
given, and is edited wherever it is given, since only the program knows which one it heeds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from deskside.foundation.errors import Refused
from deskside.foundation.text import _

NAME = "jts.ini"
LARGEST = 1_000_000
"""Bytes of the file that are looked at; real ones have a thousand."""

_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_BLANK = b" \t\x0b\x0c\0"


@dataclass(frozen=True, slots=True)
class Entry:
    """One `key=value`; `start` and `end` bound the bytes of the value in the file."""

    section: str
    key: str
    value: str
    start: int
    end: int


class JtsIni:
    """The file as it is.

    Args:
        content: of the file; empty where there is none.
    """

    def __init__(self, content: bytes) -> None:
        self.content = content
        self._sections: dict[str, int] = {}
        """Where the text of each section ends: behind its last line that says anything."""
        self.entries = tuple(self._read())

    def value(self, section: str, key: str) -> str | None:
        """The value of a key; None where it is not given."""
        given = [e.value for e in self.entries if (e.section, e.key) == (section, key)]
        return given[-1] if given else None

    def flag(self, section: str, key: str) -> bool:
        """Whether a key is true wherever it is given; once is enough, since either may count."""
        given = [e.value for e in self.entries if (e.section, e.key) == (section, key)]
        return any(value.lower() == "true" for value in given)

    def section(self, section: str) -> dict[str, str]:
        """All keys of a section and their values."""
        return {e.key: e.value for e in self.entries if e.section == section}

    def sections(self) -> tuple[str, ...]:
        """Names of the sections, in the order of the file."""
        return tuple(self._sections)

    def with_value(self, section: str, key: str, value: str) -> bytes:
        """The file with another value for one key; a key or section that is missing is added.

        Raises:
            Refused: `ini-value`: the file cannot hold it.
        """
        try:
            made = self._with_value(section, key, value)
        except UnicodeEncodeError:
            made = b""
        if JtsIni(made).value(section, key) != value:
            raise Refused(
                "ini-value",
                _("jts.ini cannot hold {key}={value}.").format(key=key, value=value),
                hint=_("Use letters of western Europe, on one line."),
            )
        return made

    def _with_value(self, section: str, key: str, value: str) -> bytes:
        written = value.encode("latin-1")
        given = [e for e in self.entries if (e.section, e.key) == (section, key)]
        if given:
            return _spliced(self.content, [(e.start, e.end, written) for e in given])
        line = key.encode("latin-1") + b"=" + written
        if section in self._sections:
            return self._inserted(self._sections[section], line)
        heading = b"[" + section.encode("latin-1") + b"]" + self._line_end()
        return self._inserted(len(self.content), heading + line)

    def _read(self) -> Iterator[Entry]:
        section = ""
        for found in _LINE.finditer(self.content):
            start, line = found.start(), found.group().rstrip(b"\r\n")
            if start == 0 and line.startswith(_BYTE_ORDER_MARK):
                start, line = len(_BYTE_ORDER_MARK), line[len(_BYTE_ORDER_MARK) :]
            text = line.strip(_BLANK)
            if text.startswith(b"[") and text.endswith(b"]"):
                section = text[1:-1].decode("latin-1")
            if text:
                self._sections[section] = found.end()
            if text[:1] not in (b";", b"#", b"[") and b"=" in text:
                yield _entry(section, start, line)

    def _inserted(self, at: int, line: bytes) -> bytes:
        before, after = self.content[:at], self.content[at:]
        joint = self._line_end() if before and not before.endswith((b"\r", b"\n")) else b""
        return before + joint + line + self._line_end() + after

    def _line_end(self) -> bytes:
        """How the file ends its lines; like the program's own where it has none."""
        first = _LINE.match(self.content)
        ended = first.group() if first else b""
        return ended[len(ended.rstrip(b"\r\n")) :] or b"\r\n"


def _entry(section: str, start: int, line: bytes) -> Entry:
    key, _equals, rest = line.partition(b"=")
    value = rest.strip(_BLANK)
    first = start + len(key) + 1 + (len(rest) - len(rest.lstrip(_BLANK)) if value else 0)
    return Entry(
        section,
        key.strip(_BLANK).decode("latin-1"),
        value.decode("latin-1"),
        first,
        first + len(value),
    )


def _spliced(content: bytes, pieces: list[tuple[int, int, bytes]]) -> bytes:
    for start, end, piece in reversed(pieces):
        content = content[:start] + piece + content[end:]
    return content
