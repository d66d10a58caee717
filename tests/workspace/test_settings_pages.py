"""This computer's pages of settings: look back, save, restore by way of a plan, undo."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from litestar.testing import TestClient

from deskside.web.model import NavigationItem
from deskside.web.service import Shell
from deskside.web.shell import build_app
from deskside.workspace.model import Workspace
from deskside.workspace.pages import local_pages
from deskside.workspace.workstation import Workstation

from .conftest import SAMPLE, document


@pytest.fixture(scope="module")
def options() -> dict[str, str]:
    """What the person chose; the pages look here."""
    return {}


@pytest.fixture(scope="module")
def pages(options: dict[str, str]) -> TestClient:
    shell = Shell(["deskside.workspace"], [NavigationItem("/settings", "Settings")], local=True)
    services = {"local_options": options}
    app = build_app(shell, local_pages(), dependencies=services, hosts=("testserver.local",))
    return TestClient(app)


@pytest.fixture
def browser(pages: TestClient, options: dict[str, str], root: Path) -> TestClient:
    options["root"] = str(root)
    return pages


def fields(page: str, action: str) -> dict[str, str]:
    """The hidden fields of the last form with that action, which is the oldest snapshot's."""
    form = re.findall(rf'<form method="post" action="{action}".*?</form>', page, re.DOTALL)[-1]
    found = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form)
    return {name: unescape(value) for name, value in found}


def test_save_then_restore_by_way_of_a_plan(
    browser: TestClient, live: Path, here: Workstation, workspace: Workspace
) -> None:
    page = browser.get("/settings").text
    assert "No snapshot yet" in page
    saved = browser.post("/settings/save", data=fields(page, "/settings/save"))
    assert saved.status_code == 200
    assert "225,057 bytes" in saved.text
    live.write_bytes(document())
    browser.post("/settings/save", data=fields(page, "/settings/save"))
    page = browser.get("/settings").text
    plan = browser.post("/settings/restore", data=fields(page, "/settings/restore"))
    assert "replace" in plan.text
    assert str(live) in plan.text
    assert live.read_bytes() == document()
    done = browser.post("/settings/apply", data=fields(plan.text, "/settings/apply"))
    assert done.status_code == 200
    assert live.read_bytes() == SAMPLE.read_bytes()
    (change,) = here.engine().list()
    here.engine().undo(change.id)
    assert live.read_bytes() == document()


def test_a_plan_that_is_outdated_is_refused(
    browser: TestClient, live: Path, here: Workstation, workspace: Workspace
) -> None:
    here.save(workspace)
    live.write_bytes(document("seen"))
    page = browser.get("/settings").text
    plan = browser.post("/settings/restore", data=fields(page, "/settings/restore"))
    live.write_bytes(document("moved"))
    late = browser.post("/settings/apply", data=fields(plan.text, "/settings/apply"))
    assert late.status_code == 409
    assert live.read_bytes() == document("moved")


def test_what_is_already_so(browser: TestClient, here: Workstation, workspace: Workspace) -> None:
    here.save(workspace)
    page = browser.get("/settings").text
    same = browser.post("/settings/restore", data=fields(page, "/settings/restore"))
    assert same.status_code == 409
    assert "already so" in same.text


def test_damaged_settings_are_not_saved(browser: TestClient, live: Path) -> None:
    page = browser.get("/settings").text
    live.write_bytes(b"garbage")
    refused = browser.post("/settings/save", data=fields(page, "/settings/save"))
    assert refused.status_code == 409
    assert "no settings file" in refused.text


def test_forms_that_name_nothing(browser: TestClient) -> None:
    assert browser.post("/settings/save", data={"workspace": "x"}).status_code == 404
    assert browser.post("/settings/restore", data={"snapshot": "x"}).status_code == 404
    assert browser.post("/settings/save", json={"workspace": "x"}).status_code == 415


def test_a_computer_without_settings(
    pages: TestClient, options: dict[str, str], tmp_path: Path
) -> None:
    options["root"] = str(tmp_path / "nowhere")
    page = pages.get("/settings")
    assert page.status_code == 200
    assert "--root" in page.text
