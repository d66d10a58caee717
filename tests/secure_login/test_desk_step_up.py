"""What staff prove before they let somebody in or hand something out: over an old session, nothing
of it happens without an answer of their own device."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest

from deskside.directory.model import Role
from deskside.foundation.clock import FrozenClock
from deskside.secure_login.helpdesk.actions import ACTIONS
from deskside.secure_login.helpdesk.rights import Right
from deskside.secure_login.seeds.jobs import ImportJobs, Status
from deskside.secure_login.values import DeviceStatus
from tests.secure_login.browser import Browser, portal
from tests.secure_login.desk import PASSWORD, Desk
from tests.secure_login.test_helpdesk import WHY
from tests.secure_login.test_import_jobs import begun, csv_file
from tests.secure_login.test_step_up import of_form

REASON = {"reason": WHY.reason}
LATER = timedelta(minutes=6)


@pytest.fixture
def address(small_desk: Desk) -> Iterator[str]:
    small_desk.person("anna")
    small_desk.person("otto", account=None, roles=frozenset({Role.OPERATOR}))
    with portal(small_desk) as where:
        yield where


@pytest.fixture
def otto(small_desk: Desk, address: str, clock: FrozenClock) -> Browser:
    browser = Browser(address)
    html = browser.follow(browser.post("/login", username="otto", password=PASSWORD)).text
    answer = browser.post("/login/factor", **of_form(html), answer=response_to(small_desk, html))
    browser.follow(answer)
    clock.advance(LATER)
    return browser


def response_to(desk: Desk, html: str) -> str:
    digits = re.findall(r'<span aria-hidden="true">(\d{3})</span>', html)
    return desk.respond("otto", "".join(digits))


def verified(desk: Desk, otto: Browser, html: str) -> dict[str, str]:
    """The hidden fields with which a form goes on that was sent before the proof."""
    assert "Verify your identity" in html
    assert otto.post("/account/verify", **of_form(html), answer="12345678").status_code == 400
    html = otto.post("/account/verify", **of_form(html), other=of_form(html)["device"]).text
    shown = otto.post("/account/verify", **of_form(html), answer=response_to(desk, html)).text
    assert "Your identity is verified" in shown
    return of_form(shown)


def test_whatever_lets_somebody_in_wants_a_proof() -> None:
    """What takes away must be quick; ending a lock-out leaves both factors to be shown."""
    quick = {name for name, each in ACTIONS.items() if each.proof is None}
    assert quick == {"lock", "end-sessions", "lock-device", "end-lock-out"}
    assert all(
        each.proof is not None or each.harsh or name == "end-lock-out"
        for name, each in ACTIONS.items()
        if each.right in (Right.RECOVER, Right.ISSUE)
    )


def test_a_temporary_code_waits_for_the_proof_of_who_gives_it(
    small_desk: Desk, otto: Browser
) -> None:
    path = "/desk/people/anna/temporary-code"
    asked = otto.follow(otto.get(path)).text
    assert "You are about to let somebody in again" in asked
    html = otto.post(path, **REASON).text
    kinds = [info.kind for info in small_desk.service.list_devices()]
    assert kinds.count("temporary-code") == 0
    done = otto.post(path, **verified(small_desk, otto, html))
    assert "shown only now" in done.text
    kinds = [info.kind for info in small_desk.service.list_devices()]
    assert kinds.count("temporary-code") == 1
    # The proof is used up.
    assert "Verify your identity" in otto.post("/desk/people/anna/reset", **REASON).text


def test_a_password_link_and_unlocking_wait_too(small_desk: Desk, otto: Browser) -> None:
    mails = small_desk.count("outbox")
    html = otto.post("/desk/people/anna/reset", **REASON).text
    assert small_desk.count("outbox") == mails
    done = otto.post("/desk/people/anna/reset", **verified(small_desk, otto, html))
    assert done.status_code == 303
    assert small_desk.count("outbox") > mails

    assert otto.post("/desk/people/anna/lock", **REASON).status_code == 303, "at once"
    html = otto.post("/desk/people/anna/unlock", **REASON).text
    assert not small_desk.directory.find("anna").enabled
    otto.post("/desk/people/anna/unlock", **verified(small_desk, otto, html))
    assert small_desk.directory.find("anna").enabled


@pytest.mark.parametrize("source", ["code-card", "stock"])
def test_a_device_waits_for_the_proof_of_who_hands_it_out(
    small_desk: Desk, otto: Browser, source: str
) -> None:
    path, before = "/desk/people/anna/issue", len(small_desk.service.list_devices())
    assert "hand out" in otto.follow(otto.get(path)).text
    html = otto.post(path, source=source, serial="S-1", **REASON).text
    assert len(small_desk.service.list_devices()) == before
    kept = verified(small_desk, otto, html)
    done = otto.post(path, **kept)
    if source == "stock":
        assert done.status_code == 400, "there is none; the proof serves again"
        done = otto.post(path, source="code-card", **REASON)
    assert "CC-" in done.text or "Print" in done.text
    assert len(small_desk.service.list_devices()) == before + 1
    assert "Verify your identity" in otto.post(path, **kept).text


def test_an_import_waits_for_the_proof(small_desk: Desk, otto: Browser) -> None:
    imports: ImportJobs = small_desk.imports
    found = begun(imports, csv_file())
    imports.turn()
    path = f"/desk/imports/{found.id}/go"
    html = otto.post(path).text
    assert imports.one(found.id).status is Status.CHECKED
    assert otto.post(path, **verified(small_desk, otto, html)).status_code == 303
    assert imports.one(found.id).status is Status.RUNNING


def test_locking_a_device_is_quick_and_unlocking_is_not(small_desk: Desk, otto: Browser) -> None:
    device = next(i for i in small_desk.service.list_devices() if i.user_names == ("anna",))

    def sent(key: str) -> str:
        return otto.post(f"/desk/people/anna/{key}", device=device.id, **REASON).text

    def state() -> DeviceStatus:
        return next(i.status for i in small_desk.service.list_devices() if i.id == device.id)

    sent("lock-device")
    assert state() is DeviceStatus.LOCKED
    html = sent("unlock-device")
    assert state() is DeviceStatus.LOCKED
    otto.post("/desk/people/anna/unlock-device", **verified(small_desk, otto, html))
    assert state() is DeviceStatus.ACTIVE


def test_a_proof_for_one_thing_is_none_for_another(small_desk: Desk, otto: Browser) -> None:
    """Not of another kind of task, nor of a form that was kept for another address."""
    html = otto.post("/desk/people/anna/reset", **REASON).text
    kept = verified(small_desk, otto, html)
    assert "You are about to hand out" in otto.post("/desk/people/anna/issue", **kept).text
