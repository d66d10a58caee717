"""JSON, for programs; `schema.json` describes it."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from deskside.network.reports.model import Document

SCHEMA = Path(__file__).with_name("schema.json")


def write(document: Document) -> str:
    """The document of `network test --json`."""
    return json.dumps(document.as_json(), ensure_ascii=False, indent=2) + "\n"


@cache
def schema() -> dict[str, Any]:
    """What every such document keeps to (JSON Schema 2020-12)."""
    described: dict[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return described
