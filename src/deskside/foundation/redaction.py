"""Personal data taken out of what leaves this computer.

User names, the home folder, host names, addresses, account numbers and digests of contents are
replaced by names that are the same wherever they occur, so that a reader can still tell that two
places speak of one thing.
"""

from __future__ import annotations

import getpass
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_SHAPES = (
    ("address", re.compile(r"(?<![\d.])(?!127\.0\.0\.1\b)(?:\d{1,3}\.){3}\d{1,3}(?![\d.])")),
    ("address", re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){3,7}[0-9A-Fa-f]{1,4}(?![\w:])")),
    ("mail", re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")),
    ("account", re.compile(r"\b(?:DU|DF|U|F|I)\d{5,9}\b")),
    ("user-folder", re.compile(r"\b[a-p]{40}\b|(?<=Jts[/\\])[a-z]{6,60}(?=[/\\])|\b[a-z]{8}…")),
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
    def of_this_computer(cls, more: Mapping[str, str]) -> Redactor:
        """One that knows this computer's person, home and name, and `more` of the kind."""
        try:
            person = getpass.getuser()
        except (KeyError, OSError):
            person = ""
        known = {str(Path.home()): "<home>", socket.gethostname(): "<computer>"} | dict(more)
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
