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
    "allowed": mark("allowed"),
    "answer": mark("answer"),
    "answered_by": mark("answered by"),
    "articles": mark("articles"),
    "attempts": mark("attempts"),
    "before": mark("before"),
    "belongs_after": mark("belongs after"),
    "build": mark("build"),
    "bytes_a_second": mark("bytes a second"),
    "company": mark("company"),
    "computer": mark("computer"),
    "configured_in": mark("configured in"),
    "connect": mark("connecting"),
    "connected": mark("connected"),
    "connections": mark("connections"),
    "end": mark("end"),
    "error": mark("error"),
    "exports": mark("exports"),
    "file": mark("file"),
    "files": mark("files"),
    "first": mark("first"),
    "fitting": mark("fitting"),
    "folder": mark("folder"),
    "folders": mark("folders"),
    "free": mark("free"),
    "given_for": mark("given for ports"),
    "have": mark("have"),
    "heads": mark("heads"),
    "here": mark("here"),
    "history": mark("history"),
    "hosts": mark("hosts"),
    "hosts_with_this_issuer": mark("hosts with this issuer"),
    "imports": mark("imports"),
    "in_use": mark("in use"),
    "installed": mark("installed"),
    "installed_by": mark("installed by"),
    "interval": mark("interval"),
    "issuer": mark("issuer"),
    "issuer_also_at": mark("issuer also at"),
    "java": "Java",
    "jitter": mark("jitter"),
    "jts_ini": "jts.ini",
    "key": mark("key"),
    "kind": mark("kind"),
    "large": mark("large packets"),
    "last": mark("last"),
    "last_run": mark("last run"),
    "last_verified": mark("last verified"),
    "latest_snapshot": mark("latest snapshot"),
    "limit": mark("limit"),
    "lines": mark("lines"),
    "listening": mark("listening"),
    "lookup": mark("look-up"),
    "machine": mark("machine"),
    "memory": mark("memory"),
    "name": mark("name"),
    "named_by": mark("named by"),
    "needs": mark("needs"),
    "nested": mark("nested"),
    "now": mark("now"),
    "offered": mark("offered"),
    "oldest": mark("oldest"),
    "other_packets_answered": mark("other packets answered"),
    "own_delay": mark("own delay"),
    "owner": mark("owner"),
    "owners": mark("owners"),
    "port": mark("port"),
    "ports": mark("ports"),
    "position": mark("position"),
    "probes": mark("probes"),
    "problem": mark("problem"),
    "program": mark("program"),
    "program_time": mark("program time"),
    "proved": mark("proved"),
    "quickest": mark("quickest"),
    "refused": mark("refused"),
    "requests": mark("requests"),
    "routes": mark("routes"),
    "row": mark("row"),
    "rows": mark("rows"),
    "runtime": mark("runtime"),
    "said": mark("said"),
    "saved": mark("saved"),
    "sections": mark("sections"),
    "seen": mark("seen"),
    "seen_as": mark("seen as"),
    "server_version": mark("server version"),
    "settings": mark("settings"),
    "sha256": "SHA-256",
    "signed": mark("signed"),
    "small": mark("small packets"),
    "snapshot": mark("snapshot"),
    "snapshots": mark("snapshots"),
    "start": mark("start"),
    "stopped_after": mark("stopped after"),
    "subject": mark("subject"),
    "target": mark("target"),
    "tested": mark("tested"),
    "texts": mark("texts"),
    "trusted": mark("trusted"),
    "tws": "TWS",
    "unanswered": mark("unanswered"),
    "version": mark("version"),
    "waiting": mark("waiting"),
    "wanted": mark("wanted"),
    "what": mark("what"),
    "without_it": mark("without it"),
    "workspaces": mark("workspaces"),
    "zone": mark("zone"),
}
"""What people call the names that checks give; others lose their underscores only."""

_UNITS = {"milliseconds": "ms", "seconds": "s", "mib": "MiB"}


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
    if unit == "bytes" and isinstance(value, int):
        return _called(stem), size(value)
    if unit in _UNITS and isinstance(value, (int, float)):
        return _called(stem) if stem else "", f"{number(value, 1)} {_UNITS[unit]}"
    return _called(name), _shown(value, short=short)


def has_name(name: str) -> bool:
    """Whether a name that a check gives can be said to a person, in each language."""
    stem, _separator, unit = name.rpartition("_")
    return (
        name in _NAMES or name == "size" or (unit in (*_UNITS, "bytes") and stem in ("", *_NAMES))
    )


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
