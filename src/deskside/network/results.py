"""A finished test comes back to its page as a sealed text: nothing of it is kept anywhere.

So any node can write it as a file later, and nobody but this desk can make or read one. It opens
for the person who ran the test and for operators, for a day.
"""

from __future__ import annotations

import base64
import binascii
import secrets
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from deskside.foundation.clock import Clock, SystemClock
from deskside.foundation.errors import NotFound, Refused
from deskside.foundation.text import _
from deskside.network.reports import Document

LIVES = timedelta(days=1)
IN_ADDRESS = 24_000
"""Characters of a sealed result that an address can carry through usual servers and proxies; a
longer one travels in a form's body, and cannot be passed on as an address."""

LARGEST = 8 << 20
"""Characters of a sealed result: more than ten thousand rows, as a portal's catalogue may list."""

LARGEST_OPENED = 64 << 20
READERS = frozenset({"operator"})
"""Roles that may read what others tested."""

_CONTEXT = "network test result"
_NONCE = 12


class Sealer(Protocol):
    """Seals and opens; the portal's keyring is one."""

    def seal(self, plaintext: bytes, *, context: str) -> bytes:
        """Encrypt for one context."""
        ...

    def open_sealed(self, sealed: bytes, *, context: str) -> bytes:
        """What was sealed in this context.

        Raises:
            Refused: it was not, or was altered.
        """
        ...


class OwnKey:
    """A key of this process, for the pages of one computer."""

    def __init__(self) -> None:
        self._key = AESGCM(secrets.token_bytes(32))

    def seal(self, plaintext: bytes, *, context: str) -> bytes:
        """Encrypt for one context."""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._key.encrypt(nonce, plaintext, context.encode())

    def open_sealed(self, sealed: bytes, *, context: str) -> bytes:
        """What was sealed in this context."""
        try:
            return self._key.decrypt(sealed[:_NONCE], sealed[_NONCE:], context.encode())
        except (InvalidTag, ValueError) as error:
            raise Refused("sealed-damaged", _("It does not open.")) from error


@dataclass(frozen=True, slots=True)
class _Result:
    owner: str
    until: datetime
    document: Document


_RESULT = msgspec.json.Decoder(_Result)


class Results:
    """Seals results, and opens them for those who may read them."""

    def __init__(self, sealer: Sealer | None = None, clock: Clock | None = None) -> None:
        self._sealer = sealer or OwnKey()
        self._clock = clock or SystemClock()

    def seal(self, document: Document, owner: str) -> str:
        """The sealed result; empty where it is too large to travel at all."""
        result = _Result(owner, self._clock.now() + LIVES, document)
        packed = zlib.compress(msgspec.json.encode(result), 9)
        sealed = self._sealer.seal(packed, context=_CONTEXT)
        text = base64.urlsafe_b64encode(sealed).decode().rstrip("=")
        return text if len(text) <= LARGEST else ""

    def open(self, text: str, reader: str, roles: Collection[str] = ()) -> Document:
        """The document of a sealed result.

        Args:
            reader: who asks, as `owner` was named.
            roles: the roles that the reader holds.

        Raises:
            NotFound: `result-gone`: it is not one of ours, somebody else's, or its time is over.
        """
        result = self._opened(text)
        mine = result is not None and (result.owner == reader or READERS & set(roles))
        if result is None or not mine or result.until < self._clock.now():
            raise NotFound(
                "result-gone",
                _("There is no such result for you, or its time is over."),
                hint=_("Run the test again; its files can be had for a day."),
            )
        return result.document

    def _opened(self, text: str) -> _Result | None:
        if len(text) > LARGEST:
            return None
        try:
            sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            packed = self._sealer.open_sealed(sealed, context=_CONTEXT)
            opened = zlib.decompressobj().decompress(packed, LARGEST_OPENED)
            return _RESULT.decode(opened)
        except (Refused, binascii.Error, ValueError, zlib.error, msgspec.MsgspecError):
            return None
