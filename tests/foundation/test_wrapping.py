"""Texts and tables in a terminal: no line is too long, no word is broken."""

from __future__ import annotations

import os
import shutil
import sys

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskside.foundation.console import table
from deskside.foundation.wrapping import NARROWEST, WIDEST, wrapped

WORDS = st.lists(st.text("abcdefgh", min_size=1, max_size=9), min_size=1, max_size=60)


def terminal(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(shutil, "get_terminal_size", lambda: os.terminal_size((columns, 24)))


@given(words=WORDS, columns=st.integers(1, 300))
def test_a_text_keeps_its_words_and_the_terminal_s_width(words: list[str], columns: int) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        terminal(monkeypatch, columns)
        lines = wrapped(" ".join(words), "    ", "  ")
    assert " ".join(lines).split() == words
    assert all(len(line) <= max(NARROWEST, min(columns, WIDEST)) for line in lines)
    assert lines[0].startswith("  ")
    assert all(line.startswith("    ") for line in lines[1:])


def test_a_text_for_a_file_is_one_line() -> None:
    assert wrapped("word " * 50, "  ") == ["  " + "word " * 50]


def test_a_table_s_last_column_goes_on_below_its_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal(monkeypatch, 40)
    shown = click.unstyle(
        table(["Id", "What"], [["1m8e", "restore the settings of one user of two"]])
    )
    assert shown.splitlines() == [
        "Id    What",
        "1m8e  restore the settings of one user",
        "      of two",
    ]


def test_a_table_of_wide_columns_still_has_room_for_the_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal(monkeypatch, 40)
    shown = table(["a" * 30, "b"], [["c" * 30, "word " * 20]])
    assert all(len(line) <= 40 for line in click.unstyle(shown).splitlines())


def test_an_empty_last_cell_leaves_no_blank_line(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal(monkeypatch, 40)
    assert click.unstyle(table(["Id", "Note"], [["1", ""]])).splitlines() == ["Id  Note", "1"]


def test_a_word_longer_than_a_line_is_broken_where_that_is_wanted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal(monkeypatch, 40)
    broken = wrapped("x" * 100, "    ", "  ", breaking=True)
    assert "".join(map(str.strip, broken)) == "x" * 100
    assert all(len(line) <= 40 for line in broken)
    assert wrapped("x" * 100, "    ", "")[-1].strip() == "x" * 100
