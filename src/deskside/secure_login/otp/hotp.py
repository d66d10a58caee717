"""HOTP, the counter-based one-time password (RFC 4226)."""

from deskside.secure_login.otp.code import COUNTER_LIMIT, HashName, mac, same_code, truncate

CODE_DIGITS = range(6, 9)


def hotp(key: bytes, counter: int, *, digits: int = 6, algorithm: HashName = "SHA1") -> str:
    """The code for one counter value (RFC 4226 section 5.3).

    `digits` is 6 to 8. SHA256 and SHA512 are not in RFC 4226 but are what RFC 6238 builds on.
    Raises ValueError when the counter does not fit into eight bytes or `digits` is out of range.
    """
    if digits not in CODE_DIGITS:
        raise ValueError(f"a HOTP code has 6 to 8 digits, not {digits}")
    if not 0 <= counter < COUNTER_LIMIT:
        raise ValueError("a HOTP counter is a whole number from 0 to 2**64 - 1")
    return truncate(mac(key, counter.to_bytes(8), algorithm), digits)


def find_counter(
    key: bytes,
    code: str,
    start: int,
    *,
    look_ahead: int = 0,
    digits: int = 6,
    algorithm: HashName = "SHA1",
) -> int | None:
    """The counter from `start` to `start + look_ahead` that yields the code, or None.

    The caller stores the found counter plus one (RFC 4226 section 7.2, resynchronisation 7.4).
    Every candidate is computed, so the time tells nothing about which one matched.
    """
    found = None
    for counter in range(start, start + look_ahead + 1):
        expected = hotp(key, counter, digits=digits, algorithm=algorithm)
        if same_code(expected, code) and found is None:
            found = counter
    return found
