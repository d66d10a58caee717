"""`deskside admin feedback`: what readers say of articles, and what they searched for in vain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from deskside.foundation.commands import desk, keys_of, place_options
from deskside.foundation.console import command_options, emit, table
from deskside.foundation.text import _

if TYPE_CHECKING:
    from deskside.knowledge.feedback.model import Helpfulness

WIDTH = 60
"""Characters of a comment on one line; `--json` has all of it."""


@click.command()
@place_options
@command_options
def feedback(data: str | None, database: str | None) -> None:
    """Show which articles help, what readers write, and what they searched for in vain.

    \b
    Examples:
      deskside admin feedback
      deskside admin feedback --json | jq '.searches[].words'
    """
    from deskside.foundation.audit.service import COMMAND_LINE, Audit
    from deskside.foundation.clock import SystemClock
    from deskside.foundation.units import when
    from deskside.knowledge.feedback.service import Feedback

    with desk(data, database) as (config, opened):
        clock = SystemClock()
        audit = Audit(clock, actor=COMMAND_LINE)
        kept = config.span("knowledge.remember")
        told = Feedback(opened, keys_of(config, opened), clock, audit, kept)
        articles, comments, searches = told.articles(), told.comments(), told.searches()

    tables = [
        table(
            [_("Article"), _("Language"), _("Helped"), _("Did not help"), _("Comments")],
            [_of_article(each) for each in articles],
        ),
        table(
            [_("Comment on"), _("Language"), _("When"), _("Words")],
            [[c.name, c.language, when(c.at), _line(c.text)] for c in comments],
        ),
        table(
            [_("Searched for in vain"), _("Language"), _("Times"), _("Last")],
            [[s.words, s.language, str(s.count), when(s.last_seen)] for s in searches],
        ),
    ]
    emit(
        {
            "articles": [each.as_json() for each in articles],
            "comments": [each.as_json() for each in comments],
            "searches": [each.as_json() for each in searches],
        },
        "\n\n".join(tables),
    )


def _of_article(told: Helpfulness) -> list[str]:
    counts = (told.helped, told.not_helped, told.comments)
    return [told.name, told.language, *map(str, counts)]


def _line(text: str) -> str:
    """A comment on one line."""
    line = " ".join(text.split())
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…"
