"""What a desk's key signs: the responder's answers, one line asked and one answered, and the
desk's catalogue. Pure.

Described for implementers in docs/network-administrator/responder-protocol.md. Each signature
covers a fixed prefix that no other signed thing of a desk starts with, so that a responder can
never be made to sign anything else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

MAX_LINE = 512
"""Bytes in a line, its end included; both ways."""

NONCE_BYTES = 32
NO_TLS = "-"
_SIGNED_PREFIX = b"deskside responder reply 1\n"
_CATALOGUE_PREFIX = b"deskside catalogue 1\n"
MAX_PADDING = 32_768
"""Bytes after a question that its answer brings back: never more out than in."""

_REQUEST = re.compile(rb"deskside 1 ([0-9a-f]{64})(?: pad (\d{1,5}))?\r?\n")
_REPLY = re.compile(
    rb"deskside 1 (?P<nonce>[0-9a-f]{64}) (?P<address>[0-9a-fA-F.:]{2,45}) (?P<port>\d{1,5}) "
    rb"(?P<fingerprint>-|[0-9a-f]{64}) (?P<time>\d{1,12}) (?P<key>[0-9a-f]{64}) "
    rb"(?P<signature>[0-9a-f]{128})\n"
)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a responder says of a connection.

    Attributes:
        nonce: the asker's, in hexadecimal.
        address, port: where the connection came from, as the responder saw it.
        fingerprint: SHA-256 of the certificate that it served, or `-` on a plain port.
        time: its clock, in seconds since 1970.
        key: its Ed25519 public key, in hexadecimal.
    """

    nonce: str
    address: str
    port: int
    fingerprint: str
    time: int
    key: str


def request(nonce: bytes, padding: int = 0) -> bytes:
    """The line that asks, and as many bytes of padding after it as it announces."""
    announced = f" pad {padding}".encode() if padding else b""
    return b"deskside 1 " + nonce.hex().encode() + announced + b"\n" + b"." * padding


def read_request(line: bytes) -> tuple[str, int] | None:
    """The nonce that a line asks with and the bytes of padding after it, or None where it is no
    request."""
    found = _REQUEST.fullmatch(line)
    if not found:
        return None
    padding = int(found[2] or 0)
    return (found[1].decode(), padding) if padding <= MAX_PADDING else None


def sign(reply: Reply, key: Ed25519PrivateKey) -> bytes:
    """The signed line that answers."""
    body = (
        f"deskside 1 {reply.nonce} {reply.address} {reply.port} {reply.fingerprint} "
        f"{reply.time} {reply.key} "
    ).encode()
    return body + key.sign(_SIGNED_PREFIX + body).hex().encode() + b"\n"


def read_reply(line: bytes) -> Reply | None:
    """The reply on a line, or None where it is none or its signature is not its key's."""
    found = _REPLY.fullmatch(line)
    if not found:
        return None
    body = line[: found.start("signature")]
    public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(found["key"].decode()))
    try:
        public.verify(bytes.fromhex(found["signature"].decode()), _SIGNED_PREFIX + body)
    except InvalidSignature:
        return None
    return Reply(
        nonce=found["nonce"].decode(),
        address=found["address"].decode(),
        port=int(found["port"]),
        fingerprint=found["fingerprint"].decode(),
        time=int(found["time"]),
        key=found["key"].decode(),
    )


def sign_catalogue(text: str, key: Ed25519PrivateKey) -> str:
    """The desk's signature of a catalogue's text, in hexadecimal."""
    return key.sign(_CATALOGUE_PREFIX + text.encode()).hex()


def is_catalogue_signed(text: str, signature: str, key: str) -> bool:
    """Whether a signature of a catalogue's text is that of a public key (both hexadecimal)."""
    try:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
        public.verify(bytes.fromhex(signature), _CATALOGUE_PREFIX + text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def error(code: str) -> bytes:
    """The line that says why there is no answer: `not-understood` or `rate-limited`."""
    return f"deskside 1 error {code}\n".encode()


def public_key(key: Ed25519PrivateKey) -> str:
    """The public key of a signing key, in hexadecimal."""
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
