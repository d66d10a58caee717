"""Changes and lists of files as JSON, in the journal."""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import Any

from deskside.foundation.changes.model import Change, Digest, FileState, Kind, State, Transition
from deskside.foundation.changes.model import Tree as TreeOfFiles

FORMAT = 2
"""Written. Format 1, which knows files only, is read as well."""


def change_to(change: Change) -> bytes:
    """A change as it is recorded."""
    record = change.as_json() | {
        "format": FORMAT,
        "folders": [str(folder) for folder in change.folders],
        "transitions": [_transition_to(each) for each in change.transitions],
    }
    return json.dumps(record, indent=1).encode()


def change_of(text: bytes) -> Change:
    """A recorded change.

    Raises:
        ValueError, KeyError, TypeError: it is damaged, or of a newer format.
    """
    record = json.loads(text)
    if record["format"] not in range(1, FORMAT + 1):
        raise ValueError(record["format"])
    return Change(
        **{name: record[name] for name in ("id", "created", "tool", "title", "root")},
        state=State(record["state"]),
        transitions=tuple(_transition_of(each) for each in record["transitions"]),
        folders=tuple(PurePosixPath(folder) for folder in record["folders"]),
        left_alone=tuple(PurePosixPath(path) for path in record["left_alone"]),
        pruned=record.get("pruned", False),
    )


def manifest_to(tree: TreeOfFiles) -> bytes:
    """The list of what is in a folder."""
    return json.dumps([[str(path), _state_to(state)] for path, state in tree]).encode()


def manifest_of(text: bytes) -> TreeOfFiles:
    """What is in a folder, from its list.

    Raises:
        ValueError, KeyError, TypeError: it is damaged.
    """
    found = []
    for path, record in json.loads(text):
        state = _state_of(record)
        if state is None:
            raise ValueError(path)
        found.append((PurePosixPath(path), state))
    return tuple(found)


def _transition_to(transition: Transition) -> dict[str, Any]:
    record: dict[str, Any] = {
        "path": str(transition.path),
        "before": _state_to(transition.before),
        "after": _state_to(transition.after),
    }
    if transition.source is not None:
        record["source"] = str(transition.source)
    if transition.prepared:
        record["prepared"] = True
    return record


def _transition_of(record: dict[str, Any]) -> Transition:
    source = record.get("source")
    return Transition(
        PurePosixPath(record["path"]),
        _state_of(record["before"]),
        _state_of(record["after"]),
        None if source is None else PurePosixPath(source),
        record.get("prepared", False),
    )


def _state_to(state: FileState | None) -> dict[str, Any] | None:
    if state is None:
        return None
    record: dict[str, Any] = {
        "sha256": state.digest,
        "size": state.size,
        "mode": state.mode,
        "owner": state.owner,
        "mtime_ns": state.mtime_ns,
    }
    if state.kind is not Kind.FILE:
        record |= {"kind": state.kind.value, "target": state.target, "manifest": state.manifest}
    return record


def _state_of(record: dict[str, Any] | None) -> FileState | None:
    if record is None:
        return None
    owner, manifest = record["owner"], record.get("manifest")
    return FileState(
        Digest(record["sha256"]),
        record["size"],
        record["mode"],
        tuple(owner) if owner else None,
        record["mtime_ns"],
        Kind(record.get("kind", Kind.FILE)),
        record.get("target", ""),
        None if manifest is None else Digest(manifest),
    )
