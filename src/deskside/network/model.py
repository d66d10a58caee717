"""Plain values of the network part: hosts and the catalogue that lists them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

OWN_REGION = "This desk"
"""What the rows of a desk's responder give as their region."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """One row of the catalogue: a far end that must be reachable.

    Attributes:
        id: short stable name of the row.
        region: where the far end stands, as the vendor labels it.
        product: what uses it (`Desktop TWS`, `Client Portal`).
        role: `primary`, `backup` or `optional`; a far end that is not primary weighs less.
        host: host name or address literal.
        ports: TCP ports to open, in the order of the source.
        tls: those of the ports that speak TLS.
        ping: whether it answers ping; where it does not, silence to ping proves nothing.
        note: what a person should know about the row.
        source: where the row comes from.
        date: when the source was seen, ISO 8601.
        responder: whether the far end is a Deskside responder, which can prove itself.
        audience: whom the row concerns, where not everybody.
        aliases: other and older names of the same far end; allowed, but not tested.
    """

    id: str
    host: str
    ports: tuple[int, ...]
    tls: tuple[int, ...] = ()
    region: str = ""
    product: str = ""
    role: str = "primary"
    ping: bool = True
    note: str = ""
    source: str = ""
    date: str = ""
    responder: bool = False
    audience: str = ""
    aliases: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The row as `network hosts --json` prints it; the last three only where they say
        something."""
        row: dict[str, Any] = {
            "id": self.id,
            "region": self.region,
            "product": self.product,
            "role": self.role,
            "host": self.host,
            "ports": list(self.ports),
            "tls": list(self.tls),
            "ping": self.ping,
            "note": self.note,
            "source": self.source,
            "date": self.date,
        }
        if self.audience:
            row["audience"] = self.audience
        if self.aliases:
            row["aliases"] = list(self.aliases)
        if self.responder:
            row["responder"] = True
        return row


@dataclass(frozen=True, slots=True)
class Door:
    """A port of the desk's responder, as a browser comes to it.

    Attributes:
        kind: `plain`; `tls`, whose certificate no browser knows; `web`, one that browsers trust.
        host, port: where it listens.
    """

    kind: str
    host: str
    port: int

    @property
    def address(self) -> str:
        """The WebSocket address without its path (RFC 6455 section 3)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'ws' if self.kind == 'plain' else 'wss'}://{host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """A dated list of hosts.

    Attributes:
        version: the catalogue's own version.
        date: when it was last changed, ISO 8601.
        hosts: its rows.
        responder_key: the desk's Ed25519 public key (hexadecimal), which signs the catalogue
            and the answers of the rows with `responder = true`; None leaves them unpinned.
        signature: of the rest of the catalogue, by that key (hexadecimal); see `signing`.
    """

    version: str
    date: str
    hosts: tuple[Host, ...]
    responder_key: str | None = None
    signature: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The catalogue as `network hosts --json` prints it."""
        about: dict[str, Any] = {"version": self.version, "date": self.date}
        if self.responder_key:
            about["responder_key"] = self.responder_key
        if self.signature:
            about["signature"] = self.signature
        return {"catalogue": about, "hosts": [host.as_json() for host in self.hosts]}
