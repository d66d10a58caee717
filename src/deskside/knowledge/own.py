"""A desk's own articles: a folder that adds to the ones that came with Deskside, or overrides them.

`articles/<number>/<language>.md` in the data folder, in the same form. Whatever changes there is
live within a second, without a restart. A file that cannot be understood, or that closes a circle
of articles which replace one another, never takes the place of the last good one. Every version
that was shown is kept beside it (`versions.py`), so that it is still there after a restart.
"""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

from deskside.foundation.clock import Clock, SystemClock
from deskside.foundation.paths import private_folder, write_private
from deskside.foundation.text import _
from deskside.knowledge.front_matter import BadArticle
from deskside.knowledge.library import Shelf, circle, read_article, read_content, understood
from deskside.knowledge.model import Article
from deskside.knowledge.versions import Versions

LOOK_EVERY = 1.0
"""Seconds between two looks at the folder."""

Signature = tuple[int, ...]
"""Tells whether a file has changed: also one whose size and time of change were kept."""


class OwnArticles:
    """The articles of one folder as they stand now; the folder need not exist."""

    def __init__(self, folder: Path, clock: Clock | None = None) -> None:
        self.folder = folder
        self.versions = Versions(folder)
        self._clock = clock or SystemClock()
        self._seen: dict[Path, Signature] = {}
        self._good: dict[Path, Article] = {}
        self._faults: dict[Path, BadArticle] = {}
        self._circular: set[Path] = set()
        self._looked = float("-inf")

    def look(self, base: Shelf) -> bool:
        """Read what has changed since the last look; whether anything had.

        Args:
            base: the articles that ours add to or override.
        """
        if not self.is_due:
            return False
        self._looked = time.monotonic()
        present = self._signatures()
        changed = {path for path, seen in present.items() if self._seen.get(path) != seen}
        gone = self._seen.keys() - present.keys()
        for path in gone:
            self._good.pop(path, None)
            self._faults.pop(path, None)
            self._circular.discard(path)
        self._seen = present
        if changed or gone:
            self._read_all(changed | self._circular, base)
        return bool(changed or gone)

    def _read_all(self, paths: set[Path], base: Shelf) -> None:
        """Read files; a circle that was refused may be open once others have been read."""
        while paths:
            for path in sorted(paths):
                self._read(path, base)
            if not self._circular < paths:
                return
            paths = set(self._circular)

    @property
    def is_due(self) -> bool:
        """Whether the next look is a real one."""
        return time.monotonic() - self._looked >= LOOK_EVERY

    def over(self, base: Shelf) -> Shelf:
        """The articles of a shelf with our own added to them or in their place."""
        articles = {number: dict(texts) for number, texts in base.articles.items()}
        for article in self._good.values():
            articles.setdefault(article.number, {})[article.language] = article
        ranked = dict(sorted(articles.items(), key=lambda item: (len(item[0]), item[0])))
        return Shelf(ranked, (*base.faults, *self._faults.values()), base.folder)

    def _signatures(self) -> dict[Path, Signature]:
        """Every text of the folder; what cannot be looked at just now counts as it was."""
        found: dict[Path, Signature] = {}
        for folder in self._below(self.folder):
            for path in self._below(folder):
                if path.suffix != ".md" or path.name.startswith("."):
                    # Editors and file servers leave files of their own beside ours.
                    continue
                try:
                    found[path] = _signature(path)
                except FileNotFoundError:
                    # Between the listing and here it has gone, or it is a link to nowhere.
                    continue
                except OSError:
                    if path in self._seen:
                        found[path] = self._seen[path]
        return found

    def _below(self, folder: Path) -> list[Path]:
        """What is in a folder; what is known to be in it where it cannot be listed."""
        try:
            return list(folder.iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError:
            known = {parent for path in self._seen for parent in (path, path.parent)}
            return [path for path in known if path.parent == folder]

    def faults(self) -> dict[Path, BadArticle]:
        """The files that could not take their place, and why."""
        return dict(self._faults)

    def articles(self) -> list[Article]:
        """Our own articles as they are shown."""
        return [self._good[path] for path in sorted(self._good)]

    def restore(self, number: str, language: str, count: int) -> None:
        """Put a version back into its place; it becomes the newest.

        Raises:
            NotFound: `unknown-version`.
            BadArticle: it breaks a rule that did not exist when it was written.
        """
        version = self.versions.one(number, language, count)
        path = self.folder / number / f"{language}.md"
        read_article(version.path, path)
        private_folder(path.parent)
        write_private(path, version.path.read_bytes())
        self.hurry()

    def hurry(self) -> None:
        """Make the next look a real one, however soon it comes."""
        self._looked = float("-inf")

    def _read(self, path: Path, base: Shelf) -> None:
        self._circular.discard(path)
        try:
            content = read_content(path)
            if self._is_moving(path):
                return
            article = understood(content, path)
            self._refuse_circle(article, base)
        except BadArticle as fault:
            self._faults[path] = fault
            if path not in self._good and (kept := self._last_good(path)):
                self._good[path] = kept
        else:
            self._faults.pop(path, None)
            self._good[path] = article
            # A folder that we may only read serves as well; then nothing outlives a restart.
            with suppress(OSError):
                self.versions.keep(article.number, article.language, content, self._clock.now())

    def _is_moving(self, path: Path) -> bool:
        """Whether a file changed while it was read; then the next look reads it again."""
        with suppress(OSError):
            if _signature(path) == self._seen[path]:
                return False
        self._seen.pop(path)
        return True

    def _refuse_circle(self, article: Article, base: Shelf) -> None:
        shipped = [text for texts in base.articles.values() for text in texts.values()]
        mine = {(own.number, own.language): own for own in self._good.values()}
        all_texts = {(a.number, a.language): a for a in shipped} | mine
        all_texts[article.number, article.language] = article
        found = circle(all_texts.values())
        if article.number in found:
            names = " → ".join(f"KB{number}" for number in found)
            reason = _("articles replace one another in a circle: {names}").format(names=names)
            self._circular.add(article.path)
            raise BadArticle(article.path, 1, reason)

    def _last_good(self, path: Path) -> Article | None:
        for version in reversed(self.versions.of(path.parent.name, path.stem)):
            # A rule may be younger than a version.
            with suppress(BadArticle):
                return read_article(version.path, path)
        return None


def _signature(path: Path) -> Signature:
    state = path.stat()
    return state.st_mtime_ns, state.st_ctime_ns, state.st_size, state.st_ino
