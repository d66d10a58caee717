"""Temporary codes and recovery codes: first what must never pass, then what must."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from deskside.foundation.clock import FrozenClock
from deskside.foundation.config import Config
from deskside.foundation.errors import UsageProblem
from deskside.secure_login.authenticators import MalformedAnswer
from deskside.secure_login.authenticators.recovery_code import CODES, RecoveryCode
from deskside.secure_login.authenticators.temporary_code import TemporaryCode
from deskside.secure_login.card.device import DamagedDevice
from deskside.secure_login.policies import bridge
from deskside.secure_login.service import LoginFailed
from deskside.secure_login.values import Scope, SessionGranted
from tests.secure_login.desk import Desk
from tests.secure_login.test_life import seen

from .helpers import NOW

TEMPORARY, RECOVERY = TemporaryCode(), RecoveryCode()


def holder(desk: Desk, kind: str) -> dict[str, str]:
    user = desk.person("anna", card=False)
    _info, issued = desk.service.issue_device([user], kind)
    assert issued.virtual_device is not None
    return dict(issued.virtual_device)


def log_in(desk: Desk, code: str) -> SessionGranted:
    return desk.answer(desk.begin("anna"), code)


def test_a_wrong_temporary_code_is_refused(desk: Desk) -> None:
    code = holder(desk, "temporary-code")["code"]
    for wrong in (code[:-1] + ("A" if code[-1] != "A" else "B"), code[::-1] + "", code.lower()):
        if wrong != code:
            with pytest.raises(LoginFailed):
                log_in(desk, wrong)
    with pytest.raises(MalformedAnswer):
        log_in(desk, code[:-1])


def test_a_temporary_code_is_whole_for_two_days_then_the_portals_then_nothing(
    desk: Desk, clock: FrozenClock
) -> None:
    code = holder(desk, "temporary-code")["code"]
    granted = log_in(desk, f" {code[:5]} {code[5:]} ")
    assert (granted.scope, granted.amr, granted.protection_level) == (
        Scope.FULL,
        ("pwd", "mca"),
        5,
    )
    clock.advance(timedelta(days=2))
    assert log_in(desk, code).scope is Scope.PORTAL
    clock.advance(timedelta(days=10))
    with pytest.raises(LoginFailed):
        desk.begin("anna")


def test_a_desk_sets_how_long_the_loss_of_a_device_is_bridged(
    desk: Desk, clock: FrozenClock
) -> None:
    """The support pages name ten days for the portal alone, and eight in a translation."""
    settings = {"temporary.full": "1 d", "temporary.portal": "8 d", "temporary.online_card": "3 d"}
    chosen = bridge(Config.load(flags=settings))
    usual = bridge(Config.load())
    assert (usual.full.days, usual.portal.days, usual.online_card.days) == (2, 10, 21)
    user = desk.person("anna", card=False)
    lives = replace(desk.service.lives, bridge=chosen)
    _info, issued = lives.temporary_code(user)
    assert issued.virtual_device
    code = issued.virtual_device["code"]
    assert log_in(desk, code).scope is Scope.FULL
    card, _issued = lives.make(seen(user), user, "online-code-card")
    assert card.expires == clock.now() + timedelta(days=3)
    clock.advance(timedelta(days=1))
    assert log_in(desk, code).scope is Scope.PORTAL
    clock.advance(timedelta(days=8))
    with pytest.raises(LoginFailed):
        desk.begin("anna")


def test_each_recovery_code_works_once(desk: Desk) -> None:
    codes = holder(desk, "recovery-code")["codes"].split()
    assert len(set(codes)) == CODES
    assert log_in(desk, codes[3].lower()).amr == ("pwd", "otp", "mfa")
    with pytest.raises(LoginFailed):
        log_in(desk, codes[3])
    assert log_in(desk, codes[0]).token
    (info,) = desk.service.list_devices()
    assert info.left == (CODES - 2, CODES)


def test_recovery_codes_that_are_all_used_let_nobody_in(small_desk: Desk) -> None:
    for code in holder(small_desk, "recovery-code")["codes"].split():
        assert log_in(small_desk, code).token
    with pytest.raises(LoginFailed):
        small_desk.begin("anna")


@pytest.mark.parametrize("plugin", [TEMPORARY, RECOVERY])
def test_a_damaged_file_is_refused(plugin: TemporaryCode | RecoveryCode) -> None:
    with pytest.raises(DamagedDevice):
        plugin.simulate({"kind": plugin.kind, "serial": "1"}, "", "", NOW)


def test_the_recovery_codes_of_a_file_are_chosen_by_number(small_desk: Desk) -> None:
    card = holder(small_desk, "recovery-code")
    codes = card["codes"].split()
    assert RECOVERY.simulate(card, "", "", NOW) == codes[0]
    assert RECOVERY.simulate(card, "10", "", NOW) == codes[9]
    with pytest.raises(UsageProblem):
        RECOVERY.simulate(card, "11", "", NOW)
