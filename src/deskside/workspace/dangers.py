"""The check of what settings say: dangerous ones, an unknown version, sections that are missing."""

from __future__ import annotations

from collections.abc import Iterator

from deskside.foundation.errors import DesksideError, NotFound
from deskside.foundation.findings import Finding, Status
from deskside.foundation.registry import Situation
from deskside.foundation.text import _, mark
from deskside.workspace.document import sections
from deskside.workspace.document.safety import Danger, dangers
from deskside.workspace.document.tree import Element, parse
from deskside.workspace.model import Kind, Workspace
from deskside.workspace.places import reading
from deskside.workspace.workstation import Workstation

ARTICLE = "2323"


class SettingsContent:
    """Whether the settings say anything dangerous, and whether they can be understood."""

    id = "workspace.settings-content"
    title = mark("Content of the settings")
    options: tuple[str, ...] = ("root", "user")

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
            yield from look_inside(workspace)


def look_inside(workspace: Workspace) -> Iterator[Finding]:
    """What is to be said of the content; nothing of a file that is damaged or not there."""
    try:
        read = reading.read(workspace.file)
        if read.kind is Kind.OPAQUE:
            yield _sealed(workspace)
            return
        root = parse(read.content).root
    except DesksideError:  # which the check of the file says
        return
    yield from _version(workspace, root)
    yield from _sections(workspace, root)
    for danger in dangers(root):
        yield _danger(workspace, danger)


def _danger(workspace: Workspace, danger: Danger) -> Finding:
    return Finding(
        code=danger.code,
        status=Status.WARNING if danger.grave else Status.NOTICE,
        subject=str(workspace.file),
        title=f"{workspace.name}: {danger.title}",
        evidence=danger.seen,
        cause=danger.why,
        remedy=danger.remedy,
        article=f"{ARTICLE}#{danger.code}",
    )


def _version(workspace: Workspace, root: Element) -> Iterator[Finding]:
    build = sections.build_of(root)
    if build is not None and sections.OLDEST_BUILD <= build <= sections.NEWEST_BUILD:
        return
    title = (
        _("The settings do not say which build wrote them")
        if build is None
        else _("Settings of build {build}, which Deskside has not seen").format(build=build)
    )
    yield Finding(
        code="settings-version-unknown",
        status=Status.NOTICE,
        subject=str(workspace.file),
        title=f"{workspace.name}: {title}",
        evidence={} if build is None else {"build": build},
        cause=_("Names and dangers were collected from builds {oldest} to {newest}.").format(
            oldest=sections.OLDEST_BUILD, newest=sections.NEWEST_BUILD
        ),
        remedy=_("They are kept byte for byte; some differences may be shown by raw names."),
        article=f"{ARTICLE}#settings-version-unknown",
    )


def _sections(workspace: Workspace, root: Element) -> Iterator[Finding]:
    missing = sections.missing_sections(root)
    if not missing:
        return
    yield Finding(
        code="settings-sections-missing",
        status=Status.NOTICE,
        subject=str(workspace.file),
        title=f"{workspace.name}: {_('Sections that the program always writes are missing')}",
        evidence={"sections": ", ".join(missing)},
        cause=_("Another build has written the file, or something other than the program."),
        remedy=_(
            "The program fills them with its own defaults; look at the history if you miss any."
        ),
        article=f"{ARTICLE}#settings-sections-missing",
    )


def _sealed(workspace: Workspace) -> Finding:
    return Finding(
        code="settings-opaque",
        status=Status.NOTICE,
        subject=str(workspace.file),
        title=f"{workspace.name}: {_('Encrypted by the program; what it holds cannot be checked')}",
        cause=_("Recent builds encrypt the file; only the program can read it."),
        remedy=_(
            "To check or compare it: in TWS, File > Layout Settings > Save Decrypted Settings As."
        ),
        article=f"{ARTICLE}#settings-opaque",
    )
