"""What this person has accepted and seen: licences by the hash of their text, archives by theirs.

One line of JSON each, appended and forced to the disk: nothing that was recorded changes later.
"""

from __future__ import annotations

import getpass
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deskside.foundation.paths import append_private, private_folder
from deskside.workstation.api_components.model import Licence

ACCEPTED, SEEN = "licence-accepted", "archive-seen"


class Records:
    """The records of one data folder."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "workstation" / "api-records.jsonl"

    def accepted(self, version: str, licence: Licence) -> bool:
        """Whether these very terms were accepted for this very version."""
        wanted = (ACCEPTED, version, licence.sha256)
        return any((r.get("what"), r.get("version"), r.get("licence")) == wanted for r in self)

    def accept(self, version: str, licence: Licence) -> None:
        """Record that the person accepts these terms for this version."""
        self._add(ACCEPTED, version, licence=licence.sha256, id=licence.id, user=_user())

    def first_seen(self, version: str) -> str:
        """The checksum of the archive of this version that was installed first; or nothing."""
        seen = (str(r["sha256"]) for r in self if (r["what"], r["version"]) == (SEEN, version))
        return next(iter(seen), "")

    def see(self, version: str, sha256: str) -> None:
        """Record the checksum of an archive that was trusted."""
        self._add(SEEN, version, sha256=sha256)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        try:
            lines = self._file.read_text("utf-8").splitlines()
        except FileNotFoundError:
            return
        for line in lines:
            try:
                record = json.loads(line)
            except ValueError:
                continue  # cut short by a crash
            if isinstance(record, dict) and {"what", "version"} <= record.keys():
                yield record

    def _add(self, what: str, version: str, **more: str) -> None:
        private_folder(self._file.parent)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        line = json.dumps({"what": what, "version": version, "when": now} | more)
        append_private(self._file, f"{line}\n".encode())


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""
