"""`deskside admin orders` and `deskside orders`, on a small desk."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from deskside.foundation.errors import NotFound, Refused
from deskside.foundation.portal_client import StoredSession, store_session
from deskside.secure_login.orders.admin_commands import orders as admin_orders
from deskside.secure_login.orders.commands import orders
from tests.secure_login.browser import portal
from tests.secure_login.desk import Desk
from tests.secure_login.orders.shop import ADDRESS, NEW_PIN, PLUS, Shop, wish
from tests.secure_login.test_life import seen


@pytest.fixture
def shop(small_desk: Desk) -> Shop:
    return Shop(small_desk)


def invoked(group: click.Group, *words: str, stdin: str = "") -> Any:
    result = CliRunner().invoke(
        group, [*words, "--json"], input=stdin, catch_exceptions=False, standalone_mode=False
    )
    return json.loads(result.stdout)


@pytest.fixture
def admin(shop: Shop, tmp_path: Path) -> Any:
    place = ["--data", str(tmp_path), "--database", f"sqlite:///{shop.desk.database.file}"]
    return lambda *words: invoked(admin_orders, *words, *place)


@pytest.fixture
def logged_in(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("DESKSIDE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    shop.rich("anna")
    with portal(shop.desk) as address:
        store_session(StoredSession(address, shop.desk.log_in("anna").token, "anna", ""))
        yield


def test_an_order_is_carried_out_and_the_device_booked_in_again(admin: Any, shop: Shop) -> None:
    anna = shop.rich("anna")
    order = shop.orders.place(seen(anna), wish())
    assert [one["reference"] for one in admin("list")["orders"]] == [order.reference]
    assert "Roma" in admin("show", order.reference)["address"]
    with pytest.raises(NotFound):
        admin("assign", "OR-00000000")
    with pytest.raises(Refused):
        admin("ship", order.reference)
    serial = admin("assign", order.reference.lower())["serial"]
    assert serial in shop.cards
    assert admin("ship", order.reference, "--tracking", "IT 1")["status"] == "shipped"
    assert admin("list")["orders"] == []
    assert len(admin("list", "--all")["orders"]) == 1
    with pytest.raises(Refused):
        admin("cancel", order.reference, "--yes")
    assert admin("charges")["charges"][0]["status"] == "held"
    shop.desk.issue(anna)
    shop.answer(anna, shop.orders.one(order.id))
    back = shop.returns.request(seen(anna), shop.orders.one(order.id).device)
    assert admin("returns")["returns"][0]["reference"] == back.reference
    assert admin("received", back.reference)["status"] == "received"
    assert admin("charges")["charges"][0]["status"] == "released"
    assert admin("remind") == {"sent": 0}


def test_a_card_is_made_and_cancelled(admin: Any, shop: Shop) -> None:
    anna = shop.desk.person("anna", card=False)
    order = shop.orders.place(seen(anna), wish(kind="code-card", pin=""))
    assert len(admin("assign", order.reference)["codes"]) == 224
    assert admin("cancel", order.reference, "--dry-run")["status"] == "assigned"
    assert admin("cancel", order.reference, "--yes")["status"] == "cancelled"


def test_what_accounts_are_worth_comes_from_a_file(admin: Any, shop: Shop, tmp_path: Path) -> None:
    anna = shop.desk.person("anna", card=False)
    file = tmp_path / "equity.csv"
    file.write_text("username,equity\nanna,1500000\nzoe,3\nanna,lots\n")
    taken = admin("import-equity", str(file))
    assert taken["kept"] == 1
    assert [row["line"] for row in taken["refused"]] == [3, 4]
    assert shop.orders.check(seen(anna), wish()).charges.reserve == 20
    assert admin("equity", "anna", "5") == {"username": "anna", "equity": 5}
    with pytest.raises(Refused):
        shop.orders.check(seen(anna), wish())
    file.write_text("name;worth\n")
    with pytest.raises(Refused):
        admin("import-equity", str(file))


def test_an_account_is_closed(admin: Any, shop: Shop) -> None:
    anna = shop.rich("anna", card=True)
    serial = shop.desk.cards["anna"].serial
    assert admin("close-account", "anna", "--dry-run")["devices"] == [serial]
    assert shop.states(anna)[serial] == "active"
    assert admin("close-account", "anna", "--yes")["devices"] == [serial]
    assert shop.states(anna)[serial] == "retired"
    with pytest.raises(Refused):
        admin("close-account", "anna", "--yes")


@pytest.mark.usefixtures("logged_in")
def test_ordering_from_the_terminal(shop: Shop, tmp_path: Path) -> None:
    kinds = [one["kind"] for one in invoked(orders, "offers")["offers"]]
    assert kinds == [PLUS, "dsc-time", "code-card"]
    address = tmp_path / "address.txt"
    address.write_text(ADDRESS)
    place = ["place", PLUS, "--address-file", str(address)]
    with pytest.raises(click.UsageError):
        invoked(orders, *place, "--yes", "--pin", NEW_PIN)
    assert invoked(orders, *place, "--dry-run")["reserve"] == 20
    assert invoked(orders, "list") == {"orders": [], "returns": []}
    made = invoked(orders, *place, "--yes", "--pin", "-", stdin=NEW_PIN)
    assert made["status"] == "ordered"
    assert invoked(orders, "cancel", made["reference"], "--dry-run")["changed"] is False
    assert invoked(orders, "cancel", made["reference"], "--yes")["status"] == "cancelled"

    anna = shop.desk.directory.find("anna")
    sent = shop.sent(anna)
    shop.answer(anna, sent)
    shop.desk.issue(anna)
    assert invoked(orders, "broken", sent.device)["status"] == "parked"
    form = tmp_path / "return.pdf"
    back = invoked(orders, "return", sent.device, "--form", str(form))
    assert form.read_bytes().startswith(b"%PDF")
    assert invoked(orders, "list")["returns"][0]["id"] == back["id"]
    with pytest.raises(Refused):
        invoked(orders, "return", sent.device, "--form", str(form))
