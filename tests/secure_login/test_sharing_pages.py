"""Sharing on its pages: what is refused and how that reads; while it lasts one's own card rests;
cancelled, it works again or is sent back."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx2
import pytest

from deskside.secure_login.sharing.service import ShareInfo
from deskside.secure_login.values import DeviceStatus
from tests.secure_login.browser import Browser, portal
from tests.secure_login.desk import PASSWORD, Desk
from tests.secure_login.test_sharing import somebody, with_a_card_of_their_own


@pytest.fixture
def shared(small_desk: Desk) -> ShareInfo:
    second, info, _own = with_a_card_of_their_own(small_desk)
    small_desk.cards["second"] = small_desk.cards["owner"]
    assert second.name == "second"
    return info


@pytest.fixture
def browser(small_desk: Desk, shared: ShareInfo) -> Iterator[Browser]:
    with portal(small_desk) as address:
        came = Browser(address)
        came.post("/login", username="second", password=PASSWORD)
        step = small_desk.service.progress(came.cookies["__Host-login"])
        assert step.challenge is not None
        response = small_desk.respond("second", step.challenge.question)
        came.post(
            "/login/factor",
            device=step.challenge.device,
            challenge=step.challenge.id,
            answer=response,
        )
        yield came


def own_card(desk: Desk) -> DeviceStatus:
    devices = desk.service.list_devices(user_name_id=desk.directory.find("second").id)
    (own,) = [
        info for info in devices if info.kind == "dsc-plus" and "owner" not in info.user_names
    ]
    return own.status


def test_ones_own_card_rests_and_says_so(
    browser: Browser, small_desk: Desk, shared: ShareInfo
) -> None:
    user = small_desk.directory.find("second")
    own = next(
        info
        for info in small_desk.service.list_devices(user_name_id=user.id)
        if "owner" not in info.user_names
    )
    assert own.rests_for("second")
    assert not own.rests_for("owner")
    account = browser.get("/account").text
    assert account.count("At rest") == 1
    assert account.index(f"serial number {own.serial}") > account.index("At rest")
    assert account.index("At rest") > account.index("Shared with owner"), "what counts comes first"
    shown = browser.get(f"/account/devices/{own.id}").text
    assert "works again when you cancel the sharing" in shown
    told = httpx2.get(
        f"{browser.address}/api/v1/me",
        headers={"authorization": f"Bearer {small_desk.log_in('second').token}"},
    ).json()
    assert {one["serial"]: one["status"] for one in told["devices"]}[own.serial] == "resting"


def test_a_refusal_stands_in_the_wizard(small_desk: Desk) -> None:
    somebody(small_desk, "owner")
    small_desk.person("other", card=False)
    with portal(small_desk) as address:
        came = Browser(address)
        came.post("/login", username="other", password=PASSWORD)
        begun = came.post("/account/share/owner", username="owner", password=PASSWORD)
        html = came.follow(begun).text
        question = "".join(re.findall(r'<span aria-hidden="true">(\d{3})</span>', html))
        refused = came.post(begun.headers["location"], answer=small_desk.respond("owner", question))
    assert refused.status_code == 409
    assert "<h1>Different identification information</h1>" in refused.text
    assert "Error 409" not in refused.text
    assert ">The holders of the user names do not match.<" in refused.text
    assert "an old document may be on record" in refused.text
    assert 'href="/account/share/owner"' in refused.text
    assert "/kb/2481#different-identification-information" in refused.text


def test_it_works_again(browser: Browser, small_desk: Desk, shared: ShareInfo) -> None:
    html = browser.get(f"/account/share/{shared.id}/cancel").text
    assert "I send it back" in html
    done = browser.post(f"/account/share/{shared.id}/cancel", own="keep")
    assert done.headers["location"] == "/account/share"
    assert own_card(small_desk) is DeviceStatus.ACTIVE


def test_not_the_last_one(browser: Browser, small_desk: Desk, shared: ShareInfo) -> None:
    refused = browser.post(f"/account/share/{shared.id}/cancel", own="back")
    assert refused.status_code == 409
    assert "the only one that you can log in with" in refused.text
    assert own_card(small_desk) is DeviceStatus.ACTIVE


def test_it_is_sent_back(browser: Browser, small_desk: Desk, shared: ShareInfo) -> None:
    small_desk.service.issue_device([small_desk.directory.find("second")], "totp")
    done = browser.post(f"/account/share/{shared.id}/cancel", own="back")
    assert "The sharing is cancelled" in done.text
    assert "a parcel that is tracked" in done.text
    assert own_card(small_desk) is DeviceStatus.RETIRED
