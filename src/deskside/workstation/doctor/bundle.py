"""The support bundle: what was found, without what is personal, and a list of what is in it.

User names, the home folder, host names, addresses, account numbers and digests of contents are
replaced by names that are the same wherever they occur, so that a reader can still tell that two
places speak of one thing.
"""

from __future__ import annotations

import io
import json
import platform
import sys
import zipfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from deskside import __version__
from deskside.foundation.errors import DesksideError, Refused
from deskside.foundation.findings import Finding, report
from deskside.foundation.paths import create_private
from deskside.foundation.redaction import Redactor
from deskside.foundation.text import _
from deskside.workspace import looking


def contents(findings: Iterable[Finding], timings: dict[str, float]) -> dict[str, bytes]:
    """The files of a bundle by name, personal data removed; the list of them is one of them."""
    redactor = Redactor.of_this_computer(_user_names())
    machine = {
        "deskside": __version__,
        "python": platform.python_version(),
        "system": platform.system(),
        "release": platform.release(),
        "machine": platform.machine(),
        "bits": 64 if sys.maxsize > 2**32 else 32,
    }
    parts: dict[str, object] = {
        "findings.json": redactor.value(report(findings)),
        "computer.json": machine,
        "timings.json": {name: round(seconds, 3) for name, seconds in timings.items()},
    }
    files = {
        name: json.dumps(part, ensure_ascii=False, indent=2, default=str).encode()
        for name, part in parts.items()
    }
    replaced = sorted({*redactor.known.values(), *redactor.given.values()})
    lines = [f"{name}  {len(content)} bytes" for name, content in files.items()]
    lines += ["", "Replaced:", *replaced]
    return files | {"CONTENTS.txt": ("\n".join(lines) + "\n").encode()}


def zipped(files: dict[str, bytes]) -> bytes:
    """A bundle as the content of a zip file."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def _user_names() -> dict[str, str]:
    """The user names whose settings lie on this computer, and what they are called instead."""
    with suppress(DesksideError):
        users = sorted({w.user for w in looking.workspaces()})
        return {user: f"<user {number}>" for number, user in enumerate(users, 1)}
    return {}


def write(file: Path, files: dict[str, bytes]) -> None:
    """Write a bundle, readable by its owner alone.

    Raises:
        Refused: `file-exists`: nothing is overwritten.
    """
    if not file.parent.is_dir() or not create_private(file, zipped(files)):
        raise Refused(
            "file-exists",
            _("{file} cannot be written: it exists, or its folder does not.").format(file=file),
            hint=_("Name a new file."),
        )
