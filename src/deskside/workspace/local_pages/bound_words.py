"""What is bound to a person or a computer, as a form: by kind in words, and value by value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from deskside.foundation.text import _, mark
from deskside.workspace import transferring
from deskside.workspace.document.bound import DEFAULTS, BoundKind, Treatment
from deskside.workspace.document.personal import BoundItem

KINDS: dict[BoundKind, str] = {
    BoundKind.ACCOUNT: mark("Account numbers"),
    BoundKind.USER_FOLDER: mark("Users' folders"),
    BoundKind.TRUSTED: mark("Addresses that the API trusts"),
    BoundKind.SERVER: mark("Servers that the program connects to"),
    BoundKind.SECRET: mark("Passwords and keys"),
    BoundKind.PERSON: mark("Names and addresses of a person"),
    BoundKind.PATH: mark("Files and folders of the computer"),
    BoundKind.PORT: mark("The port of the API"),
    BoundKind.GEOMETRY: mark("Places and sizes of windows"),
}
TREATMENTS: dict[Treatment, str] = {
    Treatment.KEEP_OUT: mark("Keep out: the target's own, or nothing"),
    Treatment.MAP: mark("Replace as said below, else keep out"),
    Treatment.COPY: mark("Copy as it is"),
}
MAPPED = (BoundKind.ACCOUNT, BoundKind.USER_FOLDER)
"""Kinds whose values a person may want to give new ones, one by one."""

MOST = 20
"""Values of a kind that can be mapped one by one."""

EXAMPLES = 5
"""Values of a kind that are shown."""


def kinds(items: Sequence[BoundItem], fields: Mapping[str, str]) -> list[dict[str, Any]]:
    """What is bound, by kind: how often, which values, and what may become of it."""
    return [
        _kind(kind, those, fields)
        for kind in KINDS
        if (those := [item for item in items if item.kind is kind])
    ]


def values(items: Sequence[BoundItem], fields: Mapping[str, str]) -> list[dict[str, str]]:
    """Values that may get new ones, each with the kind that it is of."""
    found: dict[str, BoundKind] = {}
    for kind in MAPPED:
        those = dict.fromkeys(item.value for item in items if item.kind is kind)
        found |= dict.fromkeys(list(those)[:MOST], kind)
    return [
        {
            "number": str(number),
            "old": old,
            "new": fields.get(f"new-{number}", ""),
            "kind": _(KINDS[kind]),
        }
        for number, (old, kind) in enumerate(found.items())
    ]


def choices(fields: Mapping[str, str]) -> transferring.Choices:
    """What the form decides; raises UsageProblem `wrong-treatment`."""
    treatments = [
        f"{kind.value}={fields[name]}" for kind in KINDS if (name := _field(kind)) in fields
    ]
    pairs = (
        (fields.get(f"old-{number}", ""), fields.get(f"new-{number}", "").strip())
        for number in range(MOST * len(MAPPED))
    )
    decided = transferring.choices((), treatments)
    return transferring.Choices({old: new for old, new in pairs if old and new}, decided.treatments)


def answers(fields: Mapping[str, str]) -> dict[str, str]:
    """What was decided, to be carried along."""
    ours = ("treat", "old", "new")
    return {name: value for name, value in fields.items() if name.partition("-")[0] in ours}


def _kind(kind: BoundKind, those: Sequence[BoundItem], fields: Mapping[str, str]) -> dict[str, Any]:
    named = kind is not BoundKind.GEOMETRY  # whose values are but numbers
    found = list(dict.fromkeys(item.value for item in those)) if named else []
    return {
        "name": _field(kind),
        "title": _(KINDS[kind]),
        "count": len(those),
        "values": found[:EXAMPLES],
        "more": max(0, len(found) - EXAMPLES),
        "where": " › ".join(those[0].where),
        "options": [
            (one.value, _(words))
            for one, words in TREATMENTS.items()
            if one is not Treatment.MAP or kind in MAPPED
        ],
        "value": fields.get(_field(kind), DEFAULTS[kind].value),
    }


def _field(kind: BoundKind) -> str:
    return f"treat-{kind.value}"
