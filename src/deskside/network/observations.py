"""What the probes saw: plain values that the diagnosis reads and nothing else touches."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from deskside.network.model import Host


class Found(StrEnum):
    """How a name look-up ended."""

    LITERAL = "literal"
    FOUND = "found"
    ABSENT = "absent"
    FAILED = "failed"
    SILENT = "silent"


class Reach(StrEnum):
    """How connecting to a port ended."""

    CONNECTED = "connected"
    RESET = "reset"
    SILENT = "silent"
    PROHIBITED = "prohibited"
    UNROUTABLE = "unroutable"
    FAILED = "failed"


class Shake(StrEnum):
    """How a TLS handshake ended."""

    TRUSTED = "trusted"
    UNVERIFIED = "unverified"
    UNTRUSTED = "untrusted"
    WRONG_NAME = "wrong-name"
    EXPIRED = "expired"
    NOT_TLS = "not-tls"
    RESET = "reset"
    CLOSED = "closed"
    SILENT = "silent"
    FAILED = "failed"


class Echo(StrEnum):
    """What came back for a nonce."""

    GENUINE = "genuine"
    OTHER_KEY = "other-key"
    OTHER_NONCE = "other-nonce"
    HTTP = "http"
    REDIRECT = "redirect"
    STRANGE = "strange"
    BUSY = "busy"
    RESET = "reset"
    CLOSED = "closed"
    SILENT = "silent"


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupSeen:
    """One name look-up by the system's resolver; `name` is the spelling that was used."""

    name: str
    result: Found
    ipv4: tuple[str, ...] = ()
    ipv6: tuple[str, ...] = ()
    milliseconds: float = 0.0
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectSeen:
    """Staggered attempts to connect to one port.

    Attributes:
        attempts: attempts made; each sends at least one SYN.
        unanswered: attempts that a later, quicker one overtook: lost on the way.
        milliseconds: of the attempt that ended it.
    """

    result: Reach
    address: str = ""
    attempts: int = 0
    unanswered: int = 0
    milliseconds: float = 0.0
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsSeen:
    """One TLS handshake, and the certificate met.

    Attributes:
        desk_issued: whether the pinned desk key signed the certificate; None where unpinned.
        expires: when the first of the certificates that were shown runs out, ISO 8601.
    """

    result: Shake
    milliseconds: float = 0.0
    protocol: str = ""
    subject: str = ""
    issuer: str = ""
    fingerprint: str = ""
    desk_issued: bool | None = None
    expires: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EchoSeen:
    """One nonce asked of a responder.

    Attributes:
        seen_as: the address that the responder saw.
        signed_fingerprint: of the certificate that the responder says it served.
        skew_seconds: this computer's clock less the responder's.
        opening: the first bytes of an answer that is not a responder's, made printable.
    """

    result: Echo
    milliseconds: float = 0.0
    seen_as: str = ""
    signed_fingerprint: str = ""
    skew_seconds: int = 0
    opening: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PortSeen:
    """All that was seen of one port by one IP version; `lag` is this computer's own delay.

    Attributes:
        other_name: how a handshake ended that asked for another name, where the first was cut
            or silent; None where it was not tried.
        small_segments: how one ended in small segments, where the first fell silent.
    """

    port: int
    version: int
    connect: ConnectSeen
    tls: TlsSeen | None = None
    echo: EchoSeen | None = None
    other_name: Shake | None = None
    small_segments: Shake | None = None
    lag: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """The port as a report shows it."""
        shown: dict[str, Any] = {
            "port": self.port,
            "ip": self.version,
            "connect": plain(self.connect),
        }
        if self.tls:
            shown["tls"] = plain(self.tls)
        if self.echo:
            shown["echo"] = plain(self.echo)
        return shown


@dataclass(slots=True, kw_only=True)
class HostSeen:
    """All that was seen of one row; filled while the test runs."""

    host: Host
    lookup: LookupSeen | None = None
    ports: list[PortSeen] = field(default_factory=list)
    finished: bool = False


def plain(seen: LookupSeen | ConnectSeen | TlsSeen | EchoSeen) -> dict[str, Any]:
    """The fields that say something, as JSON values."""
    values: dict[str, Any] = {name: getattr(seen, name) for name in seen.__slots__}
    values["milliseconds"] = round(values["milliseconds"], 1)
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in values.items()
        if value not in ("", (), None)
    }
