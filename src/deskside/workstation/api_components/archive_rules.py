"""What entries may be: pure decisions on names, kinds and sizes, for the strictest of systems.

A name must mean the same on Windows, macOS and Linux, so what only one of them would take amiss
is refused on all.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Sequence
from pathlib import PurePosixPath

from deskside.foundation.changes.planning import fold
from deskside.workstation.api_components.archive_format import STORED, Entry
from deskside.workstation.api_components.hostile import HostileArchive, Rule

MAX_TOTAL = 256 << 20
"""Bytes that all entries may unpack to; a vendor's package has some ten million."""

MAX_RATIO = 100
"""Times that content may be larger than its data. Source code comes to 5 or 10; deflate's limit
is 1032."""

RATIO_FROM = 64 << 10
"""Bytes below which a high ratio means nothing: a small file of blanks."""

MAX_DEPTH, MAX_NAME, MAX_PATH = 24, 255, 512
"""Folders within one another; bytes of one name; bytes of a whole path."""

_DRIVE = re.compile(r"[A-Za-z]:")
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f"*:<>?|\\]')
_DEVICES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])(\..*)?", re.IGNORECASE)
_PRIVILEGED = stat.S_ISUID | stat.S_ISGID | stat.S_ISVTX


def check(entries: Sequence[Entry], size: int) -> None:
    """Refuse entries that break a rule.

    Args:
        entries: all of one archive.
        size: bytes of the archive.

    Raises:
        HostileArchive: naming the first entry that breaks a rule, and the rule.
    """
    for entry in entries:
        _check_name(entry.name)
        _check_kind(entry)
        check_ratio(entry.size, entry.packed, entry.name)
        if entry.method == STORED and entry.size != entry.packed:
            raise HostileArchive(Rule.LYING_SIZE, entry.name)
    _check_twins(entries)
    total = sum(entry.size for entry in entries)
    if total > MAX_TOTAL:
        raise HostileArchive(Rule.TOO_LARGE)
    check_ratio(total, size)


def check_ratio(size: int, packed: int, name: str = "") -> None:
    """Refuse what unpacks to very much more than it should."""
    if size > RATIO_FROM and size > MAX_RATIO * packed:
        raise HostileArchive(Rule.RATIO, name)


def _check_name(name: str) -> None:
    """Refuse a name that could leave its folder, or that systems understand differently."""
    backslashed = name.replace("\\", "/")
    if backslashed.startswith("/") or _DRIVE.match(name):
        raise HostileArchive(Rule.ABSOLUTE, name)
    if ".." in backslashed.split("/"):
        raise HostileArchive(Rule.TRAVERSAL, name)
    parts = name.removesuffix("/").split("/")
    longest = max(len(part.encode("utf-8", "surrogatepass")) for part in parts)
    whole = len(name.encode("utf-8", "surrogatepass"))
    if len(parts) > MAX_DEPTH or longest > MAX_NAME or whole > MAX_PATH:
        raise HostileArchive(Rule.TOO_DEEP, name)
    if any(_unportable(part) for part in parts):
        raise HostileArchive(Rule.UNPORTABLE, name)


def _unportable(part: str) -> bool:
    """Whether some system cannot hold such a name, or takes it for another one."""
    return bool(
        part in ("", ".")
        or _FORBIDDEN.search(part)
        or part[-1] in ". "
        or part[0] == " "
        or _DEVICES.fullmatch(part)
        or not part.isprintable()
    )


def _check_kind(entry: Entry) -> None:
    kind = stat.S_IFMT(entry.mode)
    if kind == stat.S_IFLNK:
        raise HostileArchive(Rule.LINK, entry.name)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise HostileArchive(Rule.SPECIAL_FILE, entry.name)
    if entry.mode & _PRIVILEGED:
        raise HostileArchive(Rule.PRIVILEGED, entry.name)
    if kind and (kind == stat.S_IFDIR) != entry.is_folder:
        raise HostileArchive(Rule.RECORDS_DISAGREE, entry.name)
    if entry.is_folder and (entry.size or entry.packed > 2):
        raise HostileArchive(Rule.LYING_SIZE, entry.name)


def _check_twins(entries: Sequence[Entry]) -> None:
    """Refuse names that some system takes for one, of files and of the folders they lie in."""
    folders: dict[str, str] = {}
    files: dict[str, str] = {}
    explicit: set[str] = set()
    for entry in entries:
        name = entry.name.removesuffix("/")
        folder = name if entry.is_folder else name.rpartition("/")[0]
        _spell(folders, folder, entry.name)
        if not entry.is_folder:
            _claim(files, name)
        elif name in explicit:
            raise HostileArchive(Rule.TWINS, entry.name)
        else:
            explicit.add(name)
    for key in folders.keys() & files.keys():
        raise HostileArchive(Rule.TWINS, files[key])


def _claim(files: dict[str, str], name: str) -> None:
    key = _fold(name)
    if key in files:
        raise HostileArchive(Rule.TWINS, name)
    files[key] = name


def _spell(folders: dict[str, str], folder: str, name: str) -> None:
    """Remember how a folder and those around it are spelled; refuse two spellings of one."""
    while folder:
        known = folders.get(key := _fold(folder))
        if known == folder:
            return
        if known is not None:
            raise HostileArchive(Rule.TWINS, name)
        folders[key] = folder
        folder = folder.rpartition("/")[0]


def _fold(name: str) -> str:
    """The name as the least particular file systems see it: without case or Unicode form."""
    return name.lower() if name.isascii() else str(fold(PurePosixPath(name)))
