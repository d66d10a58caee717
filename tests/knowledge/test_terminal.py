"""Articles in a terminal: every line within its width, no Markdown to be seen."""

from __future__ import annotations

import os
import re
import shutil
import sys

import click
import pytest

from deskside.foundation.errors import NotFound
from deskside.knowledge import markdown
from deskside.knowledge.service import Library
from deskside.knowledge.terminal import page

LIBRARY = Library.open()
TEXTS = [
    LIBRARY.article(article.number, language)
    for article in LIBRARY.articles()
    for language in LIBRARY.languages(article.number)
]


def at_terminal(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(shutil, "get_terminal_size", lambda: os.terminal_size((columns, 24)))


@pytest.mark.parametrize("columns", [40, 60, 200])
def test_every_article_fits_and_shows_no_markdown(
    monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    at_terminal(monkeypatch, columns)
    for article in TEXTS:
        shown = click.unstyle(page(article))
        lines = shown.splitlines()
        # An address is no word to break; it stands on a line of its own.
        long = [line for line in lines if len(line) > min(columns, 100) and "://" not in line]
        assert not long, (article.name, long)
        assert not re.search(r"\*\*|^#|^\|[ -]|\]\(", shown, re.MULTILINE), article.name
        # Nothing is cut short: half the name of a host is none.
        assert shown.count("…") == article.body.count("…"), article.name
        headings = [section.title for section in markdown.sections(article.body)]
        assert all(word in shown for heading in headings for word in heading.split())


def test_for_a_file_the_text_is_left_as_it_is() -> None:
    shown = page(LIBRARY.article("1131", "en"))
    assert "\x1b" not in shown.replace("\x1b[1m", "").replace("\x1b[0m", "")
    assert "| Phone app | a notification" in shown


def test_a_section_is_shown_by_itself() -> None:
    for article in TEXTS:
        whole = page(article)
        for section in markdown.sections(article.body):
            shown = page(article, section.anchor)
            assert shown.split("\n\n")[1].strip("# ").startswith(section.title)
            assert len(shown) < len(whole)
    with pytest.raises(NotFound, match="no section nowhere") as refused:
        page(LIBRARY.article("2323", "en"), "nowhere")
    assert refused.value.hint
    assert "settings-damaged" in refused.value.hint
