"""The API against its own description: requests made up from it, replies held against it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.abuse.conftest import person
from tests.prove.client import Client, Ledger
from tests.system.conftest import Portal

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = 15
SLOW = {"/api/v1/network/tests"}
"""What does real work each time it is asked."""


@pytest.fixture(scope="module")
def trader(portal: Portal) -> Iterator[Client]:
    """Somebody who logs in once for all operations, and anew after each log-out."""
    with Client(portal.address, Ledger(person(portal, "alba"))) as opened:
        yield opened


@pytest.fixture(scope="module")
def operations(portal: Portal) -> list[Any]:
    """All that the description offers."""
    schema = schemathesis.openapi.from_url(f"{portal.address}/api/v1/openapi.json")
    return [found.ok() for found in schema.get_all_operations()]


def test_what_is_described(operations: list[Any]) -> None:
    paths = {operation.path for operation in operations}
    assert {"/api/v1/login", "/api/v1/me", "/api/v1/network/catalogue"} <= paths
    assert all(path.startswith("/api/v1/") for path in paths)


@pytest.mark.parametrize("known", [True, False], ids=["trader", "stranger"])
def test_replies_are_as_described(operations: list[Any], trader: Client, known: bool) -> None:
    problems = []
    for operation in operations:
        try:
            attack(operation, trader.log_in if known else lambda: "")()
        except (Exception, BaseExceptionGroup) as error:  # noqa: BLE001 - one must not hide the others
            problems.append(f"{operation.label}: {error}\n{getattr(error, 'exceptions', '')}")
    assert problems == [], "\n\n".join(problems)


def attack(operation: Any, log_in: Callable[[], str]) -> Callable[[], None]:
    """Requests to one operation, as whoever holds the token."""
    token = log_in()

    @settings(
        max_examples=2 if operation.path in SLOW else EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def requests(case: Any) -> None:
        nonlocal token
        if "logout" in operation.path:
            token = log_in()
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        case.call_and_validate(headers=headers, checks=CHECKS)

    return requests
