"""What a check has seen, in words: names without underscores, units, moments, short digests.

JSON keeps evidence as it is; this is for people.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from deskside.foundation.text import _, mark
from deskside.foundation.units import number, size, when

_DIGEST = re.compile(r"[0-9a-f]{64}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S*(Z|[+-]\d\d:\d\d)")

_NAMES = {
    "accepted": mark("accepted"),
    "address": mark("address"),
    "addresses": mark("addresses"),
    "after": mark("after"),
    "answer": mark("answer"),
    "articles": mark("articles"),
    "attempts": mark("attempts"),
    "connected": mark("connected"),
    "error": mark("error"),
    "configured_in": mark("configured in"),
    "first": mark("first"),
    "given_for": mark("given for ports"),
    "heads": mark("heads"),
    "hosts": mark("hosts"),
    "hosts_with_this_issuer": mark("hosts with this issuer"),
    "issuer": mark("issuer"),
    "key": mark("key"),
    "kind": mark("kind"),
    "last": mark("last"),
    "latest_snapshot": mark("latest snapshot"),
    "lines": mark("lines"),
    "lookup": mark("look-up"),
    "name": mark("name"),
    "own_delay": mark("own delay"),
    "ports": mark("ports"),
    "position": mark("position"),
    "problem": mark("problem"),
    "proved": mark("proved"),
    "routes": mark("routes"),
    "rows": mark("rows"),
    "said": mark("said"),
    "saved": mark("saved"),
    "seen": mark("seen"),
    "seen_as": mark("seen as"),
    "sha256": "SHA-256",
    "signed": mark("signed"),
    "snapshot": mark("snapshot"),
    "snapshots": mark("snapshots"),
    "stopped_after": mark("stopped after"),
    "subject": mark("subject"),
    "tested": mark("tested"),
    "texts": mark("texts"),
    "unanswered": mark("unanswered"),
    "waiting": mark("waiting"),
}
"""What people call the names that checks give; others lose their underscores only."""

_UNITS = {"milliseconds": "ms", "seconds": "s"}


def in_words(evidence: Mapping[str, Any], *, short: bool = False) -> list[str]:
    """Each thing that was seen, such as `ports 4000, 4001` or `12.5 ms`.

    Args:
        short: cut digests to what tells them apart, for a terminal.
    """
    return [f"{name} {value}".lstrip() for name, value in named(evidence, short=short)]


def named(evidence: Mapping[str, Any], *, short: bool = False) -> list[tuple[str, str]]:
    """Name and value of each thing that was seen; the name is empty where the unit says it."""
    return [_item(name, value, short=short) for name, value in evidence.items()]


def _item(name: str, value: Any, *, short: bool) -> tuple[str, str]:
    if name == "size" and isinstance(value, int):
        return "", size(value)
    stem, _separator, unit = name.rpartition("_")
    if unit in _UNITS and isinstance(value, (int, float)):
        return _called(stem) if stem else "", f"{number(value, 1)} {_UNITS[unit]}"
    return _called(name), _shown(value, short=short)


def _called(name: str) -> str:
    known = _NAMES.get(name)
    return _(known) if known else name.replace("_", " ")


def _shown(value: Any, *, short: bool) -> str:
    if value is None or value in ([], ()):
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, float):
        return number(value, 1)
    if isinstance(value, (list, tuple)):
        return ", ".join(_shown(item, short=short) for item in value)
    text = str(value)
    if short and _DIGEST.fullmatch(text):
        return f"{text[:12]}…"
    return when(text) if _MOMENT.fullmatch(text) else text
