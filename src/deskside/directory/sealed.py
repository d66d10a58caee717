"""Personal data as it is stored: sealed, each piece bound to the row that holds it."""

from __future__ import annotations

import unicodedata

import msgspec

from deskside.directory.model import Identity, IdentityMarks
from deskside.foundation.keyring import Keyring


def seal_identity(keyring: Keyring, holder_id: str, identity: Identity) -> bytes:
    """A holder's identity, sealed."""
    return keyring.seal(msgspec.json.encode(identity), context=f"holder:{holder_id}")


def open_identity(keyring: Keyring, holder_id: str, stored: bytes) -> Identity:
    """The reverse of `seal_identity`."""
    opened = keyring.open_sealed(stored, context=f"holder:{holder_id}")
    return msgspec.json.decode(opened, type=Identity)


def seal_address(keyring: Keyring, contact_id: str, address: str) -> bytes:
    """A contact point's address, sealed."""
    return keyring.seal(address.encode(), context=f"contact-point:{contact_id}")


def open_address(keyring: Keyring, contact_id: str, stored: bytes) -> str:
    """The reverse of `seal_address`."""
    return keyring.open_sealed(stored, context=f"contact-point:{contact_id}").decode()


def seal_equity(keyring: Keyring, account_id: str, usd: int) -> bytes:
    """What an account is worth, sealed."""
    return keyring.seal(str(usd).encode(), context=f"equity:{account_id}")


def open_equity(keyring: Keyring, account_id: str, stored: bytes) -> int:
    """The reverse of `seal_equity`."""
    return int(keyring.open_sealed(stored, context=f"equity:{account_id}"))


def marks_of(keyring: Keyring, identity: Identity) -> IdentityMarks:
    """What stands for a holder's identification data; spacing, hyphens and case do not matter."""
    born = identity.birth_date.isoformat() if identity.birth_date else ""
    return IdentityMarks(
        person=_mark(keyring, "person", born, identity.citizenship, identity.legal_residence),
        document=_mark(keyring, "document", identity.document_type, identity.document_number),
        us_ssn=_mark(keyring, "us-ssn", identity.us_ssn),
    )


def _mark(keyring: Keyring, purpose: str, *values: str) -> bytes | None:
    plain = ["".join(filter(str.isalnum, _folded(value))) for value in values]
    if not all(plain):
        return None
    return keyring.keyed_hash(f"identity {purpose}", "\0".join(plain).encode())


def _folded(value: str) -> str:
    return unicodedata.normalize("NFKC", value).casefold()
