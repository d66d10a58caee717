"""Finding and reading the settings on this computer, while their program may be writing them."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import sys
from dataclasses import dataclass, field
from pathlib import Path

from deskside.foundation.errors import NotFound, Refused
from deskside.foundation.text import _
from deskside.workspace.model import PROGRAMS, Kind, Workspace
from deskside.workspace.rules import LARGEST, kind_of, too_large

DEPTH = 3
"""Folders below a root that are searched: Gateway has ibgateway/<version>/<user>."""

USER_FOLDER = re.compile(r"[a-p]{40}|[a-z]{8,11}")
"""How TWS names the folder of a user: newer versions by the first form, older by the second."""

ATTEMPTS = 3


LARGEST_INI = 1_000_000
"""Bytes of `jts.ini` that are looked at."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A settings file as it was at one moment."""

    content: bytes = field(repr=False)
    kind: Kind
    modified_ns: int

    @property
    def sha256(self) -> str:
        """Digest of the content."""
        return hashlib.sha256(self.content).hexdigest()


def default_root() -> Path:
    """Where TWS keeps its settings unless told otherwise."""
    return Path("C:/Jts") if sys.platform == "win32" else Path.home() / "Jts"


def discover(root: Path) -> list[Workspace]:
    """The workspaces under a root, which may itself be a user's folder.

    A settings file counts by its name even where its content is damaged: that is when it is
    wanted most.

    Raises:
        NotFound: `settings-no-root`.
    """
    if not root.is_dir():
        raise no_root(root)
    found = _search(root.resolve(), DEPTH)
    order = list(PROGRAMS)
    return sorted(found, key=lambda w: (str(w.file.parent), order.index(w.file.name.lower())))


def to_be(folder: Path) -> Workspace | None:
    """The workspace that a folder without settings is meant for; None if it is no user's folder.

    A user's folder is known by its name, or because `jts.ini` beside it names it.
    """
    if not folder.is_dir():
        return None
    known = _first_bytes(folder.parent / "jts.ini").decode("latin-1")
    named = re.search(rf"^{re.escape(folder.name)}\s*=", known, re.MULTILINE)
    if not (named or USER_FOLDER.fullmatch(folder.name)):
        return None
    gateway = "[IBGateway]" in known or "ibgateway" in map(str.lower, folder.parts)
    return Workspace(folder / ("ibg.xml" if gateway else "tws.xml"))


def no_root(root: Path) -> NotFound:
    """There is no folder of settings here."""
    return NotFound(
        "settings-no-root",
        _("There are no TWS settings at {root}.").format(root=root),
        hint=_("Name the folder with --root DIR; in TWS, Ctrl+Alt+U shows it."),
        article="2323#settings-no-root",
    )


def read(file: Path) -> Reading:
    """A settings file, whole and valid, as it was at one moment.

    Raises:
        NotFound: `settings-missing`.
        Refused: `settings-changing`, `settings-unreadable`, and those of `rules.kind_of`.
    """
    for _attempt in range(ATTEMPTS):
        content, steady, modified_ns = _read_once(file)
        if steady:
            return Reading(content, kind_of(content), modified_ns)
    raise Refused(
        "settings-changing",
        _("{file} is being written at this moment.").format(file=file),
        hint=_("Close the trading program, or try again in a moment."),
    )


def _first_bytes(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(LARGEST_INI)
    except OSError:
        return b""


def _search(folder: Path, depth: int) -> list[Workspace]:
    found: list[Workspace] = []
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return []
    for entry in entries:
        path = folder / entry.name
        if entry.name.lower() in PROGRAMS and not entry.is_dir():
            found.append(Workspace(path))
        elif depth and entry.is_dir(follow_symlinks=False):
            found += _search(path, depth - 1)
    return found


def _read_once(file: Path) -> tuple[bytes, bool, int]:
    """Content, whether it stood still meanwhile, and when it was modified."""
    try:
        with file.open("rb") as opened:
            before = os.fstat(opened.fileno())
            if not stat.S_ISREG(before.st_mode):
                raise _unreadable(file, _("not a plain file"))
            if before.st_size > LARGEST:
                raise too_large(before.st_size)
            content = opened.read(LARGEST + 1)
        after = file.stat()
    except FileNotFoundError:
        raise _missing(file) from None
    except OSError as error:
        raise _unreadable(file, error.strerror or repr(error)) from error
    steady = _mark(before) == _mark(after) and len(content) == after.st_size
    return content, steady, after.st_mtime_ns


def _mark(info: os.stat_result) -> tuple[int, int, int]:
    return info.st_ino, info.st_size, info.st_mtime_ns


def _missing(file: Path) -> NotFound:
    return NotFound(
        "settings-missing",
        _("There is no file {file}.").format(file=file),
        hint=_("Check the path, or restore it from the history."),
        article="2323#settings-missing",
    )


def _unreadable(file: Path, reason: str) -> Refused:
    return Refused(
        "settings-unreadable",
        _("{file} cannot be read: {reason}.").format(file=file, reason=reason),
        hint=_("Check the permissions of the file and of its folder."),
    )
