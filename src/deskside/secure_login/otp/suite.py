"""The OCRA suite: which inputs enter the computation and how (RFC 6287 section 6).

A suite string such as `OCRA-1:HOTP-SHA256-8:QN06-PSHA256` is itself an input of the computation,
so one suite has exactly one spelling here: two digits of question length, three of session
length, nothing left to a default. `Suite.parse(text).render() == text` for every accepted text.
"""

import re
from dataclasses import dataclass
from typing import Literal, cast

from deskside.secure_login.otp.code import HASH_NAMES, HashName

QuestionFormat = Literal["A", "N", "H"]

QUESTION_FORMATS: dict[QuestionFormat, str] = {
    "A": "letters and digits",
    "N": "decimal digits",
    "H": "hexadecimal digits",
}
RESPONSE_DIGITS = (0, *range(4, 11))
QUESTION_LENGTHS = range(4, 65)
SESSION_LENGTHS = range(1, 1000)
STEP_LIMITS = {"S": 59, "M": 59, "H": 48}
STEP_SECONDS = {"S": 1, "M": 60, "H": 3600}

_INPUT_ORDER = "CQPST"


class SuiteError(ValueError):
    """The suite string breaks a rule of RFC 6287 section 6; the message says which."""


@dataclass(frozen=True, slots=True)
class TimeStep:
    """Length of one time step: 1-59 seconds or minutes, 1-48 hours (RFC 6287 erratum 3729)."""

    count: int
    unit: Literal["S", "M", "H"]

    def __post_init__(self) -> None:
        if not 1 <= self.count <= STEP_LIMITS[self.unit]:
            raise SuiteError(
                f"a time step in {self.unit} is 1 to {STEP_LIMITS[self.unit]}, not {self.count}"
            )

    @property
    def seconds(self) -> int:
        """Length in seconds."""
        return self.count * STEP_SECONDS[self.unit]


@dataclass(frozen=True, slots=True)
class Suite:
    """A parsed OCRA suite.

    `digits` is the length of the response, 0 meaning the whole HMAC in hexadecimal.
    `question_length` counts characters and is an upper bound (RFC 6287 section 6.3).
    `pin_hash`, `session_length` (bytes) and `time_step` are None where the suite leaves them out.
    """

    hash: HashName
    digits: int
    question_format: QuestionFormat
    question_length: int
    counter: bool = False
    pin_hash: HashName | None = None
    session_length: int | None = None
    time_step: TimeStep | None = None

    def __post_init__(self) -> None:
        if self.digits not in RESPONSE_DIGITS:
            raise SuiteError(f"a response has 0 or 4 to 10 digits, not {self.digits}")
        if self.question_length not in QUESTION_LENGTHS:
            raise SuiteError(f"a question has 4 to 64 characters, not {self.question_length}")
        if self.session_length is not None and self.session_length not in SESSION_LENGTHS:
            raise SuiteError(f"session data has 1 to 999 bytes, not {self.session_length}")

    @classmethod
    def parse(cls, text: str) -> "Suite":
        """Read a suite string; raises SuiteError saying what is wrong."""
        try:
            version, function, inputs = text.split(":")
        except ValueError as error:
            raise SuiteError("a suite is three parts: OCRA-1:function:inputs") from error
        if version != "OCRA-1":
            raise SuiteError(f"the version must be OCRA-1, not {version!r}")
        name, digits = _function(function)
        fields = _inputs(inputs)
        question_format, question_length = _question(fields["Q"])
        return cls(
            hash=name,
            digits=digits,
            question_format=question_format,
            question_length=question_length,
            counter="C" in fields,
            pin_hash=_hash_name(fields["P"][1:]) if "P" in fields else None,
            session_length=_session(fields["S"]) if "S" in fields else None,
            time_step=_time_step(fields["T"]) if "T" in fields else None,
        )

    def render(self) -> str:
        """The suite string, in its only spelling."""
        inputs = [f"Q{self.question_format}{self.question_length:02d}"]
        if self.counter:
            inputs.insert(0, "C")
        if self.pin_hash is not None:
            inputs.append(f"P{self.pin_hash}")
        if self.session_length is not None:
            inputs.append(f"S{self.session_length:03d}")
        if self.time_step is not None:
            inputs.append(f"T{self.time_step.count}{self.time_step.unit}")
        return f"OCRA-1:HOTP-{self.hash}-{self.digits}:{'-'.join(inputs)}"

    def __str__(self) -> str:
        return self.render()


def _hash_name(text: str) -> HashName:
    if text not in HASH_NAMES:
        raise SuiteError(f"the hash must be one of {', '.join(HASH_NAMES)}, not {text!r}")
    return text


def _function(text: str) -> tuple[HashName, int]:
    match text.split("-"):
        case ["HOTP", name, digits] if re.fullmatch(r"0|[4-9]|10", digits, re.ASCII):
            return _hash_name(name), int(digits)
        case ["HOTP", _, digits]:
            raise SuiteError(f"a response has 0 or 4 to 10 digits, not {digits!r}")
    raise SuiteError(f"the function must look like HOTP-SHA256-8, not {text!r}")


def _inputs(text: str) -> dict[str, str]:
    fields = text.split("-")
    letters = [field[:1] for field in fields]
    for letter, field in zip(letters, fields, strict=True):
        if not letter or letter not in _INPUT_ORDER or (letter == "C" and field != "C"):
            raise SuiteError(f"inputs are C, Q, P, S and T; {field!r} is none of them")
    if len(set(letters)) < len(letters):
        raise SuiteError("an input may be named only once")
    if "Q" not in letters:
        raise SuiteError("the question Q is missing")
    if letters != sorted(letters, key=_INPUT_ORDER.index):
        raise SuiteError("inputs must stand in the order C, Q, P, S, T")
    return dict(zip(letters, fields, strict=True))


def _question(field: str) -> tuple[QuestionFormat, int]:
    found = re.fullmatch(r"Q([ANH])([0-9]{2})", field)
    if found is None:
        raise SuiteError(f"a question is written like QN08 (A, N or H, two digits), not {field!r}")
    return cast(QuestionFormat, found[1]), int(found[2])


def _session(field: str) -> int:
    if re.fullmatch(r"S[0-9]{3}", field) is None:
        raise SuiteError(f"session data is written like S064 (three digits), not {field!r}")
    return int(field[1:])


def _time_step(field: str) -> TimeStep:
    found = re.fullmatch(r"T([1-9][0-9]?)([SMH])", field)
    if found is None:
        raise SuiteError(f"a time step is written like T1M, T30S or T24H, not {field!r}")
    return TimeStep(int(found[1]), cast(Literal["S", "M", "H"], found[2]))
