"""Orders on pages and by REST: what is refused, then holder and desk on one order."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx2
import pytest

from deskside.directory.model import Role
from deskside.secure_login.values import DeviceStatus
from tests.secure_login.browser import Browser, portal
from tests.secure_login.desk import PASSWORD, Desk
from tests.secure_login.orders.shop import ADDRESS, NEW_PIN, PLUS, Shop, wish
from tests.secure_login.test_device_pages import of_page
from tests.secure_login.test_life import seen

FORM = {"kind": PLUS, "pin": NEW_PIN, "again": NEW_PIN, "address": ADDRESS}


@pytest.fixture
def shop(small_desk: Desk) -> Shop:
    return Shop(small_desk)


@pytest.fixture
def address(shop: Shop) -> Iterator[str]:
    shop.rich("anna")
    shop.desk.person("bea", card=False)
    shop.desk.person("otto", card=False, account=None, roles=frozenset({Role.OPERATOR}))
    shop.desk.person("hugo", card=False, account=None, roles=frozenset({Role.HELPDESK}))
    with portal(shop.desk) as where:
        yield where


def browser(address: str, name: str) -> Browser:
    one = Browser(address)
    one.follow(one.post("/login", username=name, password=PASSWORD))
    return one


@pytest.fixture
def anna(address: str) -> Browser:
    return browser(address, "anna")


@pytest.fixture
def otto(address: str) -> Browser:
    return browser(address, "otto")


def tells_the_pin(text: str) -> bool:
    """Whether the PIN stands anywhere by itself, and not by chance in a longer number."""
    return re.search(rf"(?<![0-9A-Za-z]){NEW_PIN}(?![0-9A-Za-z])", text) is not None


def ordered(anna: Browser) -> str:
    checked = anna.post("/account/orders/new", **FORM)
    draft = of_page(r'name="draft" value="([0-9a-f]+)"', checked.text)
    placed = anna.post("/account/orders/place", draft=draft)
    assert placed.status_code == 303
    return str(placed.headers["location"]).split("/")[3]


def test_nothing_without_a_session_and_nothing_of_others(address: str, anna: Browser) -> None:
    order = ordered(anna)
    with httpx2.Client(base_url=f"{address}/api/v1") as client:
        for path in ("/me/orders", "/me/orders/offers", "/me/returns", "/me/returns/x/form"):
            assert client.get(path).status_code == 401
        assert client.post("/me/orders", json={"kind": PLUS, "address": "x"}).status_code == 401
    bea = browser(address, "bea")
    for path in ("", "/placed", "/cancel"):
        assert bea.get(f"/account/orders/{order}{path}").status_code == 404
    assert bea.post(f"/account/orders/{order}/cancel").status_code == 404
    assert bea.get("/desk/orders").status_code == 403
    assert bea.post(f"/desk/orders/{order}", do="assign").status_code == 403


def test_helpdesk_looks_and_carries_nothing_out(address: str, anna: Browser) -> None:
    order, hugo = ordered(anna), browser(address, "hugo")
    shown = hugo.get(f"/desk/orders/{order}")
    assert shown.status_code == 200
    assert "Assign" not in shown.text
    assert hugo.post(f"/desk/orders/{order}", do="assign").status_code == 403
    assert hugo.post("/desk/orders/equity", username="anna", usd="1").status_code == 403
    assert hugo.get("/desk/orders/lines/csv").status_code == 403


def test_the_form_says_what_is_wrong_beside_each_field(anna: Browser, address: str) -> None:
    assert "Before you start" in anna.get("/account/orders").text
    for wrong, said in (
        ({"again": "9999"}, "not the same"),
        ({"pin": "1234", "again": "1234"}, "run of digits"),
        ({"address": ""}, "Enter the address"),
        ({"address": "one line"}, "on a line of its own"),
    ):
        shown = anna.post("/account/orders/new", **{**FORM, **wrong})
        assert shown.status_code == 400
        assert said in shown.text
        assert "There is a problem" in shown.text
        assert not tells_the_pin(shown.text)
    bea = browser(address, "bea")
    assert "has not told us" in bea.get("/account/orders").text
    assert bea.post("/account/orders/new", **FORM).status_code == 409


def test_the_answers_are_checked_and_can_be_changed(anna: Browser, address: str) -> None:
    checked = anna.post("/account/orders/new", **FORM)
    assert checked.headers["cache-control"] == "no-store"
    assert "USD 20" in checked.text
    assert not tells_the_pin(checked.text)
    draft = of_page(r'name="draft" value="([0-9a-f]+)"', checked.text)
    again = anna.post("/account/orders/edit", draft=draft)
    assert "00100 Roma" in again.text
    assert not tells_the_pin(again.text)
    assert anna.post("/account/orders/place", draft="00" + draft).status_code == 400
    assert anna.post("/account/orders/place", draft="no").status_code == 400
    # What one session entered is nothing to another, not even of the same person.
    assert browser(address, "anna").post("/account/orders/place", draft=draft).status_code == 400
    placed = anna.follow(anna.post("/account/orders/place", draft=draft))
    assert re.search(r"OR-[0-9A-F]{8}", placed.text)
    assert anna.post("/account/orders/place", draft=draft).status_code == 409


def test_from_the_order_to_the_return(anna: Browser, otto: Browser, shop: Shop) -> None:
    order = ordered(anna)
    first, second = sorted(shop.cards)
    queue = otto.get("/desk/orders")
    assert "anna: Digital Security Card+" in queue.text
    early = otto.post(f"/desk/orders/{order}", do="ship")
    assert early.status_code == 400
    assert "No device is assigned" in early.text
    assert otto.post(f"/desk/orders/{order}", do="dance").status_code == 400
    assert otto.post(f"/desk/orders/{order}", do="assign", serial=second).status_code == 303
    assert second in otto.get(f"/desk/orders/{order}").text
    assert second not in anna.get(f"/account/orders/{order}").text
    wrong = otto.post(f"/desk/orders/{order}", do="ship", tracking="<b>")
    assert wrong.status_code == 400
    assert otto.post(f"/desk/orders/{order}", do="ship", tracking="IT 77").status_code == 303
    shown = anna.get(f"/account/orders/{order}").text
    assert "IT 77" in shown
    device = of_page(r'href="/account/devices/(\w+)"', shown)
    assert "Activate before" in anna.get(f"/account/devices/{device}").text
    late = anna.post(f"/account/orders/{order}/cancel")
    assert late.status_code == 409
    shop.answer(shop.desk.directory.find("anna"), shop.orders.one(order))

    assert "is the only device" in anna.post(f"/account/devices/{device}/return").text
    shop.desk.issue(shop.desk.directory.find("anna"))
    parked = anna.post(f"/account/devices/{device}/parked")
    assert "free of charge" in parked.text
    page = anna.get(f"/account/orders/new?kind={PLUS}&replaces={device}")
    assert second in page.text
    assert 'value="battery"' in page.text
    missing = anna.post("/account/orders/new", **FORM, replaces=device)
    assert missing.status_code == 400
    assert "Choose why" in missing.text
    checked = anna.post("/account/orders/new", **FORM, replaces=device, reason="damaged")
    assert "USD 20" in checked.text
    free = anna.post("/account/orders/new", **FORM, replaces=device, reason="battery")
    assert re.search(r"Fee\s*</dt>\s*<dd[^>]*>\s*none", free.text)

    returned = anna.post(f"/account/devices/{device}/return")
    shown = anna.follow(returned).text
    pdf = anna.get(of_page(r'href="(/account/returns/\w+/form.pdf)"', shown))
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF")
    action = of_page(r'action="(/desk/orders/returns/\w+)"', otto.get("/desk/orders").text)
    assert otto.post(action, do="received").status_code == 303
    assert "Received" in anna.get(returned.headers["location"]).text
    rows = otto.get("/desk/orders/lines/csv").text.splitlines()
    assert rows[0].startswith("account,")
    assert "released" in rows[1]
    assert first in shop.fulfilment.stock(PLUS)


def test_a_printed_card_is_shown_once_to_the_desk(otto: Browser, address: str, shop: Shop) -> None:
    bea = browser(address, "bea")
    checked = bea.post("/account/orders/new", kind="code-card", address=ADDRESS)
    draft = of_page(r'name="draft" value="([0-9a-f]+)"', checked.text)
    order = str(bea.post("/account/orders/place", draft=draft).headers["location"]).split("/")[3]
    made = otto.post(f"/desk/orders/{order}", do="assign")
    assert len(re.findall(r">\d{3}</span>&nbsp;<strong>\w{3}</strong>", made.text)) == 224
    assert made.headers["cache-control"] == "no-store"
    assert "Codes by index" not in otto.get(f"/desk/orders/{order}").text


def test_the_language_chosen_on_a_page_is_that_of_messages(anna: Browser, shop: Shop) -> None:
    person = shop.desk.directory.find("anna")
    before = len(shop.desk.mails())
    Browser(anna.address).post("/language", language="it")
    for language, said in (
        ("it", "Un dispositivo di sicurezza è stato ordinato"),
        ("en", "A security"),
    ):
        assert anna.post("/language", language=language).status_code == 303
        order = shop.orders.place(seen(person), wish())
        (mail,) = [one for one in shop.desk.mails()[before:] if one[1].startswith(said)]
        assert mail[0] == "anna@example.org"
        shop.orders.cancel(seen(person), order.id)
        before = len(shop.desk.mails())


def test_what_an_account_is_worth_is_told_by_the_desk(otto: Browser, address: str) -> None:
    assert otto.post("/desk/orders/equity", username="bea", usd="a lot").status_code == 400
    assert "no user name" in otto.post("/desk/orders/equity", username="zoe", usd="5").text
    assert otto.post("/desk/orders/equity", username="bea", usd="1,000,000").status_code == 303
    bea = browser(address, "bea")
    assert bea.get(f"/account/orders/new?kind={PLUS}").status_code == 200
    assert bea.post("/account/orders/new", **FORM).status_code == 200


def test_an_account_is_closed_at_the_desk_with_a_reason(
    otto: Browser, anna: Browser, shop: Shop
) -> None:
    assert "What we keep of its devices is destroyed" in (
        otto.get("/desk/people/anna/close-account").text
    )
    assert otto.post("/desk/people/anna/close-account").status_code == 400
    done = otto.post("/desk/people/anna/close-account", reason="asked-by-holder")
    assert done.status_code == 303
    assert "The account is closed" in otto.follow(done).text
    assert anna.get("/account").status_code in (303, 401)


def test_all_of_it_by_rest(address: str, shop: Shop) -> None:
    anna = shop.desk.directory.find("anna")
    with httpx2.Client(base_url=f"{address}/api/v1") as client:
        client.headers["authorization"] = f"Bearer {shop.desk.log_in('anna').token}"
        offers = {one["kind"]: one for one in client.get("/me/orders/offers").json()["offers"]}
        assert offers[PLUS]["reserve"] == 20
        (account,) = client.get("/me/orders/offers").json()["accounts"]
        assert account["user_names"] == ["anna"]
        assert offers[PLUS]["refusal"] == ""
        wish = {"kind": PLUS, "address": ADDRESS, "pin": "7777"}
        assert client.post("/me/orders", json=wish).json()["type"].endswith("pin-repeated")
        assert client.post("/me/orders", json=wish | {"reason": "why"}).status_code == 400
        order = client.post("/me/orders", json=wish | {"pin": NEW_PIN})
        assert order.status_code == 201
        assert "pin" not in order.json()
        again = client.post("/me/orders", json=wish | {"pin": NEW_PIN})
        assert again.status_code == 409
        assert again.json()["type"].endswith("on-its-way")
        gone = client.delete(f"/me/orders/{order.json()['reference']}")
        assert gone.json()["status"] == "cancelled"
        sent = shop.sent(anna)
        shop.answer(anna, sent)
        shop.desk.issue(anna)
        (latest, _first) = client.get("/me/orders").json()["orders"]
        assert latest["serial"] == sent.serial
        parked = client.post(f"/me/devices/{sent.device}/parked").json()
        assert parked["status"] == DeviceStatus.PARKED
        back = client.post(f"/me/devices/{sent.device}/return").json()
        assert client.get("/me/returns").json()["returns"] == [back]
        assert client.get(f"/me/returns/{back['id']}/form").content.startswith(b"%PDF")
