"""What a computer sends of an article's run, and nothing else.

The server believes none of it: every field has a type and a length, the page shows it as text, and
no fix is offered for it.
"""

from __future__ import annotations

import json
from typing import Annotated, Any

import msgspec

from deskside.foundation.findings import Finding, Status

LARGEST = 256 * 1024
"""Bytes of a result that are read."""

Code = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)]
Words = Annotated[str, msgspec.Meta(max_length=2_000)]
Place = Annotated[str, msgspec.Meta(pattern=r"^[1-9][0-9]{0,5}(#[a-z0-9-]{1,80})?$")]


class SentFinding(msgspec.Struct):
    """One finding as it was sent."""

    code: Code
    status: Status
    subject: Words = ""
    title: Words = ""
    evidence: Annotated[dict[Words, Any], msgspec.Meta(max_length=60)] = {}
    cause: Words = ""
    remedy: Words = ""
    article: Place | None = None
    explained_by: Code | None = None

    def shown(self) -> Finding:
        """The finding as a page shows it; nothing in it can be acted on."""
        return Finding(
            code=self.code,
            status=self.status,
            subject=self.subject,
            title=self.title,
            evidence={name: _plain(value) for name, value in self.evidence.items()},
            cause=self.cause,
            remedy=self.remedy,
            article=self.article,
            explained_by=self.explained_by,
        )


class SentResult(msgspec.Struct):
    """The body of `POST /api/v1/results`."""

    token: Annotated[str, msgspec.Meta(max_length=100)]
    article: Annotated[str, msgspec.Meta(pattern=r"^[1-9][0-9]{0,5}$")]
    findings: Annotated[list[SentFinding], msgspec.Meta(max_length=500)]


def _plain(value: object) -> object:
    """A value as evidence is shown; anything deeper becomes a text."""
    simple = (str, int, float, bool, type(None))
    if isinstance(value, simple):
        return value
    if isinstance(value, list) and all(isinstance(item, simple) for item in value):
        return value
    return json.dumps(value, ensure_ascii=False)[:2_000]
