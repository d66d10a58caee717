"""Keys, and secrets at rest: envelope encryption.

    key-encryption key   outside the database: DESKSIDE_KEK, DESKSIDE_KEK_FILE or keys/kek.key
        wraps data keys      in the database, each with its version and the id of what wraps it
            seal secrets         AES-256-GCM; associated data: header (format, version), context

A key-encryption key's id is derived from the key, so that a wrong one is known by its name.
The source may list several keys, newest first: the first wraps, any of them opens. That is
how a key is rotated without downtime, and why a rotation that is cut off does no harm.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from sqlalchemy import (
    Column,
    Connection,
    Integer,
    LargeBinary,
    String,
    Table,
    insert,
    select,
    update,
)

from deskside.foundation.clock import Clock, SystemClock
from deskside.foundation.database import Database, UtcDateTime, exclusive, metadata
from deskside.foundation.errors import Refused
from deskside.foundation.paths import create_private, private_folder, write_private
from deskside.foundation.text import _

KEK_FILE = "kek.key"
SIGNING_FILE = "signing.pem"
FORMAT = 1
HEADER = 5
"""Bytes before the nonce in a sealed secret: the format (1), the data key's version (4)."""
NONCE = 12
KEY = 32

data_key = Table(
    "data_key",
    metadata,
    Column("purpose", String(8), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("kek_id", String(16), nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("created", UtcDateTime, nullable=False),
)
"""Data keys, wrapped. Purpose `seal` encrypts secrets, `hash` keys the hashes of values."""


@dataclass(frozen=True, slots=True, repr=False)
class KeyEncryptionKey:
    """32 secret bytes that wrap data keys."""

    secret: bytes

    @property
    def id(self) -> str:
        """Name of the key, derived from it: 16 hexadecimal digits that tell nothing else."""
        return hmac.digest(self.secret, b"deskside key-encryption key id", "sha256")[:8].hex()

    def wrap(self, key: bytes, purpose: str, version: int) -> bytes:
        nonce = secrets.token_bytes(NONCE)
        return nonce + AESGCM(self.secret).encrypt(nonce, key, _wrapping(purpose, version))

    def unwrap(self, wrapped: bytes, purpose: str, version: int) -> bytes:
        nonce, body = wrapped[:NONCE], wrapped[NONCE:]
        return AESGCM(self.secret).decrypt(nonce, body, _wrapping(purpose, version))

    def as_text(self) -> str:
        """The key as its file and the environment hold it: base64 (RFC 4648 section 4)."""
        return base64.b64encode(self.secret).decode()


class Keyring:
    """The open keys of one installation."""

    def __init__(
        self,
        database: Database,
        folder: Path,
        kek: KeyEncryptionKey,
        keys: Mapping[tuple[str, int], bytes],
    ) -> None:
        self._database = database
        self._folder = folder
        self._kek = kek
        self._sealing = {
            version: AESGCM(key) for (use, version), key in keys.items() if use == "seal"
        }
        self._hashing = keys["hash", 1]
        self._newest = max(self._sealing)

    @classmethod
    def open(cls, database: Database, keys_folder: Path, *, clock: Clock | None = None) -> Keyring:
        """Open the keys of a migrated database; make them on its first start.

        Raises:
            Refused: the key-encryption key is missing, malformed or not the one that the
                database was sealed with (`key-encryption-key-missing`, `…-malformed`,
                `…-wrong`), or a stored key has been tampered with (`data-key-damaged`).
        """
        private_folder(keys_folder)
        with database.write() as connection:
            exclusive(connection, "keyring")
            rows = _stored(connection)
            keks = _key_encryption_keys(keys_folder, needed=rows[0].kek_id if rows else None)
            if not rows:
                _make_data_keys(connection, keks[0], clock or SystemClock())
                rows = _stored(connection)
        return cls(database, keys_folder, keks[0], _unwrap(rows, keks))

    @property
    def key_encryption_key_id(self) -> str:
        """Name of the key-encryption key that this process wraps with."""
        return self._kek.id

    @property
    def data_key_version(self) -> int:
        """Version of the data key that seals new secrets."""
        return self._newest

    def seal(self, plaintext: bytes, *, context: str) -> bytes:
        """Encrypt a secret so that it opens only in the same context.

        Args:
            plaintext: the secret.
            context: what it belongs to, such as `authenticator:<id>:<kind>`.
        """
        header = bytes([FORMAT]) + self._newest.to_bytes(4, "big")
        nonce = secrets.token_bytes(NONCE)
        body = self._sealing[self._newest].encrypt(nonce, plaintext, header + context.encode())
        return header + nonce + body

    def open_sealed(self, sealed: bytes, *, context: str) -> bytes:
        """The secret inside what `seal` made.

        Raises:
            Refused: it was altered, cut, moved to another context, or sealed under a key that
                this database does not hold (`sealed-damaged`).
        """
        header, nonce, body = _split(sealed)
        key = self._sealing.get(int.from_bytes(header[1:], "big"))
        if header[:1] != bytes([FORMAT]) or key is None:
            raise _damaged(f"unknown format or key: {header.hex()}")
        try:
            return key.decrypt(nonce, body, header + context.encode())
        except InvalidTag:
            raise _damaged(f"does not authenticate: {header.hex()}") from None

    def keyed_hash(self, purpose: str, value: bytes) -> bytes:
        """32 bytes that stand for a value and cannot be guessed without the keys.

        HMAC-SHA256 under a key derived (HKDF, RFC 5869) for the purpose alone; it stays the
        same for the life of the database.
        """
        derived = HKDF(SHA256(), KEY, salt=None, info=b"deskside hash " + purpose.encode())
        return hmac.digest(derived.derive(self._hashing), value, "sha256")

    @cached_property
    def signing_key(self) -> Ed25519PrivateKey:
        """This node's own signature key, made on first use."""
        path = Path(os.environ.get("DESKSIDE_SIGNING_KEY_FILE") or self._folder / SIGNING_FILE)
        if not path.exists():
            made = Ed25519PrivateKey.generate()
            create_private(
                path, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            )
        try:
            key = load_pem_private_key(path.read_bytes(), password=None)
        except ValueError:
            key = None
        if not isinstance(key, Ed25519PrivateKey):
            raise Refused(
                "signing-key-malformed",
                _("The file of the signature key does not hold an Ed25519 key ({file}).").format(
                    file=path
                ),
                hint=_("Restore it, or move it away to have a new one made."),
            )
        return key

    @property
    def public_key_hex(self) -> str:
        """What others verify this node's signatures with: 64 hexadecimal digits."""
        public = self.signing_key.public_key()
        return public.public_bytes(Encoding.Raw, PublicFormat.Raw).hex()

    def rotate_key_encryption_key(self) -> tuple[str, str]:
        """Wrap all data keys anew; return the ids of the old key and the new.

        Where the key is our own file, a new one is made and the old one kept beside it as
        `retired-<id>.key`, for backups made before. Where the operator provides the key, the
        new one must already stand first in the source.

        Raises:
            Refused: the operator's source names no newer key (`key-encryption-key-not-newer`).
        """
        own = _source() is None
        if own:
            _add_new_key(self._folder / KEK_FILE)
        keks = _key_encryption_keys(self._folder, needed=self._kek.id)
        with self._database.write() as connection:
            exclusive(connection, "keyring")
            rows = _stored(connection)
            old = rows[0].kek_id
            if all(row.kek_id == keks[0].id for row in rows):
                raise _not_newer(old)
            _wrap_anew(connection, _unwrap(rows, keks), keks[0])
        if own:
            _retire(self._folder, keks)
        self._kek = keks[0]
        return old, keks[0].id


def _wrapping(purpose: str, version: int) -> bytes:
    return f"deskside data key {purpose} {version}".encode()


def _split(sealed: bytes) -> tuple[bytes, bytes, bytes]:
    if len(sealed) < HEADER + NONCE + 16:
        raise _damaged("too short")
    return sealed[:HEADER], sealed[HEADER : HEADER + NONCE], sealed[HEADER + NONCE :]


@dataclass(frozen=True, slots=True)
class _Stored:
    purpose: str
    version: int
    kek_id: str
    wrapped: bytes


def _stored(connection: Connection) -> list[_Stored]:
    columns = data_key.c
    query = select(columns.purpose, columns.version, columns.kek_id, columns.wrapped)
    rows = connection.execute(query.order_by(columns.purpose, columns.version))
    return [_Stored(*row) for row in rows]


def _make_data_keys(connection: Connection, kek: KeyEncryptionKey, clock: Clock) -> None:
    for purpose in ("seal", "hash"):
        wrapped = kek.wrap(secrets.token_bytes(KEY), purpose, 1)
        values = {"purpose": purpose, "version": 1, "kek_id": kek.id, "wrapped": wrapped}
        connection.execute(insert(data_key).values(created=clock.now(), **values))


def _wrap_anew(
    connection: Connection, keys: Mapping[tuple[str, int], bytes], kek: KeyEncryptionKey
) -> None:
    for (purpose, version), key in keys.items():
        connection.execute(
            update(data_key)
            .where(data_key.c.purpose == purpose, data_key.c.version == version)
            .values(kek_id=kek.id, wrapped=kek.wrap(key, purpose, version))
        )


def _unwrap(
    rows: Sequence[_Stored], keks: Sequence[KeyEncryptionKey]
) -> dict[tuple[str, int], bytes]:
    by_id = {kek.id: kek for kek in keks}
    keys = {}
    for row in rows:
        kek = by_id.get(row.kek_id)
        if kek is None:
            raise _wrong(row.kek_id, keks)
        try:
            keys[row.purpose, row.version] = kek.unwrap(row.wrapped, row.purpose, row.version)
        except InvalidTag:
            raise Refused(
                "data-key-damaged",
                _("A data key in the database has been altered (key {id}).").format(id=row.kek_id),
                hint=_("Restore the last backup of the database."),
                detail=f"{row.purpose} {row.version}",
            ) from None
    return keys


def _source() -> tuple[str, str] | None:
    """Where the operator provides the key-encryption key, and its text; None is our own file."""
    if value := os.environ.get("DESKSIDE_KEK"):
        return "DESKSIDE_KEK", value
    if name := os.environ.get("DESKSIDE_KEK_FILE"):
        try:
            return name, Path(name).read_text("ascii")
        except FileNotFoundError:
            raise _missing(None, name) from None
        except UnicodeDecodeError:
            raise _malformed(name) from None
    return None


def _key_encryption_keys(folder: Path, *, needed: str | None) -> list[KeyEncryptionKey]:
    """The keys of the source, newest first; our own file is made on the first start only."""
    path = folder / KEK_FILE
    source = _source()
    if source is None and not path.exists():
        if needed is not None:
            raise _missing(needed, str(path))
        create_private(path, _key_file([KeyEncryptionKey(secrets.token_bytes(KEY))]))
    where, text = source or (str(path), path.read_text("ascii", errors="replace"))
    keys = [_parse_key(item, where) for item in text.replace(",", "\n").split()]
    if not keys:
        raise _malformed(where)
    return keys


def _parse_key(text: str, where: str) -> KeyEncryptionKey:
    try:
        secret = bytes.fromhex(text) if len(text) == 2 * KEY else _base64(text)
    except (ValueError, binascii.Error):
        raise _malformed(where) from None
    if len(secret) != KEY:
        raise _malformed(where)
    return KeyEncryptionKey(secret)


def _base64(text: str) -> bytes:
    return base64.b64decode(
        text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True
    )


def _key_file(keys: Sequence[KeyEncryptionKey]) -> bytes:
    return "".join(f"{key.as_text()}\n" for key in keys).encode()


def _add_new_key(path: Path) -> None:
    """Put a new key first in our own file, unless a rotation that was cut off has left one."""
    keys = [_parse_key(item, str(path)) for item in path.read_text("ascii").split()]
    if len(keys) == 1:
        write_private(path, _key_file([KeyEncryptionKey(secrets.token_bytes(KEY)), *keys]))


def _retire(folder: Path, keks: Sequence[KeyEncryptionKey]) -> None:
    for kek in keks[1:]:
        write_private(folder / f"retired-{kek.id}.key", _key_file([kek]))
    write_private(folder / KEK_FILE, _key_file(keks[:1]))


def _damaged(detail: str) -> Refused:
    return Refused(
        "sealed-damaged",
        _("A stored secret has been altered, or belongs to something else; it cannot be opened."),
        hint=_("Restore the last backup, or set the secret anew."),
        detail=detail,
    )


def _missing(needed: str | None, where: str) -> Refused:
    message = (
        _("The key-encryption key {id} is missing ({where}).").format(id=needed, where=where)
        if needed
        else _("The key-encryption key is missing ({where}).").format(where=where)
    )
    return Refused(
        "key-encryption-key-missing",
        message,
        hint=_("Put the key's file back, or name the key by DESKSIDE_KEK_FILE or DESKSIDE_KEK."),
    )


def _malformed(where: str) -> Refused:
    return Refused(
        "key-encryption-key-malformed",
        _("The key-encryption key cannot be read ({where}).").format(where=where),
        hint=_("It is 32 bytes in base64 or hexadecimal, one key a line, newest first."),
    )


def _wrong(needed: str, keks: Sequence[KeyEncryptionKey]) -> Refused:
    return Refused(
        "key-encryption-key-wrong",
        _("The database is sealed with key {needed}, but the key given is {given}.").format(
            needed=needed, given=", ".join(kek.id for kek in keks)
        ),
        hint=_("Put the right key back; the database cannot be opened without it."),
    )


def _not_newer(current: str) -> Refused:
    return Refused(
        "key-encryption-key-not-newer",
        _("The first key of the source is {id}, which wraps the data keys already.").format(
            id=current
        ),
        hint=_("Put the new key before the old one in the source, then rotate again."),
    )
