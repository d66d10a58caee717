"""The support bundle: what was found, without what is personal, and a list of what is in it.

User names, the home folder, host names, addresses, account numbers and digests of contents are
replaced by names that are the same wherever they occur, so that a reader can still tell that two
places speak of one thing.
"""

from __future__ import annotations

import getpass
import io
import json
import platform
import re
import socket
import sys
import zipfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from deskside import __version__
from deskside.foundation.errors import DesksideError, Refused
from deskside.foundation.findings import Finding, report
from deskside.foundation.paths import create_private
from deskside.foundation.text import _
from deskside.workspace import looking

_SHAPES = (
    ("address", re.compile(r"(?<![\d.])(?!127\.0\.0\.1\b)(?:\d{1,3}\.){3}\d{1,3}(?![\d.])")),
    ("address", re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){3,7}[0-9A-Fa-f]{1,4}(?![\w:])")),
    ("mail", re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")),
    ("account", re.compile(r"\b(?:DU|DF|U|F|I)\d{5,9}\b")),
    ("user-folder", re.compile(r"\b[a-p]{40}\b|(?<=Jts[/\\])[a-z]{6,11}(?=[/\\])")),
    ("person", re.compile(r"(?<=[/\\]home[/\\])[^/\\\s\"']+|(?<=[/\\]Users[/\\])[^/\\\s\"']+")),
)


@dataclass
class Redactor:
    """Takes personal data out of texts; the same is called the same throughout.

    Args:
        known: what is personal on this computer, and what it is called instead.
    """

    known: dict[str, str]
    given: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of_this_computer(cls) -> Redactor:
        """One that knows this computer's person, home and name."""
        try:
            person = getpass.getuser()
        except (KeyError, OSError):
            person = ""
        known = {str(Path.home()): "<home>", socket.gethostname(): "<computer>"}
        with suppress(DesksideError):
            users = sorted({w.user for w in looking.workspaces()})
            known |= {user: f"<user {number}>" for number, user in enumerate(users, 1)}
        if len(person) > 2:
            known[person] = "<person>"
        return cls({text: name for text, name in known.items() if len(text) > 1})

    def text(self, text: str) -> str:
        """The text without personal data."""
        for personal in sorted(self.known, key=len, reverse=True):
            text = re.sub(rf"(?<!\w){re.escape(personal)}(?!\w)", self.known[personal], text)
        for kind, shape in _SHAPES:
            text = shape.sub(lambda found, kind=kind: self._name(kind, found[0]), text)  # type: ignore[misc]
        return text

    def value(self, value: object) -> object:
        """The same for values of JSON, names of fields left as they are."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {name: self.value(item) for name, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(item) for item in value]
        return value

    def _name(self, kind: str, found: str) -> str:
        count = sum(name.startswith(f"<{kind} ") for name in self.given.values())
        return self.given.setdefault(found, f"<{kind} {count + 1}>")


def contents(findings: Iterable[Finding], timings: dict[str, float]) -> dict[str, bytes]:
    """The files of a bundle by name, personal data removed; the list of them is one of them."""
    redactor = Redactor.of_this_computer()
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
