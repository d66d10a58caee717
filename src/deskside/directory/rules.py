"""What the directory accepts, decided without looking anything up.

A password needs length, not composition (NIST SP 800-63B-4 section 3.1.1.2, ASVS 6.2): at least
eight characters, any characters, and none of those that everybody tries first.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import timedelta
from functools import cache
from importlib.resources import files
from itertools import pairwise

from deskside.directory.model import LinkPurpose
from deskside.foundation.errors import UsageProblem
from deskside.foundation.text import _

SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 1000
"""Only so that a request stays small; far beyond any passphrase."""

LINK_LIFETIME = {
    LinkPurpose.SET_UP: timedelta(hours=24),
    # Of a hundred thousand who are invited at once, many read it days later.
    LinkPurpose.INVITATION: timedelta(days=7),
    LinkPurpose.RESET: timedelta(hours=1),
}

_USER_NAME = re.compile(r"[a-z][a-z0-9._-]{2,31}")
_SHORTEST_PERSONAL_PART = 4
_LONGEST_WORD = 60
_SUBSTITUTES = str.maketrans("013457@$!", "oieastasi")


class PasswordRefused(UsageProblem):
    """The password is not acceptable.

    `code` is one of `password-too-short`, `password-too-long`, `password-common`,
    `password-personal`, `password-repeat-differs`.
    """


def is_user_name(text: str) -> bool:
    """Whether a text can be a user name: lower case, three to 32 characters."""
    return _USER_NAME.fullmatch(text) is not None


def name_words(name: str) -> frozenset[str]:
    """The words of a holder's name as they are searched: without case, accents and punctuation."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    return frozenset(word[:_LONGEST_WORD] for word in re.findall(r"\w+", letters))


def check_user_name(text: str) -> str:
    """The user name itself.

    Raises:
        UsageProblem: it cannot be one.
    """
    if not is_user_name(text):
        raise UsageProblem(
            "user-name-malformed",
            _("“{name}” cannot be a user name.").format(name=text[:40]),
            hint=_("Use 3 to 32 lower-case letters, digits, dots and hyphens; a letter first."),
        )
    return text


def normal_password(text: str) -> str:
    """The password as it is hashed: the same for every way that keyboards compose a character."""
    return unicodedata.normalize("NFKC", text)


def check_password(text: str, personal: Iterable[str] = ()) -> str:
    """The password as it is hashed, if it may be chosen.

    `personal` are texts that others know of the person: user name, name, e-mail address.

    Raises:
        PasswordRefused: with the reason.
    """
    password = normal_password(text)
    if len(password) < SHORTEST_PASSWORD:
        raise PasswordRefused(
            "password-too-short",
            _("The password must have at least {count} characters.").format(
                count=SHORTEST_PASSWORD
            ),
            hint=_("Several words that only you would put together are easiest to remember."),
        )
    if len(password) > LONGEST_PASSWORD:
        raise PasswordRefused(
            "password-too-long",
            _("The password may have at most {count} characters.").format(count=LONGEST_PASSWORD),
        )
    if _is_common(password):
        raise PasswordRefused(
            "password-common",
            _("This password is one of those that are tried first."),
            hint=_("Choose something that nobody else would think of."),
        )
    if _is_personal(password, personal):
        raise PasswordRefused(
            "password-personal",
            _("This password is made of your user name, your name or your e-mail address."),
            hint=_("Choose something that others don't know of you."),
        )
    return password


@cache
def common_words() -> frozenset[str]:
    """The hearts of common passwords."""
    text = files("deskside.directory").joinpath("common_passwords.txt").read_text("utf-8")
    return frozenset(line for line in text.split("\n") if line and not line.startswith("#"))


@cache
def leaked_passwords() -> frozenset[str]:
    """The thirty thousand most frequent passwords of known leaks, the list of zxcvbn."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # type: ignore[import-untyped]

    return frozenset(FREQUENCY_LISTS["passwords"])


def _is_common(password: str) -> bool:
    lowered = password.lower()
    if lowered in leaked_passwords():
        return True
    if len(set(lowered)) <= 2 or _is_run(lowered) or _is_repeated(lowered):
        return True
    return not common_words().isdisjoint({lowered, _letters(lowered), _letters(_core(lowered))})


def _core(lowered: str) -> str:
    """What is left of a password without what people add at its ends, in plain letters."""
    return lowered.strip("0123456789!?.,;:*#+-_ @$%&/()").translate(_SUBSTITUTES)


def _letters(text: str) -> str:
    return "".join(mark for mark in text if mark.isalpha())


def _is_run(text: str) -> bool:
    steps = {ord(after) - ord(before) for before, after in pairwise(text)}
    return len(steps) == 1 and steps <= {-1, 0, 1}


def _is_repeated(text: str) -> bool:
    """Whether a short piece makes up the whole: `12341234`, `abcabcabc`."""
    return any(
        text == (text[:size] * (len(text) // size + 1))[: len(text)]
        for size in range(1, min(5, len(text) // 2 + 1))
    )


def _is_personal(password: str, personal: Iterable[str]) -> bool:
    """Whether next to nothing of the password is the person's own invention."""
    rest = password.lower()
    parts = {part for text in personal for part in [text, *re.split(r"[\s@._-]+", text)]}
    for part in sorted(map(str.lower, parts), key=len, reverse=True):
        if len(part) >= _SHORTEST_PERSONAL_PART:
            rest = rest.replace(part, "")
    return len(rest) < len(password) and len(_letters(rest)) < _SHORTEST_PERSONAL_PART
