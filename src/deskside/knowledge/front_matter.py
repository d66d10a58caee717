"""An article's file: TOML between two `+++` lines, then Markdown.

The front matter is strict: a field that is missing, unknown or of the wrong kind is an error that
names the file and the line, because an article that is half understood would run the wrong fix.
"""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

from deskside.foundation.errors import Refused
from deskside.foundation.text import LANGUAGES, _, mark
from deskside.knowledge import steps
from deskside.knowledge.model import Article, Vendor

FENCE = "+++"
PLATFORMS = frozenset({"windows", "macos", "linux"})
NUMBER = re.compile(r"[1-9][0-9]{0,5}")
OWN_PAGE = re.compile(r"/(?:[a-z0-9]+(?:[-/][a-z0-9]+)*)?")
LARGEST = 250_000
"""Characters that an article may hold: twelve times the longest of ours. The worst that can be
written with them, one list or one table from end to end, is read in about two seconds."""
UNFIT = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\ufffe\\uffff]")
"""Characters that are no text: a terminal would obey some of them, and no feed may hold most."""
WHERE = re.compile(r" \(at (?:line \d+, column \d+|end of document)\)$")
"""The place that the reader of TOML adds to its words; it counts from the line below the fence."""

TEXT, TEXTS = mark("text"), mark("list of texts")
DAY, TABLE = mark("date"), mark("table")
FIELDS: dict[str, str] = {
    "number": TEXT,
    "title": TEXT,
    "summary": TEXT,
    "language": TEXT,
    "tags": TEXTS,
    "platforms": TEXTS,
    "versions": TEXT,
    "last_verified": DAY,
    "related": TEXTS,
    "supersedes": TEXTS,
    "checks": TEXTS,
    "fixes": TEXTS,
}
OPTIONAL: dict[str, str] = {
    "vendor": TABLE,
    "wizard": TEXT,
    "translates": TEXT,
    "asked": TEXTS,
}
VENDOR: dict[str, str] = {"number": TEXT, "label": TEXT, "url": TEXT, "related": TEXTS}


class BadArticle(Refused):
    """An article's file cannot be understood."""

    http_status = 500

    def __init__(self, path: Path, line: int, reason: str) -> None:
        place = f"{path.parent.name}/{path.name}:{line}"
        super().__init__(
            "article-malformed",
            f"{place}: {reason}",
            hint=_("Mend the file, then run: deskside kb lint"),
        )
        self.path = path
        self.line = line


def too_long(path: Path) -> BadArticle:
    """The refusal of an article that nobody would read to its end."""
    return BadArticle(path, 1, _("longer than {count} characters").format(count=LARGEST))


def parse(text: str, path: Path) -> Article:
    """The article in a file's text.

    Raises:
        BadArticle: the front matter or the body breaks a rule; names the file and the line.
    """
    if len(text) > LARGEST:
        raise too_long(path)
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    if unfit := UNFIT.search(text):
        raise _unfit(unfit[0], path, text.count("\n", 0, unfit.start()) + 1)
    head, body, body_line = _split(text, path)
    fields = _Fields(head, path)
    fields.expect(FIELDS, OPTIONAL)
    article = _article(fields, body, body_line, path)
    _check_values(article, fields)
    for line, mark_of_step in steps.malformed(body, article.checks, article.fixes):
        reason = _("the mark of a step cannot be understood: {mark}").format(mark=mark_of_step)
        raise BadArticle(path, body_line + line, reason)
    return article


def _unfit(character: str, path: Path, line: int) -> BadArticle:
    name = f"U+{ord(character):04X}"
    return BadArticle(path, line, _("the character {name} is no text").format(name=name))


def _split(text: str, path: Path) -> tuple[str, str, int]:
    lines = text.split("\n")
    if lines[0].rstrip() != FENCE:
        raise BadArticle(path, 1, _("the first line must be {fence}").format(fence=FENCE))
    for index in range(1, len(lines)):
        if lines[index].rstrip() == FENCE:
            body = "\n".join(lines[index + 1 :])
            return "\n".join(lines[1:index]), body, index + 2
    raise BadArticle(path, len(lines), _("the closing {fence} is missing").format(fence=FENCE))


class _Fields:
    """The parsed TOML, with the place of every key for messages."""

    def __init__(self, head: str, path: Path) -> None:
        self.path = path
        self._lines = head.split("\n")
        try:
            self.values: dict[str, Any] = tomllib.loads(head)
        except (ValueError, RecursionError) as error:
            if not isinstance(error, tomllib.TOMLDecodeError):
                reason = _("a number has too many digits, or a list is too deep in others")
                raise BadArticle(path, 1, reason) from error
            at = re.search(r"at line (\d+)", str(error))
            line = int(at[1]) + 1 if at else len(self._lines) + 1
            raise BadArticle(path, line, WHERE.sub("", str(error))) from error

    def line(self, key: str) -> int:
        """Line of the file on which a field stands; the first field's where it is missing."""
        pattern = re.compile(rf"\s*\[?\[?\"?{re.escape(key)}\b")
        found = (i for i, line in enumerate(self._lines) if pattern.match(line))
        return next(found, 0) + 2

    def refuse(self, key: str, reason: str) -> NoReturn:
        raise BadArticle(self.path, self.line(key), reason)

    def expect(self, required: dict[str, str], optional: dict[str, str]) -> None:
        self._expect(self.values, required, optional)
        if "vendor" in self.values:
            self._expect(self.values["vendor"], VENDOR, {})

    def _expect(
        self, table: dict[str, Any], required: dict[str, str], optional: dict[str, str]
    ) -> None:
        known = required | optional
        for key in table:
            if key not in known:
                self.refuse(key, _("unknown field {field}").format(field=key))
        for key, kind in known.items():
            if key not in table:
                if key in required:
                    self.refuse(key, _("the field {field} is missing").format(field=key))
            elif not _is(kind, table[key]):
                self.refuse(key, _("{field} must be a {kind}").format(field=key, kind=_(kind)))
            elif unfit := UNFIT.search(_written(table[key])):
                raise _unfit(unfit[0], self.path, self.line(key))


def _written(value: object) -> str:
    """All texts of a field; a character may have been written by its number."""
    return "".join(map(str, value)) if isinstance(value, list) else str(value)


def _is(kind: str, value: object) -> bool:
    if kind == TEXT:
        return isinstance(value, str) and any(map(str.isprintable, "".join(value.split())))
    if kind == TEXTS:
        return isinstance(value, list) and all(_is(TEXT, item) for item in value)
    if kind == DAY:
        return type(value) is date
    return isinstance(value, dict)


def _article(fields: _Fields, body: str, body_line: int, path: Path) -> Article:
    values: dict[str, Any] = {
        key: _one_line(value) for key, value in fields.values.items() if key != "vendor"
    }
    values = dict.fromkeys(OPTIONAL, "") | values
    del values["vendor"]
    theirs = fields.values.get("vendor")
    vendor = Vendor(**{key: _one_line(value) for key, value in theirs.items()}) if theirs else None
    return Article(**values, vendor=vendor, body=body, body_line=body_line, path=path)


def _one_line(value: Any) -> Any:
    """A value of a field; texts that went over several lines, as one."""
    if isinstance(value, list):
        return tuple(map(_one_line, value))
    return " ".join(value.split()) if isinstance(value, str) else value


def _check_values(article: Article, fields: _Fields) -> None:
    if article.language not in LANGUAGES:
        fields.refuse("language", _("unknown language {tag}").format(tag=article.language))
    if article.language != article.path.stem:
        fields.refuse("language", _("the file's name says another language"))
    if article.number != article.path.parent.name:
        fields.refuse("number", _("the folder's name says another number"))
    theirs = article.vendor.related if article.vendor else ()
    named = {"number": (article.number,), "related": article.related}
    for field, numbers in (named | {"supersedes": article.supersedes, "vendor": theirs}).items():
        for number in numbers:
            if not NUMBER.fullmatch(number):
                fields.refuse(field, _("{number} is no article number").format(number=number))
    if unknown := set(article.platforms) - PLATFORMS:
        fields.refuse("platforms", _("unknown platform {name}").format(name=min(unknown)))
    if article.wizard and not OWN_PAGE.fullmatch(article.wizard):
        fields.refuse("wizard", _("the wizard must be a page of the portal: /…"))
    if article.vendor and not article.vendor.url.startswith("https://"):
        fields.refuse("url", _("the vendor's address must begin with https://"))
