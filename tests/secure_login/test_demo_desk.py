"""The demonstration desk: everybody can log in with what `demo.json` says."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deskside.directory.model import HolderKind
from deskside.foundation.clock import FrozenClock
from deskside.foundation.errors import Refused
from deskside.secure_login.authenticators import Simulated, authenticator, kinds
from deskside.secure_login.card.file import read
from deskside.secure_login.demo import demo_cards, welcome
from deskside.secure_login.orders.fulfilment import Fulfilment
from tests.secure_login.desk import Desk
from tests.secure_login.test_life import seen


def _logs_in(desk: Desk, clock: FrozenClock, user: dict[str, Any], device: dict[str, str]) -> None:
    """All the way, with that device chosen among the user's."""
    document = read(Path(device["file"]))
    plugin = authenticator(device["kind"])
    assert isinstance(plugin, Simulated)
    step = desk.begin(user["username"], user["password"])
    assert len(step.factors) == len(user["devices"])
    chosen = next(factor for factor in step.factors if factor.kind == device["kind"])
    asked = desk.service.challenge(step.login, chosen.device)
    shown = plugin.simulate(document, asked.question, device["pin"], clock.now())
    assert desk.service.answer(step.login, chosen.device, shown).token


def test_everybody_can_log_in_with_every_device(
    desk: Desk, clock: FrozenClock, tmp_path: Path
) -> None:
    printed = welcome(desk, tmp_path, "http://localhost:1")
    summary = json.loads((tmp_path / "demo.json").read_text())
    assert summary["portal"] == "http://localhost:1"
    roles = {role for user in summary["users"] for role in user["roles"]}
    assert roles == {"operator", "reviewer", "trader", "helpdesk", "security-officer"}
    staff = [user["username"] for user in summary["users"] if "trader" not in user["roles"]]
    assert len(staff) == 5
    for name in staff:
        assert any(name in re.split(r"[ ,]+", line) for line in printed)
    for user in summary["users"]:
        assert set(user) == {"username", "password", "roles", "devices"}
        for device in user["devices"]:
            assert set(device) == {"kind", "file", "pin"}
            _logs_in(desk, clock, user, device)
    held = {device["kind"] for user in summary["users"] for device in user["devices"]}
    assert held == set(kinds())
    assert any(summary["users"][3]["password"] in line for line in printed)


def test_secrets_are_the_owners_alone(small_desk: Desk, tmp_path: Path) -> None:
    welcome(small_desk, tmp_path, "http://localhost:1")
    files = [tmp_path / "demo.json", *(tmp_path / "cards").iterdir()]
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_a_desk_is_filled_once(small_desk: Desk, tmp_path: Path) -> None:
    first = welcome(small_desk, tmp_path, "http://localhost:1")
    before = json.loads((tmp_path / "demo.json").read_text())
    again = welcome(small_desk, tmp_path, "http://localhost:2")
    after = json.loads((tmp_path / "demo.json").read_text())
    assert after["users"] == before["users"]
    assert after["portal"] == "http://localhost:2"
    assert [line for line in first if "localhost" not in line] == [
        line for line in again if "localhost" not in line
    ]


def test_user_names_of_one_holder_share_a_card(small_desk: Desk, tmp_path: Path) -> None:
    welcome(small_desk, tmp_path, "http://localhost:1")
    assert "tessa, tessa2" in [card.label for card in demo_cards(tmp_path)]
    assert small_desk.directory.find("tessa").holder_id == (
        small_desk.directory.find("tessa2").holder_id
    )


def test_the_officer_and_the_trader_are_one_entitys(small_desk: Desk, tmp_path: Path) -> None:
    welcome(small_desk, tmp_path, "http://localhost:1")
    officer, trader = map(small_desk.directory.find, ("sofia", "brera"))
    assert officer.holder_id == trader.holder_id
    assert small_desk.directory.holder(officer.holder_id).kind is HolderKind.ENTITY
    assert officer.account is None
    visitor = replace(seen(officer), roles=frozenset({"security-officer"}))
    found = small_desk.helpdesk.search(visitor, "brera").people
    assert {user.name for user in found} == {"brera", "sofia"}
    assert not small_desk.helpdesk.search(visitor, "dario").people


def test_cards_in_stock_can_be_ordered_and_operated(small_desk: Desk, tmp_path: Path) -> None:
    assert demo_cards(tmp_path) == []
    welcome(small_desk, tmp_path, "http://localhost:1")
    fulfilment = Fulfilment(small_desk.orders)
    in_stock = fulfilment.stock("dsc-plus")
    assert [card.serial for card in demo_cards(tmp_path) if not card.pin] == in_stock
    carla = seen(small_desk.directory.find("carla"))
    (offer, *_others) = small_desk.orders.offers(carla)
    assert (offer.kind, offer.refusal) == ("dsc-plus", "")


def test_a_desk_in_use_is_left_alone(small_desk: Desk, tmp_path: Path) -> None:
    small_desk.person("anna")
    with pytest.raises(Refused):
        welcome(small_desk, tmp_path, "http://localhost:1")
    assert [user.name for user in small_desk.directory.users()] == ["anna"]
