"""The portal's API of settings over HTTP: what it answers, and what it refuses."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import pytest
from litestar.testing import TestClient

from deskside.foundation.audit.service import Audit
from deskside.foundation.clock import SystemClock
from deskside.foundation.database import Database, new_id
from deskside.foundation.errors import Unavailable
from deskside.foundation.keyring import Keyring
from deskside.web.model import Resolved, Visitor
from deskside.web.service import Shell
from deskside.web.shell import build_app
from deskside.workspace.api import routes
from deskside.workspace.service import SettingsStore

from .conftest import document
from .stored_settings import DESK, LAPTOP, RECIPIENT, opaque, sealed

BASE = "/api/v1/me"


def resolve(token: str, _address: str) -> Resolved | None:
    """Every token of the length of an id is the session of the user of that id."""
    known = len(token) == 26
    return Resolved(Visitor(token, token, token, frozenset(), "session")) if known else None


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SettingsStore]:
    folder = tmp_path_factory.mktemp("portal")
    database, clock = Database.open(folder / "deskside.sqlite3"), SystemClock()
    database.migrate()
    yield SettingsStore(database, Keyring.open(database, folder / "keys"), clock, Audit(clock))
    database.close()


@pytest.fixture(scope="module")
def client(store: SettingsStore) -> Iterator[TestClient]:
    app = build_app(
        Shell([], []), [], api=routes(), dependencies={"settings_store": store}, resolve=resolve
    )
    with TestClient(app, base_url="http://127.0.0.1") as opened:
        yield opened


class Person:
    """Somebody with a session of their own."""

    def __init__(self, client: TestClient) -> None:
        self.client, self.token = client, new_id()

    def ask(self, method: str, path: str, **more: Any) -> Any:
        headers = {"authorization": f"Bearer {self.token}"} | more.pop("headers", {})
        return self.client.request(method, BASE + path, headers=headers, **more)

    def get(self, path: str, **more: Any) -> Any:
        return self.ask("GET", path, **more)

    def push(self, content: bytes, *, name: str = "a.tws", **headers: str) -> Any:
        sent = {"deskside-sha256": hashlib.sha256(content).hexdigest()}
        sent |= {key.replace("_", "-"): value for key, value in headers.items()}
        return self.ask("POST", f"/settings/{name}/snapshots", content=content, headers=sent)

    def pushed(self, content: bytes, **headers: str) -> str:
        answer = self.push(content, **headers)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["snapshot"])


@pytest.fixture
def person(client: TestClient) -> Person:
    return Person(client)


@pytest.fixture
def stranger(client: TestClient) -> Person:
    return Person(client)


def problem(answer: Any) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["type"]


def from_desk(**more: str) -> dict[str, str]:
    called = {"deskside_workstation_name": quote("Alba’s desk")}
    return {"deskside_workstation": DESK.id} | called | more


def test_a_snapshot_tells_where_it_is_from(person: Person) -> None:
    made = person.pushed(document("1"), **from_desk(deskside_note=quote("caffè")))
    (listed,) = person.get("/settings/a.tws/snapshots").json()["snapshots"]
    assert listed["id"] == made
    assert listed["workstation"] == {"id": DESK.id, "name": "Alba’s desk"}
    assert (listed["note"], listed["format"], listed["kind"]) == ("caffè", 1, "xml")
    assert listed["pinned"] is False
    got = person.get("/settings/a.tws/snapshots/latest")
    assert got.content == document("1")
    assert got.headers["deskside-workstation-name"] == quote("Alba’s desk")
    assert got.headers["deskside-format"] == "1"
    assert got.headers["deskside-snapshot"] == made
    (seen,) = person.get("/workstations").json()["workstations"]
    assert (seen["id"], seen["name"]) == (DESK.id, "Alba’s desk")


def test_a_workstation_may_be_renamed_and_belongs_to_one_user_name(
    person: Person, stranger: Person
) -> None:
    first = person.pushed(document("1"), **from_desk())
    renamed = from_desk(deskside_workstation_name="new", deskside_base=first)
    person.pushed(document("2"), **renamed)
    assert [w["name"] for w in person.get("/workstations").json()["workstations"]] == ["new"]
    assert stranger.get("/workstations").json() == {"workstations": []}


def test_a_conflict_tells_what_the_portal_has(person: Person) -> None:
    made = person.pushed(document("1"), **from_desk())
    conflict = person.push(document("2"), deskside_base="")
    assert problem(conflict) == (409, "settings-conflict")
    told = conflict.json()
    assert told["latest"]["id"] == made
    assert told["latest"]["workstation"]["name"] == "Alba’s desk"
    assert told["snapshots"] == 1
    assert "history" in told["detail"]
    assert person.push(document("2"), deskside_base=told["latest"]["id"]).status_code == 200


def test_a_conflict_where_nothing_is_left(person: Person) -> None:
    conflict = person.push(document("1"), deskside_base=new_id())
    assert problem(conflict) == (409, "settings-conflict")
    assert (conflict.json()["latest"], conflict.json()["snapshots"]) == (None, 0)


def test_an_acknowledgement_that_was_lost_may_be_asked_for_again(person: Person) -> None:
    made = person.pushed(document("1"))
    again = person.push(document("1"))
    assert again.json() == {"snapshot": made, "changed": False}


def test_of_many_on_one_base_one_wins_and_all_others_see_it(person: Person) -> None:
    base = person.pushed(document("0"))

    def push(number: int) -> Any:
        return person.push(document(f"mine {number}"), deskside_base=base)

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(push, range(12)))
    (won,) = [answer.json() for answer in answers if answer.status_code == 200]
    told = [answer.json() for answer in answers if answer.status_code == 409]
    assert len(told) == 11
    assert {each["latest"]["id"] for each in told} == {won["snapshot"]}


def test_what_a_push_refuses(person: Person) -> None:
    content = document("1")
    wrong = person.push(content, deskside_sha256="0" * 64)
    assert problem(wrong) == (400, "content-damaged")
    for headers, code in (
        ({"deskside_format": "3"}, "settings-format"),
        ({"deskside_format": "one"}, "settings-format"),
        ({"deskside_format": "٣"}, "settings-format"),
        ({"deskside_note": "two%0Alines"}, "note-too-long"),
        ({"deskside_note": "%00"}, "note-too-long"),
        ({"deskside_note": "%E2%80%AEright to left"}, "note-too-long"),
        ({"deskside_note": "x" * 501}, "note-too-long"),
        ({"deskside_note": "%FF"}, "header-malformed"),
        ({"deskside_workstation": "short"}, "wrong-workstation"),
        ({"deskside_workstation": "D" * 26}, "wrong-workstation"),
        ({"deskside_workstation_name": "nameless"}, "wrong-workstation"),
        (from_desk(deskside_workstation_name="%1B[31m"), "wrong-workstation"),
        (from_desk(deskside_workstation_name="x" * 101), "wrong-workstation"),
    ):
        encoded = {key: value.encode() for key, value in headers.items()}
        assert problem(person.push(content, **encoded)) == (400, code), headers  # type: ignore[arg-type]
    assert problem(person.push(b"")) == (409, "settings-damaged")
    assert problem(person.push(b"(\xb5/\xfd" + bytes(40))) == (409, "settings-not-xml")
    doctype = b'<!DOCTYPE Settings [<!ENTITY a "aaaa">]><Settings>&a;</Settings>'
    assert problem(person.push(doctype)) == (409, "settings-not-xml")
    assert person.get("/settings").json() == {"workspaces": []}


@pytest.mark.parametrize(
    "name",
    ["a", "a.b.c", "..%2Fx.tws", "a%20b.tws", "a" * 81 + ".tws", "a.TWS", "%00.tws", "à.tws"],
)
def test_hostile_names(person: Person, name: str) -> None:
    assert person.push(document("1"), name=name).status_code in (400, 404)
    for method, path in (
        ("GET", f"/settings/{name}/snapshots"),
        ("GET", f"/settings/{name}/snapshots/latest"),
        ("DELETE", f"/settings/{name}"),
    ):
        assert person.ask(method, path).status_code in (400, 404)


def test_too_large(person: Person) -> None:
    announced = {"content-length": str(65 * 1024 * 1024)}
    answer = person.ask(
        "POST",
        "/settings/a.tws/snapshots",
        content=b"IBGZENC\0",
        headers={"deskside-sha256": "0" * 64} | announced,
    )
    assert answer.status_code == 413


def test_somebody_elses_does_not_exist(person: Person, stranger: Person) -> None:
    made = person.pushed(document("1"), **from_desk())
    own = stranger.pushed(document("own"), **from_desk())
    wish = {"workstation": DESK.id, "snapshot": made}
    asked = person.ask("POST", "/settings/a.tws/restores", json=wish).json()["id"]
    for method, path, body in (
        ("GET", f"/settings/a.tws/snapshots/{made}", None),
        ("DELETE", f"/settings/a.tws/snapshots/{made}", None),
        ("PUT", f"/settings/a.tws/snapshots/{made}/pin", {"pinned": True}),
        ("POST", "/settings/a.tws/restores", wish),
        ("POST", "/settings/a.tws/restores", {"workstation": LAPTOP.id, "snapshot": own}),
        ("POST", f"/restores/{asked}/result", {"result": "done"}),
        ("DELETE", f"/restores/{asked}", None),
    ):
        answer = stranger.ask(method, path, **({"json": body} if body else {}))
        assert answer.status_code == 404, path
    assert stranger.get("/restores").json() == {"restores": []}
    assert person.get("/settings/a.tws/snapshots").json()["snapshots"][0]["pinned"] is False


def test_without_a_session_nothing_is_told(client: TestClient) -> None:
    nobody = Person(client)
    nobody.token = "none"
    for method, path in (
        ("GET", "/settings"),
        ("GET", "/settings/export"),
        ("GET", "/settings/quota"),
        ("GET", "/workstations"),
        ("GET", "/restores"),
        ("GET", "/settings-encryption"),
        ("DELETE", "/settings/a.tws"),
        ("DELETE", f"/settings/a.tws/snapshots/{new_id()}"),
    ):
        assert problem(nobody.ask(method, path)) == (401, "not-logged-in")
    assert nobody.push(document("1")).status_code == 401


def test_pins_and_deletion(person: Person) -> None:
    first = person.pushed(document("1"))
    second = person.pushed(document("2"), deskside_base=first)
    pin = person.ask("PUT", f"/settings/a.tws/snapshots/{first}/pin", json={"pinned": True})
    assert pin.json() == {"pinned": True}
    listed = person.get("/settings/a.tws/snapshots").json()["snapshots"]
    assert [(each["id"], each["pinned"]) for each in listed] == [(second, False), (first, True)]
    assert person.ask("DELETE", f"/settings/a.tws/snapshots/{second}").status_code == 204
    assert person.ask("DELETE", f"/settings/a.tws/snapshots/{second}").status_code == 404
    assert person.get("/settings/a.tws/snapshots/latest").headers["deskside-snapshot"] == first
    usage = person.get("/settings/quota").json()
    assert (usage["workspaces"], usage["snapshots"]) == (1, 1)
    assert 0 < usage["used"] < usage["quota"]
    assert person.ask("DELETE", "/settings/a.tws").status_code == 204
    assert person.get("/settings/a.tws/snapshots").status_code == 404
    assert person.get("/settings/quota").json()["used"] == 0


def test_export_is_a_zip_file(person: Person) -> None:
    made = person.pushed(document("1"))
    answer = person.get("/settings/export")
    assert answer.headers["content-type"].startswith("application/zip")
    assert answer.headers["cache-control"] == "no-store"
    names = zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    assert made in names[0]
    assert names[-1] == "manifest.json"


def test_a_restore_on_a_chosen_computer(person: Person) -> None:
    first = person.pushed(document("1"), **from_desk())
    person.pushed(document("2"), deskside_base=first)
    path = "/settings/a.tws/restores"
    unknown = person.ask("POST", path, json={"workstation": LAPTOP.id, "snapshot": first})
    assert problem(unknown) == (404, "no-such-workstation")
    gone = person.ask("POST", path, json={"workstation": DESK.id, "snapshot": new_id()})
    assert problem(gone) == (404, "no-such-snapshot")
    made = person.ask("POST", path, json={"workstation": DESK.id, "snapshot": first})
    assert made.status_code == 201
    again = person.ask("POST", path, json={"workstation": DESK.id, "snapshot": "latest"}).json()
    (waiting,) = person.get(f"/restores?workstation={DESK.id}").json()["restores"]
    assert waiting == again
    assert (waiting["workspace"], waiting["state"]) == ("a.tws", "waiting")
    states = [each["state"] for each in person.get("/restores").json()["restores"]]
    assert states == ["waiting", "cancelled"]
    told = {"result": "refused", "detail": "TWS runs"}
    for _again in range(2):
        settled = person.ask("POST", f"/restores/{again['id']}/result", json=told)
        assert (settled.json()["state"], settled.json()["detail"]) == ("refused", "TWS runs")
    late = person.ask("POST", f"/restores/{again['id']}/result", json={"result": "done"})
    assert problem(late) == (409, "restore-settled")
    assert problem(person.ask("DELETE", f"/restores/{again['id']}")) == (409, "restore-settled")
    assert person.get(f"/restores?workstation={DESK.id}").json() == {"restores": []}


def test_a_request_may_be_taken_back_and_goes_with_its_snapshot(person: Person) -> None:
    first = person.pushed(document("1"), **from_desk())
    wish = {"workstation": DESK.id, "snapshot": first}
    one = person.ask("POST", "/settings/a.tws/restores", json=wish).json()["id"]
    assert person.ask("DELETE", f"/restores/{one}").json()["state"] == "cancelled"
    person.ask("POST", "/settings/a.tws/restores", json=wish)
    person.ask("DELETE", f"/settings/a.tws/snapshots/{first}")
    states = [each["state"] for each in person.get("/restores").json()["restores"]]
    assert states == ["cancelled", "cancelled"]


@pytest.mark.parametrize(
    "body",
    [
        {"result": "perhaps"},
        {"result": "cancelled"},
        {"result": "done", "detail": "two\nlines"},
        {"result": "done", "detail": "x" * 301},
        {"detail": "nothing"},
        {"result": "done", "more": 1},
    ],
)
def test_results_that_say_nothing(person: Person, body: dict[str, Any]) -> None:
    first = person.pushed(document("1"), **from_desk())
    wish = {"workstation": DESK.id, "snapshot": first}
    made = person.ask("POST", "/settings/a.tws/restores", json=wish).json()["id"]
    assert person.ask("POST", f"/restores/{made}/result", json=body).status_code == 400
    assert len(person.get(f"/restores?workstation={DESK.id}").json()["restores"]) == 1


def test_sealed_end_to_end(person: Person) -> None:
    assert person.get("/settings-encryption").json() == {"recipient": None, "since": None}
    plain = person.pushed(document("1"))
    chosen = person.ask("PUT", "/settings-encryption", json={"recipient": RECIPIENT}).json()
    assert chosen["recipient"] == RECIPIENT
    assert person.get("/settings-encryption").json() == chosen
    again = {"recipient": RECIPIENT, "since": "2020-01-01T00:00:00Z"}
    assert person.ask("PUT", "/settings-encryption", json=again).json() == chosen
    refused = person.push(document("2"), deskside_base=plain)
    assert problem(refused) == (409, "settings-must-be-sealed")
    not_so = person.push(document("2"), deskside_base=plain, deskside_format="2")
    assert problem(not_so) == (409, "settings-not-sealed")
    made = person.pushed(sealed("2"), deskside_base=plain, deskside_format="2")
    path = f"/settings/a.tws/snapshots/{made}"
    for headers in ({}, {"deskside-accept-format": "1"}):
        assert problem(person.get(path, headers=headers)) == (409, "settings-format-newer")
    got = person.get(path, headers={"deskside-accept-format": "2"})
    assert got.content == sealed("2")
    assert got.headers["deskside-format"] == "2"
    assert person.get(f"/settings/a.tws/snapshots/{plain}").content == document("1")
    none = person.ask("PUT", "/settings-encryption", json={"recipient": None}).json()
    assert none == {"recipient": None, "since": None}
    assert person.push(document("3"), deskside_base=made).status_code == 200


@pytest.mark.parametrize(
    "content",
    [
        b"age-encryption.org/v1\n",
        sealed("")[:-30],
        sealed("").replace(b"-> X25519", b"<- X25519"),
        sealed("").replace(b"/v1", b"/v2"),
        opaque("x"),
        document(),
        b"",
    ],
)
def test_what_says_that_it_is_sealed_must_be_so(person: Person, content: bytes) -> None:
    refused = person.push(content, deskside_format="2")
    assert problem(refused) == (409, "settings-not-sealed")
    assert person.push(sealed("x")).status_code == 409, "nor is a sealed one taken for plain"


@pytest.mark.parametrize(
    "recipient", ["age1", RECIPIENT[:-1] + "q", "AGE-SECRET-KEY-1", "ssh-rsa x"]
)
def test_what_is_no_recipient(person: Person, recipient: str) -> None:
    refused = person.ask("PUT", "/settings-encryption", json={"recipient": recipient})
    assert problem(refused) == (400, "wrong-recipient")


def test_busy_says_when_to_come_back(
    person: Person, store: SettingsStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_arguments: object, **_more: object) -> None:
        raise Unavailable("database-busy", "The database is busy; nothing was changed.")

    monkeypatch.setattr(store, "push", busy)
    answer = person.push(document("1"))
    assert problem(answer) == (503, "database-busy")
    assert int(answer.headers["retry-after"]) > 0


def test_the_description_names_headers_and_problems(client: TestClient) -> None:
    described = client.get("/api/v1/openapi.json").json()
    push = described["paths"]["/api/v1/me/settings/{workspace}/snapshots"]["post"]
    names = {each["name"] for each in push["parameters"]}
    assert {"deskside-sha256", "deskside-base", "deskside-format"} <= names
    assert {"deskside-workstation", "deskside-workstation-name", "deskside-note"} <= names
    assert "settings-conflict" in push["responses"]["409"]["description"]
