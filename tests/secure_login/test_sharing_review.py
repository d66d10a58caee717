"""The compliance review of requests to share a device."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from deskside.directory.model import Identity, Role, UserName
from deskside.foundation.errors import DesksideError, NotAllowed, NotFound, Refused, UsageProblem
from deskside.secure_login.sharing.review import Decision, Reviews
from deskside.secure_login.sharing.rules import ReviewPolicy
from deskside.secure_login.sharing.service import ShareInfo, Sharing
from deskside.secure_login.sharing.store import share_decision
from deskside.web.model import Visitor
from tests.secure_login.desk import Desk
from tests.secure_login.test_sharing import ANNA, proven, somebody, visitor


def reviewer(desk: Desk, name: str) -> Visitor:
    return visitor(somebody(desk, name, Identity(name), roles=Role.REVIEWER))


def asked_for_review(desk: Desk) -> tuple[ShareInfo, UserName]:
    somebody(desk, "owner")
    requester = somebody(desk, "second", replace(ANNA, name="Anna Bianchi"), card=False)
    info = proven(desk, requester)
    return desk.sharing.confirm(visitor(requester), info.id), requester


def test_waits_and_is_approved(desk: Desk) -> None:
    info, requester = asked_for_review(desk)
    assert info.status == "pending"
    assert desk.begin("second").session
    rita = reviewer(desk, "rita")
    reviews = Reviews(desk.sharing)
    [waiting] = reviews.waiting(rita)
    assert (waiting.requester, waiting.share.owner, waiting.doubt) == (
        "second",
        "owner",
        "names-differ",
    )
    evidence = {each.name: each for each in waiting.evidence}
    assert not evidence["name"].same
    assert evidence["document_number"].same
    assert evidence["document_number"].owner == "••••••••567"
    done = reviews.decide(rita, info.id, Decision.APPROVE, "Marriage certificate seen")
    assert done.status == "active"
    assert desk.begin("second").challenge
    assert desk.sharing.shown(visitor(requester), info.id).status == "active"
    assert ("share.approved", requester.id) in desk.events()
    with pytest.raises(NotFound):
        reviews.decide(rita, info.id, Decision.REJECT, "Too late")


def test_rejected(desk: Desk) -> None:
    info, requester = asked_for_review(desk)
    reviews = Reviews(desk.sharing)
    reviews.decide(reviewer(desk, "rita"), info.id, Decision.REJECT, "No proof")
    assert desk.sharing.shown(visitor(requester), info.id).status == "rejected"
    assert desk.begin("second").session
    assert any(
        to == "second@example.org" and "not approved" in subject
        for to, subject, _text in desk.mails()
    )


def test_the_reason_is_required_and_sealed(small_desk: Desk) -> None:
    info, _requester = asked_for_review(small_desk)
    reviews, rita = Reviews(small_desk.sharing), reviewer(small_desk, "rita")
    for reason in ("", "  \n ", "x" * 1001):
        with pytest.raises(UsageProblem):
            reviews.decide(rita, info.id, Decision.APPROVE, reason)
    reviews.decide(rita, info.id, Decision.APPROVE, "seen in person")
    with small_desk.database.read() as connection:
        stored = connection.execute(share_decision.select()).one()
    assert b"seen in person" not in stored.reason


@pytest.mark.parametrize("role", [Role.TRADER, Role.OPERATOR, Role.HELPDESK, Role.SECURITY_OFFICER])
def test_only_reviewers(small_desk: Desk, role: Role) -> None:
    info, _requester = asked_for_review(small_desk)
    other = visitor(somebody(small_desk, "other", Identity("Other"), roles=role))
    with pytest.raises(NotAllowed):
        Reviews(small_desk.sharing).waiting(other)
    with pytest.raises(NotAllowed):
        Reviews(small_desk.sharing).decide(other, info.id, Decision.APPROVE, "why not")


def test_nobody_decides_on_their_own(desk: Desk) -> None:
    info, requester = asked_for_review(desk)
    name = desk.directory.add_user_name(
        "second.staff", requester.holder_id, frozenset({Role.REVIEWER})
    )
    with pytest.raises(NotAllowed) as caught:
        Reviews(desk.sharing).decide(visitor(name), info.id, Decision.APPROVE, "mine")
    assert caught.value.code == "own-request"
    # The database refuses it as well, whoever asks it.
    owner_holder = desk.directory.find("owner").holder_id
    for claimed in (requester.holder_id, "somebody-else"):
        with pytest.raises(IntegrityError), desk.database.write() as connection:
            connection.execute(
                insert(share_decision).values(
                    share_id=info.id,
                    reviewer_holder=requester.holder_id,
                    requester_holder=claimed,
                    owner_holder=owner_holder,
                    reviewer_id=name.id,
                    decision="approve",
                    reason=b"",
                    at=desk.clock.now(),
                )
            )


def test_two_persons(desk: Desk) -> None:
    somebody(desk, "owner")
    second = somebody(desk, "second", card=False)
    sharing = Sharing(desk.service, ReviewPolicy.ALWAYS, second_person=True)
    info = sharing.confirm(visitor(second), proven(desk, second).id)
    reviews, rita, rupert = Reviews(sharing), reviewer(desk, "rita"), reviewer(desk, "rupert")
    assert reviews.decide(rita, info.id, Decision.APPROVE, "fine").status == "pending"
    with pytest.raises(Refused) as caught:
        reviews.decide(rita, info.id, Decision.APPROVE, "fine again")
    assert caught.value.code == "decided-already"
    assert reviews.waiting(rupert)[0].approvals == 1
    assert reviews.decide(rupert, info.id, Decision.APPROVE, "fine too").status == "active"


def test_two_reviewers_at_once(desk: Desk) -> None:
    info, _requester = asked_for_review(desk)
    names = [reviewer(desk, name) for name in ("rita", "rupert")]
    results: list[str] = []

    def decide(me: Visitor, decision: Decision) -> None:
        try:
            results.append(Reviews(desk.sharing).decide(me, info.id, decision, "so be it").status)
        except DesksideError as error:
            results.append(error.code)

    threads = [
        threading.Thread(target=decide, args=pair) for pair in zip(names, Decision, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert "unknown-review" in results
    assert len(results) == 2


def test_withdrawn_before_the_decision(small_desk: Desk) -> None:
    info, requester = asked_for_review(small_desk)
    small_desk.sharing.cancel(visitor(requester), info.id)
    assert not Reviews(small_desk.sharing).waiting(reviewer(small_desk, "rita"))
