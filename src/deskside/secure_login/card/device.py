"""What is inside a card: serial number, suite and key. Never the PIN: its holder alone knows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from deskside.foundation.errors import Refused, UsageProblem
from deskside.foundation.text import _
from deskside.secure_login.digits import DigitsError, Flaw, read_digits
from deskside.secure_login.otp.ocra import Suite, SuiteError, respond
from deskside.secure_login.pin import PIN_LENGTH

_MEMBERS = ("kind", "serial", "suite", "key")
_KEY_BYTES = range(16, 65)  # RFC 4226 section 4 asks for 128 bits at least


class DamagedDevice(Refused):
    """The virtual device file does not hold a card; `message` says what is wrong with it."""

    def __init__(self, problem: str) -> None:
        super().__init__(
            "virtual-device-damaged",
            _("The virtual device file cannot be used: {problem}.").format(problem=problem),
            hint=_("Take the file anew from where the device was issued."),
        )


class MalformedEntry(UsageProblem):
    """What was typed on the card is no PIN or no challenge.

    `code` is `pin-` or `challenge-` followed by `empty`, `not-digits`, `too-short`, `too-long`.
    """


@dataclass(frozen=True, slots=True)
class VirtualCard:
    """A card as a file holds it."""

    kind: str
    serial: str
    suite: Suite
    key: bytes = field(repr=False)

    @classmethod
    def from_document(cls, document: Mapping[str, object]) -> VirtualCard:
        """The card in a virtual device file; raises DamagedDevice for anything unexpected."""
        members = _strings(document)
        try:
            suite = Suite.parse(members["suite"])
        except SuiteError as error:
            raise DamagedDevice(_("its suite is wrong ({error})").format(error=error)) from error
        _check_computable(suite)
        return cls(members["kind"], members["serial"], suite, _key(members["key"]))

    def as_document(self) -> dict[str, str]:
        """What the virtual device file holds; the key is in hexadecimal."""
        return {
            "kind": self.kind,
            "serial": self.serial,
            "suite": self.suite.render(),
            "key": self.key.hex(),
        }

    def respond(self, challenge: str, pin: str) -> str:
        """The response to a challenge, both as typed, with any spaces and hyphens.

        A wrong PIN gives a wrong response and no error: the card does not know the right one.

        Raises:
            MalformedEntry: PIN or challenge is not a number of the right length.
        """
        pin = read_pin(pin)
        return respond(self.suite, self.key, self.read_challenge(challenge), pin=pin)

    def read_challenge(self, text: str) -> str:
        """The challenge as typed, freed of spaces and hyphens; raises MalformedEntry."""
        return _entry("challenge", text, self.suite.question_length)


def read_pin(text: str) -> str:
    """The PIN as typed, freed of spaces and hyphens; raises MalformedEntry."""
    return _entry("pin", text, PIN_LENGTH)


def _strings(document: Mapping[str, object]) -> dict[str, str]:
    if unknown := sorted(set(document) - set(_MEMBERS)):
        raise DamagedDevice(_("it must not hold {names}").format(names=", ".join(unknown)))
    members: dict[str, str] = {}
    for name in _MEMBERS:
        value = document.get(name)
        if not isinstance(value, str) or not value:
            raise DamagedDevice(_("{name} is missing or not a text").format(name=name))
        members[name] = value
    return members


def _check_computable(suite: Suite) -> None:
    if suite.counter or suite.session_length is not None or suite.time_step is not None:
        raise DamagedDevice(_("a card has no counter, session or clock, but its suite wants one"))
    if suite.question_format != "N" or suite.pin_hash is None or suite.digits == 0:
        raise DamagedDevice(_("a card has only digits and a PIN, but its suite wants otherwise"))


def _key(text: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError as error:
        raise DamagedDevice(_("its key is not in hexadecimal")) from error
    if len(key) not in _KEY_BYTES:
        raise DamagedDevice(_("its key has {count} bytes, not 16 to 64").format(count=len(key)))
    return key


def _entry(name: str, text: str, length: int) -> str:
    try:
        return read_digits(text, length)
    except DigitsError as error:
        code = f"{name}-{error.flaw.value}"
        raise MalformedEntry(code, _entry_message(name, error.flaw, length)) from error


def _entry_message(name: str, flaw: Flaw, length: int) -> str:
    what = _("challenge") if name == "challenge" else _("PIN")
    messages = {
        Flaw.EMPTY: _("The {what} is empty: it has {length} digits."),
        Flaw.TOO_SHORT: _("The {what} is too short: it has {length} digits."),
        Flaw.TOO_LONG: _("The {what} is too long: it has {length} digits."),
        Flaw.NOT_DIGITS: _("The {what} may hold only the digits 0 to 9."),
    }
    return messages[flaw].format(what=what, length=length)
