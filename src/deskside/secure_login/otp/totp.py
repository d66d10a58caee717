"""TOTP, the time-based one-time password (RFC 6238)."""

from deskside.secure_login.otp.code import HashName, same_code
from deskside.secure_login.otp.hotp import hotp

STEP_SECONDS = 30


def time_step(timestamp: int, *, step: int = STEP_SECONDS) -> int:
    """Number of whole steps since 1970-01-01 UTC; `timestamp` and `step` in seconds."""
    if step < 1:
        raise ValueError("a TOTP step lasts at least one second")
    return timestamp // step


def totp(
    key: bytes,
    timestamp: int,
    *,
    digits: int = 6,
    step: int = STEP_SECONDS,
    algorithm: HashName = "SHA1",
) -> str:
    """The code at a moment, given in Unix seconds (RFC 6238 section 4.2)."""
    return hotp(key, time_step(timestamp, step=step), digits=digits, algorithm=algorithm)


def find_step(
    key: bytes,
    code: str,
    timestamp: int,
    *,
    drift: int = 1,
    digits: int = 6,
    step: int = STEP_SECONDS,
    algorithm: HashName = "SHA1",
) -> int | None:
    """The time step within `drift` steps of the moment that yields the code, or None.

    The caller refuses a step that is not later than the last one accepted (RFC 6238 section 5.2);
    of two steps with the same code the later is returned, so that it burns both.
    Every candidate is computed, so the time tells nothing about which one matched.
    """
    found = None
    now = time_step(timestamp, step=step)
    for candidate in range(max(now - drift, 0), now + drift + 1):
        expected = hotp(key, candidate, digits=digits, algorithm=algorithm)
        if same_code(expected, code):
            found = candidate
    return found
