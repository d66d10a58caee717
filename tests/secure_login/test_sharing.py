"""Sharing a device: no oracle, each refusal, approval, cancellation, families."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import insert

from deskside.directory.model import AccountStatus, HolderKind, Identity, Role, UserName
from deskside.foundation.clock import FrozenClock
from deskside.foundation.errors import DesksideError, Refused, UsageProblem
from deskside.secure_login.endings import ChallengeExpired, LoginFailed
from deskside.secure_login.sharing.refusals import CannotShare, NoSuchShare
from deskside.secure_login.sharing.rules import Obstacle
from deskside.secure_login.sharing.service import ShareInfo, Sharing
from deskside.secure_login.store import binding
from deskside.secure_login.values import DeviceStatus, Origin
from deskside.web.model import Visitor
from tests.secure_login.desk import HASH, PASSWORD, Desk

NONE = Origin("192.0.2.7")
ANNA = Identity("Anna Rossi", date(1980, 2, 3), "IT", "IT", "passport", "YA 12-34567")


def somebody(
    desk: Desk,
    name: str,
    identity: Identity = ANNA,
    *,
    card: bool = True,
    roles: Role = Role.TRADER,
) -> UserName:
    holder = desk.directory.add_holder(HolderKind.PERSON, identity, email=f"{name}@example.org")
    account = desk.directory.add_account(holder.id, AccountStatus.OPEN)
    user = desk.directory.add_user_name(name, holder.id, frozenset({roles}), account_id=account)
    with desk.database.write() as connection:
        desk.directory.store_password(connection, user.id, HASH)
    if card:
        desk.issue(user)
    return user


def visitor(user: UserName) -> Visitor:
    roles = frozenset(role.value for role in user.roles)
    return Visitor(user.id, user.name, user.display_name, roles, "a-session")


def proven(desk: Desk, requester: UserName, owner: str = "owner") -> ShareInfo:
    me = visitor(requester)
    info, asked = desk.sharing.begin(me, owner, PASSWORD, NONE)
    return desk.sharing.answer(me, info.id, desk.respond(owner, asked.question), NONE)


# No oracle


def test_owner_unknown_wrong_password_and_no_device_look_alike(small_desk: Desk) -> None:
    somebody(small_desk, "owner")
    somebody(small_desk, "bare", card=False)
    me = visitor(somebody(small_desk, "second", card=False))
    told = set()
    for name, password in (("nobody", PASSWORD), ("owner", "wrong"), ("bare", PASSWORD)):
        with pytest.raises(LoginFailed) as caught:
            small_desk.sharing.begin(me, name, password, NONE)
        told.add((type(caught.value), caught.value.message, caught.value.hint))
    assert len(told) == 1


def test_wrong_passwords_lock_the_owner(small_desk: Desk) -> None:
    somebody(small_desk, "owner")
    me = visitor(somebody(small_desk, "second", card=False))
    for _attempt in range(10):
        with pytest.raises(LoginFailed):
            small_desk.sharing.begin(me, "owner", "wrong", NONE)
    with pytest.raises(LoginFailed):
        small_desk.sharing.begin(me, "owner", PASSWORD, NONE)
    with pytest.raises(LoginFailed):
        small_desk.begin("owner")


def test_wrong_answers_lock_the_owners_device(small_desk: Desk) -> None:
    somebody(small_desk, "owner")
    me = visitor(somebody(small_desk, "second", card=False))
    info, asked = small_desk.sharing.begin(me, "owner", PASSWORD, NONE)
    for _attempt in range(10):
        with pytest.raises(LoginFailed):
            small_desk.sharing.answer(me, info.id, small_desk.wrong("owner", asked.question), NONE)
        asked = small_desk.sharing.challenge(me, info.id)
    with pytest.raises(LoginFailed):
        small_desk.sharing.answer(me, info.id, small_desk.respond("owner", asked.question), NONE)
    with pytest.raises(LoginFailed):
        small_desk.log_in("owner")


def test_identity_is_not_judged_before_both_were_right(small_desk: Desk) -> None:
    somebody(small_desk, "owner", Identity("Somebody Else"))
    me = visitor(somebody(small_desk, "second", card=False))
    info, asked = small_desk.sharing.begin(me, "owner", PASSWORD, NONE)
    with pytest.raises(LoginFailed):
        small_desk.sharing.answer(me, info.id, small_desk.wrong("owner", asked.question), NONE)


def test_the_proof_is_no_session_and_works_once(desk: Desk) -> None:
    somebody(desk, "owner")
    me = visitor(somebody(desk, "second", card=False))
    info, asked = desk.sharing.begin(me, "owner", PASSWORD, NONE)
    right = desk.respond("owner", asked.question)
    desk.sharing.answer(me, info.id, right, NONE)
    with pytest.raises(NoSuchShare):
        desk.sharing.answer(me, info.id, right, NONE)
    assert desk.count("session") == 0
    assert desk.count("login") == 0


def test_an_answer_that_comes_late(small_desk: Desk, clock: FrozenClock) -> None:
    somebody(small_desk, "owner")
    me = visitor(somebody(small_desk, "second", card=False))
    info, asked = small_desk.sharing.begin(me, "owner", PASSWORD, NONE)
    clock.advance(timedelta(minutes=3))
    with pytest.raises(ChallengeExpired):
        small_desk.sharing.answer(me, info.id, small_desk.respond("owner", asked.question), NONE)


def test_a_request_is_nobody_elses(small_desk: Desk) -> None:
    somebody(small_desk, "owner")
    second = somebody(small_desk, "second", card=False)
    stranger = visitor(somebody(small_desk, "stranger", Identity("S")))
    info = proven(small_desk, second)
    for act in (small_desk.sharing.confirm, small_desk.sharing.cancel, small_desk.sharing.shown):
        with pytest.raises(NoSuchShare):
            act(stranger, info.id)


def test_not_with_oneself(small_desk: Desk) -> None:
    me = visitor(somebody(small_desk, "owner"))
    with pytest.raises(UsageProblem, match="your own"):
        small_desk.sharing.begin(me, "owner", PASSWORD, NONE)


# Conditions


@pytest.mark.parametrize(
    "other",
    [
        Identity("Anna Rossi"),
        replace(ANNA, birth_date=date(1980, 2, 4)),
        replace(ANNA, citizenship="FR"),
        replace(ANNA, document_number="YA1234568"),
    ],
)
def test_different_identification(desk: Desk, other: Identity) -> None:
    somebody(desk, "owner")
    second = somebody(desk, "second", other, card=False)
    with pytest.raises(CannotShare) as caught:
        proven(desk, second)
    assert caught.value.code == Obstacle.DIFFERENT_IDENTIFICATION.value
    assert "document" in caught.value.hint


def test_less_secure(small_desk: Desk) -> None:
    owner = somebody(small_desk, "owner", card=False)
    info, issued = small_desk.service.issue_device([owner], "dsc-plus", pin="2805")
    assert issued.virtual_device
    second = somebody(small_desk, "second")
    sharing = small_desk.sharing
    held = sharing._held

    # A stronger kind than the card does not exist among the physical ones: one is imagined.
    def stronger(connection: object, user: str) -> object:
        own = held(connection, user)  # type: ignore[arg-type]
        return tuple(
            replace(each, protection_level=99) if user == second.id else each for each in own
        )

    from deskside.secure_login.card.device import VirtualCard

    card = VirtualCard.from_document(issued.virtual_device)
    begun, asked = sharing.begin(visitor(second), "owner", PASSWORD, NONE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Sharing, "_held", lambda _self, connection, user: stronger(connection, user))
        with pytest.raises(CannotShare) as caught:
            sharing.answer(visitor(second), begun.id, card.respond(asked.question, "2805"), NONE)
    assert caught.value.code == "less-secure-device"
    assert info.id


# Approved at once


def test_shared_at_once(desk: Desk) -> None:
    somebody(desk, "owner")
    second = somebody(desk, "second", replace(ANNA, document_number="ya1234567"), card=False)
    done = desk.sharing.confirm(visitor(second), proven(desk, second).id)
    assert (done.status, done.reference[:3]) == ("active", "SH-")
    desk.cards["second"] = desk.cards["owner"]
    assert desk.log_in("second").protection_level == 40
    assert desk.log_in("owner").protection_level == 40
    told = {to for to, subject, _text in desk.mails() if "second" in subject or "owner" in subject}
    assert {"owner@example.org", "second@example.org"} <= told


def test_confirmed_once(desk: Desk) -> None:
    somebody(desk, "owner")
    second = somebody(desk, "second", card=False)
    info = proven(desk, second)
    results: list[str] = []

    def confirm() -> None:
        try:
            results.append(desk.sharing.confirm(visitor(second), info.id).status)
        except DesksideError as error:
            results.append(error.code)

    both = [threading.Thread(target=confirm) for _node in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join(60)
    assert sorted(results) == ["active", "unknown-share"]


def test_not_confirmed_in_time(small_desk: Desk, clock: FrozenClock) -> None:
    somebody(small_desk, "owner")
    second = somebody(small_desk, "second", card=False)
    info = proven(small_desk, second)
    clock.advance(timedelta(minutes=20))
    with pytest.raises(NoSuchShare):
        small_desk.sharing.confirm(visitor(second), info.id)


def test_not_twice(small_desk: Desk) -> None:
    somebody(small_desk, "owner")
    second = somebody(small_desk, "second", card=False)
    first, again = proven(small_desk, second), proven(small_desk, second)
    small_desk.sharing.confirm(visitor(second), first.id)
    with pytest.raises(Refused) as caught:
        small_desk.sharing.confirm(visitor(second), again.id)
    assert caught.value.code == "already-shared"


def test_a_device_that_was_locked_meanwhile(small_desk: Desk) -> None:
    owner = somebody(small_desk, "owner")
    second = somebody(small_desk, "second", card=False)
    info = proven(small_desk, second)
    device = small_desk.service.list_devices(user_name_id=owner.id)[0]
    small_desk.service.set_device_status(device.serial, DeviceStatus.LOCKED)
    with pytest.raises(CannotShare):
        small_desk.sharing.confirm(visitor(second), info.id)


# Cancelling


def test_own_card_rests_and_comes_back(desk: Desk) -> None:
    somebody(desk, "owner")
    second = somebody(desk, "second")
    own = desk.cards["second"]
    info = desk.sharing.confirm(visitor(second), proven(desk, second).id)
    assert [factor.device for factor in desk.begin("second").factors] == [info.device]
    assert desk.sharing.cancel(visitor(second), info.id).status == "cancelled"
    step = desk.begin("second")
    assert [factor.device for factor in step.factors] != [info.device]
    assert step.challenge
    assert desk.answer(step, own.respond(step.challenge.question, "2805"))
    with pytest.raises(NoSuchShare):
        desk.sharing.cancel(visitor(second), info.id)


def test_the_only_device_stays(small_desk: Desk) -> None:
    somebody(small_desk, "owner")
    second = somebody(small_desk, "second", card=False)
    info = small_desk.sharing.confirm(visitor(second), proven(small_desk, second).id)
    with pytest.raises(Refused) as caught:
        small_desk.sharing.cancel(visitor(second), info.id)
    assert caught.value.code == "last-device"
    assert small_desk.begin("second").challenge


# Families of three and more


def third_of_a_family(desk: Desk, third: UserName) -> ShareInfo:
    """A family of two on one card, and a third user name that asks for it."""
    somebody(desk, "owner")
    second = somebody(desk, "second", card=False)
    desk.sharing.confirm(visitor(second), proven(desk, second).id)
    return proven(desk, third)


def test_a_third_joins_and_any_of_them_lends_the_device(desk: Desk) -> None:
    third = somebody(desk, "third", card=False)
    done = desk.sharing.confirm(visitor(third), third_of_a_family(desk, third).id)
    assert done.status == "active"
    fourth = somebody(desk, "fourth", card=False)
    desk.cards["second"] = desk.cards["owner"]
    again = desk.sharing.confirm(visitor(fourth), proven(desk, fourth, "second").id)
    assert again.device == done.device
    desk.cards["fourth"] = desk.cards["owner"]
    assert desk.log_in("fourth").protection_level == 40


def test_a_temporary_device_of_any_of_them_stands_against_it(desk: Desk) -> None:
    third = somebody(desk, "third", card=False)
    info = third_of_a_family(desk, third)
    desk.service.lives.temporary_code(desk.directory.find("second"))
    with pytest.raises(CannotShare) as caught:
        desk.sharing.confirm(visitor(third), info.id)
    assert caught.value.code == Obstacle.TEMPORARY_DEVICE.value


def test_a_stronger_device_of_any_of_them_stands_against_it(small_desk: Desk) -> None:
    owner = somebody(small_desk, "owner", card=False)
    _info, issued = small_desk.service.issue_device([owner], "code-card")
    assert issued.virtual_device
    codes = issued.virtual_device["codes"].split()
    third = somebody(small_desk, "third", card=False)
    second = somebody(small_desk, "second", card=False)

    def prove(user: UserName) -> ShareInfo:
        info, asked = small_desk.sharing.begin(visitor(user), "owner", PASSWORD, NONE)
        answer = "".join(codes[int(index) - 1] for index in asked.question.split())
        return small_desk.sharing.answer(visitor(user), info.id, answer, NONE)

    small_desk.sharing.confirm(visitor(second), prove(second).id)
    small_desk.issue(small_desk.directory.find("second"))
    with pytest.raises(CannotShare) as caught:
        prove(third)
    assert caught.value.code == Obstacle.LESS_SECURE.value


def test_an_identity_that_was_changed_since_stands_against_it(desk: Desk) -> None:
    """Two who share may have the same holder; a third must match the owner, as all do."""
    stranger = somebody(desk, "stranger", replace(ANNA, document_number="other"), card=False)
    with pytest.raises(CannotShare) as caught:
        third_of_a_family(desk, stranger)
    assert caught.value.code == Obstacle.DIFFERENT_IDENTIFICATION.value


# Sending a card back


def with_a_card_of_their_own(desk: Desk) -> tuple[UserName, ShareInfo, str]:
    """A sharing for which the requester's own card rests, and that card's device."""
    somebody(desk, "owner")
    second = somebody(desk, "second")
    own = desk.service.list_devices(user_name_id=second.id)[0].id
    return second, desk.sharing.confirm(visitor(second), proven(desk, second).id), own


def test_a_card_is_sent_back_where_another_device_is_left(desk: Desk) -> None:
    second, info, own = with_a_card_of_their_own(desk)
    me = visitor(second)
    assert [each.id for each in desk.sharing.to_send_back(me, info.id)] == [own]
    with pytest.raises(Refused) as caught:
        desk.sharing.cancel(me, info.id, send_back=True)
    assert caught.value.code == "last-device"
    assert desk.service.list_devices(serial=own)[0].status is DeviceStatus.ACTIVE
    desk.service.issue_device([second], "totp")
    assert desk.sharing.cancel(me, info.id, send_back=True).status == "cancelled"
    assert desk.service.list_devices(serial=own)[0].status is DeviceStatus.RETIRED
    assert ("device.sent-back", own) in desk.events()
    assert [factor.kind for factor in desk.begin("second").factors] == ["totp"]
    assert any("on its way back" in subject for to, subject, _text in desk.mails())


def test_only_what_rests_and_is_nobody_elses_is_sent_back(small_desk: Desk) -> None:
    second, info, own = with_a_card_of_their_own(small_desk)
    cousin = somebody(small_desk, "cousin", card=False)
    with small_desk.database.write() as connection:
        connection.execute(
            insert(binding).values(
                user_name_id=cousin.id, device_id=own, status="active", since=small_desk.clock.now()
            )
        )
    me = visitor(second)
    assert small_desk.sharing.to_send_back(me, info.id) == []
    small_desk.sharing.cancel(me, info.id, send_back=True)
    assert small_desk.service.list_devices(serial=own)[0].status is DeviceStatus.ACTIVE


def test_code_cards_are_destroyed_and_not_sent(small_desk: Desk) -> None:
    somebody(small_desk, "owner")
    second = somebody(small_desk, "second", card=False)
    small_desk.service.issue_device([second], "code-card")
    info = small_desk.sharing.confirm(visitor(second), proven(small_desk, second).id)
    assert small_desk.sharing.to_send_back(visitor(second), info.id) == []
