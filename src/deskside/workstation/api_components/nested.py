"""Archives in the archive that would be bombs to whoever unpacks them.

We never unpack them ourselves. What only looks like an archive is a file like any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from deskside.workstation.api_components import archive_format, archive_rules
from deskside.workstation.api_components.archive_format import Entry
from deskside.workstation.api_components.hostile import HostileArchive, Rule
from deskside.workstation.api_components.inflating import content

MAX_NESTING = 2
"""Archives within one another: a package holds a jar, and that may hold one."""

_BEGINNING = b"PK\3\4"
_BOMBS = (Rule.OVERLAP, Rule.TOO_MANY, Rule.TOO_LARGE, Rule.RATIO)


def check(contents: Mapping[str, bytes]) -> None:
    """Refuse contents among which is a bomb.

    Raises:
        HostileArchive: `nested-bomb`, naming the entry.
    """
    scale = _Scale()
    for name, held in contents.items():
        if held.startswith(_BEGINNING):
            try:
                scale.weigh(held, 1)
            except HostileArchive:
                raise HostileArchive(Rule.NESTED, name) from None


class _Scale:
    """Weighs archives, all of one package together: many small bombs are one large one."""

    def __init__(self) -> None:
        self._left = archive_rules.MAX_TOTAL

    def weigh(self, archive: bytes, depth: int) -> None:
        """Take what an archive unpacks to from what is left; HostileArchive if that is too much."""
        entries = self._entries(archive, depth)
        total = sum(entry.size for entry in entries)
        self._left -= total
        if self._left < 0:
            raise HostileArchive(Rule.TOO_LARGE)
        archive_rules.check_ratio(total, len(archive))
        for entry in entries:
            archive_rules.check_ratio(entry.size, entry.packed)
            self._weigh_within(archive, entry, depth)

    def _entries(self, archive: bytes, depth: int) -> Sequence[Entry]:
        try:
            entries = archive_format.read(archive)
        except HostileArchive as refused:
            if refused.rule in _BOMBS:
                raise
            return ()
        if depth > MAX_NESTING:
            raise HostileArchive(Rule.NESTED)
        return entries

    def _weigh_within(self, archive: bytes, entry: Entry, depth: int) -> None:
        try:
            inner = content(archive, entry)
        except HostileArchive:
            return
        if inner.startswith(_BEGINNING):
            self.weigh(inner, depth + 1)
