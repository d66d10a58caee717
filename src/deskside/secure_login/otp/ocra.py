"""OCRA, the challenge-response one-time password (RFC 6287).

`respond` is the one-way mode (section 7.1), `sign` the plain signature (7.3). Mutual
challenge-response (7.2) and signature with server authentication (7.4) use `server_response` for
the side that proves itself first and `client_response` for the side that answers or signs.
"""

import re
import string
from functools import lru_cache

from deskside.foundation.clock import Randomness
from deskside.secure_login.otp.code import COUNTER_LIMIT, digest, mac, same_code, truncate
from deskside.secure_login.otp.suite import (
    QUESTION_FORMATS,
    QuestionFormat,
    Suite,
    SuiteError,
    TimeStep,
)

__all__ = [
    "InputError",
    "MissingInputError",
    "QuestionError",
    "Suite",
    "SuiteError",
    "TimeStep",
    "UnexpectedInputError",
    "client_response",
    "random_question",
    "respond",
    "same_code",
    "server_response",
    "sign",
]

_QUESTION_BYTES = 128
_ALPHABETS: dict[QuestionFormat, str] = {
    "A": string.digits + string.ascii_letters,
    "N": string.digits,
    "H": string.digits + "ABCDEF",
}
_PATTERNS: dict[QuestionFormat, re.Pattern[str]] = {
    "A": re.compile("[0-9A-Za-z]+"),
    "N": re.compile("[0-9]+"),
    "H": re.compile("[0-9A-Fa-f]+"),
}


class InputError(ValueError):
    """An input of the computation is missing, superfluous or malformed; the message says which."""


class MissingInputError(InputError):
    """The suite names an input that was not given."""


class UnexpectedInputError(InputError):
    """An input was given that the suite does not name, or the mode does not allow."""


class QuestionError(InputError):
    """The question has the wrong length or characters for the suite."""


def respond(
    suite: Suite,
    key: bytes,
    question: str,
    *,
    counter: int | None = None,
    pin: str | None = None,
    session: bytes | None = None,
    timestamp: int | None = None,
) -> str:
    """The response to one question (RFC 6287 sections 5 and 7.1).

    `session` shorter than the suite's length is filled up with zero bytes on the left (appendix A);
    `timestamp` is in Unix seconds. Raises an InputError when inputs and suite do not agree.
    """
    _check_question(suite, question)
    return _compute(
        suite, key, question, counter=counter, pin=pin, session=session, timestamp=timestamp
    )


def sign(
    suite: Suite,
    key: bytes,
    question: str,
    *,
    counter: int | None = None,
    pin: str | None = None,
    timestamp: int | None = None,
) -> str:
    """The signature of a question that stands for a transaction (RFC 6287 section 7.3)."""
    if suite.session_length is not None:
        raise UnexpectedInputError("a signature carries no session data")
    return respond(suite, key, question, counter=counter, pin=pin, timestamp=timestamp)


def server_response(
    suite: Suite,
    key: bytes,
    client_question: str,
    server_question: str,
    *,
    counter: int | None = None,
    session: bytes | None = None,
    timestamp: int | None = None,
) -> str:
    """What the server shows to prove itself (RFC 6287 sections 7.2 and 7.4); it knows no PIN."""
    if suite.pin_hash is not None:
        raise UnexpectedInputError("the server's suite must not name a PIN")
    question = _join(suite, client_question, server_question)
    return _compute(
        suite, key, question, counter=counter, pin=None, session=session, timestamp=timestamp
    )


def client_response(
    suite: Suite,
    key: bytes,
    client_question: str,
    server_question: str,
    *,
    counter: int | None = None,
    pin: str | None = None,
    session: bytes | None = None,
    timestamp: int | None = None,
) -> str:
    """The client's answer, or signature, in mutual mode (RFC 6287 sections 7.2 and 7.4)."""
    question = _join(suite, server_question, client_question)
    return _compute(
        suite, key, question, counter=counter, pin=pin, session=session, timestamp=timestamp
    )


def random_question(suite: Suite, rng: Randomness) -> str:
    """A question of the suite's full length, every one equally likely."""
    alphabet = _ALPHABETS[suite.question_format]
    return "".join(alphabet[rng.below(len(alphabet))] for _ in range(suite.question_length))


def _check_question(suite: Suite, question: str) -> None:
    if not question:
        raise QuestionError("the question is empty")
    if len(question) > suite.question_length:
        raise QuestionError(f"the question has more than {suite.question_length} characters")
    if _PATTERNS[suite.question_format].fullmatch(question) is None:
        raise QuestionError(f"the question may hold only {QUESTION_FORMATS[suite.question_format]}")


def _join(suite: Suite, first: str, second: str) -> str:
    for question in (first, second):
        _check_question(suite, question)
        # Joined questions of free length could be cut elsewhere: 12 and 345, or 123 and 45.
        if len(question) != suite.question_length:
            raise QuestionError(
                f"in mutual mode each question has exactly {suite.question_length} characters"
            )
    return first + second


def _compute(
    suite: Suite,
    key: bytes,
    question: str,
    *,
    counter: int | None,
    pin: str | None,
    session: bytes | None,
    timestamp: int | None,
) -> str:
    message = b"".join(
        (
            _header(suite),
            _counter_bytes(suite, counter),
            _question_bytes(suite, question),
            _pin_bytes(suite, pin),
            _session_bytes(suite, session),
            _time_bytes(suite, timestamp),
        )
    )
    value = mac(key, message, suite.hash)
    # Without truncation the whole HMAC is the response (section 5.2; in hexadecimal as in
    # erratum 5625, since the reference code of appendix A forgets this case).
    return truncate(value, suite.digits) if suite.digits else value.hex()


@lru_cache(maxsize=100)
def _header(suite: Suite) -> bytes:
    return suite.render().encode("ascii") + b"\x00"


def _wanted(named: bool, given: bool, what: str) -> bool:
    if named and not given:
        raise MissingInputError(f"the suite names {what}, but none was given")
    if given and not named:
        raise UnexpectedInputError(f"{what} was given, but the suite does not name it")
    return named


def _counter_bytes(suite: Suite, counter: int | None) -> bytes:
    if not _wanted(suite.counter, counter is not None, "a counter"):
        return b""
    if counter is None or not 0 <= counter < COUNTER_LIMIT:
        raise InputError("a counter is a whole number from 0 to 2**64 - 1")
    return counter.to_bytes(8)


def _question_bytes(suite: Suite, question: str) -> bytes:
    if suite.question_format == "A":
        value = question.encode("ascii")
    else:
        # Appendix A turns a decimal question into hexadecimal and fills up on the right, so a
        # lone last half-byte becomes the high half of its byte.
        text = question if suite.question_format == "H" else f"{int(question):x}"
        value = bytes.fromhex(text + "0" * (len(text) % 2))
    return value.ljust(_QUESTION_BYTES, b"\x00")


def _pin_bytes(suite: Suite, pin: str | None) -> bytes:
    _wanted(suite.pin_hash is not None, pin is not None, "a PIN")
    if suite.pin_hash is None or pin is None:
        return b""
    return digest(pin.encode(), suite.pin_hash)


def _session_bytes(suite: Suite, session: bytes | None) -> bytes:
    _wanted(suite.session_length is not None, session is not None, "session data")
    if suite.session_length is None or session is None:
        return b""
    if len(session) > suite.session_length:
        raise InputError(f"the session data has more than {suite.session_length} bytes")
    return session.rjust(suite.session_length, b"\x00")


def _time_bytes(suite: Suite, timestamp: int | None) -> bytes:
    _wanted(suite.time_step is not None, timestamp is not None, "a timestamp")
    if suite.time_step is None or timestamp is None:
        return b""
    if not 0 <= timestamp < COUNTER_LIMIT:
        raise InputError("a timestamp is a whole number of seconds since 1970, not negative")
    return (timestamp // suite.time_step.seconds).to_bytes(8)
