"""A desk's own articles: a folder that adds to the ones that came with Deskside, or overrides them.

`articles/<number>/<language>.md` in the data folder, in the same form. Whatever changes there is
live within a second, without a restart. A file that cannot be understood never takes the place of
the last good one, which is kept beside it, so that it is still there after a restart.
"""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

from deskside.foundation.paths import private_folder, write_private
from deskside.knowledge.front_matter import BadArticle
from deskside.knowledge.library import Shelf, read_article
from deskside.knowledge.model import Article

LAST_GOOD = ".last-good"
LOOK_EVERY = 1.0
"""Seconds between two looks at the folder."""

Signature = tuple[int, int]


class OwnArticles:
    """The articles of one folder as they stand now; the folder need not exist."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: dict[Path, Signature] = {}
        self._good: dict[Path, Article] = {}
        self._faults: dict[Path, BadArticle] = {}
        self._looked = float("-inf")

    def look(self) -> bool:
        """Read what has changed since the last look; whether anything had."""
        now = time.monotonic()
        if now - self._looked < LOOK_EVERY:
            return False
        self._looked = now
        present = dict(self._signatures())
        changed = {path for path, seen in present.items() if self._seen.get(path) != seen}
        gone = self._seen.keys() - present.keys()
        for path in gone:
            self._good.pop(path, None)
            self._faults.pop(path, None)
        for path in changed:
            self._read(path)
        self._seen = present
        return bool(changed or gone)

    def over(self, base: Shelf) -> Shelf:
        """The articles of a shelf with our own added to them or in their place."""
        articles = {number: dict(texts) for number, texts in base.articles.items()}
        for article in self._good.values():
            articles.setdefault(article.number, {})[article.language] = article
        ranked = dict(sorted(articles.items(), key=lambda item: (len(item[0]), item[0])))
        return Shelf(ranked, (*base.faults, *self._faults.values()))

    def _signatures(self) -> list[tuple[Path, Signature]]:
        found = []
        for path in self._folder.glob("*/*.md"):
            # Between the listing and here a file may have gone.
            with suppress(OSError):
                state = path.stat()
                found.append((path, (state.st_mtime_ns, state.st_size)))
        return found

    def _read(self, path: Path) -> None:
        try:
            article = read_article(path)
        except OSError:
            return
        except BadArticle as fault:
            self._faults[path] = fault
            if path not in self._good and (kept := self._last_good(path)):
                self._good[path] = kept
        else:
            self._faults.pop(path, None)
            self._good[path] = article
            self._keep(path)

    def _kept(self, path: Path) -> Path:
        return self._folder / LAST_GOOD / path.parent.name / path.name

    def _last_good(self, path: Path) -> Article | None:
        try:
            return read_article(self._kept(path))
        except (BadArticle, OSError):
            return None

    def _keep(self, path: Path) -> None:
        kept = self._kept(path)
        # A folder that we may only read serves as well; then nothing outlives a restart.
        with suppress(OSError):
            private_folder(kept.parent)
            write_private(kept, path.read_bytes())
