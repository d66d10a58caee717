"""Articles as a terminal shows them."""

from __future__ import annotations

import io
import sys
from difflib import get_close_matches

import click

from deskside.foundation.errors import NotFound
from deskside.foundation.text import _
from deskside.foundation.wrapping import columns, wrapped
from deskside.knowledge import markdown
from deskside.knowledge.model import Article


def page(article: Article, anchor: str = "") -> str:
    """An article, or one section of it with all that is below its heading; raises as `section`."""
    text = markdown.plain(section(article, anchor) if anchor else article.body)
    heading = "\n".join(wrapped(f"{article.name}  {article.title}", ""))
    parts = [click.style(heading, bold=True)]
    if not anchor:
        runs = _("Run it: deskside run {name}").format(name=article.name) if article.checks else ""
        parts += ["\n".join(wrapped(article.summary, "")), runs]
    parts.append(_rendered(text))
    if article.vendor:
        parts.append(f"({article.vendor.label}: {article.vendor.url})")
    return "\n\n".join(filter(None, parts))


def section(article: Article, anchor: str) -> str:
    """The lines of a section, down to the next heading of its level or above.

    Raises:
        NotFound: `unknown-section`; the hint names those that there are.
    """
    sections = markdown.sections(article.body)
    at = next((at for at, section in enumerate(sections) if section.anchor == anchor), None)
    if at is None:
        raise NotFound(
            "unknown-section",
            _("{article} has no section {name}.").format(article=article.name, name=anchor),
            hint=_nearest(anchor, [section.anchor for section in sections]),
        )
    below = (s.line for s in sections[at + 1 :] if s.level <= sections[at].level)
    return "\n".join(article.body.split("\n")[sections[at].line : next(below, None)])


def _nearest(anchor: str, known: list[str]) -> str:
    if near := get_close_matches(anchor, known, n=3, cutoff=0.6):
        return _("Did you mean: {articles}?").format(articles=", ".join(near))
    return _("Its sections: {names}").format(names=", ".join(known))


def _rendered(text: str) -> str:
    """Markdown in the terminal's width and colours; as it is where it goes to a file."""
    if not sys.stdout.isatty():
        return text
    # Only here: it costs a tenth of a second.
    from rich.console import Console

    from deskside.knowledge.terminal_markdown import Whole

    console = Console(file=io.StringIO(), force_terminal=True, width=columns())
    with console.capture() as captured:
        console.print(Whole(text, hyperlinks=False))
    lines = (line.rstrip() for line in captured.get().split("\n"))
    return "\n".join(lines).strip("\n")
