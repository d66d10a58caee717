"""The operator's console: who may do what, search, actions with reasons, audit, exports."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskside.directory.model import HolderKind, Identity, Role, UserName
from deskside.directory.rules import name_words
from deskside.foundation.clock import FrozenClock
from deskside.foundation.errors import DesksideError, NotAllowed, NotFound, Refused
from deskside.secure_login.helpdesk.actions import ACTIONS
from deskside.secure_login.helpdesk.reasons import Why
from deskside.secure_login.helpdesk.rights import CHANGES, rights_of, rights_over
from deskside.secure_login.lockout import LIMIT
from deskside.secure_login.model import Seed
from deskside.secure_login.seeds.reading import Line
from deskside.secure_login.seeds.service import SeedImport
from deskside.secure_login.service import LoginFailed
from deskside.web.downloads import written
from deskside.web.model import Visitor
from tests.secure_login.browser import Browser, portal
from tests.secure_login.desk import Desk

WHY = Why("asked-by-holder", "CALL-17")
STAFF = (Role.OPERATOR, Role.HELPDESK, Role.REVIEWER, Role.SECURITY_OFFICER)


def member(desk: Desk, name: str, *roles: Role, holder: str = "") -> Visitor:
    """Somebody of the desk, logged in."""
    if holder:
        desk.directory.add_user_name(name, holder, frozenset(roles))
        user = desk.directory.find(name)
        return Visitor(user.id, name, name, frozenset(roles), "a-session")
    user = desk.person(name, card=False, account=None, roles=frozenset(roles))
    return Visitor(user.id, name, name, frozenset(roles), "a-session")


# Rights


def person_with(*roles: Role, holder: str = "h1", identifier: str = "u1") -> UserName:
    return UserName(identifier, "x", holder, "X", frozenset(roles), None, True, True)


@given(st.sets(st.sampled_from(Role)), st.sets(st.sampled_from(Role)), st.booleans(), st.booleans())
def test_rights(mine: set[Role], theirs: set[Role], same_holder: bool, myself: bool) -> None:
    person = person_with(*theirs, holder="mine" if same_holder else "other")
    over = rights_over(mine, "u1" if myself else "u0", "mine", person)
    assert over <= rights_of(mine)
    if not mine & set(STAFF):
        assert not over
    if myself:
        assert not over & CHANGES
    if over & CHANGES and theirs & set(STAFF):
        assert Role.OPERATOR in mine
    if mine & set(STAFF) == {Role.SECURITY_OFFICER} and not same_holder:
        assert not over
    if mine & set(STAFF) == {Role.REVIEWER}:
        assert not over & CHANGES


def test_a_trader_sees_nothing_of_the_desk(small_desk: Desk) -> None:
    small_desk.person("anna")
    trader = member(small_desk, "tom", Role.TRADER)
    desk = small_desk.helpdesk
    doors: list[Callable[[], object]] = [
        lambda: desk.rights(trader),
        lambda: desk.search(trader, "anna"),
        lambda: desk.dossier(trader, "anna"),
        lambda: desk.stock(trader),
        lambda: desk.trail(trader, "anna"),
        lambda: list(desk.everybody(trader)),
        lambda: desk.all_devices(trader),
        lambda: list(desk.whole_trail(trader, "anna")),
    ]
    for door in doors:
        with pytest.raises(NotAllowed):
            door()


@pytest.mark.parametrize("key", ACTIONS)
@pytest.mark.parametrize("role", [Role.TRADER, Role.REVIEWER])
def test_who_changes_nothing(small_desk: Desk, key: str, role: Role) -> None:
    small_desk.person("anna")
    device = small_desk.service.list_devices()[0].id
    before = len(small_desk.events())
    visitor = member(small_desk, "rita", role)
    added = len(small_desk.events()) - before
    with pytest.raises(NotAllowed):
        ACTIONS[key].run(small_desk.helpdesk, visitor, "anna", device, WHY)
    assert len(small_desk.events()) == before + added


def test_nobody_acts_on_staff_or_on_themselves(small_desk: Desk) -> None:
    helper = member(small_desk, "hanna", Role.HELPDESK)
    operator = member(small_desk, "olga", Role.OPERATOR)
    desk = small_desk.helpdesk
    for visitor, name in ((helper, "olga"), (helper, "hanna"), (operator, "olga")):
        with pytest.raises(NotAllowed):
            desk.set_enabled(visitor, name, WHY, enabled=False)
        with pytest.raises(NotAllowed):
            desk.send_reset(visitor, name, WHY)
    desk.set_enabled(operator, "hanna", WHY, enabled=False)


def test_a_security_officer_has_the_own_entity_only(small_desk: Desk) -> None:
    firm = small_desk.directory.add_holder(HolderKind.ENTITY, Identity("Marsh Lane Capital"))
    officer = member(small_desk, "sofia", Role.SECURITY_OFFICER, holder=firm.id)
    small_desk.directory.add_user_name("trader-one", firm.id)
    small_desk.person("anna")
    desk = small_desk.helpdesk
    assert [user.name for user in desk.search(officer, "trader").people] == ["trader-one"]
    serial = small_desk.service.list_devices()[0].serial
    assert desk.search(officer, "anna").people == []
    assert desk.search(officer, serial).devices == []
    with pytest.raises(NotFound):
        desk.dossier(officer, "anna")
    desk.set_enabled(officer, "trader-one", WHY, enabled=False)
    with pytest.raises(NotAllowed):
        desk.send_reset(officer, "trader-one", WHY)
    with pytest.raises(NotAllowed):
        desk.stock(officer)


# Search


def test_search(desk: Desk) -> None:
    operator = member(desk, "olga", Role.OPERATOR)
    holder = desk.directory.add_holder(HolderKind.PERSON, Identity("Zoë Åkerström-Nilsson"))
    desk.directory.add_user_name("zoe_1", holder.id)
    desk.directory.add_user_name("zoe.2", holder.id)
    anna = desk.person("anna")
    serial = desk.service.list_devices(user_name_id=anna.id)[0].serial

    def names(query: str) -> list[str]:
        return [user.name for user in desk.helpdesk.search(operator, query).people]

    assert names("zoe") == ["zoe.2", "zoe_1"]
    assert names("zoe_") == ["zoe_1"], "an underscore is no wildcard"
    assert names("ZOE akerstrom") == ["zoe.2", "zoe_1"]
    assert names("nilsson zoë") == ["zoe.2", "zoe_1"]
    assert names("zoe anna") == []
    for nothing in ("", " ", "%", "_", "\x00", "ake", "'; --", "é" * 500):
        assert names(nothing) == [], nothing
    for identifier in (anna.id, anna.holder_id, anna.id.upper()):
        assert names(identifier) == ["anna"], "an id of the audit trail"
    assert names(anna.id[:20]) == []
    found = desk.helpdesk.search(operator, serial[:4]).devices
    assert [info.user_names for info in found] == [("anna",)]


@given(st.text(max_size=80))
def test_words_of_a_name_are_the_same_in_any_case(name: str) -> None:
    assert name_words(name.casefold()) == name_words(name)


def test_names_of_an_older_release_become_searchable(small_desk: Desk) -> None:
    from sqlalchemy import text

    operator = member(small_desk, "olga", Role.OPERATOR)
    small_desk.person("anna")
    with small_desk.database.write() as connection:
        connection.execute(text("DELETE FROM holder_word"))
    small_desk.directory.make_searchable()
    small_desk.directory.make_searchable()
    found = small_desk.directory.search("ANNA")
    assert [user.name for user in found] == ["anna"]
    assert small_desk.count("holder_word") == 2
    assert small_desk.helpdesk.search(operator, "olga").people


# Actions


def test_lock_and_unlock(desk: Desk) -> None:
    helper = member(desk, "hanna", Role.HELPDESK)
    desk.person("anna")
    token = desk.log_in("anna").token
    desk.helpdesk.set_enabled(helper, "anna", WHY, enabled=False)
    assert desk.service.resolve(token) is None
    with pytest.raises(LoginFailed):
        desk.begin("anna")
    desk.helpdesk.set_enabled(helper, "anna", WHY, enabled=True)
    assert desk.log_in("anna")
    _person, rows = desk.helpdesk.trail(helper, "anna")
    told = {row.event: row for row in rows}
    for event in ("directory.user-name-disabled", "directory.user-name-enabled"):
        assert told[event].actor == helper.user_name_id
        assert told[event].fields == {"reason": "asked-by-holder", "reference": "CALL-17"}


def test_a_lock_out_is_ended_for_name_browser_and_device(desk: Desk) -> None:
    helper = member(desk, "hanna", Role.HELPDESK)
    desk.person("anna")
    step = desk.begin("anna")
    for _time in range(LIMIT):
        assert step.challenge
        with pytest.raises(LoginFailed):
            desk.answer(step, desk.wrong("anna", step.challenge.question))
        try:
            step = desk.begin("anna")
        except LoginFailed:
            break
    assert desk.helpdesk.dossier(helper, "anna").locked
    desk.helpdesk.end_lock(helper, "anna", WHY)
    assert not desk.helpdesk.dossier(helper, "anna").locked
    assert desk.log_in("anna")
    assert any("ended a lock" in subject for _to, subject, _body in desk.mails())


def test_a_reset_link_goes_to_the_holder_and_to_nobody_else(small_desk: Desk) -> None:
    helper = member(small_desk, "hanna", Role.HELPDESK)
    small_desk.person("anna", email="anna@example.org")
    small_desk.helpdesk.send_reset(helper, "anna", WHY)
    links = [(to, body) for to, _subject, body in small_desk.mails() if "/reset/" in body]
    assert [to for to, _body in links] == ["anna@example.org"]
    holder = small_desk.directory.add_holder(HolderKind.PERSON, Identity("No Address"))
    small_desk.directory.add_user_name("silent", holder.id)
    with pytest.raises(Refused) as caught:
        small_desk.helpdesk.send_reset(helper, "silent", WHY)
    assert caught.value.code == "no-address"


def test_a_temporary_code_opens_a_session_and_nobody_gets_two_in_a_row(
    desk: Desk, clock: FrozenClock
) -> None:
    helper = member(desk, "hanna", Role.HELPDESK)
    desk.person("anna", card=False)
    code = desk.helpdesk.give_temporary_code(helper, "anna", WHY)
    assert desk.answer(desk.begin("anna"), code).scope == "full"
    for days in (0, 13):
        clock.advance(timedelta(days=days))
        with pytest.raises(Refused) as caught:
            desk.helpdesk.give_temporary_code(helper, "anna", WHY)
        assert caught.value.code == "temporary-code-in-a-row"
    desk.issue(desk.directory.find("anna"))
    desk.log_in("anna")
    assert desk.helpdesk.give_temporary_code(helper, "anna", WHY) != code
    assert code not in str(desk.mails())


def test_a_device_of_somebody_else_is_not_touched(small_desk: Desk) -> None:
    from deskside.secure_login.values import DeviceStatus

    helper = member(small_desk, "hanna", Role.HELPDESK)
    small_desk.person("anna", card=False)
    bruno = small_desk.person("bruno")
    device = small_desk.service.list_devices(user_name_id=bruno.id)[0]
    with pytest.raises(NotFound):
        small_desk.helpdesk.set_device_status(helper, "anna", device.id, DeviceStatus.LOCKED, WHY)
    assert small_desk.service.list_devices()[0].status is DeviceStatus.ACTIVE


@pytest.mark.parametrize("status", ["waiting", "lost", "retired"])
def test_the_desk_activates_no_device(small_desk: Desk, status: str) -> None:
    """Only an answer of the device itself does; locking and unlocking is no way round."""
    from sqlalchemy import text

    from deskside.secure_login.values import DeviceStatus

    helper = member(small_desk, "hanna", Role.HELPDESK)
    small_desk.person("anna")
    with small_desk.database.write() as connection:
        connection.execute(text("UPDATE device SET status = :status"), {"status": status})
    device = small_desk.service.list_devices()[0].id
    for wanted in (DeviceStatus.LOCKED, DeviceStatus.ACTIVE):
        with pytest.raises(Refused):
            small_desk.helpdesk.set_device_status(helper, "anna", device, wanted, WHY)
    assert small_desk.service.list_devices()[0].status.value == status


@pytest.mark.parametrize(
    ("reason", "reference", "code"),
    [
        ("", "", "reason-missing"),
        ("because", "", "reason-missing"),
        ("mistake", "Anna rang", "reference-malformed"),
        ("mistake", "a" * 41, "reference-malformed"),
        ("mistake", "anna@example.org", "reference-malformed"),
    ],
)
def test_no_action_without_a_reason(reason: str, reference: str, code: str) -> None:
    with pytest.raises(DesksideError) as caught:
        Why.read(reason, reference)
    assert caught.value.code == code


# Exports


@given(st.lists(st.fixed_dictionaries({"a": st.text(), "b": st.text()}), max_size=20))
def test_no_cell_is_a_formula_and_none_is_lost(rows: list[dict[str, str]]) -> None:
    text = b"".join(written("csv", rows, ["a", "b"])).decode("utf-8", "surrogatepass")
    read = list(csv.reader(io.StringIO(text, newline="")))
    assert read[0] == ["a", "b"]
    for cells, row in zip(read[1:], rows, strict=True):
        for cell, given_text in zip(cells, (row["a"], row["b"]), strict=True):
            assert cell.removeprefix("'") == given_text.removeprefix("'")
            assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))


def test_an_export_reads_everything_and_is_recorded(desk: Desk) -> None:
    operator = member(desk, "olga", Role.OPERATOR)
    for name in ("anna", "bruno"):
        desk.person(name)
    assert [user.name for user in desk.helpdesk.everybody(operator)] == ["anna", "bruno", "olga"]
    assert len(list(desk.helpdesk.all_devices(operator))) == 2
    trail = list(desk.helpdesk.whole_trail(operator, "anna"))
    assert len({row.id for row in trail}) == len(trail) == 2
    assert [event for event, _s in desk.events()].count("desk.exported") == 3
    helper = member(desk, "hanna", Role.HELPDESK)
    with pytest.raises(NotAllowed):
        desk.helpdesk.all_devices(helper)


@pytest.mark.parametrize("piece", [1, 2, 100])
def test_an_export_of_devices_misses_none_and_repeats_none(
    desk: Desk, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the database's order of letters, and wherever a piece ends."""
    monkeypatch.setattr("deskside.secure_login.helpdesk.service.PIECE", piece)
    operator = member(desk, "olga", Role.OPERATOR)
    serials = ["a-1", "B-1", "A-2", "_x", "b 1", "é", "Z", "a1", "-"]
    lines = [Line(number, Seed(each, bytes(20), "totp")) for number, each in enumerate(serials)]
    list(SeedImport(desk.service.devices, desk.directory).run(lines))
    exported = [info.serial for info in desk.helpdesk.all_devices(operator)]
    assert sorted(exported) == sorted(serials)


# Pages


@pytest.fixture
def open_desk(small_desk: Desk) -> Any:
    small_desk.person("anna")
    for name, role in (("hanna", Role.HELPDESK), ("olga", Role.OPERATOR)):
        small_desk.person(name, card=False, account=None, roles=frozenset({role}))
    with portal(small_desk) as address:

        def browser(name: str) -> Browser:
            return Browser(address, {"__Host-session": small_desk.log_in(name).token})

        yield browser


def test_the_way_of_an_action(open_desk: Any, small_desk: Desk) -> None:
    browser = open_desk("hanna")
    assert "/desk/people/anna" in browser.get("/desk?q=anna").text
    shown = browser.get("/desk/people/anna").text
    assert "/desk/people/anna/lock" in shown
    assert "asked" in browser.get("/desk/people/anna/lock").text
    without = browser.post("/desk/people/anna/lock", reason="")
    assert without.status_code == 400
    assert "Choose why." in without.text
    assert small_desk.begin("anna").challenge
    done = browser.follow(browser.post("/desk/people/anna/lock", reason="suspicious"))
    assert "The user name is locked" in done.text
    assert "Something looks wrong" in done.text, "the reason stands among the events"
    with pytest.raises(LoginFailed):
        small_desk.begin("anna")


def test_a_temporary_code_is_shown_once(open_desk: Any, small_desk: Desk) -> None:
    browser = open_desk("hanna")
    told = browser.post("/desk/people/anna/temporary-code", reason="device-lost").text
    found = re.search(r"<strong[^>]*>([A-Z0-9]{10})</strong>", told)
    assert found, told
    assert found[1] not in browser.get("/desk/people/anna").text
    again = browser.post("/desk/people/anna/temporary-code", reason="device-lost")
    assert again.status_code == 409
    assert "no lasting device since" in again.text


def test_pages_refuse(open_desk: Any) -> None:
    trader, helper = open_desk("anna"), open_desk("hanna")
    for path in ("/desk", "/desk/stock", "/desk/people/hanna", "/desk/export/people/csv"):
        assert trader.get(path).status_code == 403, path
    for path in (
        "/desk/people/nobody",
        "/desk/people/anna/fly",
        "/desk/people/anna/lock-device?device=x",
    ):
        assert helper.get(path).status_code == 404, path
    assert helper.get("/desk/export/people/csv").status_code == 403
    assert helper.get("/desk/people/olga/lock").status_code == 403
    assert open_desk("olga").get("/desk/export/people/xml").status_code == 404
    assert open_desk("olga").get("/desk/export/secrets/csv").status_code == 404


def test_files(open_desk: Any) -> None:
    browser = open_desk("olga")
    people = browser.get("/desk/export/people/csv")
    assert people.headers["content-disposition"] == 'attachment; filename="people.csv"'
    rows = list(csv.DictReader(io.StringIO(people.text)))
    assert [row["username"] for row in rows] == ["anna", "hanna", "olga"]
    (device,) = browser.get("/desk/export/devices/json").json()
    assert device["users"] == ["anna"]
    trail = browser.get("/desk/people/anna/trail/json").json()
    assert "device.bound" in {row["event"] for row in trail}
    assert "DSC" in browser.get("/desk/stock").text or "Digital" in browser.get("/desk/stock").text
