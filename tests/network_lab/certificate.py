"""Certificates of the lab's own authority, good and bad."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Certificate:
    """A certificate for a name, and others, valid from and until so many days from now."""

    name: str
    begins: int = -1
    ends: int = 30
    trusted: bool = True
    others: tuple[str, ...] = ()

    def write(self, folder: Path) -> tuple[Path, Path]:
        """The file of key and certificate, and that of what the client trusts."""
        authority, key = _key(), _key()
        issuer = _named("Lab authority")
        root = _signed(issuer, authority, issuer, authority, (-9, 90), authority=True)
        days = (self.begins, self.ends)
        leaf = _signed(_named(self.name), key, issuer, authority, days, others=self.others)
        other = _signed(_named("Other"), key, _named("Other"), key, (-9, 90), authority=True)
        chain, trust = folder / "site.pem", folder / "trusted.pem"
        chain.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + leaf.public_bytes(serialization.Encoding.PEM)
        )
        trust.write_bytes(
            (root if self.trusted else other).public_bytes(serialization.Encoding.PEM)
        )
        return chain, trust


def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _signed(
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    by: ec.EllipticCurvePrivateKey,
    days: tuple[int, int],
    *,
    authority: bool = False,
    others: tuple[str, ...] = (),
) -> x509.Certificate:
    now = dt.datetime.now(dt.UTC)
    name = str(subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + dt.timedelta(days=days[0]))
        .not_valid_after(now + dt.timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.DNSName(one) for one in (name.replace(" ", "-"), *others)]
            ),
            critical=False,
        )
        .sign(by, hashes.SHA256())
    )
