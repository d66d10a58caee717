"""Recurring work: it goes on after trouble, and ends when it is told to."""

from __future__ import annotations

import threading

import pytest

from deskside.foundation.errors import Refused
from deskside.foundation.recurring import Recurring


def test_it_works_again_and_again_until_the_block_ends() -> None:
    turns = threading.Semaphore(0)
    recurring = Recurring("test.turns", turns.release, 0.001)
    with recurring.running():
        for _turn in range(3):
            assert turns.acquire(timeout=10)
        assert not recurring.stopping
    assert recurring.stopping
    assert "test.turns" not in {thread.name for thread in threading.enumerate()}


def test_trouble_is_logged_and_tried_again(capsys: pytest.CaptureFixture[str]) -> None:
    tried = threading.Semaphore(0)

    def work() -> None:
        tried.release()
        raise Refused("test-trouble", "It did not work.")

    with Recurring("test.work", work, 0.001).running():
        for _turn in range(3):
            assert tried.acquire(timeout=10)


def test_a_last_turn_does_what_came_in_meanwhile() -> None:
    done: list[str] = []
    with Recurring("test.last", lambda: done.append("turn"), 3600, last_turn=True).running():
        assert not done
    assert done == ["turn"]


def test_without_a_last_turn_what_is_left_waits() -> None:
    done: list[str] = []
    with Recurring("test.left", lambda: done.append("turn"), 3600).running():
        pass
    assert not done
