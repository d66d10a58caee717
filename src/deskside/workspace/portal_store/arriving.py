"""What may come into the store: limits, names, formats. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any

from deskside.foundation.errors import Refused, UsageProblem
from deskside.foundation.text import _
from deskside.foundation.units import size
from deskside.workspace.model import Kind
from deskside.workspace.portal_store.model import (
    PLAIN_FORMAT,
    SEALED_FORMAT,
    StoredKind,
    StoredSnapshot,
    WorkstationName,
)
from deskside.workspace.rules import kind_of

LONGEST_NOTE = 500
LONGEST_NAME = 100

_WORKSPACE = re.compile(r"[A-Za-z0-9_-]{1,80}\.[a-z]{1,10}")
_ID = re.compile(r"[0-9a-z]{26}")
_AGE = re.compile(
    rb"age-encryption\.org/v1\n(?:-> [!-~]+(?: [!-~]+)*\n(?:[A-Za-z0-9+/]{64}\n)*"
    rb"[A-Za-z0-9+/]{0,63}\n){1,20}--- [A-Za-z0-9+/]{43}\n"
)
_AGE_HEADER = 1 << 16
_AGE_LEAST = 32
"""Bytes that follow an age header at least: a nonce (16) and the tag of the last piece (16)."""

_RECIPIENT = re.compile(r"age1[02-9ac-hj-np-z]{58}")


@dataclass(frozen=True)
class Draft:
    """A version that is about to be stored.

    Attributes:
        base: id of the latest version that its sender had seen; empty for none.
    """

    user_name_id: str
    workspace: str
    content: bytes
    sha256: str
    format: int
    base: str
    note: str
    workstation: WorkstationName | None

    @cached_property
    def kind(self) -> StoredKind:
        """What the content holds; read to its end once, and only when it may be stored."""
        return stored_kind(self.content, self.format)


class SettingsConflict(Refused):
    """Others have pushed since: both are kept, nothing was overwritten.

    Attributes:
        latest: the portal's latest version, if it has any.
        snapshots: how many it has.
    """

    def __init__(self, latest: StoredSnapshot | None, snapshots: int) -> None:
        self.latest = latest
        self.snapshots = snapshots
        super().__init__(
            "settings-conflict",
            _(
                "The portal holds settings that this computer has not seen; nothing was "
                "overwritten."
            ),
            hint=_(
                "Both are kept: the portal's history has {count}, see deskside settings history. "
                "Take the portal's: deskside settings pull. "
                "Or put yours on top: deskside settings push --keep-mine"
            ).format(count=snapshots),
        )


def check_names(workspace: str, note: str, workstation: WorkstationName | None) -> None:
    """Refuse names and notes that no honest client sends.

    Raises:
        UsageProblem: `wrong-name`, `note-too-long`, `wrong-workstation`.
    """
    if not _WORKSPACE.fullmatch(workspace):
        raise UsageProblem("wrong-name", _("That is not the name of a workspace."))
    if len(note) > LONGEST_NOTE or not note.isprintable():
        raise UsageProblem(
            "note-too-long",
            _("A note is one line of at most {most} characters.").format(most=LONGEST_NOTE),
        )
    if workstation and not (
        _ID.fullmatch(workstation.id)
        and len(workstation.name) <= LONGEST_NAME
        and workstation.name.isprintable()
    ):
        raise UsageProblem(
            "wrong-workstation",
            _(
                "A workstation is named by 26 lower-case letters and digits, and called by one "
                "line of at most {most} characters."
            ).format(most=LONGEST_NAME),
        )


def check_size(content: bytes, most: int) -> None:
    """Refuse what is larger than a portal takes; raises UsageProblem `settings-too-large`."""
    if len(content) > most:
        raise UsageProblem(
            "settings-too-large",
            _("The settings are larger than {most}.").format(most=size(most)),
        )


def check_format(stated: int) -> None:
    """Refuse formats that this program does not know; raises UsageProblem `settings-format`."""
    if stated not in (PLAIN_FORMAT, SEALED_FORMAT):
        raise UsageProblem(
            "settings-format",
            _("This portal does not know that format of settings."),
            hint=_("The portal is older than this computer's Deskside: upgrade it first."),
        )


def stored_kind(content: bytes, stated: int) -> StoredKind:
    """What a content holds, having made sure that it is of the format that was stated.

    Raises:
        Refused: what `rules.kind_of` refuses; `settings-not-sealed`.
    """
    if stated == PLAIN_FORMAT:
        return StoredKind.OPAQUE if kind_of(content) is Kind.OPAQUE else StoredKind.XML
    header = _AGE.match(content, 0, _AGE_HEADER)
    if header is None or len(content) - header.end() < _AGE_LEAST:
        raise Refused(
            "settings-not-sealed",
            _("What was sent is not sealed, though it says so; nothing was stored."),
            hint=_("Send it again; if that does not help, upgrade Deskside on this computer."),
        )
    return StoredKind.SEALED


def checked_recipient(text: str) -> str:
    """An age recipient (X25519, `age1` and 58 characters of Bech32).

    Raises:
        UsageProblem: `wrong-recipient`.
    """
    age: Any = import_module("pyrage")  # comes without types
    try:
        if _RECIPIENT.fullmatch(text):
            return str(age.x25519.Recipient.from_str(text))
    except age.RecipientError:
        pass
    raise UsageProblem(
        "wrong-recipient",
        _("That is not the recipient of an age key."),
        hint=_("It begins with age1 and has 62 characters. Never send the secret key."),
    )


def is_id(text: str) -> bool:
    """Whether a text could be the id of anything here."""
    return bool(_ID.fullmatch(text))
