"""Files that pages hand out: CSV for spreadsheets, JSON for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from litestar.response import Stream

from deskside.foundation.errors import NotFound
from deskside.foundation.text import _

TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def written(form: str, rows: Iterable[Mapping[str, Any]], columns: list[str]) -> Iterator[bytes]:
    """A file piece by piece, so that a large desk needs no memory."""
    yield from _as_csv(rows, columns) if form == "csv" else _as_json(rows)


def download(name: str, form: str, rows: Iterable[Mapping[str, Any]], columns: list[str]) -> Stream:
    """The rows as a file to save; raises NotFound for a form that we don't write."""
    if form not in TYPES:
        raise NotFound("unknown-export", _("There is no such export."))
    return Stream(
        written(form, rows, columns),
        media_type=TYPES[form],
        headers={
            "cache-control": "no-store",
            "content-disposition": f'attachment; filename="{name}.{form}"',
        },
    )


def _as_csv(rows: Iterable[Mapping[str, Any]], columns: list[str]) -> Iterator[bytes]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row[column]) for column in columns])
        if buffer.tell() > 65536:
            yield _emptied(buffer)
    yield _emptied(buffer)


def _emptied(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()


def _cell(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula (CSV injection)."""
    text = " ".join(map(str, value)) if isinstance(value, list) else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _as_json(rows: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    yield b"["
    for number, row in enumerate(rows):
        yield (b",\n" if number else b"\n") + json.dumps(row, ensure_ascii=False).encode()
    yield b"\n]\n"
