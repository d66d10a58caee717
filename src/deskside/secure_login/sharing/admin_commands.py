"""`deskside admin sharing`: the compliance review at the terminal of the desk's computer.

A reviewer decides with the own password and device, also where the database is at hand: nobody
decides in another's name, and nobody on what they have a part in.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import click

from deskside.foundation.commands import place_options
from deskside.foundation.console import change_options, command_options, confirm, emit, table
from deskside.foundation.errors import NotFound
from deskside.foundation.text import _
from deskside.secure_login.office import office

if TYPE_CHECKING:
    from deskside.secure_login.sharing.review import ReviewInfo, Reviews
    from deskside.web.model import Visitor


@dataclass(frozen=True, slots=True)
class Queue:
    """The review queue of a desk, as one reviewer sees it."""

    reviews: Reviews
    reviewer: Visitor

    def named(self, reference: str) -> ReviewInfo:
        """A request that waits, by its reference or id; raises NotFound."""
        for info in self.reviews.waiting(self.reviewer):
            if reference in (info.share.reference, info.share.id):
                return info
        raise NotFound(
            "unknown-review",
            _("No such request waits for a decision."),
            hint=_("See: deskside admin sharing list --reviewer NAME"),
        )


reviewer_option = click.option("--reviewer", required=True, help="Your user name as reviewer.")


@click.group()
def sharing() -> None:
    """Requests to share a device: list, show, decide. For compliance reviewers."""


@sharing.command("list")
@reviewer_option
@place_options
@command_options
def list_reviews(reviewer: str, data: str | None, database: str | None) -> None:
    """List the requests that wait for a decision, the oldest first."""
    with _queue(reviewer, data, database) as queue:
        found = queue.reviews.waiting(queue.reviewer)
    headings = [_("Reference"), _("Requester"), _("Owner"), _("Why"), _("Approvals")]
    rows = [
        [i.share.reference, i.requester, i.share.owner, i.doubt, f"{i.approvals}/{i.needed}"]
        for i in found
    ]
    emit(
        {"reviews": [_as_json(info) for info in found]},
        lambda: table(headings, rows) if rows else _("Nothing waits for a decision."),
    )


@sharing.command("show")
@click.argument("reference")
@reviewer_option
@place_options
@command_options
def show_review(reference: str, reviewer: str, data: str | None, database: str | None) -> None:
    """Show one request with its evidence; numbers are masked."""
    from deskside.secure_login.sharing import words

    with _queue(reviewer, data, database) as queue:
        info = queue.named(reference)
    headings = [_("Data"), info.requester, info.share.owner, _("Same")]
    rows = [
        [
            words.evidence(each.name),
            each.requester or "–",
            each.owner or "–",
            words.sameness(each.same),
        ]
        for each in info.evidence
    ]
    emit(_as_json(info), lambda: table(headings, rows))


@sharing.command("decide")
@click.argument("reference")
@click.argument("decision", type=click.Choice(["approve", "reject"]))
@click.option("--reason", required=True, help="Why, for the record.")
@reviewer_option
@change_options
@place_options
@command_options
def decide(
    reference: str,
    decision: str,
    reason: str,
    reviewer: str,
    dry_run: bool,
    yes: bool,
    data: str | None,
    database: str | None,
) -> None:
    """Approve or reject a request; asks for the reviewer's password and device.

    The requester is told by e-mail. Where two must approve, the request waits for the second.
    """
    from deskside.secure_login.sharing.review import Decision
    from deskside.secure_login.step_up.commands import proving_here
    from deskside.secure_login.step_up.rules import Task

    with _queue(reviewer, data, database) as queue:
        info = queue.named(reference)
        if dry_run:
            emit(_as_json(info), _("The request waits. Nothing was changed."))
            return
        text = _("Decide “{decision}” on {reference}?")
        confirm(text.format(decision=decision, reference=info.share.reference), yes=yes)
        part = queue.reviews.sharing.secure_login
        with proving_here(part, queue.reviewer, Task.REVIEW):
            done = queue.reviews.decide(queue.reviewer, info.share.id, Decision(decision), reason)
    emit(
        {"reference": done.reference, "status": done.status},
        f"{done.reference}  {done.status}",
    )


@contextmanager
def _queue(reviewer: str, data: str | None, database: str | None) -> Iterator[Queue]:
    from deskside.foundation.database import new_id
    from deskside.secure_login.sharing.review import Reviews
    from deskside.secure_login.sharing.rules import ReviewPolicy
    from deskside.secure_login.sharing.service import Sharing
    from deskside.web.model import Visitor

    with office(data, database) as here:
        user = here.directory.find(reviewer)
        roles = frozenset(role.value for role in user.roles)
        # What is proved here serves this one command: no session has its name.
        visitor = Visitor(user.id, user.name, user.display_name, roles, new_id())
        policy = ReviewPolicy(here.config.text("sharing.review"))
        second = here.config.switch("sharing.second_person")
        yield Queue(Reviews(Sharing(here.secure_login, policy, second)), visitor)


def _as_json(info: ReviewInfo) -> dict[str, Any]:
    return {
        "review": info.share.id,
        "reference": info.share.reference,
        "requester": info.requester,
        "owner": info.share.owner,
        "kind": info.share.kind,
        "serial": info.share.serial,
        "created": info.share.created.isoformat(),
        "doubt": info.doubt,
        "approvals": info.approvals,
        "needed": info.needed,
        "evidence": [asdict(each) for each in info.evidence],
    }
