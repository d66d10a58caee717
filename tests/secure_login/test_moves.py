"""A session that moves to another address: what each policy does, and what the person is told."""

from __future__ import annotations

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskside.foundation.clock import FrozenClock
from deskside.foundation.errors import NotFound
from deskside.secure_login.moves import AddressPolicy, Move, judge, network_of
from deskside.secure_login.service import Limits, LoginService
from deskside.secure_login.values import Origin
from deskside.web.model import Resolved, SessionMoved
from tests.secure_login.browser import Browser, portal
from tests.secure_login.desk import POOL, Desk

HOME, NEXT_DOOR, ABROAD = "192.0.2.7", "192.0.2.200", "198.51.100.9"
ADDRESSES = st.ip_addresses().map(str)


def under(desk: Desk, policy: AddressPolicy) -> Desk:
    """The same desk with a policy."""
    desk.service = LoginService.open(
        desk.database,
        desk.keyring,
        desk.clock,
        desk.audit,
        desk.mail,
        desk.directory,
        limits=Limits(addresses=policy),
        pool=POOL,
    )
    return desk


@given(st.sampled_from(AddressPolicy), ADDRESSES, ADDRESSES)
def test_staying_is_never_moving(policy: AddressPolicy, first: str, other: str) -> None:
    assert judge(policy, [first, other], first) is Move.NONE
    assert judge(policy, [first, other], other) is Move.NONE
    assert judge(policy, [first], "") is Move.NONE


@given(ADDRESSES, ADDRESSES)
def test_the_stricter_the_policy_the_more_it_ends(first: str, other: str) -> None:
    ends = [judge(policy, [first], other) is Move.ENDS for policy in AddressPolicy]
    assert ends == sorted(ends, reverse=True)
    assert not ends[-1]


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        (HOME, NEXT_DOOR, True),
        (HOME, ABROAD, False),
        (HOME, f"::ffff:{NEXT_DOOR}", True),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("testclient", "testclient2", False),
    ],
)
def test_neighbours(one: str, other: str, near: bool) -> None:
    assert (network_of(one) == network_of(other)) is near
    ends = judge(AddressPolicy.NETWORK, [one], other) is Move.ENDS
    assert ends is not near


@pytest.mark.parametrize(
    ("policy", "address"),
    [(AddressPolicy.STRICT, NEXT_DOOR), (AddressPolicy.NETWORK, ABROAD)],
)
def test_a_session_that_may_not_move_is_over_at_both_ends(
    desk: Desk, policy: AddressPolicy, address: str
) -> None:
    under(desk, policy).person("anna", card=False)
    token = desk.log_in("anna", Origin(HOME)).token
    other = desk.log_in("anna", Origin(HOME)).token
    for presented in (address, HOME, "203.0.113.1"):
        told = desk.service.resolve(token, presented)
        assert isinstance(told, SessionMoved)
        assert told.addresses == (HOME, address)
    assert [event for event, _s in desk.events()].count("session.moved-and-ended") == 1
    there = desk.service.resolve(other, HOME)
    assert isinstance(there, Resolved)
    assert len(desk.service.list_sessions(there.visitor)) == 1


def test_neighbours_stay_logged_in(desk: Desk) -> None:
    under(desk, AddressPolicy.NETWORK).person("anna", card=False)
    token = desk.log_in("anna", Origin(HOME)).token
    assert isinstance(desk.service.resolve(token, NEXT_DOOR), Resolved)


def test_where_it_only_warns_each_address_is_told_of_once(desk: Desk) -> None:
    desk.person("anna", card=False)
    token = desk.log_in("anna", Origin(HOME)).token
    for _turn in range(3):
        for address in (HOME, ABROAD, NEXT_DOOR):
            assert isinstance(desk.service.resolve(token, address), Resolved)
    assert [event for event, _s in desk.events()].count("session.moved") == 2
    found = desk.service.resolve(token, HOME)
    assert isinstance(found, Resolved)
    (info,) = desk.service.list_sessions(found.visitor)
    assert info.address == HOME
    assert info.other_addresses == (ABROAD, NEXT_DOOR)


def test_no_number_of_addresses_fills_the_database(small_desk: Desk) -> None:
    small_desk.person("anna", card=False)
    token = small_desk.log_in("anna", Origin(HOME)).token
    for number in range(40):
        found = small_desk.service.resolve(token, f"198.51.100.{number}")
        assert isinstance(found, Resolved)
    (info,) = small_desk.service.list_sessions(found.visitor)
    assert len(info.other_addresses) == 8


def test_it_is_forgotten_with_the_session(small_desk: Desk, clock: FrozenClock) -> None:
    under(small_desk, AddressPolicy.STRICT).person("anna", card=False)
    token = small_desk.log_in("anna", Origin(HOME)).token
    assert isinstance(small_desk.service.resolve(token, ABROAD), SessionMoved)
    clock.advance(Limits().absolute)
    small_desk.service.sweep()
    assert small_desk.service.resolve(token, ABROAD) is None


def moved_away(desk: Desk) -> str:
    """A session of the portal's own pages, moved to another address; its token."""
    under(desk, AddressPolicy.STRICT).person("anna", card=False)
    # The portal is asked from loopback, which is another address.
    return desk.log_in("anna", Origin(HOME, interactive=True)).token


def test_the_page_says_why_with_both_addresses(small_desk: Desk) -> None:
    token = moved_away(small_desk)
    with portal(small_desk) as address:
        browser = Browser(address, {"__Host-session": token})
        told = browser.get("/account")
        assert told.status_code == 401
        for words in (HOME, "127.0.0.1", "KB2816", "deskside network test", "load balancer"):
            assert words in told.text
        assert "__Host-session" not in browser.cookies
        assert browser.get("/").status_code == 200
        again = Browser(address, {"__Host-session": token})
        assert again.get("/login").status_code == 200, "logging in anew is never in the way"
        assert "has been used" in again.get("/alarm/no-such-link").text, "nor is a link of ours"
        assert HOME in again.post("/account/sessions/end", session="x").text


def test_the_api_says_why_with_both_addresses(small_desk: Desk) -> None:
    token = moved_away(small_desk)
    with portal(small_desk) as address:
        told = httpx2.get(f"{address}/api/v1/me", headers={"authorization": f"Bearer {token}"})
    assert told.status_code == 401
    problem = told.json()
    assert problem["type"] == "session-moved"
    assert HOME in problem["title"]
    assert "127.0.0.1" in problem["title"]
    assert problem["article"] == "2816#session-moved"


def test_a_session_that_moved_is_nobodys_to_end(small_desk: Desk) -> None:
    token = moved_away(small_desk)
    small_desk.service.resolve(token, ABROAD)
    found = small_desk.service.resolve(small_desk.log_in("anna", Origin(HOME)).token, HOME)
    assert isinstance(found, Resolved)
    with pytest.raises(NotFound):
        small_desk.service.revoke_session(found.visitor, "no such session")
