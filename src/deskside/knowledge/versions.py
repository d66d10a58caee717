"""Every version of a desk's own articles that was ever shown, to compare and to put back.

    <folder>/.versions/<number>/<language>/0001-20261126T234500Z.md

A text becomes a version when it could be understood and was shown; the newest is the last good
one. A version is never changed and never taken away.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from deskside.foundation.errors import NotFound
from deskside.foundation.paths import create_private, private_folder
from deskside.foundation.text import _

FOLDER = ".versions"
NAME = re.compile(r"(?P<count>[0-9]{4,})-(?P<at>[0-9]{8}T[0-9]{6}Z)\.md")
WRITTEN = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True)
class Version:
    """One version of one text.

    Attributes:
        count: 1 for the oldest.
        at: when it was first seen, in UTC.
        path: the file that keeps it.
    """

    count: int
    at: datetime
    path: Path

    def read(self) -> str:
        """The article's file as it was."""
        return self.path.read_bytes().decode()


class Versions:
    """The versions of the texts in one folder of a desk's own articles."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER

    def of(self, number: str, language: str) -> list[Version]:
        """All versions of a text, the oldest first."""
        place = self._folder / number / language
        return sorted(_versions(place), key=lambda version: version.count)

    def one(self, number: str, language: str, count: int) -> Version:
        """A version by its count.

        Raises:
            NotFound: `unknown-version`; the hint names those that there are.
        """
        kept = self.of(number, language)
        for version in kept:
            if version.count == count:
                return version
        there = f"1–{kept[-1].count}" if kept else _("none")
        raise NotFound(
            "unknown-version",
            _("KB{number} ({language}) has no version {count}.").format(
                number=number, language=language, count=count
            ),
            hint=_("There are: {versions}").format(versions=there),
        )

    def keep(self, number: str, language: str, content: bytes, now: datetime) -> None:
        """Make a text the newest version, unless it is that already."""
        kept = self.of(number, language)
        if kept and kept[-1].path.read_bytes() == content:
            return
        place = private_folder(self._folder / number / language)
        count = kept[-1].count + 1 if kept else 1
        # Where another process is first, it has seen the same file.
        create_private(place / f"{count:04}-{now.astimezone(UTC):{WRITTEN}}.md", content)

    def texts(self) -> list[tuple[str, str]]:
        """Number and language of every text that has a version."""
        return sorted((p.parent.name, p.name) for p in self._folder.glob("*/*") if p.is_dir())


def difference(old: str, new: str, names: tuple[str, str]) -> list[str]:
    """What changed from one text to another, as lines of a unified diff; empty where nothing."""
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), *names, lineterm="")
    return list(lines)


def _versions(place: Path) -> Iterator[Version]:
    if not place.is_dir():
        return
    for path in place.iterdir():
        if matched := NAME.fullmatch(path.name):
            at = datetime.strptime(matched["at"], WRITTEN).replace(tzinfo=UTC)
            yield Version(int(matched["count"]), at, path)
