"""Push and pull between two computers and a portal, over real HTTP."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn
from click.testing import CliRunner

from deskside.foundation.audit.service import Audit
from deskside.foundation.clock import SystemClock
from deskside.foundation.database import Database
from deskside.foundation.errors import DesksideError
from deskside.foundation.keyring import Keyring
from deskside.foundation.portal_client import StoredSession, store_session
from deskside.web.model import NavigationItem, Resolved, Visitor
from deskside.web.service import Shell
from deskside.web.shell import build_app
from deskside.workspace.api import routes
from deskside.workspace.commands import settings
from deskside.workspace.pages import portal_pages
from deskside.workspace.service import SettingsStore

from .conftest import SAMPLE, USER, document


def resolve(token: str) -> Resolved | None:
    """Every token stands for a user of that name."""
    who = hashlib.sha256(token.encode()).hexdigest()[:26]
    return Resolved(Visitor(who, token, token, frozenset(), "session")) if token != "bad" else None


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One portal for all tests here; each test logs in as somebody else."""
    folder = tmp_path_factory.mktemp("portal")
    database, clock = Database.open(folder / "deskside.sqlite3"), SystemClock()
    database.migrate()
    store = SettingsStore(database, Keyring.open(database, folder / "keys"), clock, Audit(clock))
    shell = Shell(["deskside.workspace"], [NavigationItem("/settings", "Settings")])
    services = {"settings_store": store}
    app = build_app(shell, portal_pages(), api=routes(), dependencies=services, resolve=resolve)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, ws="none", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join()
    database.close()


@pytest.fixture
def token(request: pytest.FixtureRequest) -> str:
    """The session of a user of this test alone."""
    return hashlib.sha256(request.node.name.encode()).hexdigest()[:13]


class Computer:
    """A computer with TWS settings, logged in to the portal."""

    def __init__(self, folder: Path, portal: str, token: str, patch: pytest.MonkeyPatch) -> None:
        self._data, self._patch = folder / "data", patch
        self.live = folder / "Jts" / USER / "ibg.xml"
        self.live.parent.mkdir(parents=True)
        self.live.write_bytes(SAMPLE.read_bytes())
        with self._patch.context() as context:
            context.setenv("DESKSIDE_DATA", str(self._data))
            store_session(StoredSession(portal, token, "trader", "2030-01-01T00:00:00+00:00"))

    def run(self, *arguments: str) -> Any:
        """Run `deskside settings …` here; what it prints, or the code of its error."""
        place = ["--root", str(self.live.parent), "--json"]
        with self._patch.context() as context:
            context.setenv("DESKSIDE_DATA", str(self._data))
            result = CliRunner().invoke(settings, [*arguments, *place])
        if isinstance(result.exception, DesksideError):
            return result.exception.code
        assert result.exit_code == 0, result.exception
        return json.loads(result.stdout)


@pytest.fixture
def desk(tmp_path: Path, portal: str, token: str, monkeypatch: pytest.MonkeyPatch) -> Computer:
    return Computer(tmp_path / "desk", portal, token, monkeypatch)


@pytest.fixture
def laptop(tmp_path: Path, portal: str, token: str, monkeypatch: pytest.MonkeyPatch) -> Computer:
    return Computer(tmp_path / "laptop", portal, token, monkeypatch)


def test_settings_travel_from_one_computer_to_another(desk: Computer, laptop: Computer) -> None:
    desk.live.write_bytes(document("arranged at the desk"))
    assert desk.run("push")["changed"] is True
    assert desk.run("push")["changed"] is False
    assert laptop.run("pull", "--dry-run")["plan"]["steps"][0]["verb"] == "replace"
    assert laptop.live.read_bytes() == SAMPLE.read_bytes()
    assert laptop.run("pull", "--yes")["changed"] is True
    assert laptop.live.read_bytes() == document("arranged at the desk")
    assert laptop.run("pull", "--yes")["changed"] is False
    laptop.live.write_bytes(document("arranged on the way"))
    assert laptop.run("push")["changed"] is True
    assert desk.run("pull", "--yes")["changed"] is True
    assert desk.live.read_bytes() == document("arranged on the way")


def test_an_idle_computer_never_overwrites_newer_settings(desk: Computer, laptop: Computer) -> None:
    desk.live.write_bytes(document("the good ones"))
    desk.run("push")
    laptop.live.write_bytes(document("old and idle"))
    assert laptop.run("push") == "settings-conflict"
    held = [s["sha256"] for s in laptop.run("history")["snapshots"]]
    assert len(set(held)) == 2, "both are kept here"
    assert laptop.run("verify")["findings"][0]["code"] == "settings-ok"
    assert laptop.run("push") == "settings-conflict"
    assert laptop.run("pull", "--yes")["changed"] is True
    assert laptop.live.read_bytes() == document("the good ones")


def test_after_a_conflict_a_person_may_put_theirs_on_top(desk: Computer, laptop: Computer) -> None:
    desk.run("push")
    laptop.live.write_bytes(document("mine"))
    assert laptop.run("push") == "settings-conflict"
    assert laptop.run("push", "--keep-mine")["changed"] is True
    assert desk.run("pull", "--yes")["changed"] is True
    assert desk.live.read_bytes() == document("mine")


def test_pull_saves_what_is_there_first(desk: Computer, laptop: Computer) -> None:
    desk.run("push")
    laptop.live.write_bytes(document("never saved by hand"))
    pulled = laptop.run("pull", "--yes")
    laptop.run("restore", pulled["saved"], "--yes")
    assert laptop.live.read_bytes() == document("never saved by hand")


def test_pull_where_nothing_was_pushed(laptop: Computer) -> None:
    assert laptop.run("pull", "--yes") == "no-such-workspace"


def test_a_portal_that_is_gone(laptop: Computer, portal: str) -> None:
    with laptop._patch.context() as context:
        context.setenv("DESKSIDE_DATA", str(laptop._data))
        store_session(StoredSession("http://127.0.0.1:9", "ab", "trader", "2030"))
    assert laptop.run("push") == "portal-unreachable"


class Api:
    """The API by hand."""

    def __init__(self, portal: str, token: str) -> None:
        self.base = f"{portal}/api/v1/me/settings"
        self.headers = {"authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str = "") -> httpx2.Response:
        return httpx2.get(self.base + path, headers=self.headers)

    def push(self, name: str, content: bytes, **headers: str) -> httpx2.Response:
        sent = {k.replace("_", "-"): v for k, v in headers.items()} | self.headers
        return httpx2.post(f"{self.base}/{name}/snapshots", content=content, headers=sent)


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_the_api(portal: str, token: str) -> None:
    api, content = Api(portal, token), SAMPLE.read_bytes()
    made = api.push("darykq.ibg", content, deskside_sha256=sha(content), deskside_note="caff%C3%A8")
    assert made.status_code == 200
    assert made.json()["changed"] is True
    (workspace,) = api.get().json()["workspaces"]
    assert workspace["latest"]["id"] == made.json()["snapshot"]
    assert workspace["latest"]["note"] == "caffè"
    (listed,) = api.get("/darykq.ibg/snapshots").json()["snapshots"]
    got = api.get(f"/darykq.ibg/snapshots/{listed['id']}")
    assert got.content == content
    assert got.headers["content-type"].startswith("application/octet-stream")
    assert got.headers["cache-control"] == "no-store"


def test_what_the_api_refuses(portal: str, token: str) -> None:
    api, content = Api(portal, token), document()
    assert Api(portal, "").get().status_code == 401
    assert Api(portal, "bad").get().status_code == 401
    assert Api(portal, "").push("a.tws", content, deskside_sha256=sha(content)).status_code == 401
    assert api.push("a.tws", content).status_code == 400
    damaged = api.push("a.tws", content, deskside_sha256=sha(b"other"))
    assert (damaged.status_code, damaged.json()["type"]) == (400, "content-damaged")
    garbage = api.push("a.tws", b"garbage", deskside_sha256=sha(b"garbage"))
    assert (garbage.status_code, garbage.json()["type"]) == (409, "settings-not-xml")
    assert api.get("/a.tws/snapshots").status_code == 404
    api.push("a.tws", content, deskside_sha256=sha(content))
    other = document("2")
    conflict = api.push("a.tws", other, deskside_sha256=sha(other), deskside_base="stale")
    assert (conflict.status_code, conflict.json()["type"]) == (409, "settings-conflict")
    assert Api(portal, "stranger").get("/a.tws/snapshots").status_code == 404


def test_more_than_a_portal_takes(portal: str, token: str) -> None:
    content = b"IBGZENC\0" + bytes(64 * 1024 * 1024)
    assert (
        Api(portal, token).push("a.tws", content, deskside_sha256=sha(content)).status_code == 413
    )


def test_the_portal_page_shows_what_is_stored_and_lets_it_be_had(
    desk: Computer, portal: str, token: str
) -> None:
    desk.run("push")
    cookies = {"authorization": f"Bearer {token}"}
    page = httpx2.get(f"{portal}/settings", headers=cookies)
    assert page.status_code == 200
    assert "darykq.ibg" in page.text
    assert "225,057 bytes" in page.text
    link = page.text.split('href="/settings/darykq.ibg/')[1].split('"')[0]
    got = httpx2.get(f"{portal}/settings/darykq.ibg/{link}", headers=cookies)
    assert got.content == SAMPLE.read_bytes()
    assert "attachment" in got.headers["content-disposition"]
    whole = httpx2.get(f"{portal}/settings/darykq.ibg", headers=cookies)
    assert link in whole.text
    stranger = httpx2.get(f"{portal}/settings", headers={"authorization": "Bearer stranger"})
    assert "darykq" not in stranger.text
    assert httpx2.get(f"{portal}/settings").status_code == 303
