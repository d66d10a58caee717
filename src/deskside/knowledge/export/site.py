"""`deskside kb export`: the knowledge base as a folder of files that any browser reads.

    index.html                 leads to a language
    en/index.html              all articles, and search
    en/2323.html               one article; en/tag-settings.html those with a tag
    en/search-index.js         what search looks in
    en/feed.atom, feed.rss     with an address only, like sitemap.xml
    assets/                    style, fonts, the search script, what it learned

Nothing in it needs a server; without JavaScript there is everything but search. A site is made
whole before it is moved to its place.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from deskside.foundation.errors import Refused
from deskside.foundation.text import DEFAULT, LANGUAGES, _, language, use_language
from deskside.knowledge import feeds, markdown
from deskside.knowledge.export.index import index, script
from deskside.knowledge.export.meaning import meaning
from deskside.knowledge.model import Article
from deskside.knowledge.service import Library
from deskside.web.service import STATIC, Shell

MARK = ".deskside-export"
"""Lies in every exported site, so that it may be replaced by a newer one and nothing else may."""

ASSETS = ("deskside.css", "favicon.svg", "LICENSES.txt")
OWN_LINK = re.compile(
    r'<a href="/kb/(?P<number>[0-9]+)(?P<anchor>#[a-z0-9-]+)?"(?P<rest>[^>]*)>(?P<words>.*?)</a>',
    re.DOTALL,
)


def export(library: Library, folder: Path, url: str = "") -> int:
    """Write the site; the number of its pages.

    Args:
        url: the address at which the site will be published, for feeds and the site map, which
            must name addresses in full; empty for a site that is read from its folder.

    Raises:
        Refused: `folder-not-empty`: there is something else in the folder.
    """
    folder = folder.absolute()
    there = _replaceable(folder)
    workshop = folder if there else folder.parent
    workshop.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=workshop))
    before = language()
    try:
        made.chmod(0o755)
        site = _Site(library, made, url.rstrip("/"))
        site.write()
        if there:
            _exchange(made, folder)
        else:
            made.replace(folder)
    finally:
        use_language(before)
        shutil.rmtree(made, ignore_errors=True)
    return site.pages


def _replaceable(folder: Path) -> bool:
    """Whether a former site, or an empty folder, stands where the new one is to be."""
    if not folder.exists():
        return False
    if folder.is_dir() and not folder.is_symlink():
        names = {path.name for path in folder.iterdir()}
        if not names or MARK in names:
            return True
    raise Refused(
        "folder-not-empty",
        _("There is something else at {folder}.").format(folder=folder),
        hint=_("Name a new folder, or that of an earlier export."),
    )


def _exchange(made: Path, folder: Path) -> None:
    """Put what was made into a folder, which stays itself: it may be a mount, or where one stands.

    The mark is there all the time, so that what is broken off in the middle can be replaced.
    """
    (folder / MARK).touch()
    former = made / ".former"
    former.mkdir()
    for old in list(folder.iterdir()):
        if old not in (made, folder / MARK):
            old.replace(former / old.name)
    for new in list(made.iterdir()):
        if new != former:
            new.replace(folder / new.name)


@dataclass
class _Site:
    """A site in the making."""

    library: Library
    folder: Path
    url: str
    pages: int = 0

    def write(self) -> None:
        self.environment = Shell(["deskside.knowledge"], []).environment
        (self.folder / MARK).touch()
        self._assets()
        for tag in LANGUAGES:
            use_language(tag)
            self._language(tag)
        (self.folder / "index.html").write_text(_front(), encoding="utf-8")
        self.pages += 1
        if self.url:
            numbers = (article.number for article in self.library.articles(DEFAULT))
            listed = ((number, self.library.languages(number)) for number in numbers)
            (self.folder / "sitemap.xml").write_bytes(
                feeds.sitemap(listed, places=self._places(DEFAULT))
            )

    def _assets(self) -> None:
        assets = self.folder / "assets"
        (assets / "fonts").mkdir(parents=True)
        for name in ASSETS:
            shutil.copyfile(STATIC / name, assets / name)
        for font in (STATIC / "fonts").iterdir():
            shutil.copyfile(font, assets / "fonts" / font.name)
        shutil.copyfile(Path(__file__).with_name("search.js"), assets / "search.js")
        told = script("desksideMeaning", meaning(self.library.shipped))
        (assets / "meaning.js").write_text(told, encoding="utf-8")

    def _language(self, tag: str) -> None:
        folder = self.folder / tag
        folder.mkdir()
        articles = self.library.articles(tag)
        tags = sorted({name for article in articles for name in article.tags})
        self._tag_files = _files(tags)
        (folder / "search-index.js").write_text(
            index({each: self.library.articles(each) for each in LANGUAGES}, tag), encoding="utf-8"
        )
        listed = list(self._tag_files.items())
        self._page(tag, "index", "index.html", articles=articles, subject="", tags=listed)
        for name, file in listed:
            chosen = [article for article in articles if name in article.tags]
            # A subject has another name in every language: its page leads to the other's list.
            self._page(
                tag,
                file.removesuffix(".html"),
                "index.html",
                "index",
                articles=chosen,
                subject=name,
                tags=listed,
            )
        for article in articles:
            self._article(tag, article)
        if self.url:
            self._feeds(tag, articles)

    def _article(self, tag: str, article: Article) -> None:
        body = OWN_LINK.sub(self._linked, markdown.to_html(article.body))
        self._page(
            tag,
            article.number,
            "article.html",
            article=article,
            foreign="" if article.language == tag else LANGUAGES[article.language],
            outdated=self.library.is_outdated(article),
            successor=self.library.successor(article.number),
            # Sanitised by markdown.to_html: nothing of it can act.
            body=Markup(body),  # noqa: S704
            contents=[(s.anchor, s.title) for s in markdown.sections(article.body) if s.level == 2],
            related=self.library.related(article, tag),
            tags=[(name, self._tag_files[name]) for name in article.tags],
            command=f"deskside run {article.name}" if article.checks else "",
        )

    def _linked(self, link: re.Match[str]) -> str:
        """A link to the file of an article; its words alone where there is none."""
        if not self.library.languages(link["number"]):
            return link["words"]
        file = f"{link['number']}.html{link['anchor'] or ''}"
        return f'<a href="{file}"{link["rest"]}>{link["words"]}</a>'

    def _page(
        self, tag: str, name: str, template: str, elsewhere: str = "", **context: Any
    ) -> None:
        other = elsewhere or name
        # A text that stands in for a missing translation is no page of its own for search engines.
        spoken = self.library.languages(name) if "article" in context else list(LANGUAGES)
        text = self.environment.get_template(f"export/{template}").render(
            language=tag,
            up="../",
            others=[(t, n, f"../{t}/{other}.html") for t, n in LANGUAGES.items() if t != tag],
            canonical=f"{self.url}/{tag if tag in spoken else spoken[0]}/{name}.html",
            alternates=[(t, f"{self.url}/{t}/{name}.html") for t in spoken]
            if self.url and not elsewhere
            else [],
            feeds=bool(self.url),
            **context,
        )
        (self.folder / tag / f"{name}.html").write_text(text, encoding="utf-8")
        self.pages += 1

    def _places(self, tag: str) -> feeds.Places:
        def article(number: str, language_of_it: str) -> str:
            return f"{self.url}/{language_of_it}/{number}.html"

        return feeds.Places(f"{self.url}/{tag}/index.html", article)

    def _feeds(self, tag: str, articles: list[Article]) -> None:
        for name, make in (("feed.atom", feeds.atom), ("feed.rss", feeds.rss)):
            here = f"{self.url}/{tag}/{name}"
            content = make(articles, places=self._places(tag), here=here, language=tag)
            (self.folder / tag / name).write_bytes(content)


def _files(tags: Iterable[str]) -> dict[str, str]:
    """Every tag with a file of its own, also where two differ by case or by letters alone."""
    taken: dict[str, int] = {}
    files = {}
    for tag in tags:
        name = markdown.free(markdown.slug(tag), taken)
        files[tag] = f"tag-{name}.html"
    return files


def _front() -> str:
    """The page above all languages."""
    rows = "".join(
        f'<li><a href="{tag}/index.html" lang="{tag}">{name}</a></li>'
        for tag, name in LANGUAGES.items()
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Deskside</title>\n'
        f'<meta http-equiv="refresh" content="0; url={DEFAULT}/index.html">\n'
        f'<link rel="stylesheet" href="assets/deskside.css"></head>\n<body><main><ul>{rows}</ul>'
        "</main></body></html>\n"
    )
