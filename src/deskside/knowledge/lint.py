"""Rules that every article keeps; what breaks one is a finding that names the file and the line.

Every number and anchor referred to exists, or is marked as the vendor's. All languages of an
article run the same checks and fixes, have the same sections and steps, and name the same
commands. Every finding code of a check that an article runs has its section. A translation is one
of the English text as it is now. Whoever followed an article to its end did so within a year.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta

from deskside.foundation import registry
from deskside.foundation.errors import DesksideError, NotFound
from deskside.foundation.findings import Finding, Status
from deskside.foundation.text import DEFAULT, LANGUAGES, _
from deskside.knowledge import markdown, steps
from deskside.knowledge.library import Shelf, circle
from deskside.knowledge.model import Article, Section

MENTION = re.compile(r"\bKB([0-9]+)\b")
PLACEHOLDER = re.compile(r"\b[A-Z]{2,}\b")
SAME = ("platforms", "last_verified", "related", "supersedes", "checks", "fixes", "wizard")
"""Fields that all languages of an article share."""


ARTICLE = "9005"
REVIEWED_FOR = timedelta(days=365)
"""How long an article that somebody has followed to its end counts as true."""
ELSEWHERE = timedelta(days=1)
"""How far the day may have come elsewhere on earth."""


def lint(shelf: Shelf, today: date) -> list[Finding]:
    """What breaks the rules, and what is due; one finding more says that nothing breaks them.

    Raises:
        NotFound: `no-articles`: nothing was judged, which is no praise.
    """
    if not shelf.articles and not shelf.faults:
        raise NotFound(
            "no-articles",
            _("There is no article in {folder}.").format(folder=shelf.folder),
            hint=_(
                "Name the folder above those of the numbers: that of {file}, for example."
            ).format(file="9101/en.md"),
        )
    faults = [_malformed(str(fault), fault.hint) for fault in shelf.faults]
    faults += _circles(shelf)
    faults += [
        finding for texts in shelf.articles.values() for finding in _article_faults(shelf, texts)
    ]
    due = [
        _due(article, today)
        for texts in shelf.articles.values()
        for article in texts.values()
        if not -ELSEWHERE <= today - article.last_verified <= REVIEWED_FOR
    ]
    return (faults or [_fine(shelf)]) + due


def _circles(shelf: Shelf) -> list[Finding]:
    found = circle(article for texts in shelf.articles.values() for article in texts.values())
    if not found:
        return []
    names = " → ".join(f"KB{number}" for number in found)
    reason = _("articles replace one another in a circle: {names}")
    return [_fault("supersession-circular", f"{found[0]}", reason, names=names)]


def _article_faults(shelf: Shelf, texts: dict[str, Article]) -> Iterator[Finding]:
    number = next(iter(texts.values())).number
    for tag in LANGUAGES:
        if tag not in texts:
            yield _fault(
                "language-missing", number, _("its text {file} is missing"), file=f"{tag}.md"
            )
    for article in texts.values():
        yield from _headings(article)
        yield from _references(shelf, article)
        yield from _links(shelf, article)
        yield from _commands(article)
        yield from _steps(article)
        yield from _translation(shelf, article)
    yield from _differences(list(texts.values()))


def _headings(article: Article) -> Iterator[Finding]:
    for section in markdown.sections(article.body):
        if section.level == 1:
            reason = _("the title is the only heading of the first level")
            yield _fault("heading-level", _place(article, section.line), reason)


def _references(shelf: Shelf, article: Article) -> Iterator[Finding]:
    """Numbers in the front matter, and `KBnnnn` wherever the text speaks of one."""
    theirs = set(article.vendor.related) if article.vendor else set()
    for number in (*article.related, *article.supersedes):
        if number not in shelf.articles:
            yield _broken(_place(article), f"KB{number}")
    for line, text in enumerate(article.body.split("\n")):
        for number in MENTION.findall(text):
            if number not in shelf.articles and number not in theirs:
                yield _broken(_place(article, line), f"KB{number}")


def _links(shelf: Shelf, article: Article) -> Iterator[Finding]:
    theirs = set(article.vendor.related) if article.vendor else set()
    for link in markdown.links(article.body):
        place = _place(article, _line_of(article, link))
        if ours := markdown.OURS.fullmatch(link):
            if not _exists(shelf, article, ours["number"], ours["anchor"]):
                yield _broken(place, link)
        elif vendor := markdown.THEIRS.fullmatch(link):
            if vendor["number"] not in theirs:
                yield _broken(place, link)
            elif vendor["number"] in shelf.articles:
                reason = _("{name} is now an article of ours: link to it by kb:")
                yield _fault("reference-outdated", place, reason, name=link)
        elif link.startswith("#"):
            if not _exists(shelf, article, article.number, link[1:]):
                yield _broken(place, link)
        elif not link.startswith("https://"):
            yield _broken(place, link)


def _exists(shelf: Shelf, article: Article, number: str, anchor: str | None) -> bool:
    texts = shelf.articles.get(number)
    if not texts:
        return False
    text = texts.get(article.language) or next(iter(texts.values()))
    return anchor is None or anchor in _anchors(text)


def _commands(article: Article) -> Iterator[Finding]:
    """Checks and fixes are registered, and every code that a check can yield has its section."""
    for loader, identifiers in ((registry.check, article.checks), (registry.fix, article.fixes)):
        for identifier in identifiers:
            yield from _unregistered(article, loader, identifier)
    anchors = _anchors(article)
    for code in _codes(article.checks):
        if code not in anchors:
            reason = _("there is no section for the finding {finding}")
            yield _fault("section-missing", _place(article), reason, finding=code)


def _unregistered(
    article: Article, load: Callable[[str], object], identifier: str
) -> Iterator[Finding]:
    try:
        load(identifier)
    except DesksideError as error:
        yield _fault(error.code, _place(article), error.message)


def _codes(checks: Iterable[str]) -> Iterator[str]:
    known = set(registry.ids(registry.CHECKS))
    for identifier in checks:
        if identifier in known:
            yield from getattr(registry.check(identifier), "codes", ())


def _steps(article: Article) -> Iterator[Finding]:
    """Every mark of a step is at the end of its paragraph, and names what its check can find."""
    known = markdown.steps(article.body)
    if len(known) != len(steps.marks(article.body)):
        reason = _("the mark of a step must stand at the end of its paragraph")
        yield _fault("step-misplaced", _place(article), reason)
    for step in known:
        codes = set(_codes([step.check]))
        for code in step.unless:
            if codes and code not in codes:
                reason = _("{check} never finds {finding}")
                yield _fault(
                    "step-finding-unknown",
                    _place(article, _line_of(article, code)),
                    reason,
                    check=step.check,
                    finding=code,
                )


def _translation(shelf: Shelf, article: Article) -> Iterator[Finding]:
    original = shelf.articles[article.number].get(DEFAULT)
    if original and shelf.is_outdated(article):
        reason = _("it translates an older English text; the present one is “{digest}”")
        yield _fault("translation-outdated", _place(article), reason, digest=original.digest)


def _differences(texts: list[Article]) -> Iterator[Finding]:
    first = texts[0]
    for other in texts[1:]:
        for name in SAME:
            if getattr(first, name) != getattr(other, name):
                yield _unequal(other, first, name)
        if _vendor_numbers(first) != _vendor_numbers(other):
            yield _unequal(other, first, "vendor")
        if _marks(first) != _marks(other):
            yield _unequal(other, first, _("the checks of its steps"))
        if _commands_of(first) != _commands_of(other):
            yield _unequal(other, first, _("its commands"))
        if _shape(first) != _shape(other):
            yield _unequal(other, first, _first_difference(_shape(other), _shape(first)))


def _shape(article: Article) -> list[tuple[str, int, int]]:
    sections: list[Section] = markdown.sections(article.body)
    return [(section.anchor, section.level, section.steps) for section in sections]


def _commands_of(article: Article) -> list[str]:
    """The commands; what a person fills in has another name in every language."""
    return [PLACEHOLDER.sub("…", command) for command in markdown.commands(article.body)]


def _marks(article: Article) -> list[tuple[object, ...]]:
    return [(s.address, s.check, s.unless, s.fix) for s in markdown.steps(article.body)]


def _first_difference(here: list[tuple[str, int, int]], there: list[tuple[str, int, int]]) -> str:
    for one, another in zip(here, there, strict=False):
        if one != another:
            return f"#{one[0]} ({one[2]}) / #{another[0]} ({another[2]})"
    return _("number of sections")


def _vendor_numbers(article: Article) -> tuple[str, ...]:
    return (article.vendor.number, *article.vendor.related) if article.vendor else ()


def _anchors(article: Article) -> set[str]:
    return {section.anchor for section in markdown.sections(article.body)}


def _line_of(article: Article, needle: str) -> int:
    return article.body[: max(article.body.find(needle), 0)].count("\n")


def _place(article: Article, line: int | None = None) -> str:
    at = 1 if line is None else article.body_line + line
    return f"{article.path.parent.name}/{article.path.name}:{at}"


def _broken(place: str, reference: str) -> Finding:
    reason = _("{name} leads nowhere, and is not marked as the vendor's")
    return _fault("reference-broken", place, reason, name=reference)


def _unequal(here: Article, there: Article, what: str) -> Finding:
    reason = _("differs from {other} in {what}")
    return _fault("languages-differ", _place(here), reason, other=there.path.name, what=what)


def _fault(code: str, place: str, reason: str, **values: str) -> Finding:
    title = f"{place}: {reason.format(**values)}" if values else f"{place}: {reason}"
    return Finding(
        code=code, status=Status.FAILURE, subject=place, title=title, article=f"{ARTICLE}#{code}"
    )


def _due(article: Article, today: date) -> Finding:
    place = _place(article)
    reason = _("nobody has followed it to its end since {day}")
    if article.last_verified > today:
        reason = _("it says that somebody followed it to its end on {day}, which is yet to come")
    reason = reason.format(day=article.last_verified)
    return Finding(
        code="review-due",
        status=Status.NOTICE,
        subject=place,
        title=f"{place}: {reason}",
        evidence={"last_verified": article.last_verified.isoformat()},
        article=f"{ARTICLE}#review-due",
    )


def _malformed(message: str, remedy: str) -> Finding:
    return Finding(
        code="article-malformed",
        status=Status.FAILURE,
        subject=message.split(": ", maxsplit=1)[0],
        title=message,
        remedy=remedy,
        article=f"{ARTICLE}#article-malformed",
    )


def _fine(shelf: Shelf) -> Finding:
    texts = sum(map(len, shelf.articles.values()))
    return Finding(
        code="articles-sound",
        status=Status.OK,
        subject="articles",
        title=_("The articles keep all rules"),
        evidence={"articles": len(shelf.articles), "texts": texts},
    )
