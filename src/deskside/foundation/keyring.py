"""Keys, and secrets at rest: envelope encryption.

    key-encryption key   outside the database (see `kek`)
        wraps data keys      in the database, each with its version and the id of what wraps it
            seal secrets         AES-256-GCM; associated data: header (format, version), context

A sealed secret is: format (1 byte), version of the data key (4), nonce (12), ciphertext, tag.
"""

from __future__ import annotations

import hmac
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
from deskside.foundation.kek import KEY, NONCE, KeyEncryptionKey, KeySource, not_newer, wrong_key
from deskside.foundation.paths import create_private, private_folder
from deskside.foundation.text import _

SIGNING_FILE = "signing.pem"
FORMAT = 1
HEADER = 5
TAG = 16

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


class Keyring:
    """The open keys of one installation."""

    def __init__(
        self,
        database: Database,
        folder: Path,
        source: KeySource,
        wrapped_by: str,
        keys: Mapping[tuple[str, int], bytes],
    ) -> None:
        self._database = database
        self._folder = folder
        self._source = source
        self.key_encryption_key_id = wrapped_by
        self._sealing = {
            version: AESGCM(key) for (purpose, version), key in keys.items() if purpose == "seal"
        }
        self._hashing = keys["hash", 1]
        self._hash_keys: dict[str, bytes] = {}
        self.data_key_version = max(self._sealing)

    @classmethod
    def open(
        cls,
        database: Database,
        keys_folder: Path,
        *,
        kek_file: Path | None = None,
        clock: Clock | None = None,
    ) -> Keyring:
        """Open the keys of a migrated database; make them on its first start.

        Args:
            database: holds the wrapped data keys.
            keys_folder: holds `kek.key` and `signing.pem`, both made when first needed.
            kek_file: the key-encryption key's file, where the operator named one.
            clock: dates the data keys.

        Raises:
            Refused: the key-encryption key is missing, malformed or not the one that the
                database is sealed with (`key-encryption-key-missing`, `…-malformed`,
                `…-wrong`), or a stored key has been tampered with (`data-key-damaged`).
        """
        private_folder(keys_folder)
        source = KeySource(keys_folder, kek_file)
        with database.write() as connection:
            exclusive(connection, "keyring")
            rows = _stored(connection)
            keks = source.keys(needed=rows[0].kek_id if rows else None)
            if not rows:
                _make_data_keys(connection, keks[0], clock or SystemClock())
                rows = _stored(connection)
        return cls(database, keys_folder, source, rows[0].kek_id, _unwrap(rows, keks))

    def seal(self, plaintext: bytes, *, context: str) -> bytes:
        """Encrypt a secret so that it opens only in the same context.

        Args:
            plaintext: the secret.
            context: what it belongs to, such as `device:<id>:<kind>`.
        """
        header = bytes([FORMAT]) + self.data_key_version.to_bytes(4, "big")
        nonce = secrets.token_bytes(NONCE)
        key = self._sealing[self.data_key_version]
        return header + nonce + key.encrypt(nonce, plaintext, header + context.encode())

    def open_sealed(self, sealed: bytes, *, context: str) -> bytes:
        """The secret inside what `seal` made.

        Raises:
            Refused: it was altered, cut, moved to another context, or sealed under a key that
                this database does not hold (`sealed-damaged`).
        """
        header, nonce = sealed[:HEADER], sealed[HEADER : HEADER + NONCE]
        key = self._sealing.get(int.from_bytes(header[1:], "big"))
        if key is None or header[0] != FORMAT or len(sealed) < HEADER + NONCE + TAG:
            raise _damaged("unknown format or key, or cut")
        try:
            return key.decrypt(nonce, sealed[HEADER + NONCE :], header + context.encode())
        except InvalidTag:
            raise _damaged("does not authenticate") from None

    def keyed_hash(self, purpose: str, value: bytes) -> bytes:
        """32 bytes that stand for a value and cannot be guessed without the keys.

        HMAC-SHA256 under a key derived (HKDF, RFC 5869) for the purpose alone; it stays the
        same for the life of the database.
        """
        key = self._hash_keys.get(purpose)
        if key is None:
            derived = HKDF(SHA256(), KEY, salt=None, info=b"deskside hash " + purpose.encode())
            key = self._hash_keys[purpose] = derived.derive(self._hashing)
        return hmac.digest(key, value, "sha256")

    @cached_property
    def signing_key(self) -> Ed25519PrivateKey:
        """This node's own signature key, made on first use.

        Raises:
            Refused: the file holds something else (`signing-key-malformed`).
        """
        path = self._folder / SIGNING_FILE
        if not path.exists():
            made = Ed25519PrivateKey.generate()
            content = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            create_private(path, content)
        try:
            key = load_pem_private_key(path.read_bytes(), password=None)
        except (ValueError, TypeError):
            key = None
        if not isinstance(key, Ed25519PrivateKey):
            raise Refused(
                "signing-key-malformed",
                _("The signature key cannot be read ({file}).").format(file=path),
                hint=_("Restore the file, or move it away to have a new one made."),
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
        new one must already stand before the old one. Nodes that run are not disturbed. Cut
        off at any moment, both keys are still in the file, and it may be run again.

        Raises:
            Refused: the operator's source names no newer key (`key-encryption-key-not-newer`).
        """
        with self._database.write() as connection:
            exclusive(connection, "keyring")
            rows = _stored(connection)
            old = rows[0].kek_id
            keks = self._source.keys(needed=old)
            if keks[0].id == old and not self._source.is_ours:
                raise not_newer(old)
            if keks[0].id == old:
                keks = self._source.add_new(keks)
            _wrap_anew(connection, _unwrap(rows, keks), keks[0])
        if self._source.is_ours:
            self._source.retire(keks)
        self.key_encryption_key_id = keks[0].id
        return old, keks[0].id


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
        wrapped = kek.wrap(secrets.token_bytes(KEY), _context(purpose, 1))
        values = {"purpose": purpose, "version": 1, "kek_id": kek.id, "wrapped": wrapped}
        connection.execute(insert(data_key).values(created=clock.now(), **values))


def _wrap_anew(
    connection: Connection, keys: Mapping[tuple[str, int], bytes], kek: KeyEncryptionKey
) -> None:
    for (purpose, version), key in keys.items():
        connection.execute(
            update(data_key)
            .where(data_key.c.purpose == purpose, data_key.c.version == version)
            .values(kek_id=kek.id, wrapped=kek.wrap(key, _context(purpose, version)))
        )


def _unwrap(
    rows: Sequence[_Stored], keks: Sequence[KeyEncryptionKey]
) -> dict[tuple[str, int], bytes]:
    by_id = {kek.id: kek for kek in keks}
    keys = {}
    for row in rows:
        kek = by_id.get(row.kek_id)
        if kek is None:
            raise wrong_key(row.kek_id, keks)
        try:
            key = kek.unwrap(row.wrapped, _context(row.purpose, row.version))
        except (InvalidTag, ValueError):
            raise Refused(
                "data-key-damaged",
                _("A data key in the database has been altered (key {id}).").format(id=row.kek_id),
                hint=_("Restore the last backup of the database."),
                detail=f"{row.purpose} {row.version}",
            ) from None
        keys[row.purpose, row.version] = key
    return keys


def _context(purpose: str, version: int) -> str:
    return f"deskside data key {purpose} {version}"


def _damaged(detail: str) -> Refused:
    return Refused(
        "sealed-damaged",
        _("A stored secret has been altered, or belongs to something else; it cannot be opened."),
        hint=_("Restore the last backup, or set the secret anew."),
        detail=detail,
    )
