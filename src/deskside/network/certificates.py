"""The responder's TLS certificate: a key of its own, certified by the desk's signing key.

Because the certificate is signed by the key that the catalogue pins, the handshake alone tells
the desk's responder from an interceptor, even one that passes nothing on.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.x509.oid import NameOID

from deskside.foundation.errors import Refused
from deskside.foundation.paths import private_folder, write_private
from deskside.foundation.text import _

_LIFE = timedelta(days=397)
_RENEW = timedelta(days=30)
_NAME = "Deskside responder"


def signing_key(path: Path) -> Ed25519PrivateKey:
    """The Ed25519 key in a PEM file, made (mode 0600) where there is none.

    Raises:
        Refused: the file holds something else.
    """
    if not path.exists():
        key = Ed25519PrivateKey.generate()
        private_folder(path.parent)
        write_private(path, _private_pem(key))
        return key
    try:
        loaded = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError):
        loaded = None
    if not isinstance(loaded, Ed25519PrivateKey):
        raise Refused(
            "not-a-signing-key",
            _("{path} holds no Ed25519 private key in PEM.").format(path=path),
            hint=_("Name another file with --key; one that does not exist is made."),
        )
    return loaded


def tls_certificate(folder: Path, key: Ed25519PrivateKey) -> tuple[Path, str]:
    """File with the TLS key and certificate, and the certificate's fingerprint.

    One that is kept is used again until 30 days before its end, so that its fingerprint is
    stable; it is replaced at once when the desk's signing key is another.
    """
    path = folder / "responder-tls.pem"
    kept = _kept(path, key)
    if kept is None:
        private = ec.generate_private_key(ec.SECP256R1())
        kept = _certify(private, key)
        pem = _private_pem(private) + kept.public_bytes(serialization.Encoding.PEM)
        private_folder(folder)
        write_private(path, pem)
    return path, fingerprint(kept.public_bytes(serialization.Encoding.DER))


def _kept(path: Path, key: Ed25519PrivateKey) -> x509.Certificate | None:
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        return None
    fresh = certificate.not_valid_after_utc > datetime.now(UTC) + _RENEW
    return certificate if fresh and signed_by(certificate, key.public_key()) else None


def _certify(private: ec.EllipticCurvePrivateKey, key: Ed25519PrivateKey) -> x509.Certificate:
    now = datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _NAME)])
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{_NAME} desk key")])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _LIFE)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("responder.invalid")]), False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, None)
    )


def issued_by_desk(der: bytes, key: str) -> bool:
    """Whether a certificate (DER) is signed by the desk's public key (hexadecimal)."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        return signed_by(certificate, Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)))
    except ValueError:
        return False


def signed_by(certificate: x509.Certificate, key: Ed25519PublicKey) -> bool:
    """Whether a certificate is signed by a key."""
    try:
        key.verify(certificate.signature, certificate.tbs_certificate_bytes)
    except InvalidSignature:
        return False
    return True


def fingerprint(der: bytes) -> str:
    """SHA-256 of a certificate (DER), in hexadecimal."""
    digest = hashes.Hash(hashes.SHA256())
    digest.update(der)
    return digest.finalize().hex()


def _private_pem(key: Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
