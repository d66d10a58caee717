"""Restores that were asked for on the portal: carried out here, at this computer's next start.

The request only names a version of the person's own. It is fetched, checked, planned and applied
like every other restore, and the portal is told what came of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deskside.foundation.errors import DesksideError, NotFound
from deskside.foundation.text import _
from deskside.workspace.model import Kind, Workspace
from deskside.workspace.rules import kind_of
from deskside.workspace.sync.client import Store
from deskside.workspace.sync.lane import Lane, known_workspaces, one_at_a_time
from deskside.workspace.sync.model import Downloaded

if TYPE_CHECKING:
    from deskside.foundation.changes.model import Change
    from deskside.workspace.workstation import Workstation

DONE, REFUSED = "done", "refused"

_FINAL = frozenset(
    {
        "no-such-snapshot",
        "no-such-workspace",
        "settings-of-another-user",
        "settings-not-xml",
        "settings-damaged",
        "encryption-key-wrong",
    }
)
"""What asking again would not change; everything else waits for the next start."""


@dataclass(frozen=True, slots=True)
class Requested:
    """One restore that waits for this computer.

    Attributes:
        id: the portal's, of the request.
        workspace: where it goes; None where this computer has no such workspace.
        key: the portal's name of the workspace.
        version: the portal's id of what to restore.
        created: when it was asked for.
    """

    id: str
    workspace: Workspace | None
    key: str
    version: str
    created: str

    def as_json(self) -> dict[str, Any]:
        """As `settings portal` and `settings pull --requested` print it."""
        return {
            "id": self.id,
            "workspace": self.key,
            "file": str(self.workspace.file) if self.workspace else None,
            "version": self.version,
            "created": self.created,
        }


def pending(here: Workstation, store: Store) -> tuple[Requested, ...]:
    """What was asked for on the portal and waits for this computer, the oldest first."""
    asked = store.restores()
    if not asked:
        return ()
    known = _by_key(here, store)
    listed = [
        Requested(
            str(row["id"]),
            known.get(str(row["workspace"])),
            str(row["workspace"]),
            str(row["snapshot"]),
            str(row.get("created") or ""),
        )
        for row in asked
    ]
    return tuple(sorted(listed, key=lambda request: (request.created, request.id)))


def fetch_requested(here: Workstation, store: Store, asked: Requested) -> Downloaded:
    """The version that was asked for; kept here as well.

    Raises:
        NotFound: `no-such-user`: this computer has no such workspace; the version is gone.
        Refused: as for `Store.fetch`.
    """
    if asked.workspace is None:
        raise NotFound(
            "no-such-user",
            _("This computer has no settings {key}.").format(key=asked.key),
            hint=_("Log in to the trading program once, so that it makes your folder."),
        )
    fetched = store.fetch(asked.key, asked.version)
    Lane(here, asked.workspace, store).keep_theirs(fetched)
    return fetched


def finished(here: Workstation, store: Store, asked: Requested, fetched: Downloaded) -> None:
    """Tell the portal that it is done, and note what the settings here derive from now.

    An earlier version that is restored is a change like any other: it is sent on top by the next
    push. Only a computer that had none of the portal's versions yet derives from this one.
    """
    assert asked.workspace
    with one_at_a_time(here.folder):
        lane = Lane(here, asked.workspace, store)
        if not lane.state.base:
            kept = lane.keep_theirs(fetched)
            lane.remember_fetched(kept, base=fetched.version, ancestor=kept.id)
    store.report_restore(asked.id, DONE, "")


def final(error: DesksideError) -> bool:
    """Whether a restore that failed so would fail again."""
    return error.code in _FINAL


def refused(store: Store, asked: Requested, error: DesksideError) -> None:
    """Tell the portal why it was not done."""
    store.report_restore(asked.id, REFUSED, error.message)


@dataclass(frozen=True, slots=True)
class AtStart:
    """What became of one request when this computer started to watch.

    Attributes:
        done: whether the settings are those that were asked for now.
        words: for the person: what was done and how to take it back, or why it waits.
    """

    asked: Requested
    done: bool
    words: str

    def as_json(self) -> dict[str, Any]:
        """As `settings watch` prints it."""
        return {"request": self.asked.as_json(), "done": self.done, "words": self.words}


def at_start(here: Workstation) -> tuple[AtStart, ...]:
    """Carry out what was asked for on the portal, as far as that needs nobody to look.

    It waits for the person (`deskside settings pull --requested`) where the trading program runs,
    where the change bears on safety, and where the program has sealed the file and nothing here
    proves that it is this person's own. Never raises for what a portal or a network does.
    """
    try:
        with Store.open(here.folder) as store:
            return tuple(_at_start(here, store, asked) for asked in pending(here, store))
    except DesksideError:
        return ()


def _at_start(here: Workstation, store: Store, asked: Requested) -> AtStart:
    from deskside.workspace import restoring

    try:
        fetched = fetch_requested(here, store, asked)
        assert asked.workspace  # or it could not have been fetched
        source = restoring.Source(fetched.content, fetched.words)
        planned = restoring.plan(here, asked.workspace, source)
        lane = Lane(here, asked.workspace, store)
        ours = fetched.sealed or lane.has_had(fetched.content)
        if planned.safety or (kind_of(fetched.content) is Kind.OPAQUE and not ours):
            return AtStart(asked, False, _ask())
        restored = restoring.carry_out(here, planned)
        finished(here, store, asked, fetched)
    except DesksideError as error:
        if final(error):
            refused(store, asked, error)
        return AtStart(asked, False, error.message)
    return AtStart(asked, True, _done(fetched, restored.change))


def _ask() -> str:
    return _("The portal asks for a restore that you should look at: {command}").format(
        command="deskside settings pull --requested"
    )


def _done(fetched: Downloaded, change: Change | None) -> str:
    words = _("Restored as asked for on the portal: {source}.").format(source=fetched.words)
    if change is None:
        return words
    return f"{words} " + _("To take it back: deskside changes undo {id}").format(id=change.id)


def _by_key(here: Workstation, store: Store) -> dict[str, Workspace]:
    """This computer's workspaces by the portal's name of them.

    Where two places hold a user's folder of the same name, the one that came from that store.
    """
    known = known_workspaces(here)
    ours = [w for w in known if here.history.portal_state(w, store.address).base]
    return {workspace.key: workspace for workspace in [*reversed(known), *reversed(ours)]}
