"""Papers to print: A4 in PDF, made on the fly and handed out; nothing is kept.

The standard fonts of every reader are used, so a paper holds Western European letters; others are
written by their nearest, and what has none as a question mark.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fpdf import FPDF

MARGIN, LINE = 18.0, 6.0
"""Millimetres."""

_MARKS = str.maketrans(
    {"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "\u00a0": " "}
)


def paper(title: str, *, language: str) -> FPDF:
    """A sheet with its title on it; more is put below, and `written` ends it.

    Args:
        title: shown large, and kept as the title of the document.
        language: of the words on it, such as `it`; programs that read aloud want to know.
    """
    from fpdf import FPDF

    sheet = FPDF(format="A4")
    sheet.set_margins(MARGIN, MARGIN)
    sheet.set_auto_page_break(auto=True, margin=MARGIN)
    sheet.set_title(title)
    sheet.set_lang(language)
    sheet.set_creator("Deskside")
    sheet.add_page()
    sheet.set_font("helvetica", "B", 18)
    sheet.multi_cell(0, 9, plain(title), new_x="LMARGIN", new_y="NEXT")
    return sheet


def words(sheet: FPDF, text: str, *, bold: bool = False) -> None:
    """A paragraph over the width of the sheet."""
    sheet.set_font("helvetica", "B" if bold else "", 11)
    sheet.multi_cell(0, LINE, plain(text), new_x="LMARGIN", new_y="NEXT")
    sheet.ln(2)


def facts(sheet: FPDF, rows: Sequence[tuple[str, str]]) -> None:
    """Names and their values, one below the other."""
    for name, value in rows:
        sheet.set_font("helvetica", "", 11)
        sheet.cell(60, LINE, plain(name))
        sheet.set_font("helvetica", "B", 11)
        sheet.multi_cell(0, LINE, plain(value), new_x="LMARGIN", new_y="NEXT")
    sheet.ln(2)


def grid(sheet: FPDF, cells: Sequence[tuple[str, str]], *, columns: int) -> None:
    """Pairs of a small number and a text in boxes, row by row."""
    width, height = sheet.epw / columns, 7.0
    sheet.set_draw_color(150)
    for place, (number, text) in enumerate(cells):
        left, top = sheet.get_x(), sheet.get_y()
        sheet.rect(left, top, width, height)
        sheet.set_font("courier", "", 8)
        sheet.cell(width * 0.42, height, plain(number), align="R")
        sheet.set_font("courier", "B", 11)
        sheet.cell(width * 0.58, height, plain(text))
        if (place + 1) % columns == 0:
            sheet.ln(height)
    if len(cells) % columns:
        sheet.ln(height)
    sheet.ln(2)


def written(sheet: FPDF) -> bytes:
    """The document."""
    return bytes(sheet.output())


def plain(text: str) -> str:
    """A text in the letters that the standard fonts have."""
    marked = text.translate(_MARKS)
    return "".join(map(_letter, marked))


def _letter(letter: str) -> str:
    if letter.encode("latin-1", "ignore"):
        return letter
    bare = unicodedata.normalize("NFKD", letter).encode("latin-1", "ignore").decode("latin-1")
    return bare or "?"
