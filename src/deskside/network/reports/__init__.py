"""A test's result for people and programs: one model, one renderer a format.

model      the document: the report, and where and when it was made
words      what codes of the report are called
allow      what to allow, in the syntax of firewalls
letter     what to tell an administrator
redaction  the same document without what belongs to this person, computer and network
private    what that is, as this computer knows it
text, html, junit, data   the renderers
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from deskside.network.reports import data, html, junit, text
from deskside.network.reports.model import Document, document_of
from deskside.network.reports.redaction import redacted

__all__ = ["FORMATS", "Document", "Format", "document_of", "redacted"]


@dataclass(frozen=True, slots=True)
class Format:
    """A way to write a document: how, the file's ending, and its media type."""

    write: Callable[[Document], str]
    suffix: str
    media_type: str


FORMATS = {
    "html": Format(html.write, "html", "text/html; charset=utf-8"),
    "json": Format(data.write, "json", "application/json"),
    "junit": Format(junit.write, "xml", "application/xml"),
    "text": Format(text.write, "txt", "text/plain; charset=utf-8"),
}
