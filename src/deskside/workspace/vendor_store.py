"""The vendor's own store of settings: whether it would overwrite what lies on this computer.

*Use/store settings on server* keeps one copy and no history. While it is ticked, every log-in
fetches that copy; article 2282 therefore begins with the box unticked.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from deskside.foundation.changes.model import Plan, Step, Verb
from deskside.foundation.changes.planning import plan
from deskside.foundation.errors import DesksideError, NotFound, Refused
from deskside.foundation.findings import Finding, Status
from deskside.foundation.registry import Situation
from deskside.foundation.text import _, mark
from deskside.workspace.model import Workspace
from deskside.workspace.places import reading
from deskside.workspace.places.remote_store import remote_store, switched_off
from deskside.workspace.transferring import OLDEST_BUILD
from deskside.workspace.workstation import Workstation

ARTICLE = "2282"
SWITCH_OFF = "workspace.server-store-off"


class ServerStore:
    """Whether the next log-in fetches settings from the vendor's server, and who could use it."""

    id = "workspace.server-store"
    title = mark("Settings on the vendor's server")
    options: tuple[str, ...] = ("root", "user")
    codes = ("server-store-on", "server-store-off", "build-too-old")

    def applies(self, situation: Situation) -> bool:
        return True

    def run(self, situation: Situation) -> Iterator[Finding]:
        here = Workstation.open()
        root, user = situation.option("root"), situation.option("user")
        try:
            listed = [here.choose(root, user)] if user else here.workspaces(root)
        except NotFound:  # which the check of the file says
            return
        for workspace in listed:
            yield from _build(workspace)
            yield from _store(workspace)


class ServerStoreOff:
    """Plans to untick *Use/store settings on server* for the next log-in."""

    id = SWITCH_OFF
    title = mark("Keep settings on this computer")

    def plan(self, situation: Situation, finding: Finding) -> Plan:
        """The plan for the `jts.ini` that the finding is about.

        Raises:
            NotFound: `no-jts-ini`.
            Refused: what the change engine refuses.
        """
        store = remote_store(Workspace(Path(finding.subject)))
        if store.ini is None:
            raise NotFound("no-jts-ini", _("There is no file jts.ini beside these settings."))
        if not store.on:
            raise Refused("already-off", _("The settings are kept on this computer already."))
        step = Step(
            Verb.REPLACE,
            PurePosixPath(store.ini.name),
            switched_off(store.ini.read_bytes()),
            why=_("only the line useRemoteSettings changes; the program must be closed"),
        )
        title = _("Untick “Use/store settings on server” for the next log-in")
        return plan(SWITCH_OFF, title, store.ini.parent, [step])


def _store(workspace: Workspace) -> Iterator[Finding]:
    store = remote_store(workspace)
    if store.ini is None:
        return
    if not store.on:
        yield Finding(
            code="server-store-off",
            status=Status.OK,
            subject=str(workspace.file),
            title=_("{workspace}: kept on this computer").format(workspace=workspace.name),
            evidence={"offered": store.offered},
            article=f"{ARTICLE}#server-store-off",
        )
        return
    yield Finding(
        code="server-store-on",
        status=Status.WARNING,
        subject=str(workspace.file),
        title=_("{workspace}: the next log-in fetches the server's copy").format(
            workspace=workspace.name
        ),
        evidence={"file": str(store.ini), "useRemoteSettings": True},
        cause=_("“Use/store settings on server” is ticked; the server keeps one copy, no history."),
        remedy=_("Save the settings here first; untick the box before you restore any."),
        article=f"{ARTICLE}#server-store-on",
        fixes=(SWITCH_OFF,),
    )


def _build(workspace: Workspace) -> Iterator[Finding]:
    try:
        version = reading.read(workspace.file).version
    except DesksideError:  # which the check of the file says
        return
    if version is None or version.major >= OLDEST_BUILD:
        return
    yield Finding(
        code="build-too-old",
        status=Status.WARNING,
        subject=str(workspace.file),
        title=_("{workspace}: written by build {build}").format(
            workspace=workspace.name, build=version.words
        ),
        evidence={"build": version.words, "oldest": OLDEST_BUILD},
        cause=_(
            "The transfer by the vendor's server is described for build {oldest} and above."
        ).format(oldest=OLDEST_BUILD),
        remedy=_("Update the program, or carry the settings over with Deskside."),
        article=f"{ARTICLE}#build-too-old",
    )
