"""The compliance review of requests: what the reviewers see, and their decisions.

A request waits until enough reviewers agree or one does not. Nobody decides on a request that they,
under whatever user name, have a part in, and nobody decides twice: the database refuses it, on
whichever node it is tried.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from deskside.directory.model import Identity, Role
from deskside.foundation.errors import NotAllowed, NotFound, Refused, UsageProblem
from deskside.foundation.text import _
from deskside.secure_login.sharing.refusals import ARTICLE
from deskside.secure_login.sharing.service import ShareInfo, Sharing
from deskside.secure_login.sharing.store import share, share_decision
from deskside.web.model import Visitor

LONGEST_REASON = 1000
SHOWN_DIGITS = 3


class Decision(StrEnum):
    """What a reviewer says."""

    APPROVE = "approve"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Compared:
    """One piece of identification data on both sides, as far as a reviewer needs to see it."""

    name: str
    requester: str
    owner: str
    same: bool


@dataclass(frozen=True, slots=True)
class ReviewInfo:
    """A request with its evidence. `approvals` of `needed` are given."""

    share: ShareInfo
    requester: str
    doubt: str
    needed: int
    approvals: int
    evidence: tuple[Compared, ...]


@dataclass(frozen=True, slots=True)
class Reviews:
    """The queue of requests that wait for a decision."""

    sharing: Sharing

    def waiting(self, visitor: Visitor) -> list[ReviewInfo]:
        """All that waits, the oldest first; raises NotAllowed."""
        _require_reviewer(visitor)
        query = select(share).where(share.c.status == "pending").order_by(share.c.id)
        with self.sharing.secure_login.database.read() as connection:
            rows = connection.execute(query).mappings().all()
            return [self._info(connection, dict(row)) for row in rows]

    def shown(self, visitor: Visitor, share_id: str) -> ReviewInfo:
        """One request that waits; raises NotAllowed, NotFound."""
        for each in self.waiting(visitor):
            if each.share.id == share_id:
                return each
        raise _gone()

    def decide(self, visitor: Visitor, share_id: str, decision: Decision, reason: str) -> ShareInfo:
        """Decide, and tell the requester when that settles it.

        Raises:
            NotAllowed: the visitor is no reviewer, or has a part in the request.
            UsageProblem: there is no reason, or it is too long.
            NotFound: nothing waits under that id.
            Refused: the visitor has decided already (`decided-already`).
            CannotShare: approved, but the conditions are no longer met; it still waits.
        """
        _require_reviewer(visitor)
        reason = " ".join(reason.split())
        if not 1 <= len(reason) <= LONGEST_REASON:
            raise UsageProblem(
                "reason-needed",
                _("Give a reason of at most {count} characters.").format(count=LONGEST_REASON),
            )
        part = self.sharing.secure_login
        reviewer_holder = part.directory.find(visitor.user_name).holder_id
        try:
            with part.database.write() as connection:
                row = self._held(connection, share_id)
                if reviewer_holder in (row["requester_holder"], row["owner_holder"]):
                    raise _own()
                self._keep(connection, row, visitor, reviewer_holder, decision, reason)
                return self._settle(connection, row, visitor, decision)
        except IntegrityError as error:
            raise Refused(
                "decided-already",
                _("You have decided on this request already."),
                hint=_("Another reviewer must decide as well."),
            ) from error

    def _held(self, connection: Connection, share_id: str) -> dict[str, Any]:
        # An update that changes nothing holds the row until the transaction ends.
        row = (
            connection.execute(
                update(share)
                .where(share.c.id == share_id, share.c.status == "pending")
                .values(status="pending")
                .returning(share)
            )
            .mappings()
            .first()
        )
        if row is None:
            raise _gone()
        return dict(row)

    def _keep(
        self,
        connection: Connection,
        row: dict[str, Any],
        visitor: Visitor,
        reviewer_holder: str,
        decision: Decision,
        reason: str,
    ) -> None:
        part = self.sharing.secure_login
        context = f"share-decision:{row['id']}:{reviewer_holder}"
        connection.execute(
            insert(share_decision).values(
                share_id=row["id"],
                reviewer_holder=reviewer_holder,
                requester_holder=row["requester_holder"],
                owner_holder=row["owner_holder"],
                reviewer_id=visitor.user_name_id,
                decision=decision.value,
                reason=part.password_step.keyring.seal(reason.encode(), context=context),
                at=part.clock.now(),
            )
        )
        part.endings.record(
            connection,
            "share.decided",
            row["requester_id"],
            actor=visitor.user_name_id,
            share=row["id"],
            decision=decision.value,
        )

    def _settle(
        self, connection: Connection, row: dict[str, Any], visitor: Visitor, decision: Decision
    ) -> ShareInfo:
        status = "pending"
        if decision is Decision.REJECT:
            status = "rejected"
            self.sharing.reject(connection, row)
        elif self._approvals(connection, row["id"]) >= row["approvals"]:
            status = self.sharing.activate(connection, row, approved_by=visitor.user_name_id)
        return self.sharing.info(row | {"status": status})

    def _approvals(self, connection: Connection, share_id: str) -> int:
        given = connection.execute(
            select(func.count())
            .select_from(share_decision)
            .where(share_decision.c.share_id == share_id)
            .where(share_decision.c.decision == Decision.APPROVE.value)
        )
        return int(given.scalar_one())

    def _info(self, connection: Connection, row: dict[str, Any]) -> ReviewInfo:
        directory = self.sharing.secure_login.directory
        requester = directory.holder(row["requester_holder"]).identity
        owner = directory.holder(row["owner_holder"]).identity
        names = directory.names_of([row["requester_id"]])
        return ReviewInfo(
            share=self.sharing.info(row),
            requester=names[row["requester_id"]],
            doubt=row["doubt"] or "",
            needed=row["approvals"],
            approvals=self._approvals(connection, row["id"]),
            evidence=_compared(requester, owner),
        )


def _compared(requester: Identity, owner: Identity) -> tuple[Compared, ...]:
    def row(name: str, mine: str, theirs: str, *, masked: bool = False) -> Compared:
        shown = [_masked(value) if masked else value for value in (mine, theirs)]
        return Compared(name, shown[0], shown[1], same=mine.casefold() == theirs.casefold())

    return (
        row("name", requester.name, owner.name),
        row("birth_date", str(requester.birth_date or ""), str(owner.birth_date or "")),
        row("citizenship", requester.citizenship, owner.citizenship),
        row("legal_residence", requester.legal_residence, owner.legal_residence),
        row("document_type", requester.document_type, owner.document_type),
        row("document_number", requester.document_number, owner.document_number, masked=True),
        row("us_ssn", requester.us_ssn, owner.us_ssn, masked=True),
    )


def _masked(value: str) -> str:
    return "•" * max(0, len(value) - SHOWN_DIGITS) + value[-SHOWN_DIGITS:] if value else ""


def _require_reviewer(visitor: Visitor) -> None:
    if Role.REVIEWER.value not in visitor.roles:
        raise NotAllowed(
            "not-allowed",
            _("Only compliance reviewers see and decide on requests."),
            hint=_("Ask an administrator of your desk."),
        )


def _own() -> NotAllowed:
    return NotAllowed(
        "own-request",
        _("You have a part in this request yourself."),
        hint=_("Another reviewer must decide."),
        article=ARTICLE,
    )


def _gone() -> NotFound:
    return NotFound(
        "unknown-review",
        _("No such request waits for a decision."),
        hint=_("Somebody else may have decided, or the requester has cancelled it."),
    )
