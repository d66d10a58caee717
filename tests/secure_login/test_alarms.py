"""People are told what happens to their user names, and can say that it was not they."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest

from deskside.directory.model import LinkPurpose, Role, UserName
from deskside.foundation.clock import FrozenClock
from deskside.foundation.config import Config
from deskside.foundation.mail import Delivery
from deskside.secure_login import events
from deskside.secure_login.alarms import LIFETIME, AlarmGone
from deskside.secure_login.endings import QUIET
from deskside.secure_login.rules import LOGIN_LIFETIME
from deskside.secure_login.service import LoginFailed
from deskside.secure_login.values import DeviceStatus, Origin
from tests.foundation.test_mail import Inbox, server
from tests.secure_login.browser import Browser, portal
from tests.secure_login.desk import Desk


def subjects(desk: Desk) -> list[str]:
    return [subject for _to, subject, _body in desk.mails()]


def clear(desk: Desk) -> None:
    from sqlalchemy import text

    with desk.database.write() as connection:
        connection.execute(text("DELETE FROM outbox"))


def link_in(desk: Desk) -> str:
    """The token in the latest notice."""
    found = re.search(r"https://desk\.example/alarm/(\S+)", desk.mails()[-1][2])
    assert found
    return found[1]


def anna(desk: Desk, **choices: bool) -> UserName:
    user = desk.person("anna", **choices)
    clear(desk)
    return user


def test_a_notice_names_the_device(desk: Desk) -> None:
    user = desk.person("anna")
    (card,) = desk.service.list_devices(user_name_id=user.id)
    desk.service.set_device_status(card.serial, DeviceStatus.LOCKED)
    desk.directory.issue_link(user, LinkPurpose.RESET)
    added, locked, link = (body for _to, _subject, body in desk.mails())
    for body in (added, locked):
        assert f"\nDevice: Digital Security Card+, {card.serial}\n" in body
    assert "Device:" not in link


def test_every_change_of_a_factor_is_written_about(desk: Desk) -> None:
    user = desk.person("anna")
    serial = desk.service.list_devices(user_name_id=user.id)[0].serial
    desk.service.set_device_status(serial, DeviceStatus.LOCKED)
    desk.service.set_device_status(serial, DeviceStatus.ACTIVE)
    desk.directory.issue_link(user, LinkPurpose.RESET)
    assert subjects(desk) == [
        "A security device was added: anna",
        "A security device was locked: anna",
        "A security device was unlocked: anna",
        "A link to choose a password was issued: anna",
    ]
    assert {to for to, _subject, _body in desk.mails()} == {"anna@example.org"}


def test_all_who_share_a_device_are_told(desk: Desk) -> None:
    people = [desk.person(name, card=False) for name in ("anna", "bruno")]
    desk.issue(*people)
    clear(desk)
    desk.service.set_device_status(desk.service.list_devices()[0].serial, DeviceStatus.LOCKED)
    assert sorted(to for to, _s, _b in desk.mails()) == ["anna@example.org", "bruno@example.org"]


def test_a_change_that_is_taken_back_is_not_written_about(desk: Desk) -> None:
    user = anna(desk)

    def fail() -> None:
        with desk.database.write() as connection:
            desk.audit.record(connection, "device.locked", actor=None, subject=user.id)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert subjects(desk) == []


def test_the_first_log_in_after_a_long_quiet(desk: Desk, clock: FrozenClock) -> None:
    anna(desk)
    for _time in range(2):
        desk.log_in("anna")
        clock.advance(QUIET - timedelta(days=1))
    assert subjects(desk) == []
    clock.advance(timedelta(days=1))
    desk.log_in("anna")
    assert subjects(desk) == ["Logged in for the first time in a long while: anna"]


def test_a_password_alone_from_a_new_place(desk: Desk) -> None:
    anna(desk, card=False)
    granted = desk.log_in("anna", Origin(interactive=True))
    assert subjects(desk) == ["Logged in from a new place with the password alone: anna"]
    desk.log_in("anna", Origin(browser=granted.browser, interactive=True))
    assert len(subjects(desk)) == 1


def test_a_right_password_without_the_device(desk: Desk, clock: FrozenClock) -> None:
    """One-factor success (ASVS 6.3.5): told once, however often it was tried meanwhile."""
    anna(desk)
    desk.log_in("anna")
    for _time in range(3):
        step = desk.begin("anna")
    assert step.challenge
    with pytest.raises(LoginFailed):
        desk.answer(step, desk.wrong("anna", step.challenge.question))
    desk.service.sweep()
    assert subjects(desk) == []
    clock.advance(LOGIN_LIFETIME)
    desk.service.sweep()
    desk.service.sweep()
    assert subjects(desk) == ["The right password was given, but no device answered: anna"]


def test_this_was_not_me_locks_and_ends_everything(desk: Desk) -> None:
    user = anna(desk)
    token = desk.log_in("anna").token
    desk.directory.issue_link(user, LinkPurpose.RESET)
    alarm = link_in(desk)
    step = desk.begin("anna")
    assert desk.service.alarms.named(alarm) == "anna"
    assert desk.service.resolve(token)
    desk.service.disown(alarm)
    assert desk.service.resolve(token) is None
    assert step.challenge
    for attempt in (
        lambda: desk.begin("anna"),
        lambda: desk.answer(step, desk.respond("anna", step.challenge.question)),
    ):
        with pytest.raises(LoginFailed):
            attempt()
    with pytest.raises(AlarmGone):
        desk.service.disown(alarm)
    assert ("login.disowned", user.id) in desk.events()


def test_the_desk_is_told_of_it(desk: Desk) -> None:
    desk.person("anna")
    for name, role in (("olga", Role.OPERATOR), ("hanna", Role.HELPDESK), ("rita", Role.REVIEWER)):
        desk.person(name, card=False, account=None, roles=frozenset({role}))
    alarm = link_in(desk)
    clear(desk)
    desk.service.disown(alarm)
    assert [to for to, _subject, _body in desk.mails()] == ["hanna@example.org", "olga@example.org"]
    assert all("/desk/people/anna" in body for _to, _subject, body in desk.mails())


def test_a_link_expires(desk: Desk, clock: FrozenClock) -> None:
    desk.person("anna")
    alarm = link_in(desk)
    clock.advance(LIFETIME)
    for wrong in (alarm, "x", "\ud800", "a" * 43):
        with pytest.raises(AlarmGone):
            desk.service.alarms.named(wrong)
        with pytest.raises(AlarmGone):
            desk.service.disown(wrong)
    desk.service.sweep()
    assert desk.count("alarm_link") == 0


def test_the_way_through_the_pages(small_desk: Desk) -> None:
    small_desk.person("anna")
    alarm = link_in(small_desk)
    with portal(small_desk) as address:
        browser = Browser(address)
        shown = browser.get(f"/alarm/{alarm}")
        assert shown.status_code == 200
        assert shown.headers["referrer-policy"] == "no-referrer"
        assert browser.get(f"/alarm/{alarm}").status_code == 200, "looking uses nothing up"
        assert small_desk.begin("anna").challenge
        done = browser.post(f"/alarm/{alarm}")
        assert "anna is locked" in done.text
        assert "Contact your desk" in done.text
        with pytest.raises(LoginFailed):
            small_desk.begin("anna")
        again = browser.post(f"/alarm/{alarm}")
        assert again.status_code == 404
        assert "tell your desk" in again.text


def test_another_site_cannot_press_the_button(small_desk: Desk) -> None:
    small_desk.person("anna")
    alarm = link_in(small_desk)
    with portal(small_desk) as address:
        told = httpx2.post(f"{address}/alarm/{alarm}", headers={"sec-fetch-site": "cross-site"})
    assert told.status_code == 403
    assert small_desk.begin("anna").challenge


def test_without_an_address_of_the_portal_the_notice_says_whom_to_tell(small_desk: Desk) -> None:
    object.__setattr__(small_desk.service.alarms, "portal", lambda: None)
    small_desk.audit._listeners[:] = [small_desk.service.alarms.tell]
    small_desk.person("anna")
    (_to, _subject, body) = small_desk.mails()[-1]
    assert "tell your desk at once" in body
    assert "http" not in body


def test_the_notice_reaches_a_real_mail_server(
    small_desk: Desk, clock: FrozenClock, tmp_path: Path
) -> None:
    inbox = Inbox()
    small_desk.person("anna")
    with server(inbox) as port:
        flags = {"mail.host": "127.0.0.1", "mail.port": port, "mail.tls": "none"}
        config = Config.load(flags=flags)
        Delivery(small_desk.database, small_desk.keyring, config, tmp_path, clock).deliver_due()
    (message,) = inbox.received
    assert message["To"] == "anna@example.org"
    assert message["Subject"] == "A security device was added: anna"
    assert "https://desk.example/alarm/" in message.get_content()
    assert small_desk.count("outbox") == 0


def test_no_event_of_a_device_is_without_words() -> None:
    """Whoever records something new about a device also says how its owner is told."""
    source = Path(events.__file__).parent
    named = {
        name
        for path in source.rglob("*.py")
        for name in re.findall(r'"((?:device|share)\.[a-z-]+)"', path.read_text("utf-8"))
    }
    assert named - {"device.id", "share.id"} - set(events.SHOWN) - set(events.FOR_STAFF) == set()
