"""The workspaces under a root."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from deskside.foundation.errors import NotFound
from deskside.foundation.text import _
from deskside.workspace.model import PROGRAMS, Workspace
from deskside.workspace.places.about import described, ini_of, read_ini, users_in
from deskside.workspace.places.jts_ini import JtsIni

DEPTH = 3
"""Folders below a root that are searched: Gateway has ibgateway/<build>/<user>."""

USER_FOLDER = re.compile(r"[a-p]{40}|[a-z]{8,11}")
"""How TWS names the folder of a user: newer builds by the first form, older by the second."""


def discover(root: Path) -> list[Workspace]:
    """The workspaces under a root, which may itself be a user's folder.

    A settings file counts by its name even where its content is damaged: that is when it is
    wanted most.

    Raises:
        NotFound: `settings-no-root`.
    """
    if not root.is_dir():
        raise no_root(root)
    found = [described(workspace) for workspace in _search(root.resolve(), DEPTH)]
    order = list(PROGRAMS)
    return sorted(found, key=lambda w: (str(w.file.parent), order.index(w.file.name.lower())))


def discover_all(roots: Iterable[Path]) -> list[Workspace]:
    """The workspaces under several roots, which may lie within one another, each once."""
    return list(dict.fromkeys(w for root in roots for w in discover(root)))


def to_be(folder: Path) -> Workspace | None:
    """The workspace that a folder without settings is meant for; None if it is no user's folder.

    A user's folder is known by its name, or because `jts.ini` above it names it.
    """
    if not folder.is_dir():
        return None
    meant = Workspace(folder / "tws.xml")
    file = ini_of(meant)
    ini = JtsIni(read_ini(file) if file else b"")
    if not (folder.name in users_in(ini) or USER_FOLDER.fullmatch(folder.name)):
        return None
    gateway = "IBGateway" in ini.sections() or "ibgateway" in map(str.lower, folder.parts)
    return described(Workspace(folder / "ibg.xml") if gateway else meant)


def no_root(root: Path) -> NotFound:
    """There is no folder of settings here."""
    return NotFound(
        "settings-no-root",
        _("There are no TWS settings at {root}.").format(root=root),
        hint=_("Name the folder with --root DIR; in TWS, Ctrl+Alt+U shows it."),
        article="2323#settings-no-root",
    )


def _search(folder: Path, depth: int) -> list[Workspace]:
    found: list[Workspace] = []
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return []
    for entry in entries:
        path = folder / entry.name
        if entry.name.lower() in PROGRAMS:
            found.append(Workspace(path))
        elif depth and _is_folder(entry):
            found += _search(path, depth - 1)
    return found


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder of its own; links lead to what is found by its own name."""
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False
