"""The key that seals the history: one small file, written twice, so that a changed byte is found
and loses nothing.

Where logs exist and their key does not, no new one is made: it would open none of them.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from deskside.foundation.errors import Refused
from deskside.foundation.text import _
from deskside.workspace.history import disk

NAME = "history.key"
_TITLE = "deskside-history-key-1"


def read_key(folder: Path) -> tuple[bytes, bool]:
    """The key, and whether the file is exactly what was written.

    Raises:
        Refused: `history-key-missing`, `history-key-damaged`.
        OSError: it cannot be read.
    """
    try:
        text = (folder / NAME).read_bytes()
    except FileNotFoundError:
        raise _missing(folder / NAME) from None
    half = len(text) // 2
    for line in (text[: half - 1], text[half:-1], *text.splitlines()):
        key = _key(line)
        if key:
            return key, text == _text(key)
    raise _damaged(folder / NAME)


def make_key(folder: Path) -> bytes:
    """The key, made where the folder holds no history yet. For whoever holds the lock."""
    if (folder / NAME).exists() or any(folder.glob("*.log")):
        return read_key(folder)[0]
    key = os.urandom(32)
    disk.replace(folder / NAME, [_text(key)])
    return key


def mend_key(folder: Path) -> None:
    """Write the key anew from the good line that is left."""
    key, whole = read_key(folder)
    if not whole:
        disk.replace(folder / NAME, [_text(key)])


def _text(key: bytes) -> bytes:
    line = f"{_TITLE} {key.hex()} {_check(key)}\n"
    return (line * 2).encode()


def _key(line: bytes) -> bytes | None:
    try:
        title, written, check = line.decode("ascii").split(" ")
        key = bytes.fromhex(written)
    except ValueError:
        return None
    return key if (title, check) == (_TITLE, _check(key)) and len(key) == 32 else None


def _check(key: bytes) -> str:
    return hashlib.blake2b(key, digest_size=8, person=b"deskside-key").hexdigest()


def _missing(file: Path) -> Refused:
    return Refused(
        "history-key-missing",
        _("The key of the history is missing: {file}.").format(file=file),
        hint=_("Put it back from a backup. Without it, nobody can open the snapshots here."),
    )


def _damaged(file: Path) -> Refused:
    return Refused(
        "history-key-damaged",
        _("The key of the history is damaged: {file}.").format(file=file),
        hint=_("Put it back from a backup. Without it, nobody can open the snapshots here."),
    )
