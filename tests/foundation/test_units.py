"""Moments, sizes and evidence as people read them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextvars import copy_context
from datetime import UTC, datetime

import pytest

from deskside.foundation.evidence import in_words
from deskside.foundation.text import use_language
from deskside.foundation.units import number, size, use_local_zone, when

DIGEST = "0123456789abcdef" * 4


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Changes this computer's zone until the end of the test."""
    yield monkeypatch
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("name", "summer", "winter"),
    [
        ("Europe/Rome", "2026-07-01 11:30:00 CEST", "2026-12-01 10:30:00 CET"),
        ("Asia/Dubai", "2026-07-01 13:30:00 UTC+04", "2026-12-01 13:30:00 UTC+04"),
        ("UTC", "2026-07-01 09:30:00 UTC", "2026-12-01 09:30:00 UTC"),
    ],
)
def test_a_moment_is_in_the_reader_s_zone_with_its_name(
    zone: pytest.MonkeyPatch, name: str, summer: str, winter: str
) -> None:
    zone.setenv("TZ", name)
    time.tzset()

    def shown() -> list[str]:
        use_local_zone()
        return [
            when("2026-07-01T09:30:00.123+00:00"),
            when(datetime(2026, 12, 1, 9, 30, tzinfo=UTC)),
        ]

    assert copy_context().run(shown) == [summer, winter]
    assert when("2026-07-01T11:30:00+02:00") == "2026-07-01 09:30:00 UTC"  # on a portal's pages


@pytest.mark.parametrize(
    ("language", "one", "many", "amount"),
    [
        ("en", "1 byte", "225,057 bytes", "1,234.5"),
        ("it", "1 byte", "225.057 byte", "1.234,5"),
    ],
)
def test_numbers_are_written_as_the_language_does(
    language: str, one: str, many: str, amount: str
) -> None:
    def shown() -> tuple[str, str, str]:
        use_language(language)
        return size(1), size(225_057), number(1234.5, 1)

    singular, plural, plain = copy_context().run(shown)
    assert plain == amount
    assert singular == one
    assert plural.split()[0] == many.split(maxsplit=1)[0]


def test_evidence_in_words() -> None:
    evidence = {
        "ports": [4000, 4001],
        "milliseconds": 12.34,
        "stopped_after_seconds": 10.0,
        "size": 225057,
        "sha256": DIGEST,
        "saved": "2026-11-22T21:47:52.001+00:00",
        "signed": "2026-11-22T21:47:52.000001Z",
        "latest_snapshot": "x-1",
        "odd_one_out": 1.26,
    }
    words = [
        "ports 4000, 4001",
        "12.3 ms",
        "stopped after 10.0 s",
        "225,057 bytes",
        f"SHA-256 {DIGEST}",
        "saved 2026-11-22 21:47:52 UTC",
        "signed 2026-11-22 21:47:52 UTC",
        "latest snapshot x-1",
        "odd one out 1.3",
    ]
    assert in_words(evidence) == words
    assert in_words(evidence, short=True)[4] == "SHA-256 0123456789ab…"
