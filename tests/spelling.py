"""The words of a text that no dictionary knows: hunspell with Debian's British and Italian ones.

What is not prose does not count: code, commands, addresses, hosts, names of files, codes, figures,
abbreviations in capitals. `spelling.txt` holds the field's own words.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

from markdown_it import MarkdownIt

TERMS = Path(__file__).with_name("spelling.txt")
DICTIONARIES = {"en": "en_GB", "it": "it_IT"}

_FIGURE = re.compile(r"\S*\w[./@_=]\w\S*|\w*\d\w*|--?[a-z]+")
_MARK = re.compile(r"\{(?:#|check=)[^}]*\}")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_ELIDED = re.compile(r"[cdlns]|[dn]?ell|quell|d?all|sull|un|qualcos|anch|com|cos|dov")
_GAPS = {"softbreak", "hardbreak", "code_inline", "inline"}
"""What stands between two words without being one."""


def terms() -> list[str]:
    """The words of the field, as they stand in the file."""
    return TERMS.read_text(encoding="utf-8").splitlines()


def _known() -> set[str]:
    """The words of the field, those in small letters also at the beginning of a sentence."""
    listed = terms()
    return {*listed, *(word.capitalize() for word in listed if word.islower())}


def prose(markdown: str) -> str:
    """The words of a Markdown text that are not code."""
    parsed = MarkdownIt("commonmark", {"html": True}).enable("table").parse(markdown)
    shown = [
        child.content if child.type == "text" else " " if child.type in _GAPS else ""
        for token in parsed
        for child in [*(token.children or ()), token]
    ]
    return _MARK.sub(" ", "".join(shown))


def words(text: str) -> set[str]:
    """The words of a text that should be in a dictionary."""
    found = (word.replace("’", "'") for word in _WORD.findall(_FIGURE.sub(" ", text)))
    return {word.removesuffix("'s") for word in found if not word.isupper()}


def unknown(found: Iterable[str], language: str) -> set[str]:
    """Those of the words that are neither the language's nor the field's.

    An Italian text quotes the menus and messages of programs that speak English.
    """
    left = set(found) - _known()
    if language == "it":
        left = {part for word in left for part in _parts(word)} - _known()
        left = _unknown(left, DICTIONARIES["it"])
    return _unknown(left, DICTIONARIES["en"])


def _parts(word: str) -> list[str]:
    """`dell'accesso` is two words, and the dictionary has only the second."""
    *before, last = word.split("'")
    return [last, *(part for part in before if not _ELIDED.fullmatch(part.lower()))]


def _unknown(found: set[str], dictionary: str) -> set[str]:
    command = ["hunspell", "-d", dictionary, "-i", "utf-8", "-l"]
    told = subprocess.run(
        command, input="\n".join(sorted(found)), capture_output=True, text=True, check=True
    )
    return set(told.stdout.split())
