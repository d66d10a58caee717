"""What counts as a settings file. Pure.

Newer builds seal the file: it begins with a mark and is opaque to everybody else. Older builds
and exports write XML with the root element `Settings`. Both are kept byte for byte; XML is read
to its end once, piece by piece, so that a file cut short is never taken for good and one made to
fill the memory never does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple
from xml.parsers import expat

from deskside.foundation.errors import Refused
from deskside.foundation.text import _
from deskside.foundation.units import size
from deskside.workspace.model import Kind

SEALED_MARK = b"IBGZENC\0"
ROOT_ELEMENT = "Settings"
LARGEST = 500 * 1000 * 1000
"""Bytes; real files have 0.2 to 3.1 million."""

LARGEST_PUSHED = 64 * 1024 * 1024
"""Bytes of one file that a portal takes."""

UNUSUAL = 4_000_000
"""Bytes beyond which depth and names are counted; below, even an attack costs little memory."""

DEEPEST = 100_000
"""Elements within one another; real files have 20."""

MOST_NAMES = 100_000
"""Distinct names of elements and attributes, which a parser never forgets; real ones: 3,000."""

LONGEST_TAG = 8_000_000
"""Bytes of one tag or comment, which a parser holds whole; real files have 7,000."""

NEWEST_KNOWN = 1051
"""Major version of the newest program whose files we know."""

_PIECE = 1 << 16
_VERSION_TAG = b"<SettingsVersion "
_VERSION_TAG_ROOM = 1000
_MAJOR, _MINOR = re.compile(rb'majorVersion="(\d{1,6})"'), re.compile(rb'minorVersion="(\d{1,6})"')


class Version(NamedTuple):
    """Which build of the program wrote the settings: 978.2, or 1045.1 for what it calls 10.45."""

    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"

    @property
    def words(self) -> str:
        """As the program's own windows write it."""
        return str(self.major) if self.major < 1000 else f"{self.major // 100}.{self.major % 100}"

    @property
    def is_newer_than_known(self) -> bool:
        """Whether files of this build may hold what we have never seen."""
        return self.major > NEWEST_KNOWN


def settings_version(content: bytes) -> Version | None:
    """The build that wrote the settings; None where they are sealed or do not tell.

    Looks for one tag from the end, where the program writes it, and parses nothing.
    """
    start = content.rfind(_VERSION_TAG)
    return version_in(content[start : start + _VERSION_TAG_ROOM]) if start >= 0 else None


def version_in(tag: bytes) -> Version | None:
    """The build that a `SettingsVersion` element names."""
    head = tag.partition(b">")[0]
    major, minor = _MAJOR.search(head), _MINOR.search(head)
    return Version(int(major[1]), int(minor[1]) if minor else 0) if major else None


def kind_of(content: bytes) -> Kind:
    """What a settings file holds, having made sure that it is one, and whole.

    Raises:
        Refused: `settings-too-large`, `settings-damaged`, `settings-not-xml`.
    """
    view = memoryview(content)
    return kind_of_pieces(
        (view[start : start + _PIECE] for start in range(0, len(content), _PIECE)), len(content)
    )


def kind_of_pieces(pieces: Iterable[bytes | memoryview], length: int) -> Kind:
    """The same of a content that comes in pieces, none of which is kept.

    Args:
        pieces: none empty.
        length: how many bytes are to be expected in all.
    """
    if length > LARGEST:
        raise too_large(length)
    reading = _Reading(counting=length > UNUSUAL)
    for piece in pieces:
        reading.feed(piece)
    return reading.end()


def too_large(found: int) -> Refused:
    """The file is far beyond anything that the program writes."""
    return Refused(
        "settings-too-large",
        _("The settings file has {size}; more than {most} cannot be right.").format(
            size=size(found), most=size(LARGEST)
        ),
        hint=_("Check that it is the right file."),
        article="2323",
    )


class _Reading:
    """A content on its way through: first its mark, then, unless it is sealed, the parser."""

    def __init__(self, *, counting: bool) -> None:
        self._head = b""
        self._length = 0
        self._blank = True
        self._counting = counting
        self._parser: expat.XMLParserType | None = None
        self._sealed = False

    def feed(self, piece: bytes | memoryview) -> None:
        self._length += len(piece)
        if self._length > LARGEST:
            raise too_large(self._length)
        self._blank = self._blank and not bytes(piece).strip()
        if self._sealed:
            return
        if self._parser is None:
            self._head += bytes(piece)
            if len(self._head) < len(SEALED_MARK):
                return
            if self._head.startswith(SEALED_MARK):
                self._sealed = True
                return
            piece = self._head
        self._parse(piece)

    def end(self) -> Kind:
        if self._sealed:
            if self._length == len(SEALED_MARK):
                raise _damaged(_("nothing follows its mark"))
            return Kind.OPAQUE
        if self._blank:
            raise _damaged(_("it is empty"))
        if self._parser is None:
            if SEALED_MARK.startswith(self._head):
                raise _damaged(_("it ends within its mark"))
            self._parse(self._head)
        self._parse(b"", final=True)
        return Kind.XML

    def _parse(self, piece: bytes | memoryview, *, final: bool = False) -> None:
        if self._parser is None:
            self._head = bytes(self._head[:100])
            self._parser = _parser(counting=self._counting)
        try:
            self._parser.Parse(piece, final)
        except expat.ExpatError as error:
            if not _begins_as_xml(self._head):
                raise _not_xml() from None
            raise _damaged(_words_of(error)) from None
        except (ValueError, LookupError) as error:  # an encoding that nobody knows
            raise _damaged(str(error)) from None
        if self._counting and self._length - self._parser.CurrentByteIndex > LONGEST_TAG:
            raise _unlike_settings()


def _words_of(error: expat.ExpatError) -> str:
    return _("line {line}: {problem}").format(
        line=error.lineno, problem=expat.ErrorString(error.code)
    )


def _begins_as_xml(content: bytes) -> bool:
    """Whether it was ever meant to be XML: its first character is `<`, in UTF-8 or UTF-16."""
    text = content.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0")
    return text.startswith(b"<")


def _parser(*, counting: bool) -> expat.XMLParserType:
    """A parser that refuses what settings never hold."""
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse_doctype
    after_first = _count(parser) if counting else None

    def first(name: str, attributes: dict[str, str]) -> None:
        if name != ROOT_ELEMENT:
            raise _not_settings(name)
        parser.StartElementHandler = after_first
        if after_first:
            after_first(name, attributes)

    parser.StartElementHandler = first
    return parser


def _count(parser: expat.XMLParserType) -> Callable[[str, dict[str, str]], None]:
    """Count depth and names where a file is far larger than real ones."""
    depth = 0
    names: set[str] = set()

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        names.add(name)
        names.update(attributes)
        if depth > DEEPEST or len(names) > MOST_NAMES:
            raise _unlike_settings()

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    parser.EndElementHandler = end
    return start


def _refuse_doctype(*_declaration: object) -> None:
    raise Refused(
        "settings-not-xml",
        _("The file declares a document type, which settings never do; it may be an attack."),
        hint=_("Do not open it; ask whoever gave it to you."),
        article="2323#settings-not-xml",
    )


def _unlike_settings() -> Refused:
    return Refused(
        "settings-not-xml",
        _("The file is built unlike any settings; it may be an attack."),
        hint=_("Do not open it; ask whoever gave it to you."),
        article="2323#settings-not-xml",
    )


def _not_settings(name: str) -> Refused:
    return Refused(
        "settings-not-xml",
        _("This is no settings file: it holds <{found}>, not <{wanted}>.").format(
            found=name[:60], wanted=ROOT_ELEMENT
        ),
        hint=_("Choose the file tws.xml or ibg.xml, or one exported by File > Save Settings As."),
        article="2323#settings-not-xml",
    )


def _not_xml() -> Refused:
    return Refused(
        "settings-not-xml",
        _("This is no settings file: it is neither XML nor a sealed file of TWS."),
        hint=_("Choose the file tws.xml or ibg.xml, or one exported by File > Save Settings As."),
        article="2323#settings-not-xml",
    )


def _damaged(reason: str) -> Refused:
    return Refused(
        "settings-damaged",
        _("The settings file is damaged ({reason}).").format(reason=reason),
        hint=_("Restore an earlier state, from the history or from another file."),
        article="2323#settings-damaged",
    )
