"""Decisions and what they remember: on both engines, at once, repeated, late."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import text

from deskside.foundation.clock import FrozenClock
from deskside.foundation.config import Config
from deskside.foundation.database import Database
from deskside.foundation.errors import NotFound, NotLoggedIn, Refused, UsageProblem
from deskside.secure_login.policies import rights_policy, step_up_policy
from deskside.secure_login.rights.rules import Denial
from deskside.secure_login.rights.service import Decision
from deskside.secure_login.step_up.rules import Task
from deskside.secure_login.step_up.service import StepUpNeeded
from deskside.web.model import Resolved, Visitor
from tests.secure_login.browser import Browser, portal
from tests.secure_login.desk import PASSWORD, Desk

KEYS = count()


def visitor(desk: Desk, name: str) -> Visitor:
    """Somebody who has just logged in."""
    found = desk.service.resolve(desk.log_in(name).token)
    assert isinstance(found, Resolved)
    return found.visitor


def ask(desk: Desk, who: Visitor, amount: str, key: str = "") -> Decision:
    return desk.service.rights.decide(who, "withdrawal", amount, key or f"key-{next(KEYS)}")


def test_a_day_and_five_business_days_without_a_device(desk: Desk, clock: FrozenClock) -> None:
    desk.person("anna", card=False)
    rights = desk.service.rights
    for _day in range(2):
        who = visitor(desk, "anna")
        made = ask(desk, who, "50000")
        assert made.denial is None
        assert rights.commit(who, made.id).status == "used"
        assert ask(desk, who, "0.01").denial is (Denial.DAY)
        clock.advance(timedelta(days=1))
    who = visitor(desk, "anna")
    refused = ask(desk, who, "0.01")
    assert refused.denial is Denial.WINDOW
    assert (refused.standing.left.day, refused.standing.left.window) == (0, 0)
    clock.advance(timedelta(days=7))
    assert ask(desk, visitor(desk, "anna"), "50000.00").denial is None


def test_a_card_has_no_ceiling_but_what_it_did_counts_for_weaker_devices(desk: Desk) -> None:
    user = desk.person("anna")
    who = visitor(desk, "anna")
    big = ask(desk, who, "900000000")
    assert big.denial is None
    desk.service.rights.commit(who, big.id)
    assert desk.service.rights.used(user.id).day == 90_000_000_000
    with desk.database.write() as connection:
        connection.execute(text("UPDATE session SET protection_level = 20"))
    assert ask(desk, who, "1").denial is Denial.DAY


def test_released_and_lapsed_amounts_no_longer_count(desk: Desk, clock: FrozenClock) -> None:
    desk.person("anna", card=False)
    who, rights = visitor(desk, "anna"), desk.service.rights
    first = ask(desk, who, "50000")
    assert ask(desk, who, "1").denial is Denial.DAY
    assert rights.release(who, first.id).status == "released"
    assert rights.release(who, first.id).status == "released", "twice is once"
    with pytest.raises(Refused):
        rights.commit(who, first.id)
    second = ask(desk, who, "50000")
    clock.advance(timedelta(minutes=15))
    third = ask(desk, who, "50000")
    assert third.denial is None
    with pytest.raises(Refused) as caught:
        rights.commit(who, second.id)
    assert caught.value.code == "decision-over"
    rights.commit(who, third.id)
    assert rights.commit(who, third.id).status == "used", "twice is once"
    with pytest.raises(Refused):
        rights.release(who, third.id)


def test_the_same_key_is_the_same_request(desk: Desk) -> None:
    desk.person("anna", card=False)
    who = visitor(desk, "anna")
    made = ask(desk, who, "30000", "order-1")
    assert ask(desk, who, "30000.00", "order-1").id == made.id
    assert desk.service.rights.used(who.user_name_id).day == 3_000_000
    with pytest.raises(Refused) as caught:
        ask(desk, who, "30001", "order-1")
    assert caught.value.code == "key-reused"


def test_no_two_at_once_exceed_a_ceiling(
    database: Database, tmp_path: Path, clock: FrozenClock
) -> None:
    nodes = [Desk.open(database, tmp_path / "keys", clock) for _node in "ab"]
    nodes[0].person("anna", card=False)
    who = visitor(nodes[0], "anna")

    def attempt(number: int) -> int:
        made = nodes[number % 2].service.rights.decide(who, "withdrawal", "7000", f"k{number}")
        return 0 if made.denial else made.cents

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(24))) == 7 * 700_000
    assert nodes[1].service.rights.used(who.user_name_id).day == 4_900_000


def test_one_key_at_once_counts_once(
    database: Database, tmp_path: Path, clock: FrozenClock
) -> None:
    nodes = [Desk.open(database, tmp_path / "keys", clock) for _node in "ab"]
    nodes[0].person("anna", card=False)
    who = visitor(nodes[0], "anna")

    def attempt(number: int) -> str:
        return nodes[number % 2].service.rights.decide(who, "withdrawal", "9000", "one").id

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(attempt, range(12)))) == 1
    assert nodes[0].service.rights.used(who.user_name_id).day == 900_000


def test_default_is_no(small_desk: Desk) -> None:
    small_desk.person("anna")
    who, rights = visitor(small_desk, "anna"), small_desk.service.rights
    assert rights.decide(who, "launch", "1", "a").denial is Denial.UNKNOWN_ACTION
    portal_only = Visitor(
        who.user_name_id, who.user_name, "", frozenset(), who.session_id, "portal"
    )
    assert rights.decide(portal_only, "withdrawal", "1", "b").denial is Denial.PORTAL_ONLY
    for amount, key in (("-5", "c"), ("1.001", "c"), ("1", ""), ("1", "ü"), ("1", "x" * 81)):
        with pytest.raises(UsageProblem):
            rights.decide(who, "withdrawal", amount, key)
    ended = Visitor(who.user_name_id, who.user_name, "", frozenset(), "no-session")
    with pytest.raises(NotLoggedIn):
        rights.decide(ended, "withdrawal", "1", "d")


def test_a_decision_is_nobody_elses(small_desk: Desk) -> None:
    small_desk.person("anna")
    small_desk.person("ben")
    made = ask(small_desk, visitor(small_desk, "anna"), "5")
    for act in (small_desk.service.rights.commit, small_desk.service.rights.release):
        with pytest.raises(NotFound):
            act(visitor(small_desk, "ben"), made.id)


def test_a_fresh_proof_counts_in_place_of_the_session(small_desk: Desk) -> None:
    small_desk.person("anna", card=False)
    who = visitor(small_desk, "anna")
    small_desk.issue(small_desk.directory.find("anna"))
    assert ask(small_desk, who, "60000").denial is Denial.DAY
    proofs = small_desk.service.step_up
    device = small_desk.service.list_devices()[0].id
    asked = proofs.ask(who, Task.AMOUNT, device)
    proven = proofs.answer(
        who, Task.AMOUNT, device, asked.id, small_desk.respond("anna", asked.question)
    )
    rights = small_desk.service.rights
    assert rights.decide(who, "withdrawal", "60000", "p1", proven.id).denial is None
    assert rights.decide(who, "withdrawal", "60000", "p1", proven.id).id, "the same again"
    with pytest.raises(StepUpNeeded):
        rights.decide(who, "withdrawal", "60000", "p2", proven.id)


# By REST and on the page


@pytest.fixture
def http(small_desk: Desk) -> Iterator[httpx2.Client]:
    small_desk.person("anna", card=False)
    with portal(small_desk) as address, httpx2.Client(base_url=f"{address}/api/v1") as client:
        client.headers["authorization"] = f"Bearer {small_desk.log_in('anna').token}"
        yield client


def test_nothing_without_a_session(http: httpx2.Client) -> None:
    http.headers.pop("authorization")
    assert http.get("/me/ceilings").status_code == 401
    body = {"action": "withdrawal", "amount": "1", "key": "k"}
    assert http.post("/me/decisions", json=body).status_code == 401
    for what in ("commit", "release"):
        assert http.post(f"/me/decisions/x/{what}").status_code == 401


def test_by_rest(http: httpx2.Client) -> None:
    body = {"action": "withdrawal", "amount": "1234.50", "key": "order-7"}
    made = http.post("/me/decisions", json=body).json()
    assert (made["allowed"], made["reason"], made["status"]) == (True, None, "reserved")
    assert made["left"] == {"day": "48765.50", "five_days": "98765.50"}
    done = http.post(f"/me/decisions/{made['decision']}/commit").json()
    assert (done["status"], done["amount"]) == ("used", "1234.50")
    told = http.get("/me/ceilings").json()
    assert told["ceiling"] == {"day": "50000.00", "five_days": "100000.00"}
    assert told["used"] == {"day": "1234.50", "five_days": "1234.50"}
    denied = http.post("/me/decisions", json={**body, "amount": "50000", "key": "order-8"}).json()
    assert (denied["allowed"], denied["reason"], denied["decision"]) == (
        False,
        "day-ceiling",
        None,
    )
    assert http.post("/me/decisions", json={**body, "amount": "2"}).status_code == 409
    assert http.post("/me/decisions", json={**body, "amount": "2 USD"}).status_code == 400


def test_the_page(small_desk: Desk) -> None:
    small_desk.person("anna", card=False)
    ask(small_desk, visitor(small_desk, "anna"), "1234.50")
    with portal(small_desk) as address:
        browser = Browser(address)
        browser.follow(browser.post("/login", username="anna", password=PASSWORD))
        assert "/account/ceilings" in browser.get("/account").text
        html = browser.get("/account/ceilings").text
    for told in (
        "USD 50,000.00",
        "USD 1,234.50",
        "USD 48,765.50",
        "Reserved",
        "unlimited",
        "no device",
    ):
        assert told in html


# The desk's settings


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("rights.ceilings", "0=lots"),
        ("rights.actions", "Not A Name!"),
        ("desk.zone", "Nowhere/Land"),
        ("desk.zone", "../../etc/passwd"),
        ("desk.holidays", "Christmas"),
    ],
)
def test_settings_that_cannot_be_read(key: str, value: str) -> None:
    with pytest.raises(UsageProblem, match=key):
        rights_policy(Config.load(flags={key: value}))


def test_settings() -> None:
    flags = {
        "desk.zone": "Asia/Tokyo",
        "desk.holidays": "2026-12-25, 2027-01-01",
        "rights.actions": "withdrawal transfer",
        "stepup.single_use": "false",
    }
    config = Config.load(flags=flags)
    policy = rights_policy(config)
    assert policy.actions == ("withdrawal", "transfer")
    assert policy.calendar.day_of(datetime(2026, 1, 1, 20, tzinfo=UTC)).day == 2
    assert len(policy.calendar.holidays) == 2
    assert not step_up_policy(config).single_use
