"""The portal's pages of settings: what each shows, does and refuses, for whoever asks."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from litestar.testing import TestClient

from deskside.foundation.audit.service import Audit
from deskside.foundation.clock import SystemClock
from deskside.foundation.database import Database, new_id
from deskside.foundation.keyring import Keyring
from deskside.web.middleware import SESSION_COOKIE
from deskside.web.model import NavigationItem, Resolved, Visitor
from deskside.web.service import Shell
from deskside.web.shell import build_app
from deskside.workspace.pages import portal_pages
from deskside.workspace.portal_store.model import SEALED_FORMAT, WorkstationName
from deskside.workspace.service import SettingsStore

from .conftest import SAMPLE, document
from .stored_settings import DESK, LAPTOP, NAME, RECIPIENT, opaque, sealed

CONTENT = SAMPLE.read_bytes()
OPENED = CONTENT.replace(b'allowOnlyLocalhost="true"', b'allowOnlyLocalhost="false"')
BASE = f"/settings/{NAME}"


def resolve(token: str, _address: str) -> Resolved | None:
    """Every token of the length of an id is the session of the user of that id."""
    known = len(token) == 26
    return (
        Resolved(Visitor(token, "rossi", "Anna Rossi", frozenset(), "session")) if known else None
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SettingsStore]:
    folder = tmp_path_factory.mktemp("portal")
    database, clock = Database.open(folder / "deskside.sqlite3"), SystemClock()
    database.migrate()
    yield SettingsStore(database, Keyring.open(database, folder / "keys"), clock, Audit(clock))
    database.close()


@pytest.fixture(scope="module")
def client(store: SettingsStore) -> Iterator[TestClient]:
    shell = Shell(["deskside.workspace"], [NavigationItem("/settings", "Settings")])
    services = {"settings_store": store}
    app = build_app(shell, portal_pages(), dependencies=services, resolve=resolve)
    with TestClient(app, base_url="http://127.0.0.1") as opened:
        yield opened


class Person:
    """Somebody in front of a browser, with settings of their own."""

    def __init__(self, client: TestClient, store: SettingsStore) -> None:
        self.client, self.store, self.id = client, store, new_id()

    def ask(self, method: str, path: str, **more: Any) -> Any:
        headers = {"cookie": f"{SESSION_COOKIE}={self.id}"} | more.pop("headers", {})
        return self.client.request(method, path, headers=headers, **more)

    def get(self, path: str, **more: Any) -> Any:
        return self.ask("GET", path, **more)

    def read(self, path: str, **more: Any) -> str:
        """What a person reads on a page."""
        answer = self.get(path, **more)
        assert answer.status_code == 200, answer.text
        return text(answer.text)

    def post(self, path: str, **more: Any) -> Any:
        headers = {"sec-fetch-site": "same-origin"} | more.pop("headers", {})
        data = more.pop("data", {"x": "y"})
        sent = {"data": data, "headers": headers, "follow_redirects": False}
        answer = self.ask("POST", path, **sent, **more)
        return self.get(answer.headers["location"]) if answer.status_code == 303 else answer

    def push(
        self, content: bytes, note: str = "", *, at: WorkstationName = DESK, form: int = 1
    ) -> str:
        listed = self.store.workspaces(self.id)
        base = listed[0].latest.id if listed and listed[0].latest else ""
        named: dict[str, Any] = {"note": note, "workstation": at, "stated_format": form}
        return self.store.push(self.id, NAME, content, base=base, **named).snapshot.id

    def ids(self) -> list[str]:
        return [one.id for one in self.store.snapshots(self.id, NAME)]


def text(page: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", page)))


@pytest.fixture
def person(client: TestClient, store: SettingsStore) -> Person:
    return Person(client, store)


@pytest.fixture
def stranger(client: TestClient, store: SettingsStore) -> Person:
    return Person(client, store)


def test_nothing_yet(person: Person) -> None:
    page = person.read("/settings")
    assert "Nothing stored yet" in page
    assert "deskside settings push" in page


def test_the_overview_names_what_a_person_knows(person: Person) -> None:
    person.push(CONTENT, "first day")
    page = person.read("/settings")
    assert "Trader Workstation, user folder darykq" in page
    assert "first day" in page
    assert "1 snapshot" in page
    assert DESK.name in page
    assert "of 500 MB" in page
    assert "Sealed in the database of this desk" in page
    links = person.get("/settings").text
    assert '<a href="/account">Secure Login System</a>' in links
    assert all(f'href="/kb/{number}"' in links for number in (2323, 2282, 2320, 3146))


def test_end_to_end_sealed_says_what_can_be_shown_and_why_not_the_rest(person: Person) -> None:
    person.store.encryption.set(person.id, RECIPIENT)
    old = person.push(sealed("a"), form=SEALED_FORMAT)
    new = person.push(sealed("b"), form=SEALED_FORMAT)
    assert "only a computer that has your key can" in person.read("/settings")
    page = person.read(f"{BASE}/compare?old={old}&new={new}")
    assert "the portal cannot read what is in them" in page
    assert "Their contents differ" in page
    assert "deskside settings diff" in page
    waiting = person.read(f"{BASE}/{old}/restore?workstation={DESK.id}")
    assert "cannot read" in waiting
    assert "Ask this computer to restore" in waiting


def test_the_time_line_pins_and_downloads(person: Person) -> None:
    first, second = person.push(CONTENT, "first"), person.push(OPENED, "second", at=LAPTOP)
    page = person.read(BASE)
    assert "Today" in page
    assert "laptop" in page
    pinned = person.post(f"{BASE}/{first}/pin", data={"pinned": "1"})
    assert "kept for ever" in text(pinned.text)
    assert person.store.get(person.id, NAME, first)[0].pinned
    person.post(f"{BASE}/{first}/pin", data={"pinned": ""})
    assert not person.store.get(person.id, NAME, first)[0].pinned
    file = person.get(f"{BASE}/{second}")
    assert file.content == OPENED
    assert ".xml" in file.headers["content-disposition"]
    choosing = person.get(f"{BASE}?choose=1").text
    assert choosing.count('type="radio"') == 4
    assert f'value="{first}" checked' in choosing


def test_a_long_history_has_pages(person: Person) -> None:
    for number in range(22):
        person.push(document(f"n{number}"), f"save {number}.")
    assert "save 1." not in person.read(BASE)
    assert "save 1." in person.read(f"{BASE}?page=2")
    assert "save 1." in person.read(f"{BASE}?page=99")
    assert "save 1." in person.read(f"{BASE}?choose=1")


def test_what_changed_is_said_in_words_safety_first(person: Person) -> None:
    person.push(CONTENT)
    person.push(OPENED.replace(b'tipIndex="-1"', b'tipIndex="4"'))
    page = person.read(f"{BASE}/compare")
    assert "Any computer that reaches this one may connect" in page
    assert "less protection" in page
    assert page.index("Bears on safety") < page.index("Choose two others") + 10_000
    everything = person.read(f"{BASE}/compare?everything=1")
    assert "Leave them out" in everything


def test_the_first_snapshot_has_nothing_before_it(person: Person) -> None:
    person.push(CONTENT)
    assert "No difference." in person.read(f"{BASE}/compare")


def test_what_the_program_encrypted_says_what_can_be_done(person: Person) -> None:
    person.push(opaque("a"))
    person.push(opaque("b"))
    page = person.read(f"{BASE}/compare")
    assert "What changed cannot be shown" in page
    assert "Save Decrypted Settings As" in page


def test_more_lines_than_anybody_reads_are_cut(person: Person) -> None:
    rows = "".join(f'<Column varName="c{n}" label="{{0}}{n}"/>' for n in range(700))
    person.push(document(rows.replace("{0}", "a")))
    person.push(document(rows.replace("{0}", "b")))
    page = person.read(f"{BASE}/compare")
    assert "Show all lines" in page
    assert "Show all lines" not in person.read(f"{BASE}/compare?whole=1")


def test_a_restore_is_asked_for_looked_at_and_taken_back(person: Person) -> None:
    opened, _closed = person.push(OPENED), person.push(CONTENT)
    choose = person.read(f"{BASE}/{opened}/restore")
    assert "Which computer?" in choose
    assert "Last seen" in choose
    look = person.read(f"{BASE}/{opened}/restore?workstation={DESK.id}")
    assert "Look at this first" in look
    assert "Any computer that reaches this one" in look
    assert person.store.restores.listed(person.id) == []
    asked = person.post(f"{BASE}/{opened}/restore", data={"workstation": DESK.id})
    assert "at its next start" in text(asked.text)
    (waiting,) = person.store.restores.listed(person.id, DESK.id)
    assert waiting.snapshot == opened
    assert "deskside settings pull --requested" in person.read("/settings")
    again = person.read(f"{BASE}/{opened}/restore?workstation={DESK.id}")
    assert "This one takes its place" in again
    back = person.post(f"/settings/restores/{waiting.id}/cancel")
    assert "taken back" in text(back.text)
    assert person.store.restores.listed(person.id, DESK.id) == []
    late = person.post(f"/settings/restores/{waiting.id}/cancel")
    assert late.status_code in (200, 303)


def test_a_computer_that_nobody_has_is_not_asked(person: Person) -> None:
    only = person.push(CONTENT)
    wrong = person.get(f"{BASE}/{only}/restore?workstation=nobody")
    assert wrong.status_code == 400
    assert "Choose one of your computers" in text(wrong.text)
    assert person.post(f"{BASE}/{only}/restore", data={"workstation": "x" * 26}).status_code == 404


def test_a_computer_that_has_sent_nothing_of_this_workspace(person: Person) -> None:
    only = person.push(CONTENT)
    person.store.push(person.id, "other.tws", CONTENT, workstation=LAPTOP)
    page = person.read(f"{BASE}/{only}/restore?workstation={LAPTOP.id}")
    assert "the portal cannot say what changes there" in page
    same = person.read(f"{BASE}/{only}/restore?workstation={DESK.id}")
    assert "the same, byte for byte" in same


def test_a_snapshot_goes_only_when_that_is_confirmed(person: Person) -> None:
    first, second = person.push(CONTENT), person.push(OPENED)
    page = person.read(f"{BASE}/{second}/delete")
    assert "Nobody can bring it back" in page
    unsure = person.post(f"{BASE}/{second}/delete", data={"sure": ""})
    assert unsure.status_code == 400
    assert "Tick the box" in unsure.text
    assert person.ids() == [second, first]
    done = person.post(f"{BASE}/{second}/delete", data={"sure": "1"})
    assert "deleted for good" in text(done.text)
    assert person.ids() == [first]
    last = person.post(f"{BASE}/{first}/delete", data={"sure": "1"})
    assert "0 snapshots" in text(last.text)
    assert person.ids() == []
    assert person.get(f"{BASE}/compare").status_code == 404


def test_a_workspace_goes_only_when_that_is_confirmed(person: Person) -> None:
    person.push(CONTENT)
    assert "pinned snapshots too" in person.read(f"{BASE}/delete")
    assert person.post(f"{BASE}/delete").status_code == 400
    assert person.store.workspaces(person.id)
    done = person.post(f"{BASE}/delete", data={"sure": "1"})
    assert "whole history were deleted" in text(done.text)
    assert person.store.workspaces(person.id) == []


def test_everything_goes_only_when_the_user_name_was_typed(
    person: Person, stranger: Person
) -> None:
    person.push(CONTENT)
    stranger.push(CONTENT)
    assert "Type rossi to confirm" in person.read("/settings/delete")
    wrong = person.post("/settings/delete", data={"name": "bianchi"})
    assert wrong.status_code == 400
    assert person.store.workspaces(person.id)
    done = person.post("/settings/delete", data={"name": " Rossi "})
    assert "Everything that the portal kept" in text(done.text)
    assert person.store.workspaces(person.id) == []
    assert person.store.workstations(person.id) == []
    assert stranger.ids()


def test_everything_is_exported(person: Person) -> None:
    person.push(CONTENT)
    answer = person.post("/settings/export")
    names = zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    assert names[-1] == "manifest.json"
    assert any(name.startswith(NAME) for name in names)
    assert person.get("/settings/export").status_code in (404, 405)


@pytest.mark.parametrize(
    ("case", "command"),
    [
        ("computer", "deskside settings pull --user darykq"),
        ("user", "deskside settings transfer darykq --output settings.xml"),
        ("paper", "--map U1234567=DU1234567"),
        ("running", "deskside settings export SNAPSHOT settings.xml"),
    ],
)
def test_the_wizard_gives_the_commands(person: Person, case: str, command: str) -> None:
    person.push(CONTENT)
    assert "What do you want to bring where?" in person.read("/settings/transfer")
    assert command in person.read(f"/settings/transfer?case={case}&workspace={NAME}")


def test_the_wizard_for_somebody_who_has_nothing_here(person: Person) -> None:
    assert "--user USER" in person.read("/settings/transfer?case=computer")
    assert "What do you want" in person.read("/settings/transfer?case=nonsense")


def test_what_is_somebody_elses_does_not_exist(person: Person, stranger: Person) -> None:
    only = person.push(CONTENT)
    person.store.restores.request(person.id, NAME, DESK.id, only)
    (waiting,) = person.store.restores.listed(person.id)
    for path in ("", "/compare", f"/{only}", f"/{only}/restore", f"/{only}/delete", "/delete"):
        assert stranger.get(BASE + path).status_code == 404, path
    sure = {"sure": "1", "pinned": "1", "workstation": DESK.id}
    for path in (f"/{only}/restore", f"/{only}/delete", f"/{only}/pin", "/delete"):
        assert stranger.post(BASE + path, data=sure).status_code == 404, path
    assert stranger.post(f"/settings/restores/{waiting.id}/cancel").status_code == 404
    stranger.post("/settings/delete", data={"name": "rossi"})
    assert person.ids() == [only]
    assert person.store.restores.listed(person.id, DESK.id)


def test_whoever_is_not_logged_in_is_led_to_the_log_in(client: TestClient) -> None:
    for path in ("/settings", BASE, f"{BASE}/compare", f"{BASE}/delete", "/settings/transfer"):
        answer = client.get(path, follow_redirects=False)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/login")
    refused = client.post("/settings/delete", data={"name": "x"}, follow_redirects=False)
    assert refused.status_code in (303, 401)


def test_forms_of_other_sites_are_refused_and_looking_changes_nothing(person: Person) -> None:
    only = person.push(CONTENT)
    foreign = {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
    for path in (f"{BASE}/{only}/delete", f"{BASE}/delete", "/settings/delete", "/settings/export"):
        sent = person.post(path, data={"sure": "1", "name": "rossi"}, headers=foreign)
        assert sent.status_code == 403
    for path in (f"{BASE}/{only}/pin", f"/settings/restores/{only}/cancel"):
        assert person.get(path).status_code in (404, 405)
    assert person.ids() == [only]
