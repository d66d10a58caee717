"""Key-encryption keys, and the place outside the database where they come from.

A key's id is derived from the key, so that a wrong one is known by its name. The place may
list several keys, newest first: the first wraps, any of them opens. That is how a key is
rotated without downtime, and why a rotation that is cut off does no harm.
"""

from __future__ import annotations

import base64
import hmac
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from deskside.foundation.errors import Refused
from deskside.foundation.paths import create_private, write_private
from deskside.foundation.text import _

FILE = "kek.key"
KEY = 32
NONCE = 12


@dataclass(frozen=True, slots=True, repr=False)
class KeyEncryptionKey:
    """32 secret bytes that wrap data keys."""

    secret: bytes

    @classmethod
    def generate(cls) -> KeyEncryptionKey:
        """A new key from the operating system's generator."""
        return cls(secrets.token_bytes(KEY))

    @property
    def id(self) -> str:
        """Name of the key, derived from it: 16 hexadecimal digits that tell nothing else."""
        return hmac.digest(self.secret, b"deskside key-encryption key id", "sha256")[:8].hex()

    def wrap(self, key: bytes, context: str) -> bytes:
        """Another key, encrypted (AES-256-GCM) so that it opens in the same context only."""
        nonce = secrets.token_bytes(NONCE)
        return nonce + AESGCM(self.secret).encrypt(nonce, key, context.encode())

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        """The key inside; cryptography's InvalidTag when it was altered."""
        nonce, body = wrapped[:NONCE], wrapped[NONCE:]
        return AESGCM(self.secret).decrypt(nonce, body, context.encode())

    def as_text(self) -> str:
        """The key as its file and the environment hold it: base64 (RFC 4648 section 4)."""
        return base64.b64encode(self.secret).decode()


class KeySource:
    """Where key-encryption keys come from: DESKSIDE_KEK, a file that is named, or our own.

    Args:
        folder: the keys' folder, for our own file.
        file: the file that the operator named, if any.
    """

    def __init__(self, folder: Path, file: Path | None) -> None:
        self._inline = os.environ.get("DESKSIDE_KEK")
        named = file or os.environ.get("DESKSIDE_KEK_FILE")
        self._folder = folder
        self._path = Path(named) if named else folder / FILE
        self.is_ours = not (self._inline or named)

    @property
    def where(self) -> str:
        """The place as a person may see it."""
        return "DESKSIDE_KEK" if self._inline else str(self._path)

    def keys(self, *, needed: str | None) -> list[KeyEncryptionKey]:
        """The keys, newest first; our own file is made only when nothing is sealed yet.

        Args:
            needed: id of the key that the database is sealed with; None when it is new.

        Raises:
            Refused: missing or malformed.
        """
        if self.is_ours and needed is None:
            create_private(self._path, _written([KeyEncryptionKey.generate()]))
        try:
            text = self._inline or self._path.read_text("ascii", errors="replace")
        except FileNotFoundError:
            raise self._missing(needed) from None
        keys = [self._parsed(item) for item in text.replace(",", "\n").split()]
        if not keys:
            raise self._malformed()
        return keys

    def add_new(self, keys: Sequence[KeyEncryptionKey]) -> list[KeyEncryptionKey]:
        """Put a new key before the others in our own file."""
        extended = [KeyEncryptionKey.generate(), *keys]
        write_private(self._path, _written(extended))
        return extended

    def retire(self, keys: Sequence[KeyEncryptionKey]) -> None:
        """Keep only the newest key in our own file; the others go beside it, for old backups."""
        for key in keys[1:]:
            write_private(self._folder / f"retired-{key.id}.key", _written([key]))
        write_private(self._path, _written(keys[:1]))

    def _parsed(self, text: str) -> KeyEncryptionKey:
        try:
            secret = bytes.fromhex(text) if len(text) == 2 * KEY else _from_base64(text)
        except ValueError:
            raise self._malformed() from None
        if len(secret) != KEY:
            raise self._malformed()
        return KeyEncryptionKey(secret)

    def _missing(self, needed: str | None) -> Refused:
        message = (
            _("The database is sealed with key {id}, and no key is here ({where}).")
            if needed
            else _("The key-encryption key is not here ({where}).")
        )
        return Refused(
            "key-encryption-key-missing",
            message.format(id=needed, where=self.where),
            hint=_("Put the key's file back, or name it by DESKSIDE_KEK_FILE or DESKSIDE_KEK."),
        )

    def _malformed(self) -> Refused:
        return Refused(
            "key-encryption-key-malformed",
            _("The key-encryption key cannot be read ({where}).").format(where=self.where),
            hint=_("It is 32 bytes in base64 or hexadecimal, one key a line, newest first."),
        )


def wrong_key(needed: str, keys: Sequence[KeyEncryptionKey]) -> Refused:
    """The database is sealed with a key that is not among those given."""
    return Refused(
        "key-encryption-key-wrong",
        _("The database is sealed with key {needed}, but the key given is {given}.").format(
            needed=needed, given=", ".join(key.id for key in keys)
        ),
        hint=_("Put the right key back; the database cannot be opened without it."),
    )


def not_newer(current: str) -> Refused:
    """The operator's source still begins with the key that wraps already."""
    return Refused(
        "key-encryption-key-not-newer",
        _("The first key given is {id}, which seals the database already.").format(id=current),
        hint=_("Put the new key before the old one, then rotate again."),
    )


def _from_base64(text: str) -> bytes:
    standard = text.replace("-", "+").replace("_", "/")
    return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)


def _written(keys: Sequence[KeyEncryptionKey]) -> bytes:
    return "".join(f"{key.as_text()}\n" for key in keys).encode()
