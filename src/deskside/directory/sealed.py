"""Personal data as it is stored: sealed, each piece bound to the row that holds it."""

from __future__ import annotations

import msgspec

from deskside.directory.model import Identity
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
