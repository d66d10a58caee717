"""Push: save, then send on top of the version that these settings derive from.

Where others sent something meanwhile, both are put together element by element over what they
have in common. What cannot be is asked; nothing is ever overwritten.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deskside.foundation.errors import NotLoggedIn, Refused, Unavailable
from deskside.foundation.text import _
from deskside.workspace.model import Snapshot, Workspace
from deskside.workspace.sync.client import Store
from deskside.workspace.sync.lane import Lane
from deskside.workspace.sync.merging import Together, Wish, together
from deskside.workspace.sync.model import Conflict, Downloaded, Pushed, Version, Why

if TYPE_CHECKING:
    from deskside.workspace.workstation import Workstation

TRIES = 12
"""Others may send between our look and our push so many times before we give up."""

MERGED = "merge"
"""Origin of a snapshot that was put together from two."""


def push(here: Workstation, workspace: Workspace, wish: Wish | None = None) -> Pushed | Conflict:
    """Save what is there now and send it; where the portal is out of reach, later.

    Raises:
        NotLoggedIn: nobody is logged in, or the session has ended; what is there now is saved.
        Refused: `settings-too-large`, `settings-quota`, `portal-certificate`; what saving or
            end-to-end encryption refuses.
        Unavailable: `sync-busy`; `portal-too-busy` where others send without pause.
    """
    saved = here.save(workspace).snapshot
    try:
        with Store.open(here.folder) as store:
            lane = Lane(here, workspace, store)
            with lane.turn():
                return _push_or_queue(lane, saved, wish or Wish())
    except NotLoggedIn as error:
        raise _after_saving(error, saved) from error


def _push_or_queue(lane: Lane, saved: Snapshot, wish: Wish) -> Pushed | Conflict:
    try:
        lane.settle()
        return push_snapshot(lane, saved, wish)
    except Unavailable as error:
        if error.code == "portal-too-busy":
            raise
        queued = not _has_been_sent(lane, saved)
        lane.remember(queued=saved.id if queued else None)
        return Pushed(saved, "", changed=False, queued=queued, reason=error.message)
    except NotLoggedIn:
        if not _has_been_sent(lane, saved):
            lane.remember(queued=saved.id)
        raise


def push_snapshot(lane: Lane, saved: Snapshot, wish: Wish) -> Pushed | Conflict:
    """Send one snapshot; the caller has its turn.

    Raises:
        DesksideError: as for `push`.
    """
    mine = lane.here.history.content(saved)
    versions = lane.store.versions(lane.key)
    if lane.base_among(versions) and _has_been_sent(lane, saved) and not wish.keep_mine:
        lane.remember(queued=None)
        return Pushed(
            saved, versions[0].id, changed=False, behind=versions[0].id != lane.state.base
        )
    lane.remember(queued=saved.id)
    if not versions or wish.keep_mine:
        return _on_top(lane, saved, mine, versions, wish)
    return _on_base(lane, saved, mine, versions, wish)


def _on_top(
    lane: Lane, saved: Snapshot, mine: bytes, versions: list[Version], wish: Wish
) -> Pushed | Conflict:
    """The first version of all, or mine on top whatever there is."""
    for _attempt in range(TRIES):
        if (sent := _sent_mine(lane, saved, mine, versions[0].id if versions else "")) is not None:
            return sent
        versions = lane.store.versions(lane.key)
        if not wish.keep_mine:
            return _on_base(lane, saved, mine, versions, wish)
    raise _too_busy()


def _on_base(
    lane: Lane, saved: Snapshot, mine: bytes, versions: list[Version], wish: Wish
) -> Pushed | Conflict:
    """On top of what these settings derive from, or merged with what came since."""
    for _attempt in range(TRIES):
        sent: Pushed | Conflict | None
        if versions and versions[0].id == lane.state.base:
            sent = _sent_mine(lane, saved, mine, versions[0].id)
        else:
            sent = _sent_merged(lane, saved, mine, versions, wish)
        if sent is not None:
            return sent
        versions = lane.store.versions(lane.key)
    raise _too_busy()


def _sent_mine(lane: Lane, saved: Snapshot, mine: bytes, base: str) -> Pushed | None:
    """Send what is here as it is; None where the portal's latest is not `base`."""
    sent = _send(lane, mine, base, saved.note)
    if sent is None:
        return None
    version, changed = sent
    lane.remember_fetched(saved, base=version, ancestor=saved.id, queued=None)
    return Pushed(saved, version, changed)


def _sent_merged(
    lane: Lane, saved: Snapshot, mine: bytes, versions: list[Version], wish: Wish
) -> Pushed | Conflict | None:
    """Merge with the portal's latest and send that; None where that has moved on meanwhile."""
    theirs = lane.store.fetch(lane.key)
    if theirs.content == mine:
        lane.remember_fetched(saved, base=theirs.version, ancestor=saved.id, queued=None)
        return Pushed(saved, theirs.version, changed=False)
    kept = lane.keep_theirs(theirs)
    if lane.store.recipient() and not theirs.sealed and not lane.has_had(theirs.content):
        return _conflict(lane, saved, kept, theirs, versions, Together(None, Why.UNSEALED))
    lane.remember_fetched(kept)
    merged = together(lane.ancestor(versions), mine, theirs.content, wish)
    if merged.content is None:
        return _conflict(lane, saved, kept, theirs, versions, merged)
    return _sent_together(lane, saved, mine, kept, theirs, merged.content)


def _sent_together(
    lane: Lane, saved: Snapshot, mine: bytes, kept: Snapshot, theirs: Downloaded, merged: bytes
) -> Pushed | None:
    if merged == theirs.content:
        lane.remember(ancestor=saved.id, queued=None)
        return Pushed(saved, theirs.version, changed=False, merged=kept, behind=True)
    if merged == mine:
        return _sent_mine(lane, saved, mine, theirs.version)
    note = _("merged with {theirs}").format(theirs=theirs.words)
    snapshot = lane.keep(merged, note, MERGED)
    sent = _send(lane, merged, theirs.version, note)
    if sent is None:
        return None
    # The settings here still derive from `base` alone; the merge holds all that is in `saved`.
    lane.remember_fetched(snapshot, ancestor=saved.id, queued=None)
    return Pushed(saved, sent[0], sent[1], merged=snapshot, behind=True)


def _send(lane: Lane, content: bytes, base: str, note: str) -> tuple[str, bool] | None:
    try:
        return lane.store.send(lane.key, content, base=base, note=note)
    except Refused as refused:
        if refused.code != "settings-conflict":
            raise
        return None


def _has_been_sent(lane: Lane, saved: Snapshot) -> bool:
    """Whether the portal has had exactly these settings from here, and nothing came since."""
    ancestor = lane.state.ancestor
    if not ancestor:
        return False
    content = lane.content_of(ancestor)
    return content is not None and content == lane.content_of(saved.id)


def _conflict(
    lane: Lane,
    saved: Snapshot,
    kept: Snapshot,
    theirs: Downloaded,
    versions: list[Version],
    found: Together,
) -> Conflict:
    assert found.why
    held = len(lane.here.history.snapshots(lane.workspace))
    return Conflict(
        found.why,
        saved,
        kept,
        theirs.version,
        theirs.words,
        held,
        len(versions),
        found.questions,
    )


def _after_saving(error: NotLoggedIn, saved: Snapshot) -> NotLoggedIn:
    """The error, with where the settings are meanwhile."""
    words = _("Your settings are saved here as {id}; log in and push again: deskside login").format(
        id=saved.id
    )
    return NotLoggedIn(
        error.code, error.message, hint=words, article=error.article, detail=error.detail
    )


def _too_busy() -> Unavailable:
    return Unavailable(
        "portal-too-busy",
        _("Other computers send settings without pause; yours are saved here."),
        hint=_("Try again in a moment."),
    )
