"""What people ask who need an article: the questions beside it, and what was learned from them."""

from __future__ import annotations

from pathlib import Path

from deskside.knowledge.library import Shelf
from deskside.knowledge.search.analysis import words
from deskside.knowledge.search.meaning import Meaning, Question


def questions(shelf: Shelf, language: str) -> list[Question]:
    """Every question in a language: those in `questions.<language>.txt` beside an article, one a
    line, and what its front matter says that people ask, its title and its summary."""
    found: list[Question] = []
    for number, texts in shelf.articles.items():
        article = texts.get(language)
        beside = shelf.folder / number / f"questions.{language}.txt"
        asked = beside.read_text(encoding="utf-8").splitlines() if beside.is_file() else []
        if article:
            asked += [article.title, article.summary, *article.asked]
        found += [(number, words(line)) for line in asked]
    return found


def learned_file(folder: Path, language: str) -> Path:
    """Where is kept what was learned from the questions in a language."""
    return folder / f"meaning.{language}.json.gz"


def learned(folder: Path) -> list[Meaning]:
    """What was learned, one for each language that there are questions in."""
    return [Meaning.read(file) for file in sorted(folder.glob("meaning.*.json.gz"))]
