"""The knowledge base: the door for other parts."""

from __future__ import annotations

from datetime import date, timedelta
from difflib import get_close_matches
from pathlib import Path
from threading import Lock

from deskside.foundation.clock import SystemClock
from deskside.foundation.errors import NotFound
from deskside.foundation.findings import Finding
from deskside.foundation.paths import data_folder
from deskside.foundation.text import DEFAULT, _, language
from deskside.knowledge.library import Shelf, articles_folder, read_shelf
from deskside.knowledge.model import Article, OwnText, Result, article_number
from deskside.knowledge.own import OwnArticles
from deskside.knowledge.questions import learned
from deskside.knowledge.search.documents import Key, document
from deskside.knowledge.search.index import Index
from deskside.knowledge.versions import Version, difference


class Library:
    """All articles: those that came with Deskside, read once, and the desk's own, always current.

    Where a language is not given, it is that of the present command or request; an article that
    does not exist in it is given in English, or else in whatever it exists in.

    Attributes:
        edition: how often the articles have changed since it was opened, and when they last did,
            to the second; no two changes share a second.
    """

    def __init__(self, shelf: Shelf, own: OwnArticles | None = None) -> None:
        self._base = shelf
        self._own = own
        self._lock = Lock()
        self._merged = shelf
        self._indexed: dict[Key, Article] = {}
        self._search: Index | None = None
        self.edition = (0, SystemClock().now().replace(microsecond=0))

    @classmethod
    def open(cls, folder: Path | None = None, *, own: Path | None = None) -> Library:
        """The library in a folder; by default the one that came with Deskside and the desk's own.

        Args:
            own: the desk's own folder; by default `articles` in the data folder.
        """
        if folder is not None and own is None:
            return cls(read_shelf(folder))
        own = own or data_folder() / "articles"
        return cls(read_shelf(folder or articles_folder()), OwnArticles(own))

    @property
    def _shelf(self) -> Shelf:
        """The articles as they stand now."""
        if self._own is not None:
            with self._lock:
                if self._own.look(self._base):
                    self._merged = self._own.over(self._base)
                    count, before = self.edition
                    now = SystemClock().now().replace(microsecond=0)
                    self.edition = (count + 1, max(now, before + timedelta(seconds=1)))
        return self._merged

    @property
    def shipped(self) -> Shelf:
        """The articles that came with Deskside."""
        return self._base

    @property
    def is_due(self) -> bool:
        """Whether the next question looks into the desk's own folder."""
        return self._own is not None and self._own.is_due

    def look(self) -> None:
        """Take over what has changed in the desk's own folder, if it is time to."""
        _present = self._shelf

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

    def related(self, article: Article, tag: str | None = None) -> list[Article]:
        """The articles to read next; one that is not here, or broken, takes nothing else away."""
        known = self._shelf.articles
        return [_in_language(known[number], tag) for number in article.related if number in known]

    def search(self, words: str, tag: str | None = None, limit: int = 20) -> list[Result]:
        """The articles that fit the words, best first; each names its best section."""
        return self.find(words, tag, limit)[0]

    def find(self, words: str, tag: str | None = None, limit: int = 20) -> tuple[list[Result], str]:
        """As `search`, and the question as it was corrected; empty where it was not."""
        return self._index.search(words, tag or language(), limit)

    def is_outdated(self, article: Article) -> bool:
        """Whether a text translates an older version of the English one."""
        return self._shelf.is_outdated(article)

    def successor(self, number: str) -> Article | None:
        """The article that replaces another, if one does."""
        found = self._shelf.successor(number)
        return self.article(found) if found else None

    def own_texts(self) -> list[OwnText]:
        """The desk's own texts, by number and language, and how each of them stands."""
        if self._own is None:
            return []
        self._own.hurry()
        shelf = self._shelf
        faults = {(p.parent.name, p.stem): f for p, f in self._own.faults().items()}
        shown = {(a.number, a.language): a for a in self._own.articles()}
        kept = self._own.versions.texts()
        return [
            OwnText(
                number,
                tag,
                title=text.title if (text := shown.get((number, tag))) else "",
                versions=len(self._own.versions.of(number, tag)),
                ours=tag in self._base.articles.get(number, {}),
                outdated=bool(text and shelf.is_outdated(text)),
                fault=str(faults.get((number, tag), "")),
            )
            for number, tag in sorted({*kept, *faults, *shown})
        ]

    def history(self, number: str, tag: str) -> list[Version]:
        """Every version of a text of the desk's own, the oldest first."""
        return self._desk().versions.of(number, tag)

    def difference(self, number: str, tag: str, old: int, new: int) -> list[str]:
        """What changed between two versions of a text, as lines of a unified diff.

        Args:
            old, new: counts of versions; 0 is the text that came with Deskside.

        Raises:
            NotFound: `unknown-version`.
        """
        texts = [self._source(number, tag, count) for count in (old, new)]
        names = [f"KB{number} ({tag}) {count or 'Deskside'}" for count in (old, new)]
        return difference(texts[0], texts[1], (names[0], names[1]))

    def restore(self, number: str, tag: str, count: int) -> None:
        """Put a version of a text of the desk's own back into its place.

        Raises:
            NotFound: `unknown-version`.
            BadArticle: it breaks a rule that did not exist when it was written.
        """
        self._desk().restore(number, tag, count)

    def _desk(self) -> OwnArticles:
        if self._own is None:
            raise NotFound("unknown-version", _("There are no articles of your own here."))
        # What lies there now becomes a version before anything is said of versions.
        self._own.hurry()
        self.look()
        return self._own

    def _source(self, number: str, tag: str, count: int) -> str:
        shipped = self._base.articles.get(number, {}).get(tag)
        if count == 0 and shipped:
            return shipped.path.read_text(encoding="utf-8")
        return self._desk().versions.one(number, tag, count).read()

    def lint(self, today: date | None = None) -> list[Finding]:
        """What breaks the rules for articles; one OK finding where nothing does."""
        from deskside.knowledge.lint import lint

        return lint(self._shelf, today or SystemClock().now().date())

    @property
    def _index(self) -> Index:
        """The index of the articles as they stand now; only what changed is indexed anew."""
        shelf = self._shelf
        with self._lock:
            present = {
                (article.number, article.language): article
                for texts in shelf.articles.values()
                for article in texts.values()
            }
            if self._search is None:
                self._search = Index(map(document, present.values()), learned(shelf.folder))
            elif present != self._indexed:
                for key in self._indexed.keys() - present.keys():
                    self._search.remove(key)
                for key, article in present.items():
                    if self._indexed.get(key) is not article:
                        self._search.put(document(article))
            self._indexed = present
            return self._search

    def _nearest(self, number: str) -> str:
        near = get_close_matches(number, self._shelf.articles, n=3, cutoff=0.5)
        if not near:
            return _("See the list: deskside kb list")
        titles = (self.article(number) for number in near)
        listed = "; ".join(f"{article.name} {article.title}" for article in titles)
        return _("Did you mean: {articles}?").format(articles=listed)


def _in_language(texts: dict[str, Article], tag: str | None) -> Article:
    return texts.get(tag or language()) or texts.get(DEFAULT) or next(iter(texts.values()))
