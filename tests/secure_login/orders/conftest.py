"""A desk that sends devices, on either engine."""

from __future__ import annotations

import pytest

from tests.secure_login.desk import Desk
from tests.secure_login.orders.shop import Shop


@pytest.fixture
def shop(desk: Desk) -> Shop:
    return Shop(desk)
