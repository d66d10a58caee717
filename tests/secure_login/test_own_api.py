"""One's own sessions and security events: by REST and on pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from deskside.secure_login.values import DeviceStatus, Origin
from tests.secure_login.browser import Browser, portal
from tests.secure_login.desk import Desk


@pytest.fixture
def http(small_desk: Desk) -> Iterator[httpx2.Client]:
    small_desk.person("anna")
    small_desk.person("bruno")
    with portal(small_desk) as address, httpx2.Client(base_url=f"{address}/api/v1") as client:
        client.headers["authorization"] = f"Bearer {small_desk.log_in('anna').token}"
        yield client


def ids(http: httpx2.Client, key: str) -> list[str]:
    return [entry["id"] for entry in http.get(f"/me/{key}").json()[key]]


def test_nothing_without_a_session(http: httpx2.Client) -> None:
    http.headers.pop("authorization")
    for method, path in (
        ("GET", "/me/sessions"),
        ("DELETE", "/me/sessions"),
        ("DELETE", "/me/sessions/x"),
        ("GET", "/me/events"),
    ):
        assert http.request(method, path).status_code == 401


def test_sessions_are_listed_and_ended(http: httpx2.Client, small_desk: Desk) -> None:
    for _time in range(3):
        small_desk.log_in("anna", Origin("192.0.2.9", "curl/8"))
    listed = http.get("/me/sessions").json()["sessions"]
    assert len(listed) == 4
    (current,) = [entry for entry in listed if entry["current"]]
    other = next(entry for entry in listed if not entry["current"])
    assert other["address"] == "192.0.2.9"
    assert http.delete(f"/me/sessions/{other['id']}").status_code == 204
    assert http.delete(f"/me/sessions/{other['id']}").status_code == 404
    assert http.delete("/me/sessions").json() == {"ended": 2}
    assert ids(http, "sessions") == [current["id"]]


def test_nobody_elses_session_is_seen_or_ended(http: httpx2.Client, small_desk: Desk) -> None:
    token = small_desk.log_in("bruno").token
    found: Any = small_desk.service.resolve(token)
    assert found.visitor.session_id not in ids(http, "sessions")
    assert http.delete(f"/me/sessions/{found.visitor.session_id}").status_code == 404
    assert small_desk.service.resolve(token)


def test_events_are_ones_own_and_come_in_pages(http: httpx2.Client, small_desk: Desk) -> None:
    serials = {info.user_names[0]: info.serial for info in small_desk.service.list_devices()}
    for name in ("anna", "bruno"):
        small_desk.service.set_device_status(serials[name], DeviceStatus.LOCKED)
    everything = http.get("/me/events").json()
    names = [event["event"] for event in everything["events"]]
    assert names[0] == "device.locked"
    assert names.count("device.locked") == 1
    assert "login.succeeded" in names
    assert everything["next"] is None
    pages: list[str] = []
    before = ""
    while True:
        page = http.get("/me/events", params={"limit": 1, "before": before}).json()
        pages += [event["id"] for event in page["events"]]
        if page["next"] is None:
            break
        before = page["next"]
    assert pages == [event["id"] for event in everything["events"]]


@pytest.mark.parametrize("limit", ["0", "201", "x", "-1"])
def test_no_other_number_of_events(http: httpx2.Client, limit: str) -> None:
    assert http.get("/me/events", params={"limit": limit}).status_code == 400


def test_what_staff_do_to_others_is_not_in_their_own_log(small_desk: Desk) -> None:
    from deskside.secure_login.events import own_events

    helper, _owner = small_desk.person("hanna", card=False), small_desk.person("anna")
    serial = small_desk.service.list_devices()[0].serial
    small_desk.service.set_device_status(serial, DeviceStatus.LOCKED, actor=helper.id)
    found: Any = small_desk.service.resolve(small_desk.log_in("hanna").token)
    listed, _more = own_events(small_desk.database, found.visitor)
    assert "device.locked" not in [event.name for event in listed]


def test_the_pages(small_desk: Desk) -> None:
    small_desk.person("anna", card=False)
    first = small_desk.log_in("anna", Origin("127.0.0.1", interactive=True)).token
    small_desk.service.resolve(first, "198.51.100.4")
    with portal(small_desk) as address:
        browser = Browser(address, {"__Host-session": first})
        account = browser.get("/account").text
        assert "Also used from 198.51.100.4." in account
        assert "/account/events" in account
        told = browser.get("/account/events")
    assert told.status_code == 200
    assert "A session was used from another address" in told.text
