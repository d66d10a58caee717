"""Everything that a user name has stored, as one zip file made while it is sent.

The contents come first, `manifest.json` last: it says what each file is, and names what could
not be read. At no time is more than one version in memory.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from deskside.foundation.errors import Refused
from deskside.workspace.portal_store.model import (
    PLAIN_FORMAT,
    Recipient,
    Restore,
    SeenWorkstation,
    StoredKind,
    StoredSnapshot,
)

MANIFEST = "manifest.json"
MANIFEST_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Everything:
    """What a user name has stored, but for the contents.

    Attributes:
        workspaces: versions by name of the workspace, the latest first.
    """

    at: datetime
    workspaces: dict[str, list[StoredSnapshot]]
    workstations: list[SeenWorkstation]
    restores: list[Restore]
    recipient: Recipient | None


def archive(
    everything: Everything, read: Callable[[str, StoredSnapshot], bytes]
) -> Iterator[bytes]:
    """The zip file in pieces.

    Args:
        everything: what is to be in it.
        read: the content of a version of a workspace; raises Refused where it cannot be read.
    """
    pipe = _Pipe()
    listed: dict[str, list[dict[str, Any]]] = {}
    with zipfile.ZipFile(pipe, "w") as whole:
        for workspace, versions in everything.workspaces.items():
            listed[workspace] = []
            for version in reversed(versions):
                listed[workspace].append(_added(whole, workspace, version, read))
                yield pipe.taken()
        whole.writestr(_entry(MANIFEST, everything.at, packed=True), _manifest(everything, listed))
    yield pipe.taken()


def _added(
    whole: zipfile.ZipFile,
    workspace: str,
    version: StoredSnapshot,
    read: Callable[[str, StoredSnapshot], bytes],
) -> dict[str, Any]:
    """Add one version; what the manifest says of it."""
    told = described(version)
    try:
        content = read(workspace, version)
    except Refused as refused:
        return told | {"file": None, "problem": refused.code}
    moment = version.created[:19].replace(":", "")
    name = f"{workspace}/{moment}Z-{version.id}{ending(version)}"
    created = datetime.fromisoformat(version.created)
    entry = _entry(name, created, packed=version.kind in (StoredKind.XML, StoredKind.UNKNOWN))
    whole.writestr(entry, content)
    return told | {"file": name}


def described(version: StoredSnapshot) -> dict[str, Any]:
    """A version as the manifest and the API show it."""
    workstation = version.workstation
    return {
        "id": version.id,
        "created": version.created,
        "sha256": version.sha256,
        "size": version.size,
        "note": version.note,
        "format": version.format,
        "kind": version.kind.value,
        "pinned": version.pinned,
        "workstation": {"id": workstation.id, "name": workstation.name} if workstation else None,
    }


def _manifest(everything: Everything, listed: dict[str, list[dict[str, Any]]]) -> bytes:
    sealed_for = everything.recipient
    document = {
        "format": MANIFEST_FORMAT,
        "exported": _iso(everything.at),
        "workspaces": [{"name": name, "snapshots": each} for name, each in listed.items()],
        "workstations": [
            {
                "id": each.id,
                "name": each.name,
                "first_seen": _iso(each.first_seen),
                "last_seen": _iso(each.last_seen),
            }
            for each in everything.workstations
        ],
        "restores": [_restore(each) for each in everything.restores],
        "encryption": sealed_for
        and {"recipient": sealed_for.recipient, "since": _iso(sealed_for.since)},
    }
    return json.dumps(document, indent=1, ensure_ascii=False).encode()


def _restore(restore: Restore) -> dict[str, Any]:
    return {
        "id": restore.id,
        "workspace": restore.workspace,
        "snapshot": restore.snapshot,
        "workstation": restore.workstation.id,
        "state": restore.state.value,
        "created": _iso(restore.created),
        "settled": _iso(restore.settled) if restore.settled else None,
        "detail": restore.detail,
    }


def ending(version: StoredSnapshot) -> str:
    """How the file of a version is to end, by what it holds."""
    if version.format != PLAIN_FORMAT:
        return ".age"
    return ".bin" if version.kind is StoredKind.OPAQUE else ".xml"


def _entry(name: str, at: datetime, *, packed: bool) -> zipfile.ZipInfo:
    moment = (max(at.year, 1980), at.month, at.day, at.hour, at.minute, at.second)
    entry = zipfile.ZipInfo(name, moment)
    entry.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    entry.external_attr = 0o600 << 16
    return entry


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")


class _Pipe(io.RawIOBase):
    """Takes what is written, and hands it on; it cannot go back."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._waiting += data
        return len(data)

    def taken(self) -> bytes:
        """What was written since the last time."""
        waiting, self._waiting = bytes(self._waiting), bytearray()
        return waiting
