"""PSKC files of any length in little memory: a large container is read as many small ones.

The file is gone through twice. The first time it is only looked over: it must be well-formed to
its last byte, without a document type (and so without entities), no package larger than packages
are; what stands around the packages, such as how the keys are sealed, is kept. The second time
the packages are handed to python-pskc a few hundred at a time, each time in a container of their
own with the same surroundings.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO
from xml.parsers import expat

if TYPE_CHECKING:
    from pskc import PSKC
    from pskc.key import Key

AT_ONCE = 200
"""Packages in a small container: some hundred kilobytes of XML."""

LARGEST_PACKAGE = 256 * 1024
"""Bytes; one of RFC 6030 with an encrypted key, its MAC and its policy has about 1,500."""

_PIECE = 64 * 1024
_TAG = re.compile(rb"""<(?:[^"'>]|"[^"]*"|'[^']*')*>""")
_NAME = re.compile(rb"<([^\s/>!?]+)[^<]*\Z")
_PACKAGES = {"KeyPackage", "Device"}


class NoContainer(Exception):
    """The file is no PSKC that we understand."""


@dataclass(slots=True)
class Opener:
    """What opens sealed keys; a password is stretched once, however many containers it opens."""

    key: bytes | None = None
    password: str = ""

    def apply(self, container: PSKC) -> None:
        """Let the container open its keys; raises PSKCError where a password cannot be used."""
        if self.key is None and self.password:
            container.encryption.derive_key(self.password)
            self.key = container.encryption.key
        elif self.key is not None:
            container.encryption.key = self.key


@dataclass(slots=True)
class _Surroundings:
    """The root of a container and its children other than packages, as XML."""

    opening: bytes = b""
    closing: bytes = b""
    children: list[bytes] = field(default_factory=list)

    def around(self, packages: list[bytes]) -> PSKC:
        """A container of some packages; raises PSKCError, ValueError."""
        from pskc import PSKC

        return PSKC(
            io.BytesIO(b"".join([self.opening, *self.children, *packages, self.closing])),
        )


def keys_in(file: BinaryIO, opener: Opener) -> Iterator[Key | None]:
    """The keys of a PSKC file; None for a package that is none.

    Args:
        file: can be gone back in.
        opener: for sealed keys. Whether it is the right one shows when a secret is asked for.

    Raises:
        NoContainer: before the first key.
    """
    from pskc.exceptions import PSKCError

    wrong = (PSKCError, ValueError, ArithmeticError)
    surroundings = _look_over(file)
    try:
        surroundings.around([])
    except wrong as error:
        raise NoContainer from error
    packages = _packages(file)
    while some := list(islice(packages, AT_ONCE)):
        try:
            container = surroundings.around(some)
        except wrong:
            yield from _one_by_one(surroundings, some, opener, wrong)
            continue
        _open(container, opener)
        yield from container.keys


def _one_by_one(
    surroundings: _Surroundings,
    packages: list[bytes],
    opener: Opener,
    wrong: tuple[type[Exception], ...],
) -> Iterator[Key | None]:
    """So that one package that is damaged is one row, and not the whole file."""
    for package in packages:
        try:
            container = surroundings.around([package])
        except wrong:
            yield None
            continue
        _open(container, opener)
        yield from container.keys


def _open(container: PSKC, opener: Opener) -> None:
    from pskc.exceptions import PSKCError

    try:
        opener.apply(container)
    except PSKCError as error:
        raise NoContainer from error


def _look_over(file: BinaryIO) -> _Surroundings:
    found = _Surroundings()
    for name, content in _spans(file):
        if not found.opening:
            found.opening = content
            found.closing = b"</" + _NAME.findall(content)[-1] + b">"
        elif name not in _PACKAGES:
            found.children.append(content)
    return found


def _packages(file: BinaryIO) -> Iterator[bytes]:
    return (content for name, content in _spans(file) if name in _PACKAGES)


def _spans(file: BinaryIO) -> Iterator[tuple[str, bytes]]:
    """The bytes up to the end of the root's opening tag, then of each of its children, by name."""
    file.seek(0)
    reader = _Reader()
    for piece in iter(lambda: file.read(_PIECE), b""):
        yield from reader.read(piece)
    yield from reader.read(b"", last=True)


class _Reader:
    """Cuts a document into the children of its root; keeps no more than one of them."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate()
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._bytes, self._offset = bytearray(), 0
        self._depth, self._from = 0, 0
        self._found: list[tuple[str, bytes]] = []

    def read(self, piece: bytes, *, last: bool = False) -> list[tuple[str, bytes]]:
        """What ended in this piece; raises NoContainer."""
        self._found = []
        self._bytes += piece
        try:
            self._parser.Parse(piece, last)
        except (expat.ExpatError, ValueError, LookupError) as error:
            raise NoContainer from error
        if self._depth == 1:
            self._from = max(self._from, self._parser.CurrentByteIndex)
        del self._bytes[: self._from - self._offset]
        self._offset = self._from
        if len(self._bytes) > LARGEST_PACKAGE + _PIECE:
            raise NoContainer
        return self._found

    def _doctype(self, *_declared: object) -> None:
        raise NoContainer

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        at = self._parser.CurrentByteIndex
        if self._depth == 0:
            tag = _TAG.match(self._bytes, at - self._offset)
            assert tag is not None
            self._cut(name, at + len(tag[0]))
        elif self._depth == 1:
            self._from = at
        self._depth += 1

    def _end(self, name: str) -> None:
        self._depth -= 1
        if self._depth == 1:
            # Of an element without content the end is told behind its tag, else before it.
            at = self._parser.CurrentByteIndex - self._offset
            if self._bytes[at : at + 2] == b"</":
                at = self._bytes.index(b">", at) + 1
            self._cut(name, at + self._offset)

    def _cut(self, name: str, end: int) -> None:
        content = bytes(self._bytes[self._from - self._offset : end - self._offset])
        self._found.append((name.rpartition(":")[2], content))
        self._from = end
