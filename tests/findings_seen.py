"""What the product finds while the tests run: each code must have its section in an article.

A static list forgets what nobody entered in it. Here every finding that code of the product makes
in a process of the tests is noted; at the end of the run those are told that no article explains
in both languages, that name an article or an anchor which does not exist, or whose evidence has no
words, and the run fails.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from deskside.foundation.evidence import has_name
from deskside.foundation.findings import Finding
from deskside.foundation.text import LANGUAGES
from deskside.knowledge import markdown
from deskside.knowledge.service import Library

Seen = tuple[str, str | None, tuple[str, ...]]
"""The code of a finding, the article that it names, and the names of what was seen."""

SEEN: set[Seen] = set()
ELSEWHERE = ("deskside.foundation.registry", "deskside.knowledge.results.model")
"""Make findings of codes that others give them: a check of anybody's that raises, a computer
that sends its result."""


def watch() -> None:
    """Note every finding from now on."""
    made = Finding.__init__

    def noted(self: Finding, **values: Any) -> None:
        made(self, **values)
        module = sys._getframe(1).f_globals["__name__"]
        if module.startswith("deskside.") and module not in ELSEWHERE:
            SEEN.add((self.code, self.article, tuple(sorted(self.evidence))))

    Finding.__init__ = noted  # type: ignore[method-assign]


def unexplained(seen: Iterable[Seen]) -> list[str]:
    """What is wrong with each of them, in words."""
    library = Library.open(own=Path("/nowhere"))
    numbers = [article.number for article in library.articles()]
    told = []
    for language in LANGUAGES:
        bodies = {number: library.article(number, language).body for number in numbers}
        anchors = {n: {s.anchor for s in markdown.sections(b)} for n, b in bodies.items()}
        everywhere = set().union(*anchors.values())
        for code, article, _names in seen:
            number, _hash, anchor = (article or "").partition("#")
            if code not in everywhere:
                told.append(f"{code}: no article explains it ({language})")
            if article and (number not in anchors or (anchor and anchor not in anchors[number])):
                told.append(f"{code}: {article} does not exist ({language})")
    for code, _article, evidence in seen:
        told += [f"{code}: {name} has no words" for name in evidence if not known(name)]
    return sorted(set(told))


def known(name: str) -> bool:
    """Whether what was seen can be told in each language; what is no snake_case is the vendor's."""
    return has_name(name) or name != name.lower()
