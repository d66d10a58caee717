"""Push to and pull from the portal that the person is logged in to.

Each computer remembers which of the portal's versions its own state derives from, and names it
when pushing. Where the portal has moved on, it refuses, and this computer fetches what it had
not seen: both are then in the history here, and the person decides.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from deskside.foundation.errors import NotFound, Refused
from deskside.foundation.portal_client import PortalClient
from deskside.foundation.text import _
from deskside.foundation.units import size
from deskside.workspace.model import Snapshot, Workspace
from deskside.workspace.rules import LARGEST_PUSHED, kind_of
from deskside.workspace.workstation import Workstation

if TYPE_CHECKING:
    import httpx2


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push came to.

    Attributes:
        snapshot: the local snapshot that was sent.
        version: the portal's id of it.
    """

    snapshot: Snapshot
    version: str
    changed: bool

    def as_json(self) -> dict[str, Any]:
        """The result as `settings push` prints it."""
        return {"snapshot": self.snapshot.id, "version": self.version, "changed": self.changed}


@dataclass(frozen=True, slots=True)
class Fetched:
    """The portal's latest version.

    Attributes:
        version: the portal's id of it.
        portal: address of the portal.
    """

    version: str
    content: bytes
    portal: str

    @property
    def words(self) -> str:
        """Where it came from, for the person."""
        return _("the portal's version {version}").format(version=self.version)


def push(here: Workstation, workspace: Workspace, *, keep_mine: bool = False) -> Pushed:
    """Save what is there now, and send it on top of the version that it derives from.

    Args:
        keep_mine: put it on top of whatever the portal has, which stays in the history there.

    Raises:
        Refused: `settings-conflict`; `settings-too-large`; what saving refuses.
        NotLoggedIn, Unavailable: from the portal's client.
    """
    saved = here.save(workspace).snapshot
    content = here.history.content(saved)
    if len(content) > LARGEST_PUSHED:
        raise Refused(
            "settings-too-large",
            _("Portals take at most {most} of settings.").format(most=size(LARGEST_PUSHED)),
        )
    with PortalClient.open() as client:
        base = here.history.base(workspace, client.portal)
        if keep_mine:
            base = _latest_version(client, workspace)
        try:
            answer = _send(client, workspace, saved, content, base)
        except Refused as refused:
            if refused.code == "settings-conflict":
                _keep_both(here, workspace, client)
            raise
    here.history.set_base(workspace, client.portal, answer["snapshot"])
    return Pushed(saved, answer["snapshot"], answer["changed"])


def fetch(workspace: Workspace) -> Fetched:
    """The portal's latest version of a workspace, checked.

    Raises:
        NotFound: `no-such-workspace`.
        Refused: `content-damaged`, or it is no settings file.
    """
    with PortalClient.open() as client:
        return _fetch(client, workspace)


def settled(here: Workstation, workspace: Workspace, fetched: Fetched) -> None:
    """Remember that this computer's state now derives from what was fetched."""
    here.history.set_base(workspace, fetched.portal, fetched.version)


def _send(
    client: PortalClient, workspace: Workspace, saved: Snapshot, content: bytes, base: str
) -> dict[str, Any]:
    headers = {
        "content-type": "application/octet-stream",
        "deskside-sha256": saved.sha256,
        "deskside-note": quote(saved.note),
        "deskside-base": base,
    }
    response = client.request("POST", _path(workspace), content=content, headers=headers)
    answer: dict[str, Any] = response.json()
    return answer


def _fetch(client: PortalClient, workspace: Workspace) -> Fetched:
    response: httpx2.Response = client.request("GET", f"{_path(workspace)}/latest")
    content = response.content
    if hashlib.sha256(content).hexdigest() != response.headers.get("deskside-sha256"):
        raise Refused(
            "content-damaged",
            _("The settings were damaged on their way; nothing was changed."),
            hint=_("Try again."),
        )
    kind_of(content)
    return Fetched(response.headers["deskside-snapshot"], content, client.portal)


def _latest_version(client: PortalClient, workspace: Workspace) -> str:
    try:
        answer = client.request("GET", _path(workspace))
    except NotFound:
        return ""
    listed = answer.json()["snapshots"]
    return str(listed[0]["id"]) if listed else ""


def _keep_both(here: Workstation, workspace: Workspace, client: PortalClient) -> None:
    """Bring the portal's version into the history here; what is on this computer stays latest."""
    fetched = _fetch(client, workspace)
    here.history.save(workspace, fetched.content, _("from {source}").format(source=fetched.words))
    here.save(workspace)


def _path(workspace: Workspace) -> str:
    return f"/me/settings/{quote(workspace.key)}/snapshots"
