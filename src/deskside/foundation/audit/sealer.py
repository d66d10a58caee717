"""The sealer: chains new rows in batches, signs the chain's head and keeps it apart.

One node at a time does so, by a lease; were there two, the unique position would stop one.
A batch is one transaction. Its head goes to `audit-heads.jsonl` after the commit, and what a
sudden end left out of that file is added at the next start.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection

from deskside.foundation import leases
from deskside.foundation.audit import store
from deskside.foundation.audit.model import Head, Sealed, digest, head_from_json, link
from deskside.foundation.clock import Clock
from deskside.foundation.database import Database, new_id
from deskside.foundation.keyring import Keyring
from deskside.foundation.paths import append_private, private_folder, write_private
from deskside.foundation.recurring import Recurring

HEADS_FILE = "audit-heads.jsonl"
LEASE = "audit-sealer"
BATCH = 500
INTERVAL = 0.5
"""Seconds between looks for new rows."""
SPAN = timedelta(seconds=10)
"""How long a node keeps the work after its last batch."""


class Sealer:
    """Seals the audit trail of one database, in turns with other nodes.

    Args:
        database: where the trail is.
        keyring: signs the heads, and vouches for the signature key.
        data: the folder in which `audit-heads.jsonl` is kept.
        clock: dates the heads.
    """

    def __init__(self, database: Database, keyring: Keyring, data: Path, clock: Clock) -> None:
        self._database = database
        self._keyring = keyring
        self._clock = clock
        self._file = private_folder(data) / HEADS_FILE
        self._node = new_id()
        self._caught_up = False

    @contextmanager
    def running(self) -> Iterator[None]:
        """Seal in the background while the block runs; then let another node go on at once."""
        try:
            with Recurring("audit.seal", self.seal_now, INTERVAL, last_turn=True).running():
                yield
        finally:
            self.let_go()

    def let_go(self) -> None:
        """Let another node go on at once."""
        with self._database.write() as connection:
            leases.release(connection, LEASE, self._node)

    def seal_now(self) -> int:
        """Seal all rows that are waiting; return how many this node sealed."""
        if not self._caught_up:
            self._catch_up()
        total = 0
        while sealed := self._batch():
            total += sealed
        return total

    def _batch(self) -> int:
        with self._database.read() as connection:
            if not store.unsealed(connection, 1):
                return 0
        with self._database.write() as connection:
            if not leases.hold(connection, LEASE, self._node, SPAN):
                return 0
            sealed = self._chain(connection)
            if not sealed:
                return 0
            head = self._sign(sealed[-1])
            self._vouch(connection)
            store.add_head(connection, head)
        try:
            append_private(self._file, head.as_line())
        except OSError:
            self._caught_up = False  # perhaps half of it was written
            raise
        return len(sealed)

    def _chain(self, connection: Connection) -> list[Sealed]:
        position, previous = store.last_link(connection)
        sealed = []
        for number, row in enumerate(store.unsealed(connection, BATCH), position + 1):
            fingerprint = digest(row)
            previous = link(previous, fingerprint)
            sealed.append(Sealed(row=row, position=number, digest=fingerprint, link=previous))
        if sealed:
            store.seal(connection, sealed)
        return sealed

    def _sign(self, last: Sealed) -> Head:
        head = Head(
            position=last.position,
            link=last.link,
            at=self._clock.now(),
            public_key=self._keyring.public_key_hex,
        )
        return replace(head, signature=self._keyring.signing_key.sign(head.statement()))

    def _vouch(self, connection: Connection) -> None:
        """Prove once with the keyring that this node's key is one of the desk's."""
        public_key = self._keyring.public_key_hex
        if public_key not in store.signers(connection):
            store.add_signer(
                connection, public_key, signer_proof(self._keyring, public_key), self._clock.now()
            )

    def _catch_up(self) -> None:
        """Add to the file the heads that a sudden end left out, and drop a half-written line."""
        if self._file.exists():
            content = self._file.read_bytes()
            whole = content[: content.rfind(b"\n") + 1]
            if whole != content:
                write_private(self._file, whole)
        kept = {head.signature for head in read_heads(self._file)[0]}
        with self._database.read() as connection:
            heads = store.heads(connection, by=self._keyring.public_key_hex)
        missing = [head.as_line() for head in heads if head.signature not in kept]
        if missing:
            append_private(self._file, b"".join(missing))
        self._caught_up = True


def signer_proof(keyring: Keyring, public_key: str) -> bytes:
    """What only a holder of the desk's keys can write beside a signer's public key."""
    return keyring.keyed_hash("audit-signer", bytes.fromhex(public_key))


def read_heads(file: Path) -> tuple[list[Head], list[int]]:
    """The heads kept in a file, and the numbers of the lines that cannot be read."""
    heads: list[Head] = []
    unreadable: list[int] = []
    if not file.exists():
        return heads, unreadable
    for number, line in enumerate(file.read_bytes().splitlines(), 1):
        try:
            heads.append(head_from_json(line))
        except ValueError:
            unreadable.append(number)
    return heads, unreadable
