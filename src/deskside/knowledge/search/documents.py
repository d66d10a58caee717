"""What is searched of an article: its texts, by the weight that a word in them has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from deskside.knowledge import markdown
from deskside.knowledge.model import Article
from deskside.knowledge.steps import MARK

Key = tuple[str, str]
"""Number and language: what names one text."""

ADDRESS_OF_LINK = re.compile(r"(?<=\])\((?:[^()\s]|\([^()\s]*\))+\)")
"""Never looks past the next opened bracket: else a page of links without an end takes minutes."""
BLOCK_MARKS = re.compile(r"^[#>\s]+|^\|?[\s|:-]+\|?$|\|+", re.MULTILINE)
WORD_MARKS = re.compile(r"[*`\[\]]+")


@dataclass(frozen=True, slots=True)
class Passage:
    """One section of a text: its anchor (empty before the first heading), heading and words."""

    anchor: str
    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """One text of one article, ready to be searched."""

    number: str
    language: str
    title: str
    tags: str
    summary: str
    passages: tuple[Passage, ...]
    asked: str = ""

    @property
    def key(self) -> Key:
        """Number and language."""
        return self.number, self.language

    @property
    def body(self) -> str:
        """All sections as one text."""
        return "\n".join(f"{p.heading}\n{p.text}" for p in self.passages)


def document(article: Article) -> Document:
    """What is searched of an article."""
    return Document(
        article.number,
        article.language,
        article.title,
        " ".join(article.tags),
        article.summary,
        tuple(_passages(article)),
        "\n".join(article.asked),
    )


def _passages(article: Article) -> Iterator[Passage]:
    lines = article.body.split("\n")
    headings = markdown.sections(article.body)
    ends = [*(section.line for section in headings), len(lines)]
    yield Passage("", "", _plain(lines[: ends[0]]))
    for section, end in zip(headings, ends[1:], strict=True):
        yield Passage(section.anchor, section.title, _plain(lines[section.line + 1 : end]))


def _plain(lines: list[str]) -> str:
    text = ADDRESS_OF_LINK.sub("", "\n".join(MARK.sub("", line) for line in lines))
    return re.sub(r"\s+", " ", BLOCK_MARKS.sub(" ", WORD_MARKS.sub("", text))).strip()
