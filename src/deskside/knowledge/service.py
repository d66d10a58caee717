"""The knowledge base: the door for other parts."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cached_property
from pathlib import Path

from deskside.foundation.errors import NotFound
from deskside.foundation.findings import Finding
from deskside.foundation.text import DEFAULT, _, language
from deskside.knowledge.library import Shelf, articles_folder, read_shelf
from deskside.knowledge.model import Article, Result, article_number
from deskside.knowledge.search.documents import document
from deskside.knowledge.search.index import Index


class Library:
    """All articles, read once.

    Where a language is not given, it is that of the present command or request; an article that
    does not exist in it is given in English, or else in whatever it exists in.
    """

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    @classmethod
    def open(cls, folder: Path | None = None) -> Library:
        """The library in a folder; by default the one that came with Deskside."""
        return cls(read_shelf(folder or articles_folder()))

    def articles(self, tag: str | None = None) -> list[Article]:
        """Every article once, by number."""
        return [_in_language(texts, tag) for texts in self._shelf.articles.values()]

    def article(self, name: str, tag: str | None = None) -> Article:
        """The article that a person means by `KB2323`, `kb2323` or `2323`.

        Raises:
            NotFound: `unknown-article`; the hint names the nearest.
            BadArticle: its file cannot be understood.
        """
        number = article_number(name)
        if number in self._shelf.articles:
            return _in_language(self._shelf.articles[number], tag)
        for fault in self._shelf.faults:
            if fault.path.parent.name == number:
                raise fault
        raise NotFound(
            "unknown-article",
            _("There is no article {name}.").format(name=name),
            hint=self._nearest(number or name),
        )

    def languages(self, number: str) -> list[str]:
        """The languages that an article exists in."""
        return sorted(self._shelf.articles.get(number, ()))

    def search(self, words: str, tag: str | None = None, limit: int = 20) -> list[Result]:
        """The articles that fit the words, best first; each names its best section."""
        return self.find(words, tag, limit)[0]

    def find(self, words: str, tag: str | None = None, limit: int = 20) -> tuple[list[Result], str]:
        """As `search`, and the question as it was corrected; empty where it was not."""
        return self._index.search(words, tag or language(), limit)

    def lint(self) -> list[Finding]:
        """What breaks the rules for articles; one OK finding where nothing does."""
        from deskside.knowledge.lint import lint

        return lint(self._shelf)

    @cached_property
    def _index(self) -> Index:
        texts = (text for texts in self._shelf.articles.values() for text in texts.values())
        return Index(map(document, texts))

    def _nearest(self, number: str) -> str:
        near = get_close_matches(number, self._shelf.articles, n=3, cutoff=0.5)
        if not near:
            return _("See the list: deskside kb list")
        titles = (self.article(number) for number in near)
        listed = "; ".join(f"{article.name} {article.title}" for article in titles)
        return _("Did you mean: {articles}?").format(articles=listed)


def _in_language(texts: dict[str, Article], tag: str | None) -> Article:
    return texts.get(tag or language()) or texts.get(DEFAULT) or next(iter(texts.values()))
