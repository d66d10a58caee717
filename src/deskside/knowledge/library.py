"""The folder of articles: `articles/<number>/<language>.md`."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from deskside.foundation.text import DEFAULT, _
from deskside.knowledge.front_matter import LARGEST, BadArticle, parse, too_long
from deskside.knowledge.model import Article

PACKAGE = Path(__file__).resolve().parent.parent
LARGEST_FILE = 4 * LARGEST
"""Bytes that a character of UTF-8 has at most, for the longest text."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """All articles of a folder.

    Attributes:
        articles: by number, then by language.
        faults: the files that could not be understood, and why.
        folder: where they were read.
    """

    articles: dict[str, dict[str, Article]]
    faults: tuple[BadArticle, ...]
    folder: Path

    def is_outdated(self, article: Article) -> bool:
        """Whether a translation is one of an older version of the English text."""
        original = self.articles.get(article.number, {}).get(DEFAULT)
        known = article.translates and original is not None and original is not article
        return bool(known and original and original.digest != article.translates)

    def successor(self, number: str) -> str | None:
        """Number of the article that replaces another, if one does."""
        for other, texts in self.articles.items():
            if any(number in article.supersedes for article in texts.values()):
                return other
        return None


def articles_folder() -> Path:
    """Where the articles lie: inside the installed package, or beside a checkout's `src`."""
    packaged = PACKAGE / "articles"
    return packaged if packaged.is_dir() else PACKAGE.parent.parent / "articles"


def read_shelf(folder: Path) -> Shelf:
    """Every article of a folder; one bad file does not hide the others."""
    articles: dict[str, dict[str, Article]] = {}
    faults: list[BadArticle] = []
    for path in sorted(folder.glob("*/*.md"), key=_by_number):
        try:
            article = read_article(path)
        except BadArticle as fault:
            faults.append(fault)
        else:
            articles.setdefault(article.number, {})[article.language] = article
    return Shelf(articles, tuple(faults), folder)


def read_article(path: Path, place: Path | None = None) -> Article:
    """The article in one file.

    Args:
        place: where an article would lie whose copy is read; messages name it.

    Raises:
        BadArticle: it cannot be read, is too long, not UTF-8, or breaks a rule.
    """
    return understood(read_content(path), place or path)


def read_content(path: Path) -> bytes:
    """What is in an article's file; one byte more than may be, where that is more.

    Raises:
        BadArticle: it is no file, or cannot be read.
    """
    try:
        with open(path, "rb", opener=_open_at_once) as file:
            if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return file.read(LARGEST_FILE + 1)
            reason = _("it is no file")
    except IsADirectoryError:
        reason = _("it is no file")
    except OSError as error:
        reason = _("it cannot be read: {why}").format(why=error.strerror or type(error).__name__)
    raise BadArticle(path, 1, reason)


def understood(content: bytes, place: Path) -> Article:
    """The article in a file's content.

    Raises:
        BadArticle: it is too long, not UTF-8, or breaks a rule.
    """
    if len(content) > LARGEST_FILE:
        raise too_long(place)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise BadArticle(place, line, "not UTF-8") from error
    return parse(text, place)


def circle(articles: Iterable[Article]) -> list[str]:
    """Numbers of articles that replace one another in a circle, first and last the same.

    Empty where every article is replaced for good.
    """
    replaces: dict[str, set[str]] = {}
    for article in articles:
        replaces.setdefault(article.number, set()).update(article.supersedes)
    try:
        TopologicalSorter(replaces).prepare()
    except CycleError as error:
        return [str(number) for number in error.args[1]]
    return []


def _open_at_once(path: str, flags: int) -> int:
    # Without O_NONBLOCK, opening a named pipe would wait for somebody to write into it.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _by_number(path: Path) -> tuple[int, str, str]:
    return len(path.parent.name), path.parent.name, path.name
