"""The real portal of the system tests, and people to attack it as."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.prove.client import Client, Ledger, Person
from tests.system.conftest import Portal, portal

__all__ = ["portal"]


def person(portal: Portal, name: str) -> Person:
    """A user of the demonstration desk."""
    return Person.of(next(user for user in portal.demo["users"] if user["username"] == name))


@pytest.fixture
def client(portal: Portal) -> Iterator[Client]:
    """A program that logs in as a trader."""
    with Client(portal.address, Ledger(person(portal, "alba"))) as opened:
        yield opened
