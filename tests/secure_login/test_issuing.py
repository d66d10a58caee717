"""Devices handed out at the console: from stock, or made now; and what is in stock."""

from __future__ import annotations

import json
import threading
from datetime import timedelta

import pytest

from deskside.directory.model import Role
from deskside.foundation.clock import FrozenClock
from deskside.foundation.errors import NotAllowed, NotFound, Refused
from deskside.secure_login.authenticators import authenticator, kinds
from deskside.secure_login.card.device import VirtualCard
from deskside.secure_login.helpdesk.issuing import Issuing, issuable
from deskside.secure_login.model import Seed
from deskside.secure_login.seeds.reading import Line
from deskside.secure_login.seeds.service import SeedImport
from deskside.secure_login.values import DeviceStatus
from deskside.web.model import Visitor
from tests.secure_login.desk import Desk
from tests.secure_login.test_helpdesk import WHY, member
from tests.secure_login.test_life import seen


def stocked(desk: Desk, *serials: str) -> None:
    lines = [Line(number, Seed(each, bytes(20), "totp")) for number, each in enumerate(serials)]
    taken = list(SeedImport(desk.service.devices, desk.directory).run(lines))
    assert {row.outcome for row in taken} == {"new"}


def test_what_the_desk_makes_is_what_plug_ins_say() -> None:
    assert issuable() == [
        kind
        for kind in kinds()
        if authenticator(kind).physical and not authenticator(kind).temporary
    ]
    assert {"dsc-plus", "code-card"} <= set(issuable())
    assert not {"totp", "temporary-code", "online-code-card"} & set(issuable())


@pytest.mark.parametrize("role", [Role.TRADER, Role.HELPDESK, Role.REVIEWER, Role.SECURITY_OFFICER])
def test_who_hands_nothing_out(small_desk: Desk, role: Role) -> None:
    small_desk.person("anna", card=False)
    stocked(small_desk, "A-1")
    visitor, issuing = member(small_desk, "rita", role), Issuing(small_desk.helpdesk)
    with pytest.raises(NotAllowed):
        issuing.fresh(visitor, "anna", "code-card", WHY)
    with pytest.raises(NotAllowed):
        issuing.from_stock(visitor, "anna", "A-1", WHY)
    assert [info.user_names for info in small_desk.service.list_devices()] == [()]


@pytest.mark.parametrize("kind", issuable())
def test_a_new_device(desk: Desk, clock: FrozenClock, kind: str) -> None:
    anna = desk.person("anna", card=False)
    operator = member(desk, "olga", Role.OPERATOR)
    info, issued = Issuing(desk.helpdesk).fresh(operator, "anna", kind, WHY)
    assert info.status is DeviceStatus.WAITING
    assert info.activate_by == clock.now() + desk.helpdesk.policy.activation
    _person, rows = desk.helpdesk.trail(operator, "anna")
    said = next(row.fields for row in rows if row.event == "desk.device-issued")
    assert said == {"device": info.id, "kind": kind} | WHY.detail()
    handover = desk.service.handover
    sealed = handover.sealed(info, operator.user_name_id, dict(issued.virtual_device or {}))
    made = handover.file(info, operator.user_name_id, sealed)
    if made.media_type == "application/json":
        assert json.loads(made.content)["serial"] == info.serial
    else:
        assert made.content.startswith(b"%PDF-")
    with pytest.raises(Refused):
        handover.file(info, anna.id, sealed)

    # Until it is activated or the window ends, the password is enough; then it is asked for.
    assert desk.begin("anna").session is not None
    clock.advance(desk.helpdesk.policy.activation + timedelta(seconds=1))
    step = desk.begin("anna")
    assert step.session is None
    assert [factor.device for factor in step.factors] == [info.id]


def test_nobody_knows_the_pin_of_a_new_card(desk: Desk, clock: FrozenClock) -> None:
    anna = desk.person("anna", card=False)
    operator = member(desk, "olga", Role.OPERATOR)
    info, issued = Issuing(desk.helpdesk).fresh(operator, "anna", "dsc-plus", WHY)
    card = VirtualCard.from_document(issued.virtual_device or {})
    lives, me = desk.service.lives, seen(anna)
    asked, sealed = lives.ask_for_pin(me, info.id, "7391")
    answer = card.respond(asked.challenge.question, "7391")
    lives.change_pin(me, info.id, asked.challenge.id, sealed, answer)
    asked = lives.ask(me, info.id)
    answer = card.respond(asked.challenge.question, "7391")
    assert lives.activate(me, info.id, asked.challenge.id, answer).status is DeviceStatus.ACTIVE


def test_from_stock(desk: Desk) -> None:
    anna = desk.person("anna", card=False)
    desk.person("bruno", card=False)
    operator, issuing = member(desk, "olga", Role.OPERATOR), Issuing(desk.helpdesk)
    stocked(desk, "A-1", "A-2")
    assert issuing.in_stock(operator) == {"totp": 2}
    issuing.from_stock(operator, "anna", " A-1 ", WHY)
    assert issuing.in_stock(operator) == {"totp": 1}
    mine = desk.service.list_devices(user_name_id=anna.id)
    assert [(info.serial, info.status) for info in mine] == [("A-1", DeviceStatus.WAITING)]
    for serial in ("A-1", "A-9", "", " "):
        with pytest.raises(NotFound):
            issuing.from_stock(operator, "bruno", serial, WHY)


def test_two_clerks_and_one_device(desk: Desk) -> None:
    names = ["anna", "bruno", "carla", "dora"]
    for name in names:
        desk.person(name, card=False)
    operator, issuing = member(desk, "olga", Role.OPERATOR), Issuing(desk.helpdesk)
    stocked(desk, "A-1")
    outcomes: list[bool] = []
    start = threading.Barrier(len(names))

    def clerk(name: str) -> None:
        start.wait()
        try:
            issuing.from_stock(operator, name, "A-1", WHY)
            outcomes.append(True)
        except (NotFound, Refused):
            outcomes.append(False)

    threads = [threading.Thread(target=clerk, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [False, False, False, True]
    assert len(desk.service.list_devices()[0].user_names) == 1


def test_the_stock_is_filtered_and_paged(small_desk: Desk) -> None:
    small_desk.person("anna")
    operator, issuing = member(small_desk, "olga", Role.OPERATOR), Issuing(small_desk.helpdesk)
    serials = [f"S-{number:03d}" for number in range(120)]
    stocked(small_desk, *serials)

    def listed(visitor: Visitor = operator, **filters: str) -> list[str]:
        after, found = "", []
        while True:
            chosen = {"kind": "", "state": "", "serial": "", "after": after} | filters
            infos, after = issuing.listed(visitor, **chosen)
            found += [info.serial for info in infos]
            if not after:
                return found

    assert listed(state="stock") == serials
    assert listed(kind="totp") == serials
    assert listed(serial="S-11") == serials[110:]
    assert listed(serial="S_") == []
    assert len(listed(state="active")) == 1
    assert listed(kind="dsc-plus", state="stock") == []
    with pytest.raises(NotAllowed):
        listed(member(small_desk, "tom", Role.TRADER))
