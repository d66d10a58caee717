"""The life of a device: what must be refused, then what a holder does."""

from __future__ import annotations

from datetime import timedelta

import pytest

from deskside.directory.model import UserName
from deskside.foundation.clock import FrozenClock
from deskside.foundation.errors import NotAllowed, NotFound, Refused
from deskside.secure_login.authenticators import MalformedAnswer, Simulated, authenticator
from deskside.secure_login.pin import PinRefused
from deskside.secure_login.proof import NotProved
from deskside.secure_login.service import LoginFailed
from deskside.secure_login.values import DeviceStatus
from deskside.web.model import Visitor
from tests.secure_login.desk import PIN, Desk


def seen(user: UserName, scope: str = "full") -> Visitor:
    return Visitor(user.id, user.name, user.name, frozenset({"trader"}), "session", scope)


def shown(kind: str, file: object, question: str, clock: FrozenClock, pin: str = "") -> str:
    plugin = authenticator(kind)
    assert isinstance(plugin, Simulated)
    assert isinstance(file, dict)
    return plugin.simulate(file, question, pin, clock.now())


def activated(desk: Desk, user: UserName, kind: str, clock: FrozenClock) -> tuple[str, object]:
    info, issued = desk.service.lives.make(seen(user), user, kind)
    asked = desk.service.lives.ask(seen(user), info.id)
    answer = shown(kind, issued.virtual_device, asked.challenge.question, clock)
    done = desk.service.lives.activate(seen(user), info.id, asked.challenge.id, answer)
    assert done.status is DeviceStatus.ACTIVE
    return info.id, issued.virtual_device


@pytest.mark.parametrize("kind", ["totp", "code-card"])
def test_a_device_is_not_due_before_its_first_answer_and_is_after(
    desk: Desk, clock: FrozenClock, kind: str
) -> None:
    user = desk.person("anna", card=False)
    desk.service.lives.make(seen(user), user, kind)
    clock.advance(timedelta(days=60))
    assert desk.begin("anna").session is not None
    _id, file = activated(desk, user, kind, clock)
    clock.advance(timedelta(minutes=2))
    step = desk.begin("anna")
    assert [factor.kind for factor in step.factors] == [kind]
    assert step.challenge is not None
    assert desk.answer(step, shown(kind, file, step.challenge.question, clock)).token


def test_activating_one_never_disables_another(desk: Desk, clock: FrozenClock) -> None:
    user = desk.person("anna")
    activated(desk, user, "totp", clock)
    activated(desk, user, "code-card", clock)
    kinds = [factor.kind for factor in desk.begin("anna").factors]
    assert kinds == ["dsc-plus", "totp", "code-card"]


def test_the_device_used_last_is_asked_first(desk: Desk, clock: FrozenClock) -> None:
    user = desk.person("anna")
    app, file = activated(desk, user, "totp", clock)
    clock.advance(timedelta(minutes=2))
    step = desk.begin("anna")
    assert step.challenge is not None
    assert step.challenge.device == step.factors[0].device != app
    asked = desk.service.challenge(step.login, app)
    desk.service.answer(step.login, app, shown("totp", file, asked.question, clock))
    again = desk.begin("anna")
    assert again.challenge is not None
    assert again.challenge.device == app
    assert again.factors[0].kind == "dsc-plus"


def test_ten_wrong_answers_and_the_right_one_is_refused_too(desk: Desk, clock: FrozenClock) -> None:
    user = desk.person("anna", card=False)
    info, issued = desk.service.lives.make(seen(user), user, "code-card")
    lives = desk.service.lives
    asked = lives.ask(seen(user), info.id)
    with pytest.raises(MalformedAnswer):
        lives.activate(seen(user), info.id, asked.challenge.id, "short")
    for _wrong in range(10):
        asked = lives.ask(seen(user), info.id)
        with pytest.raises(NotProved):
            lives.activate(seen(user), info.id, asked.challenge.id, "AAAAAA")
    asked = lives.ask(seen(user), info.id)
    right = shown("code-card", issued.virtual_device, asked.challenge.question, clock)
    with pytest.raises(NotProved):
        lives.activate(seen(user), info.id, asked.challenge.id, right)


def test_nobody_touches_anothers_device(desk: Desk) -> None:
    anna, ben = desk.person("anna"), desk.person("ben", card=False)
    info, _issued = desk.service.lives.make(seen(anna), anna, "totp")
    lives = desk.service.lives
    asked = lives.ask(seen(anna), info.id)
    for touch in (
        lambda: lives.ask(seen(ben), info.id),
        lambda: lives.lose(seen(ben), info.id),
        lambda: lives.activate(seen(ben), info.id, asked.challenge.id, "123456"),
        lambda: lives.ask_for_pin(seen(ben), info.id, "2805"),
    ):
        with pytest.raises(NotFound):
            touch()


def test_a_lost_device_still_counts_and_comes_back_by_its_own_answer(desk: Desk) -> None:
    user = desk.person("anna", card=False)
    card, lives = desk.issue(user), desk.service.lives
    lives.lose(seen(user), card)
    with pytest.raises(LoginFailed):
        desk.begin("anna")
    with pytest.raises(Refused):
        lives.lose(seen(user), card)
    asked = lives.ask(seen(user), card)
    found = lives.activate(
        seen(user), card, asked.challenge.id, desk.respond("anna", asked.challenge.question)
    )
    assert found.status is DeviceStatus.ACTIVE
    assert desk.log_in("anna").token


def test_a_lost_factor_leaves_the_surviving_one(desk: Desk, clock: FrozenClock) -> None:
    user = desk.person("anna", card=False)
    card = desk.issue(user)
    activated(desk, user, "totp", clock)
    desk.service.lives.lose(seen(user), card)
    assert [factor.kind for factor in desk.begin("anna").factors] == ["totp"]


def test_temporary_code_online_card_and_the_card_found_again(
    desk: Desk, clock: FrozenClock
) -> None:
    user = desk.person("anna", card=False)
    card, lives = desk.issue(user), desk.service.lives
    lives.lose(seen(user), card)
    with pytest.raises(NotAllowed):
        lives.make(seen(user), user, "online-code-card")
    _info, issued = lives.temporary_code(user)
    assert issued.virtual_device is not None
    with pytest.raises(Refused) as refused:
        lives.temporary_code(user)
    assert refused.value.code == "temporary-code-in-a-row"
    assert desk.answer(desk.begin("anna"), issued.virtual_device["code"]).token
    assert lives.may_make(seen(user, "portal")) == ["online-code-card"]
    activated(desk, user, "online-code-card", clock)
    assert [factor.kind for factor in desk.begin("anna").factors] == [
        "online-code-card",
        "temporary-code",
    ]
    clock.advance(timedelta(days=1))
    asked = lives.ask(seen(user), card)
    lives.activate(
        seen(user), card, asked.challenge.id, desk.respond("anna", asked.challenge.question)
    )
    # The temporary state is over, and another emergency may come.
    assert [factor.kind for factor in desk.begin("anna").factors] == ["dsc-plus"]
    clock.advance(timedelta(days=1))
    assert lives.temporary_code(user)[0].kind == "temporary-code"


def test_new_recovery_codes_end_the_old(desk: Desk) -> None:
    user = desk.person("anna")
    lives = desk.service.lives
    _info, old = lives.make(seen(user), user, "recovery-code")
    _info, new = lives.make(seen(user), user, "recovery-code")
    assert old.virtual_device is not None
    assert new.virtual_device is not None
    step = desk.begin("anna")
    codes = [factor for factor in step.factors if factor.kind == "recovery-code"]
    assert len(codes) == 1
    desk.service.challenge(step.login, codes[0].device)
    with pytest.raises(LoginFailed):
        desk.service.answer(step.login, codes[0].device, old.virtual_device["codes"].split()[0])
    desk.service.challenge(step.login, codes[0].device)
    right = new.virtual_device["codes"].split()[0]
    assert desk.service.answer(step.login, codes[0].device, right).token


def test_recovery_codes_are_no_first_device(desk: Desk) -> None:
    user = desk.person("anna", card=False)
    with pytest.raises(NotAllowed):
        desk.service.lives.make(seen(user), user, "recovery-code")


def test_a_pin_changes_by_an_answer_made_with_the_new_one(desk: Desk) -> None:
    user = desk.person("anna", card=False)
    card, lives = desk.issue(user), desk.service.lives
    for bad, personal in (("1234", ()), ("7777", ()), ("1979", ("1979-11-02",))):
        with pytest.raises(PinRefused):
            lives.ask_for_pin(seen(user), card, bad, personal)
    asked, sealed = lives.ask_for_pin(seen(user), card, "7391")
    old = desk.respond("anna", asked.challenge.question, PIN)
    with pytest.raises(NotProved):
        lives.change_pin(seen(user), card, asked.challenge.id, sealed, old)
    assert desk.log_in("anna").token  # the old PIN is still the PIN
    asked, sealed = lives.ask_for_pin(seen(user), card, "7391")
    new = desk.respond("anna", asked.challenge.question, "7391")
    lives.change_pin(seen(user), card, asked.challenge.id, sealed, new)
    step = desk.begin("anna")
    assert step.challenge is not None
    assert desk.answer(step, desk.respond("anna", step.challenge.question, "7391")).token
    with pytest.raises(LoginFailed):
        desk.log_in("anna")


def test_a_device_that_ended_stays_ended(desk: Desk) -> None:
    user = desk.person("anna")
    old, _issued = desk.service.lives.make(seen(user), user, "recovery-code")
    desk.service.lives.make(seen(user), user, "recovery-code")
    with pytest.raises(Refused):
        desk.service.set_device_status(old.id, DeviceStatus.ACTIVE)
