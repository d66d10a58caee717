"""What the portal's pages of settings share: who asks, and what was just done."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import anyio.to_thread

from deskside.foundation.errors import NotFound
from deskside.foundation.text import _, mark, ngettext
from deskside.foundation.units import number, when
from deskside.web.service import AnyRequest, require_visitor
from deskside.workspace.model import StoredWorkspace, name_of
from deskside.workspace.portal_store.model import Restore, RestoreState, StoredSnapshot
from deskside.workspace.service import SettingsStore

T = TypeVar("T")

SAID = {
    "pinned": mark("This snapshot is kept for ever."),
    "unpinned": mark("This snapshot is no longer pinned."),
    "requested": mark("The computer is asked to restore this snapshot at its next start."),
    "cancelled": mark("The request was taken back. Nothing is restored."),
    "deleted": mark("The snapshot was deleted for good. All others are as they were."),
    "workspace-deleted": mark("The workspace and its whole history were deleted for good."),
    "all-deleted": mark("Everything that the portal kept of your settings was deleted for good."),
}
"""What was just done, by the word that travels in the address."""

STATES: dict[RestoreState, tuple[str, str]] = {
    RestoreState.WAITING: (mark("waiting"), "notice"),
    RestoreState.DONE: (mark("done"), "ok"),
    RestoreState.REFUSED: (mark("refused"), "warning"),
    RestoreState.CANCELLED: (mark("cancelled"), "neutral"),
}
"""A request's state as a word and a tone."""


def owner(request: AnyRequest) -> str:
    """Whose settings the page is about: the visitor's, nobody else's."""
    return require_visitor(request).user_name_id


def said(request: AnyRequest) -> str:
    """What was just done, in words; empty where nothing was."""
    found = SAID.get(request.query_params.get("said", ""))
    return _(found) if found else ""


def stored(settings_store: SettingsStore, user_name_id: str, name: str) -> StoredWorkspace:
    """One workspace of a user name.

    Raises:
        NotFound: `no-such-workspace`.
    """
    for workspace in settings_store.workspaces(user_name_id):
        if workspace.name == name:
            return workspace
    raise NotFound(
        "no-such-workspace",
        _("The portal holds no settings of that name for you."),
        hint=_("Send them from a computer that has them: deskside settings push"),
    )


def find(snapshots: list[StoredSnapshot], identifier: str) -> StoredSnapshot:
    """One snapshot among those of a workspace; raises NotFound."""
    for snapshot in snapshots:
        if snapshot.id == identifier:
            return snapshot
    raise NotFound("no-such-snapshot", _("There is no such snapshot."))


def called(snapshot: StoredSnapshot) -> dict[str, str]:
    """A snapshot as headings and sentences name it."""
    return {
        "id": snapshot.id,
        "when": when(snapshot.created),
        "note": snapshot.note,
        "origin": snapshot.origin,
    }


def computer(name: str, identifier: str) -> str:
    """What a computer is called; something to tell it by where it told no name."""
    return name or _("computer {id}").format(id=identifier[:6])


def counted(snapshots: int) -> str:
    """How many snapshots, in words."""
    words = ngettext("{count} snapshot", "{count} snapshots", snapshots)
    return words.format(count=number(snapshots))


def requests(
    settings_store: SettingsStore, user_name_id: str, workspace: str | None = None
) -> list[dict[str, Any]]:
    """Requests to restore, of one workspace or of all, the newest first."""
    return [
        _request(each)
        for each in settings_store.restores.listed(user_name_id)
        if workspace is None or each.workspace == workspace
    ]


async def in_thread(work: Callable[..., T], *values: Any, **named: Any) -> T:
    """Do blocking work outside the event loop, in the visitor's language."""
    return await anyio.to_thread.run_sync(partial(work, *values, **named))


def _request(each: Restore) -> dict[str, Any]:
    word, tone = STATES[each.state]
    return {
        "id": each.id,
        "workspace": name_of(each.workspace),
        "snapshot": each.snapshot,
        "computer": computer(each.workstation.name, each.workstation.id),
        "created": when(each.created),
        "settled": when(each.settled) if each.settled else "",
        "state": _(word),
        "tone": tone,
        "waiting": each.state is RestoreState.WAITING,
        "detail": each.detail,
    }
