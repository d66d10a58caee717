"""What an article is: one number, one text for each language, and the checks and fixes it runs."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

ADDRESS = re.compile(r"(?:kb)?0*(?P<number>[1-9][0-9]{0,5})", re.IGNORECASE)


def article_number(name: str) -> str | None:
    """The number that a person means by `KB2323`, `kb2323` or `2323`; None for anything else."""
    matched = ADDRESS.fullmatch(name.strip())
    return matched["number"] if matched else None


@dataclass(frozen=True, slots=True)
class Vendor:
    """The vendor's own article that ours rewrites.

    Attributes:
        number: the vendor's number of it.
        label: the words of the link to it.
        url: where the vendor publishes it.
        related: numbers of other articles of the vendor that ours speaks of and does not replace.
    """

    number: str
    label: str
    url: str
    related: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Article:
    """One article in one language.

    Attributes:
        number: the same in every language; digits.
        language: primary BCP 47 tag (`en`, `it`).
        platforms: `windows`, `macos`, `linux`: where it applies.
        versions: versions of the program that it speaks of, in words.
        last_verified: the day on which somebody last followed it to the end.
        related: numbers of our articles to read next.
        supersedes: numbers of our articles that it replaces.
        checks: ids of the checks that it runs, in order.
        fixes: ids of the fixes that it may apply.
        wizard: path of the portal's page that does all of it; empty where there is none.
        translates: digest of the English text that it translates; empty where it is no translation.
        body: Markdown; headings from the second level on.
        body_line: line of the file on which the body begins, counted from 1.
        path: the file it was read from.
        asked: how people ask for it in words that it does not use itself; searched, never shown.
    """

    number: str
    language: str
    title: str
    summary: str
    tags: tuple[str, ...]
    platforms: tuple[str, ...]
    versions: str
    last_verified: date
    related: tuple[str, ...]
    supersedes: tuple[str, ...]
    checks: tuple[str, ...]
    fixes: tuple[str, ...]
    wizard: str
    translates: str
    vendor: Vendor | None
    body: str
    body_line: int
    path: Path
    asked: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """How people call it: `KB2323`."""
        return f"KB{self.number}"

    @property
    def digest(self) -> str:
        """Names its words: the first 12 hexadecimal digits of their SHA-256."""
        words = f"{self.title}\n{self.summary}\n{self.body}".encode()
        return hashlib.sha256(words).hexdigest()[:12]

    @property
    def references(self) -> tuple[str, ...]:
        """Numbers of the articles that the front matter leads to."""
        theirs = self.vendor.related if self.vendor else ()
        return (*self.related, *self.supersedes, *theirs)

    def as_json(self) -> dict[str, object]:
        """The article as `kb show --json` prints it."""
        return {
            "number": self.number,
            "title": self.title,
            "language": self.language,
            "summary": self.summary,
            "tags": list(self.tags),
            "platforms": list(self.platforms),
            "versions": self.versions,
            "last_verified": self.last_verified.isoformat(),
            "related": list(self.related),
            "supersedes": list(self.supersedes),
            "checks": list(self.checks),
            "fixes": list(self.fixes),
            "wizard": self.wizard or None,
            "vendor": {"number": self.vendor.number, "url": self.vendor.url}
            if self.vendor
            else None,
            "body": self.body,
        }


@dataclass(frozen=True, slots=True)
class OwnText:
    """A text of a desk's own, and how it stands.

    Attributes:
        title: as it is shown; empty where it is not.
        versions: how many there have been.
        ours: it takes the place of a text that came with Deskside.
        outdated: it translates an older version of the English text.
        fault: why the file as it is now is not shown; empty where it is.
    """

    number: str
    language: str
    title: str
    versions: int
    ours: bool
    outdated: bool
    fault: str


@dataclass(frozen=True, slots=True)
class Step:
    """A numbered step that knows the check which tells whether it is done.

    Attributes:
        section: anchor of the heading that it stands under; empty before the first.
        number: its number as the page shows it.
        text: its words, plain.
        check: id of the check.
        unless: codes of the findings that say that it is not done; empty where any problem does.
        fix: id of the fix that does it; None where only a person can.
    """

    section: str
    number: int
    text: str
    check: str
    unless: tuple[str, ...]
    fix: str | None

    @property
    def address(self) -> str:
        """Its name within the article: `restore.4`."""
        return f"{self.section}.{self.number}" if self.section else str(self.number)

    @property
    def anchor(self) -> str:
        """Its name on a page; no heading can have it."""
        return f"step-{self.address.replace('.', '-')}"


@dataclass(frozen=True, slots=True)
class Section:
    """One heading of an article and what stands under it, up to the next heading.

    Attributes:
        anchor: its name in addresses (`2816#port-dropped`).
        level: 2 for a heading right under the title.
        steps: number of numbered steps under it.
        line: line of the body on which the heading stands, counted from 0.
    """

    anchor: str
    level: int
    title: str
    steps: int
    line: int


@dataclass(frozen=True, slots=True)
class Result:
    """One article that a search found.

    Attributes:
        marked: a few words around the hits; plain text, with each hit between U+0002 and U+0003.
        anchor: the section that answers best; empty for the beginning of the article.
        section: the heading of that section.
    """

    number: str
    title: str
    language: str
    marked: str
    anchor: str = ""
    section: str = ""

    @property
    def place(self) -> str:
        """Number and anchor as addresses have them: `2816#port-dropped`."""
        return f"{self.number}#{self.anchor}" if self.anchor else self.number

    @property
    def snippet(self) -> str:
        """A few words around the hits; plain text."""
        return self.marked.replace("\x02", "").replace("\x03", "")

    def as_json(self) -> dict[str, str]:
        """The result as `kb search --json` prints it."""
        return {
            "number": self.number,
            "title": self.title,
            "language": self.language,
            "snippet": self.snippet,
        }
