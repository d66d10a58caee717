"""Retention as rules: what is kept for how long, whatever happened in between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from deskside.workspace.retention import Keeping, Version, thinned

NOW = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
KEEPING = Keeping()

moments = st.integers(min_value=-3 * 3600, max_value=400 * 86400).map(
    lambda seconds: NOW - timedelta(seconds=seconds)
)
histories = st.lists(st.tuples(moments, st.booleans()), max_size=60).map(
    lambda drawn: [
        Version(f"{number:026d}", number, created, pinned and number % 3 == 0)
        for number, (created, pinned) in enumerate(sorted(drawn), 1)
    ]
)


def at(age: timedelta, number: int, *, pinned: bool = False) -> Version:
    return Version(f"v{number}", number, NOW - age, pinned)


def remaining(versions: list[Version], now: datetime = NOW) -> list[Version]:
    gone = set(thinned(versions, now, KEEPING))
    return [version for version in versions if version.id not in gone]


def test_of_a_day_all_are_kept() -> None:
    versions = [at(timedelta(minutes=23 * 60 - number), number) for number in range(1, 1000)]
    assert thinned(versions, NOW, KEEPING) == []


def test_of_a_week_the_newest_of_each_hour_is_kept() -> None:
    day = timedelta(days=3)
    versions = [at(day - timedelta(minutes=10 * n), n) for n in range(1, 13)] + [
        at(timedelta(), 99)
    ]
    kept = [version.number for version in remaining(versions)]
    assert kept == [5, 11, 12, 99]  # 12:50, 13:50 and 14:00


def test_later_the_newest_of_each_day_and_then_of_each_week() -> None:
    month = [at(timedelta(days=30, hours=-n), n) for n in range(1, 24)] + [at(timedelta(), 99)]
    assert [version.number for version in remaining(month)] == [11, 23, 99]
    year = [at(timedelta(days=200 - n), n) for n in range(29)] + [at(timedelta(), 99)]
    kept = remaining(year)
    assert 5 <= len(kept) - 1 <= 6
    assert all(version.created.weekday() == 6 for version in kept[:-2])


def test_pins_and_the_latest_stay_for_ever() -> None:
    ancient = timedelta(days=2000)
    versions = [at(ancient, 1, pinned=True), at(ancient, 2), at(ancient, 3), at(ancient, 4)]
    assert thinned(versions, NOW, KEEPING) == ["v2"]
    assert thinned([at(ancient, 1)], NOW, KEEPING) == []
    assert thinned([], NOW, KEEPING) == []


@given(histories)
def test_what_goes_has_a_newer_one_in_its_stead(versions: list[Version]) -> None:
    kept = remaining(versions)
    assert versions == [] or versions[-1] in kept
    for version in versions:
        if version.pinned or NOW - version.created <= KEEPING.everything:
            assert version in kept
        elif version not in kept:
            reach = timedelta(days=7)
            assert any(version.created <= other.created < version.created + reach for other in kept)


@given(histories, st.lists(st.integers(min_value=0, max_value=500), max_size=5))
def test_many_small_steps_end_as_one(versions: list[Version], days: list[int]) -> None:
    stepwise = versions
    for day in sorted(days):
        stepwise = remaining(stepwise, NOW + timedelta(days=day))
    end = NOW + timedelta(days=500)
    assert remaining(stepwise, end) == remaining(versions, end)


@given(histories)
def test_thinning_again_changes_nothing(versions: list[Version]) -> None:
    kept = remaining(versions)
    assert thinned(kept, NOW, KEEPING) == []


@given(histories)
def test_the_order_in_which_versions_are_given_does_not_matter(versions: list[Version]) -> None:
    assert thinned(reversed(versions), NOW, KEEPING) == thinned(versions, NOW, KEEPING)


def test_a_clock_that_went_backwards_loses_nothing_new() -> None:
    versions = [at(timedelta(hours=-5), 1), at(timedelta(days=40), 2), at(timedelta(days=40), 3)]
    assert thinned(versions, NOW, KEEPING) == []
