"""TLS handshakes: with a vendor's host judged by this computer's trust store, with a responder
by the desk's key. No byte is sent beyond the handshake."""

from __future__ import annotations

import asyncio
import ssl
import sys
from functools import cache

from cryptography import x509

from deskside.network import certificates
from deskside.network.observations import Shake, TlsSeen
from deskside.network.probes.channel import Channel, TlsChannel
from deskside.network.probes.handshakes import distrust

PATIENCE = 2.0
"""Seconds for a handshake."""


@cache
def trusting() -> ssl.SSLContext:
    """Judges by the operating system's own trust store, as the user's programs do."""
    import truststore

    judge = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if sys.platform in ("win32", "darwin"):
        return judge
    # Elsewhere OpenSSL judges, with the store that truststore finds for it; asked through
    # truststore, it reads all of the store again (40 ms) for every connection.
    return judge.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="localhost").context


@cache
def unverified() -> ssl.SSLContext:
    """Accepts any certificate: for responders, whose identity the desk's key proves, and to see
    the certificate that was refused."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def shake_hands(
    below: Channel,
    name: str,
    *,
    verify: bool,
    desk_key: str | None = None,
    patience: float = PATIENCE,
) -> tuple[TlsSeen, TlsChannel]:
    """One handshake over a connected channel.

    Args:
        name: for SNI, and for the certificate where `verify`.
        desk_key: pinned Ed25519 key (hexadecimal) that must have signed the certificate.
    """
    channel = TlsChannel(below, trusting() if verify else unverified(), name)
    loop = asyncio.get_running_loop()
    started = loop.time()
    result, error = await _attempt(channel, patience, verify=verify)
    der = _certificate(channel) if result in (Shake.TRUSTED, Shake.UNVERIFIED) else None
    subject, issuer = _names(der) if der else ("", "")
    seen = TlsSeen(
        result=result,
        milliseconds=(loop.time() - started) * 1000,
        protocol=(channel.tls.version() or "") if der else "",
        subject=subject,
        issuer=issuer,
        fingerprint=certificates.fingerprint(der) if der else "",
        expires=_first_expiry(_shown(channel, der)) if der else "",
        desk_issued=certificates.issued_by_desk(der, desk_key) if der and desk_key else None,
        error=error,
    )
    return seen, channel


async def _attempt(channel: TlsChannel, patience: float, *, verify: bool) -> tuple[Shake, str]:
    try:
        await asyncio.wait_for(channel.handshake(), patience)
    except ssl.SSLCertVerificationError as error:
        return distrust(error), error.verify_message or str(error)
    except ssl.SSLError as error:
        if channel.opening and channel.opening[0] not in (20, 21, 22):  # no TLS record (RFC 8446)
            return Shake.NOT_TLS, printable(channel.opening)
        return Shake.FAILED, error.reason or str(error)
    except (TimeoutError, EOFError, OSError) as error:
        return _cut_short(error), getattr(error, "strerror", "") or ""
    return (Shake.TRUSTED if verify else Shake.UNVERIFIED), ""


def _cut_short(error: Exception) -> Shake:
    if isinstance(error, TimeoutError):
        return Shake.SILENT
    return Shake.CLOSED if isinstance(error, EOFError) else Shake.RESET


def _certificate(channel: TlsChannel) -> bytes | None:
    return channel.tls.getpeercert(binary_form=True)


def _shown(channel: TlsChannel, leaf: bytes) -> list[bytes]:
    """The certificates that the far end showed; its own alone before Python 3.13."""
    chain = getattr(channel.tls, "get_unverified_chain", None)
    return chain() if chain else [leaf]


def _first_expiry(shown: list[bytes]) -> str:
    try:
        return min(
            x509.load_der_x509_certificate(der).not_valid_after_utc for der in shown
        ).isoformat()
    except ValueError:
        return ""


def _names(der: bytes) -> tuple[str, str]:
    try:
        certificate = x509.load_der_x509_certificate(der)
        names = certificate.subject.rfc4514_string(), certificate.issuer.rfc4514_string()
    except ValueError:
        return "", ""
    return printable(names[0].encode()), printable(names[1].encode())


def printable(raw: bytes, limit: int = 120) -> str:
    """Bytes of a stranger, harmless to show."""
    return "".join(
        sign if sign.isprintable() else " " for sign in raw[:limit].decode("utf-8", "replace")
    ).strip()
