"""What other parts may learn of the settings on this computer; they look and change nothing.

The part's second door: `service` is the portal's and needs its database, which a workstation has
not.
"""

from __future__ import annotations

from pathlib import Path

from deskside.workspace.document.safety import trusted_addresses
from deskside.workspace.document.tree import Element, parse
from deskside.workspace.model import Workspace
from deskside.workspace.places import reading
from deskside.workspace.places.about import ini_of, read_ini
from deskside.workspace.places.jts_ini import JtsIni
from deskside.workspace.places.machine import Machine
from deskside.workspace.places.roots import usual_places
from deskside.workspace.places.running import running
from deskside.workspace.workstation import Workstation

__all__ = [
    "Workspace",
    "document",
    "ini",
    "ini_of",
    "is_running",
    "program_places",
    "trusted_addresses",
    "workspaces",
]


def workspaces(root: str | None = None) -> list[Workspace]:
    """As `Workstation.workspaces`; raises NotFound where there are none."""
    return Workstation.open().workspaces(root)


def document(workspace: Workspace) -> Element:
    """The settings file as a tree; raises DesksideError where it is sealed or damaged."""
    return parse(reading.read(workspace.file).content).root


def ini(workspace: Workspace) -> JtsIni:
    """The `jts.ini` that goes with a workspace; an empty one where there is none."""
    file = ini_of(workspace)
    return JtsIni(read_ini(file) if file else b"")


def is_running(workspace: Workspace) -> bool:
    """Whether a program that uses the workspace runs."""
    return bool(running(workspace))


def program_places() -> list[Path]:
    """Folders into which trading programs are usually installed on this kind of computer."""
    return [Path(place) for place in usual_places(Machine.present())]
