"""The folder of articles: `articles/<number>/<language>.md`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from deskside.knowledge.front_matter import BadArticle, parse
from deskside.knowledge.model import Article

PACKAGE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Shelf:
    """All articles of a folder.

    Attributes:
        articles: by number, then by language.
        faults: the files that could not be understood, and why.
    """

    articles: dict[str, dict[str, Article]]
    faults: tuple[BadArticle, ...]


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
    return Shelf(articles, tuple(faults))


def read_article(path: Path) -> Article:
    """The article in one file.

    Raises:
        BadArticle: it is not UTF-8 or breaks a rule of the front matter.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadArticle(path, error.object[: error.start].count(b"\n") + 1, "not UTF-8") from error
    return parse(text, path)


def _by_number(path: Path) -> tuple[int, str, str]:
    return len(path.parent.name), path.parent.name, path.name
