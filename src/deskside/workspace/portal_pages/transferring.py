"""The transfer wizard of the portal: which case it is, then the commands to type, in order.

The portal cannot touch its visitor's computer, so it tells what to do there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from litestar import Response, get

from deskside.foundation.text import _, mark
from deskside.web.service import AnyRequest, page
from deskside.workspace.api import Store
from deskside.workspace.model import name_of
from deskside.workspace.portal_pages.shared import owner

NOBODY = "USER"
"""Stands in commands for a user's folder where none is known."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do, and the command that does it, if one does."""

    words: str
    command: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """What a person wants.

    Attributes:
        article: the vendor's number of the article that describes it.
        steps: what to do, for a user's folder.
    """

    title: str
    hint: str
    article: str
    steps: Callable[[str], list[Step]]


@get("/settings/transfer", sync_to_thread=True, include_in_schema=False)
def transfer(request: AnyRequest, settings_store: Store) -> Response[str]:
    """Choose a case and a workspace; then see the steps."""
    asked = request.query_params
    names = [workspace.name for workspace in settings_store.workspaces(owner(request))]
    wish = asked.get("workspace", "")
    name = wish if wish in names else names[0] if names else ""
    case = CASES.get(asked.get("case", ""))
    return page(
        request,
        "settings/portal_transfer.html",
        cases=[(key, _(each.title), _(each.hint)) for key, each in CASES.items()],
        title=_(case.title) if case else "",
        article=case.article if case else "",
        workspaces=[(each, name_of(each)) for each in names],
        workspace=name,
        steps=case.steps(name.rpartition(".")[0] or NOBODY) if case else [],
    )


def _to_computer(user: str) -> list[Step]:
    here, there = _("On the old computer"), _("On the new computer")
    return [
        Step(_("Send what you have to this desk."), f"deskside settings push --user {user}", here),
        Step(
            _("Log in to the trading program once, so that it makes your folder; then close it."),
            where=there,
        ),
        Step(_("Log in to this desk."), "deskside login", there),
        Step(
            _("Bring the settings. You see what changes, and agree, before anything does."),
            f"deskside settings pull --user {user}",
            there,
        ),
        Step(
            _("Start the program, and leave “Use/store settings on server” unticked."), where=there
        ),
    ]


def _to_user(user: str) -> list[Step]:
    here, there = _("On your computer"), _("On the computer of the other user")
    return [
        Step(
            _("Write a copy from which all that is yours alone is left out."),
            f"deskside settings transfer {user} --output settings.xml",
            here,
        ),
        Step(
            _("Read the list that it prints: what was bound to you, and what became of it."),
            where=here,
        ),
        Step(_("Give the file to the other user, who closes the trading program."), where=here),
        Step(
            _("Put it in place. Account numbers and addresses there stay those of that user."),
            "deskside settings transfer settings.xml --user THEIR-FOLDER",
            there,
        ),
        Step(
            _("If it was not right, take it back: the list names the change."),
            "deskside changes list",
            there,
        ),
    ]


def _to_paper(user: str) -> list[Step]:
    return [
        Step(
            _("See which users this computer knows, and which of them trades on paper."),
            "deskside settings list",
        ),
        Step(_("Close the trading program.")),
        Step(
            _("See what would be done: nothing is changed yet."),
            f"deskside settings transfer {user} --user PAPER-FOLDER --dry-run",
        ),
        Step(
            _("Do it, with the paper account in the place of the live one."),
            f"deskside settings transfer {user} --user PAPER-FOLDER --map U1234567=DU1234567",
        ),
        Step(_("For the other direction, let the two folders change places.")),
    ]


def _to_running(user: str) -> list[Step]:
    return [
        Step(_("Find the snapshot that you want."), f"deskside settings history --user {user}"),
        Step(
            _("Write it into a new file, or download it from its history on this desk."),
            "deskside settings export SNAPSHOT settings.xml",
        ),
        Step(
            _(
                "In the program: File > Settings Recovery (newer: File > Layout Settings > "
                "Layout/Settings Recovery), choose Custom, and pick the file."
            )
        ),
        Step(
            _(
                "Choose “Open without reporting problem”: the other answer sends a report to the "
                "vendor."
            )
        ),
    ]


CASES = {
    "computer": Case(
        mark("My own settings, to another computer"),
        mark("The same user name. Everything comes along."),
        "2282",
        _to_computer,
    ),
    "user": Case(
        mark("My settings, for another user name"),
        mark("Account numbers, trusted addresses and whatever is yours alone stay behind."),
        "2320",
        _to_user,
    ),
    "paper": Case(
        mark("From live to paper trading, or back"),
        mark("On one computer, from one of your users to the other."),
        "2320",
        _to_paper,
    ),
    "running": Case(
        mark("Into a program that is running"),
        mark("Without closing it: the program opens a file."),
        "2323",
        _to_running,
    ),
}
"""What a person may want, by its name in the address."""
