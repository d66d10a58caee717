"""Ceilings, amounts and the desk's calendar: pure decisions, beside a model told another way."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskside.secure_login.rights.calendar import BUSINESS_DAYS, DeskCalendar
from deskside.secure_login.rights.rules import (
    Amounts,
    Denial,
    Used,
    parse_amount,
    parse_ceilings,
    refusal,
    remaining,
    written,
)
from deskside.secure_login.rights.service import CEILINGS

DAYS = st.dates(date(2020, 1, 1), date(2035, 1, 1))
CENTS = st.integers(0, 10**14)


@given(DAYS, st.sets(st.integers(0, 20), max_size=8))
def test_a_window_holds_five_business_days(day: date, off: set[int]) -> None:
    holidays = frozenset(day - timedelta(days=back) for back in off)
    calendar = DeskCalendar(UTC, holidays)
    first = calendar.window_from(day)
    days = [first + timedelta(days=n) for n in range((day - first).days + 1)]
    worked = [each for each in days if each.weekday() < 5 and each not in holidays]
    assert len(worked) == BUSINESS_DAYS
    assert worked[0] == first, "it is the shortest such window"


@given(DAYS)
def test_windows_never_go_back(day: date) -> None:
    calendar = DeskCalendar(UTC)
    assert calendar.window_from(day) <= calendar.window_from(day + timedelta(days=1))


@pytest.mark.parametrize(
    ("day", "first"),
    [
        (date(2026, 11, 27), date(2026, 11, 23)),  # Friday: since Monday
        (date(2026, 11, 29), date(2026, 11, 23)),  # Sunday: the whole week before
        (date(2026, 11, 30), date(2026, 11, 24)),  # Monday: since Tuesday, the weekend inside
        (date(2026, 12, 28), date(2026, 12, 18)),  # Monday: two holidays the week before
    ],
)
def test_windows_of_a_calendar(day: date, first: date) -> None:
    christmas = frozenset({date(2026, 12, 24), date(2026, 12, 25)})
    assert DeskCalendar(UTC, christmas).window_from(day) == first


def test_days_begin_where_the_desk_is() -> None:
    late = datetime(2026, 11, 26, 23, 30, tzinfo=UTC)
    assert DeskCalendar(ZoneInfo("Europe/Rome")).day_of(late) == date(2026, 11, 27)
    assert DeskCalendar(ZoneInfo("America/New_York")).day_of(late) == date(2026, 11, 26)


def test_the_usual_ceilings_are_those_of_the_facts() -> None:
    usual = parse_ceilings(CEILINGS)
    nothing, paper = Amounts(5_000_000, 10_000_000), Amounts(20_000_000, 60_000_000)
    assert [usual.of(level) for level in (0, 5, 10, 15)] == [nothing] * 4
    assert [usual.of(level) for level in (20, 25)] == [paper] * 2
    assert usual.of(30) == Amounts(100_000_000, 150_000_000)
    assert usual.of(40) == usual.of(99) == Amounts(None, None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "0=",
        "0=5",
        "x=1/2",
        "0=1/2, 0=3/4",
        "0=-1/2",
        "0=1/2/3",
        "0=9/9, 5=1/9",
        "0=1/9, 5=1/8",
        "٣=1/2",
    ],
)
def test_ceilings_that_cannot_be_read(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_ceilings(text)


def test_below_the_lowest_level_nothing_is_allowed() -> None:
    assert parse_ceilings("20=1/2").of(19) == Amounts(0, 0)


@given(st.integers(1, 10**14 - 1))
def test_amounts_come_back(cents: int) -> None:
    assert parse_amount(written(cents) or "") == cents


@pytest.mark.parametrize("text", ["", "0", "0.00", "-1", "1.234", "1e3", " 1", "1,000", "١", "NaN"])
def test_no_amounts(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_amount(text)


amounts = st.builds(Amounts, st.none() | CENTS, st.none() | CENTS)


@given(amounts, st.lists(CENTS, max_size=4), st.lists(CENTS, max_size=4), st.integers(1, 10**14))
def test_allowed_means_within_both(
    ceiling: Amounts, today: list[int], before: list[int], cents: int
) -> None:
    used = Used(sum(today), sum(today) + sum(before))
    told = refusal(
        "withdrawal", cents, actions=["withdrawal"], scope="full", ceiling=ceiling, used=used
    )
    day_holds = ceiling.day is None or sum([*today, cents]) <= ceiling.day
    window_holds = ceiling.window is None or sum([*today, *before, cents]) <= ceiling.window
    assert (told is None) == (day_holds and window_holds)
    left = remaining(ceiling, used)
    if told is None and left.day is not None:
        assert cents <= left.day
    if left.day is not None and left.window is not None and left.day > 0:
        assert left.day <= left.window


@given(CENTS)
def test_what_nobody_has_allowed_is_denied(cents: int) -> None:
    endless, none = Amounts(None, None), Used(0, 0)
    for action, scope, why in (
        ("anything", "full", Denial.UNKNOWN_ACTION),
        ("withdrawal", "portal", Denial.PORTAL_ONLY),
        ("withdrawal", "", Denial.PORTAL_ONLY),
    ):
        told = refusal(
            action, cents, actions=["withdrawal"], scope=scope, ceiling=endless, used=none
        )
        assert told is why
