"""Pull: the portal's latest settings, or the last good copy where they cannot be had (KB3146)."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from deskside.foundation.errors import DesksideError, NotFound, NotLoggedIn, Unavailable
from deskside.foundation.portal_client import load_session, normal_address
from deskside.foundation.text import _, ngettext
from deskside.foundation.units import when
from deskside.workspace.model import Workspace
from deskside.workspace.places import reading
from deskside.workspace.sync.client import Store, store_address
from deskside.workspace.sync.lane import Lane, one_at_a_time
from deskside.workspace.sync.model import Fetched

if TYPE_CHECKING:
    from deskside.workspace.workstation import Workstation

ARTICLE = "3146"

_FAILED = ("content-damaged", "snapshot-damaged", "portal-certificate")
"""What makes a download fail, beside a portal out of reach and a session that has ended."""


def fetch(here: Workstation, workspace: Workspace, *, remember: bool = True) -> Fetched:
    """The portal's latest version; where the download fails, the last good copy and why.

    Args:
        remember: keep what was fetched as the last good copy.

    Raises:
        NotLoggedIn: nobody is logged in.
        NotFound: `no-such-workspace`: the portal says that it has none.
        Refused: `settings-format-newer`; `encryption-key-missing`, `encryption-key-wrong`; it is
            no settings file; why the download failed, where there is no copy (article 3146).
    """
    with Store.open(here.folder) as store, one_at_a_time(here.folder):
        lane = Lane(here, workspace, store)
        try:
            return _from_portal(lane, remember=remember)
        except DesksideError as error:
            if not _download_failed(error):
                raise _with_history(lane, error) from error
            return _last_good_copy(lane, error)


def settled(here: Workstation, workspace: Workspace, fetched: Fetched) -> None:
    """Remember that the settings here derive from what was fetched, now that they are in place."""
    with Store.open(here.folder) as store, one_at_a_time(here.folder):
        lane = Lane(here, workspace, store)
        kept = lane.keep(fetched.content, fetched.words, "")
        if fetched.version:
            lane.remember_fetched(kept, base=fetched.version, ancestor=kept.id, queued=None)
        else:
            lane.remember(ancestor=kept.id, queued=None)


def unsent(here: Workstation, workspace: Workspace) -> bool:
    """Whether the settings here have something that the portal has never had from here."""
    session = load_session()
    try:
        present = reading.read(workspace.file).content
    except DesksideError:
        return False
    if session is None:
        return False
    address = store_address(normal_address(session.portal), session.user_name)
    state = here.history.portal_state(workspace, address)
    try:
        _workspace, ancestor = here.history.find(state.ancestor or "")
    except DesksideError:
        return True
    return ancestor.sha256 != hashlib.sha256(present).hexdigest()


def _from_portal(lane: Lane, *, remember: bool) -> Fetched:
    theirs = lane.store.fetch(lane.key)
    if remember:
        lane.remember_fetched(lane.keep_theirs(theirs))
    return Fetched(
        theirs.content,
        theirs.version,
        theirs.words,
        theirs.created,
        _age(theirs.created),
        theirs.sealed,
        lane.store.portal,
    )


def _download_failed(error: DesksideError) -> bool:
    return isinstance(error, Unavailable | NotLoggedIn) or error.code in _FAILED


def _last_good_copy(lane: Lane, problem: DesksideError) -> Fetched:
    state = lane.state
    content = lane.content_of(state.fetched)
    if content is None or state.fetched_at is None:
        raise _no_copy(lane, problem) from problem
    words = _("the last good copy, {id} of {when}").format(
        id=state.fetched, when=when(state.fetched_at)
    )
    return Fetched(
        content,
        "",
        words,
        state.fetched_at,
        _age(state.fetched_at),
        sealed=False,
        portal=lane.store.portal,
        problem=problem,
    )


def _no_copy(lane: Lane, problem: DesksideError) -> DesksideError:
    message = _("Downloading the settings failed: {reason} No earlier copy is kept here.").format(
        reason=problem.message
    )
    return _again(problem, message, f"{problem.hint} {_held(lane)}".strip(), ARTICLE)


def _with_history(lane: Lane, error: DesksideError) -> DesksideError:
    if isinstance(error, NotFound):
        return error
    hint = f"{error.hint} {_held(lane)}".strip()
    return _again(error, error.message, hint, error.article or ARTICLE)


def _again(error: DesksideError, message: str, hint: str, article: str) -> DesksideError:
    return type(error)(error.code, message, hint=hint, article=article, detail=error.detail)


def _held(lane: Lane) -> str:
    """What the history here holds, so that people know that they have one."""
    count = len(lane.here.history.snapshots(lane.workspace))
    if not count:
        return ""
    return ngettext(
        "This computer's history holds {count} snapshot: deskside settings history",
        "This computer's history holds {count} snapshots: deskside settings history",
        count,
    ).format(count=count)


def _age(created: str) -> int:
    """Seconds since then; 0 where a clock runs behind, or it is no moment."""
    try:
        then = datetime.fromisoformat(created)
    except ValueError:
        return 0
    if then.tzinfo is None:
        then = then.replace(tzinfo=UTC)
    return max(0, int((datetime.now(UTC) - then).total_seconds()))
