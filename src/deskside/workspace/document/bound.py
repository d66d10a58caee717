"""What in settings is bound to a person or to a computer: how it is recognised. Pure rules."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING

from deskside.workspace.document.noise import is_placed
from deskside.workspace.document.words import PLAIN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from deskside.workspace.document.tree import Element


class BoundKind(StrEnum):
    """Kinds of what is bound to a person or a computer."""

    ACCOUNT = "account-number"
    USER_FOLDER = "user-folder"
    SERVER = "server-peer"
    TRUSTED = "trusted-address"
    PATH = "path"
    GEOMETRY = "window-geometry"
    SECRET = "secret"  # noqa: S105 (the name of a kind)
    PERSON = "person"
    PORT = "port"


class Treatment(StrEnum):
    """What becomes of it in another person's settings, or on another computer.

    `keep-out`: the target's own value takes its place, or nothing does. `map`: as the mapping
    says, else as `keep-out`. `copy`: as it is in the source.
    """

    KEEP_OUT = "keep-out"
    MAP = "map"
    COPY = "copy"


DEFAULTS: dict[BoundKind, Treatment] = {
    BoundKind.ACCOUNT: Treatment.MAP,
    BoundKind.USER_FOLDER: Treatment.MAP,
    BoundKind.SERVER: Treatment.KEEP_OUT,
    BoundKind.TRUSTED: Treatment.KEEP_OUT,
    BoundKind.PATH: Treatment.KEEP_OUT,
    BoundKind.GEOMETRY: Treatment.COPY,
    BoundKind.SECRET: Treatment.KEEP_OUT,
    BoundKind.PERSON: Treatment.KEEP_OUT,
    BoundKind.PORT: Treatment.KEEP_OUT,
}
"""The place of windows is what people move settings for; all else is not."""

DEFAULTED = frozenset({BoundKind.PORT, BoundKind.SERVER})
"""Kinds that are left to the program's own default, not emptied, where there is no other value."""

TRUSTED_LIST = "trustedIPAddresses"
PLACE = ("x", "y", "width", "height", "maximized", "screen")
"""Attributes that say where on the screen a window is."""

_ACCOUNT = re.compile(r"(?<![A-Za-z0-9])[A-Z]{1,3}\d{5,9}(?![A-Za-z0-9])")
_SURE_ACCOUNT = re.compile(r"(?<![A-Za-z0-9])D?(?:U\d{5,9}|[FI]\d{6,9})(?![A-Za-z0-9])")
"""Numbers as IBKR gives them; `D` marks paper trading. Hex colours have one digit less."""

_FOLDER = re.compile(r"(?<![A-Za-z0-9])[a-p]{40}(?![A-Za-z0-9])")
_OLD_FOLDER = re.compile(
    r"[\\/](?i:Jts)[\\/]"
    r"(?!(?:ibgateway|charts|sounds|locales|cheatsheets|diagnostics)[\\/])([a-z]{6,11})(?=[\\/]|$)"
)
_ANY_FOLDER = re.compile(r"[a-z]{5,40}")
_PATH = re.compile(
    r"(?<![A-Za-z])[A-Za-z]:[\\/](?!/)|^\\\\\w|^~[\\/]|^file:|/(?:home|Users|root|Volumes|mnt|media)/"
    r"|^/[^/\s][^/]*/"
)
_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[A-Za-z]{2,}$")
_ADDRESS_LIKE = re.compile(r"[.:]")
_NAME_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_PLAIN_VALUE = re.compile(r"^(?:true|false|#|[-+]?\d{1,3}|)$")
_SECRET_WORDS = frozenset(
    {"password", "passwd", "pwd", "passphrase", "secret", "token", "credential", "credentials"}
)
_KEY_OWNERS = frozenset({"api", "private", "access", "auth", "session", "encryption", "licence"})
_PORT = ("ApiSettings", "port")
_SERVER_WORDS = frozenset({"host", "hostname", "peer", "server"})


def accounts_in(name: str, value: str) -> list[str]:
    """Account numbers in a value; a field that is named for accounts may hold any form of them."""
    words = _words(name)
    if {"account", "accounts", "acct"} & set(words):
        return _ACCOUNT.findall(value)
    return _SURE_ACCOUNT.findall(value)


def folders_in(value: str) -> list[str]:
    """Names of users' folders in a value: 40 letters, or fewer below `Jts`."""
    return [*_FOLDER.findall(value), *_OLD_FOLDER.findall(value)]


def is_secret(name: str, value: str) -> bool:
    """Whether a value is one that opens something. A key of the keyboard or of a map is none."""
    if _PLAIN_VALUE.match(value.strip()):
        return False
    words = _words(name)
    if _SECRET_WORDS & set(words):
        return True
    return words[-1:] == ("key",) and bool(_KEY_OWNERS & set(words))


def kind_of(element: Element, name: str, value: str) -> BoundKind | None:
    """What a value is bound by as a whole; numbers and folders within it are found apart.

    Args:
        name: of the attribute; the tag, or the `varName`, for a text.
    """
    if not value.strip():
        return None
    return next((kind for kind, test in _TESTS if test(element, name, value)), None)


def has_place(element: Element) -> bool:
    """Whether an element says where on the screen a window is."""
    return is_placed(element) and "x" in element.attributes and "y" in element.attributes


def name_of_text(element: Element, parent: Element | None) -> str:
    """What a text goes by: the items of a list have no name but the list's."""
    own = element.attributes.get("varName")
    if own or parent is None or element.tag not in PLAIN:
        return own or element.tag
    return parent.attributes.get("varName") or element.tag


def either(values: Iterable[str]) -> re.Pattern[str]:
    """A pattern that finds any of the values, the longest first; nothing where there are none."""
    longest_first = sorted(set(values), key=lambda one: (-len(one), one))
    return re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")


def is_loopback(address: str) -> bool:
    """Whether an address is this computer itself."""
    try:
        return ip_address(address.strip()).is_loopback
    except ValueError:
        return address.strip().lower() == "localhost"


def is_account(value: str) -> bool:
    """Whether a value has the form of an account number, and of nothing more."""
    return bool(_ACCOUNT.fullmatch(value))


def is_folder(value: str) -> bool:
    """Whether a value may be the name of a user's folder."""
    return bool(_ANY_FOLDER.fullmatch(value))


def _is_server(name: str, value: str) -> bool:
    return bool(_SERVER_WORDS & set(_words(name)[-1:]) and _ADDRESS_LIKE.search(value))


def _is_person(name: str, value: str) -> bool:
    named = _words(name) in (("username",), ("user", "name"))
    return bool(_EMAIL.match(value.strip()) or (named and not _PLAIN_VALUE.match(value)))


@lru_cache(maxsize=4096)
def _words(name: str) -> tuple[str, ...]:
    return tuple(word.lower() for word in _NAME_PARTS.findall(name))


_TESTS: tuple[tuple[BoundKind, Callable[[Element, str, str], bool]], ...] = (
    (BoundKind.SECRET, lambda _element, name, value: is_secret(name, value)),
    (BoundKind.PATH, lambda _element, _name, value: bool(_PATH.search(value))),
    (BoundKind.SERVER, lambda _element, name, value: _is_server(name, value)),
    (BoundKind.PERSON, lambda _element, name, value: _is_person(name, value)),
    (BoundKind.PORT, lambda element, name, _value: (element.tag, name) == _PORT),
)
"""What a value is bound by, the first that holds."""
