"""Whether what is installed is what was installed, and whether the pointer leads to it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from deskside.foundation.findings import Finding, Status
from deskside.foundation.text import _
from deskside.workstation.api_components.components import Components
from deskside.workstation.api_components.model import MANIFEST, POINTER, VERSIONS, Installed
from deskside.workstation.api_components.package import NEEDED, find_without_case

ARTICLE = "9001"
POINTER_FIX = "api.pointer"
LISTED = 20
"""Files that a finding names; more are counted."""


def look(components: Components, only: Installed | None = None) -> Iterator[Finding]:
    """Everything that is to be said of the components under a home.

    Args:
        only: look at this version alone.
    """
    for installed in [only] if only else components.installed():
        yield from _version(components, installed)
    pointer = components.home / POINTER
    if pointer.is_symlink() and not pointer.exists():
        yield _problem(
            "api-pointer-broken",
            Status.FAILURE,
            str(pointer),
            _("IBJts points to nothing"),
            remedy=_("Choose a version: deskside api list, then deskside api use VERSION"),
            fixes=(POINTER_FIX,) if components.installed() else (),
            target=str(pointer.readlink()),
        )


def _version(components: Components, installed: Installed) -> Iterator[Finding]:
    folder = components.folder(installed)
    yield from _whole(folder, installed)
    yield from _owner(folder)
    manifest = components.manifest(installed)
    if manifest is None:
        yield _problem(
            "api-unmanaged",
            Status.NOTICE,
            str(folder),
            _("These API components were not installed by Deskside"),
            cause=_("They were unpacked by hand, so that there is no list of their files."),
            remedy=_("Install the package again: deskside api install FILE"),
        )
        return
    top = components.home / VERSIONS / installed.name
    found = list(_differences(top, installed, manifest["files"]))
    yield from found or [
        Finding(
            code="api-ok",
            status=Status.OK,
            subject=str(top),
            title=_("API components {version}: every file is as it was installed").format(
                version=installed.version
            ),
            evidence={"files": len(manifest["files"]), "in_use": installed.in_use},
        )
    ]


def _whole(folder: Path, installed: Installed) -> Iterator[Finding]:
    try:
        names = [path.name for path in folder.iterdir()]
    except OSError:
        names = []
    missing = [each for each in NEEDED if not find_without_case(names, each)]
    if missing:
        yield _problem(
            "api-incomplete",
            Status.FAILURE,
            str(folder),
            _("API components {version} are not complete").format(version=installed.name),
            cause=_("A part of them was moved or deleted, or never unpacked."),
            remedy=_("Remove this version and install it again."),
            missing=missing,
        )


def _owner(folder: Path) -> Iterator[Finding]:
    if not hasattr(os, "getuid"):
        return
    others = [p for p in _parts(folder) if p.lstat().st_uid != os.getuid()]
    if others:
        yield _problem(
            "api-owned-by-another",
            Status.WARNING,
            str(folder),
            _("Some of these files belong to another user"),
            cause=_("Unpacking with sudo leaves them to root; then building the client fails."),
            remedy=_('Make them yours: sudo chown -R "$USER" {folder}').format(folder=folder),
            files=len(others),
        )


def _parts(folder: Path) -> Iterator[Path]:
    """The folders down to where clients are built: whose they are tells of all the rest."""
    if folder.is_dir():
        yield folder
        for path in folder.iterdir():
            yield path
            if path.is_dir() and not path.is_symlink():
                yield from path.iterdir()


def _differences(top: Path, installed: Installed, listed: dict[str, str]) -> Iterator[Finding]:
    present = set(_files(top)) - {MANIFEST}
    missing = sorted(listed.keys() - present)
    changed = sorted(
        name for name in listed.keys() & present if _digest(top / name) != listed[name]
    )
    added = sorted(name for name in present - listed.keys() if not _is_cache(name))
    if changed or missing:
        yield _problem(
            "api-files-changed",
            Status.FAILURE,
            str(top),
            _("API components {version} are not as they were installed").format(
                version=installed.version
            ),
            cause=_("Files were edited, deleted or overwritten by another version."),
            remedy=_("Remove this version and install it again; keep a copy of your own edits."),
            changed=changed[:LISTED],
            missing=missing[:LISTED],
            count=len(changed) + len(missing),
        )
    if added:
        yield _problem(
            "api-files-added",
            Status.NOTICE,
            str(top),
            _("There are more files than were installed"),
            cause=_("Building a client leaves such files, and so does unpacking over a version."),
            remedy=_("Files of your own are safer outside of this folder."),
            added=added[:LISTED],
            count=len(added),
        )


def _files(top: Path) -> Iterator[str]:
    for folder, _folders, names in os.walk(top):
        for name in names:
            yield (Path(folder) / name).relative_to(top).as_posix()


def _is_cache(name: str) -> bool:
    return "/__pycache__/" in name


def _digest(path: Path) -> str:
    if path.is_symlink():
        return "a link"
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return "unreadable"


def _problem(
    code: str,
    status: Status,
    subject: str,
    title: str,
    *,
    cause: str = "",
    remedy: str = "",
    fixes: tuple[str, ...] = (),
    **evidence: object,
) -> Finding:
    return Finding(
        code=code,
        status=status,
        subject=subject,
        title=title,
        evidence=evidence,
        cause=cause,
        remedy=remedy,
        article=f"{ARTICLE}#{code}",
        fixes=fixes,
    )
