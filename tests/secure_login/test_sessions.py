"""Sessions end when they should, and a lost reply ends none."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event

from deskside.foundation.clock import FrozenClock
from deskside.foundation.errors import NotFound
from deskside.secure_login.sessions import GRACE, RENEW_AFTER, Limits
from deskside.secure_login.values import Origin
from deskside.web.model import Resolved
from tests.secure_login.desk import Desk

BROWSER = Origin("192.0.2.7", "Mozilla/5.0 (test)", interactive=True)


def seen(desk: Desk, token: str) -> Resolved:
    resolved = desk.service.resolve(token)
    assert resolved is not None
    return resolved


def test_a_session_ends_unused_after_half_an_hour(desk: Desk, clock: FrozenClock) -> None:
    desk.person("anna", card=False)
    token = desk.log_in("anna").token
    for _use in range(3):
        clock.advance(timedelta(minutes=29))
        seen(desk, token)
    clock.advance(Limits().idle)
    assert desk.service.resolve(token) is None


def test_a_session_ends_after_twelve_hours_however_busy(
    small_desk: Desk, clock: FrozenClock
) -> None:
    small_desk.person("anna", card=False)
    granted = small_desk.log_in("anna")
    while clock.now() + timedelta(minutes=20) < granted.expires:
        clock.advance(timedelta(minutes=20))
        seen(small_desk, granted.token)
    clock.advance(timedelta(minutes=20))
    assert small_desk.service.resolve(granted.token) is None


def test_a_programs_token_is_not_renewed(small_desk: Desk, clock: FrozenClock) -> None:
    small_desk.person("anna", card=False)
    token = small_desk.log_in("anna").token
    clock.advance(RENEW_AFTER)
    assert seen(small_desk, token).new_token is None


def test_a_browsers_token_is_renewed_with_grace(desk: Desk, clock: FrozenClock) -> None:
    desk.person("anna", card=False)
    first = desk.log_in("anna", BROWSER).token
    clock.advance(RENEW_AFTER)
    second = seen(desk, first).new_token
    assert second is not None
    assert second != first
    # Requests under way still carry the old one, and renew nothing.
    assert seen(desk, first).new_token is None
    assert seen(desk, second).new_token is None
    clock.advance(GRACE - timedelta(seconds=1))
    assert seen(desk, first).new_token is None
    clock.advance(timedelta(seconds=1))
    assert desk.service.resolve(first) is None
    assert seen(desk, second).visitor.user_name == "anna"


def test_a_reply_that_was_lost_logs_nobody_out(small_desk: Desk, clock: FrozenClock) -> None:
    small_desk.person("anna", card=False)
    first = small_desk.log_in("anna", BROWSER).token
    clock.advance(RENEW_AFTER)
    lost = seen(small_desk, first).new_token
    assert lost is not None
    clock.advance(timedelta(minutes=5))
    third = seen(small_desk, first).new_token
    assert third is not None
    assert small_desk.service.resolve(lost) is None
    seen(small_desk, third)
    clock.advance(GRACE)
    assert small_desk.service.resolve(first) is None
    seen(small_desk, third)


@pytest.mark.parametrize("token", ["", "x", "a" * 43, "é" * 43, "a" * 100_000, "\ud800" * 43])
def test_no_other_text_is_a_session(small_desk: Desk, token: str) -> None:
    small_desk.person("anna", card=False)
    small_desk.log_in("anna")
    assert small_desk.service.resolve(token) is None


def test_finding_a_session_is_one_statement(desk: Desk, clock: FrozenClock) -> None:
    desk.person("anna", card=False)
    token = desk.log_in("anna").token
    with desk.statements() as statements:
        seen(desk, token)
    assert [word.split()[0] for word in statements] == ["SELECT"]
    clock.advance(timedelta(seconds=61))
    with desk.statements() as statements:
        seen(desk, token)
        seen(desk, token)
    assert [word.split()[0] for word in statements] == ["SELECT", "UPDATE", "COMMIT", "SELECT"]


def test_finding_a_session_reads_no_whole_table(small_desk: Desk) -> None:
    ran = []
    engine = small_desk.database._engine
    event.listen(engine, "before_cursor_execute", lambda *said: ran.append((said[2], said[3])))
    small_desk.service.resolve("a" * 43)
    query, values = ran[-1]
    with small_desk.database.read() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", values).all()
    assert not [step for step in plan if step.detail.startswith("SCAN")], plan


def test_log_out_and_revoke(desk: Desk) -> None:
    desk.person("anna", card=False)
    desk.person("bruno", card=False)
    here, there, third = (desk.log_in("anna", BROWSER).token for _time in range(3))
    other = desk.log_in("bruno").token
    visitor, stranger = seen(desk, here).visitor, seen(desk, other).visitor
    listed = desk.service.list_sessions(visitor)
    assert len(listed) == 3
    assert [info.id for info in listed if info.current] == [visitor.session_id]
    assert {info.address for info in listed} == {"192.0.2.7"}
    with pytest.raises(NotFound):
        desk.service.revoke_session(stranger, seen(desk, there).visitor.session_id)
    desk.service.revoke_session(visitor, seen(desk, there).visitor.session_id)
    assert desk.service.resolve(there) is None
    assert desk.service.revoke_other_sessions(visitor) == 1
    assert desk.service.resolve(third) is None
    desk.service.log_out(visitor)
    assert desk.service.resolve(here) is None
    assert seen(desk, other)


def test_roles_are_those_of_the_moment(small_desk: Desk) -> None:
    from sqlalchemy import insert

    from deskside.directory.store import user_role

    user = small_desk.person("anna", card=False)
    token = small_desk.log_in("anna").token
    with small_desk.database.write() as connection:
        connection.execute(insert(user_role).values(user_name_id=user.id, role="reviewer"))
    assert seen(small_desk, token).visitor.roles == {"trader", "reviewer"}


def test_choosing_a_password_ends_all_sessions(small_desk: Desk) -> None:
    import asyncio

    from deskside.directory.model import LinkPurpose

    user = small_desk.person("anna")
    token = small_desk.log_in("anna").token
    link = small_desk.directory.issue_link(user, LinkPurpose.RESET)
    asyncio.run(small_desk.service.choose_password(link, "eleven quiet otters"))
    assert small_desk.service.resolve(token) is None
    assert small_desk.begin("anna", "eleven quiet otters").challenge
