"""The canonical form of an audit row, the rule of the chain, and its signed heads. Pure.

    digest(row)  = SHA-256 of the row's canonical JSON
    link(n)      = SHA-256(link(n - 1) + digest(row n)), link(0) = 32 zero bytes
    head         = position and link of the last row, signed with Ed25519

The form is public: `docs/operator/keys-and-audit.md` says how to verify it by other means.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

Value = str | int | bool
Detail = Mapping[str, Value]

GENESIS = bytes(32)
"""The link before the first row."""

COMMAND_LINE = "cli"
"""The actor of what commands do on the database: whoever may read its files. No id is like it."""

_EVENT = re.compile(r"[a-z][a-z0-9]*([.-][a-z0-9]+)*")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_PLAIN = re.compile(r"[A-Za-z0-9._:/+#-]{0,120}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One thing that happened.

    Attributes:
        id: random name of the row.
        at: when, in UTC, to the microsecond.
        event: what, such as `login.succeeded`.
        actor: id of who did it; COMMAND_LINE; None is Deskside itself or somebody unknown.
        subject: id of what it was done to.
        detail: more ids, counts and codes, as canonical JSON.
    """

    id: str
    at: datetime
    event: str
    actor: str | None
    subject: str | None
    detail: str

    @property
    def fields(self) -> dict[str, Value]:
        """The detail by name."""
        read = json.loads(self.detail)
        return read if isinstance(read, dict) else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A row in its place in the chain."""

    row: Row
    position: int
    digest: bytes
    link: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The end of the chain at one moment, and who vouches for it."""

    position: int
    link: bytes
    at: datetime
    public_key: str
    signature: bytes = b""

    def statement(self) -> bytes:
        """The bytes that are signed."""
        return b"deskside audit head\n" + canonical(
            {"position": self.position, "link": self.link.hex(), "at": moment(self.at)}
        )

    def as_line(self) -> bytes:
        """The head as one line of `audit-heads.jsonl`."""
        fields = {
            "position": self.position,
            "link": self.link.hex(),
            "at": moment(self.at),
            "public_key": self.public_key,
            "signature": self.signature.hex(),
        }
        return canonical(fields) + b"\n"


def head_from_json(line: bytes) -> Head:
    """The head on one line of `audit-heads.jsonl`.

    Raises:
        ValueError: the line is not one.
    """
    try:
        read = json.loads(line)
        return Head(
            position=int(read["position"]),
            link=bytes.fromhex(read["link"]),
            at=datetime.fromisoformat(read["at"]),
            public_key=str(read["public_key"]),
            signature=bytes.fromhex(read["signature"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("not a head of the audit chain") from error


def moment(at: datetime) -> str:
    """A moment as the canonical form writes it: `2026-01-05T09:00:00.000000Z`."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def canonical(value: Mapping[str, object]) -> bytes:
    """JSON with sorted names, no blanks, ASCII only: one value, one text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")


def checked_detail(event: str, detail: Detail | None) -> str:
    """The detail of an event as stored, after making sure that it holds ids and codes only.

    Raises:
        ValueError: a name or value could hold personal data: a blank, an `@`, free text.
    """
    if not _EVENT.fullmatch(event):
        raise ValueError(f"not the name of an audit event: {event!r}")
    for name, value in (detail or {}).items():
        plain = isinstance(value, int) or bool(_PLAIN.fullmatch(value))
        if not (_NAME.fullmatch(name) and plain):
            raise ValueError(f"audit rows hold ids, counts and codes only: {name!r} of {event}")
    return canonical(detail or {}).decode()


def checked_id(value: str | None) -> str | None:
    """An actor or subject, after making sure that it is an id.

    Raises:
        ValueError: it could be personal data.
    """
    if value is not None and not _PLAIN.fullmatch(value):
        raise ValueError("an audit row names its actor and subject by id only")
    return value


def digest(row: Row) -> bytes:
    """The fingerprint of one row's content."""
    return sha256(
        canonical(
            {
                "id": row.id,
                "at": moment(row.at),
                "event": row.event,
                "actor": row.actor,
                "subject": row.subject,
                "detail": row.detail,
            }
        )
    ).digest()


def link(previous: bytes, row_digest: bytes) -> bytes:
    """The next link of the chain."""
    return sha256(previous + row_digest).digest()
