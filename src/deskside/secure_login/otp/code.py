"""What the three algorithms share: the hash functions, truncation, and comparing codes."""

import hashlib
import hmac
from typing import Literal, get_args

HashName = Literal["SHA1", "SHA256", "SHA512"]
HASH_NAMES: tuple[HashName, ...] = get_args(HashName)

COUNTER_LIMIT = 2**64
_HASHES = {"SHA1": hashlib.sha1, "SHA256": hashlib.sha256, "SHA512": hashlib.sha512}
_NAMES = {name: name.lower() for name in HASH_NAMES}


def mac(key: bytes, message: bytes, algorithm: HashName) -> bytes:
    """HMAC of the message under the key."""
    return hmac.digest(key, message, _NAMES[algorithm])


def digest(data: bytes, algorithm: HashName) -> bytes:
    """Plain hash of the data, as OCRA wants for a PIN."""
    return _HASHES[algorithm](data).digest()


def truncate(value: bytes, digits: int) -> str:
    """Dynamic truncation to a decimal code (RFC 4226 section 5.3).

    Ten digits are the whole 31-bit number: their first digit is 0, 1 or 2.
    """
    offset = value[-1] & 0x0F
    number = int.from_bytes(value[offset : offset + 4]) & 0x7FFF_FFFF
    return f"{number % 10**digits:0{digits}d}"


def same_code(expected: str, given: str) -> bool:
    """Compare two codes in time that tells nothing about where they differ."""
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogatepass"))
