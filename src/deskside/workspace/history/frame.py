"""The frame of every record in a log, and the sealing of its two parts. Pure.

    preamble    magic 8 · format 2 · identity of the log 16 · CRC 4
    record      header: marker 4 · number 4 · length of head 2 · of body 4 · chance 8 · CRC 4
                head: sealed (what the record says) · CRC 4
                body: sealed (a content) · CRC 4; absent where its length is 0

Numbers are little-endian. A part is sealed with AES-256-GCM; the nonce is the record's number,
which part it is, and the chance; the associated data are the log's identity and the header. So
no part can be moved to another place, record or log unnoticed. The CRCs find a record again
after damage and mend a changed byte or two; what is mended counts only if its seal opens.
"""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from deskside.workspace.history.mending import candidates

FORMAT = 1
MAGIC = b"DESKHIST"
MARKER = b"\x9aDsR"
TAG = 16
"""Bytes that sealing adds."""

_PREAMBLE = struct.Struct("<8sH16s")
_HEADER = struct.Struct("<4sIHI8s")
_CHECK = struct.Struct("<I")
CHECK = _CHECK.size
PREAMBLE_SIZE = _PREAMBLE.size + CHECK
HEADER_SIZE = _HEADER.size + CHECK
LARGEST_HEAD = 0xFFFF - TAG
_BODY = 1 << 31
"""Set in the number of a nonce that seals a body."""


class Header(NamedTuple):
    """What stands in the clear before a record.

    Attributes:
        head, body: lengths of the sealed parts, without their checksums.
    """

    number: int
    head: int
    body: int
    chance: bytes

    @property
    def packed(self) -> bytes:
        """Its bytes, without the checksum."""
        return _HEADER.pack(MARKER, self.number, self.head, self.body, self.chance)

    @property
    def size(self) -> int:
        """Bytes of the whole record."""
        return self.before_body + (self.body + CHECK if self.body else 0)

    @property
    def before_body(self) -> int:
        """Bytes of the record up to its body."""
        return HEADER_SIZE + self.head + CHECK


class Seal:
    """Seals and opens the records of one log.

    Args:
        key: 32 bytes, of all logs of this computer.
        identity: 16 bytes, of this one.
    """

    def __init__(self, key: bytes, identity: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self.identity = identity
        own = hashlib.blake2b(identity, key=key, digest_size=32, person=b"deskside-history")
        self._cipher = AESGCM(own.digest())

    def record(self, number: int, head: bytes, body: bytes) -> bytes:
        """A record as it is written."""
        sealed_body = len(body) + TAG if body else 0
        header = Header(number, len(head) + TAG, sealed_body, os.urandom(8))
        said = self.identity + header.packed
        parts = [header.packed, self._cipher.encrypt(_nonce(header, 0), head, said)]
        if body:
            parts.append(self._cipher.encrypt(_nonce(header, _BODY), body, said))
        return b"".join(part + checksum(part) for part in parts)

    def head(self, header: Header, kept: bytes) -> tuple[bytes, bool] | None:
        """The head of a record, and whether it had to be mended; None where it is lost.

        Args:
            kept: the sealed bytes with their checksum.
        """
        return self._open(header, 0, kept)

    def body(self, header: Header, kept: bytes) -> tuple[bytes, bool] | None:
        """The body of a record, likewise."""
        return self._open(header, _BODY, kept)

    def _open(self, header: Header, part: int, kept: bytes) -> tuple[bytes, bool] | None:
        from cryptography.exceptions import InvalidTag

        nonce, said = _nonce(header, part), self.identity + header.packed
        sealed, whole = kept[:-CHECK], checked(kept)
        for guess in [sealed] if whole else candidates(sealed, _CHECK.unpack(kept[-CHECK:])[0]):
            try:
                return self._cipher.decrypt(nonce, guess, said), not whole
            except (InvalidTag, ValueError):
                continue
        return None


def _nonce(header: Header, part: int) -> bytes:
    return _CHECK.pack(header.number | part) + header.chance


def checksum(data: bytes) -> bytes:
    """The checksum as it is written."""
    return _CHECK.pack(zlib.crc32(data))


def checked(kept: bytes) -> bool:
    """Whether bytes that end with their checksum fit it."""
    return len(kept) > CHECK and checksum(kept[:-CHECK]) == kept[-CHECK:]


def preamble(identity: bytes) -> bytes:
    """The beginning of a log."""
    packed = _PREAMBLE.pack(MAGIC, FORMAT, identity)
    return packed + checksum(packed)


def read_preamble(kept: bytes) -> tuple[int, bytes] | None:
    """Format and identity of a log; None where they are not whole."""
    if not checked(kept[:PREAMBLE_SIZE]) or not kept.startswith(MAGIC):
        return None
    _magic, version, identity = _PREAMBLE.unpack_from(kept)
    return version, identity


def read_header(kept: bytes) -> Header | None:
    """The header at the beginning of these bytes, if there is a whole one."""
    if kept.startswith(MARKER) and checked(kept[:HEADER_SIZE]):
        return Header(*_HEADER.unpack_from(kept)[1:])
    return None


def guess_headers(kept: bytes) -> Iterator[Header]:
    """The headers that a damaged one may have been."""
    if len(kept) >= HEADER_SIZE:
        packed, check = kept[: _HEADER.size], kept[_HEADER.size : HEADER_SIZE]
        for guess in candidates(packed, _CHECK.unpack(check)[0]):
            if guess.startswith(MARKER):
                yield Header(*_HEADER.unpack(guess)[1:])
