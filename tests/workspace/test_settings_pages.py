"""This computer's pages of settings: look back, compare, restore by a plan, undo, transfer."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from litestar.testing import TestClient

from deskside.web.model import NavigationItem
from deskside.web.service import Shell
from deskside.web.shell import build_app
from deskside.workspace import restoring
from deskside.workspace.local_pages.shared import place_of
from deskside.workspace.model import Workspace
from deskside.workspace.pages import local_pages
from deskside.workspace.places.running import RunningProgram
from deskside.workspace.workstation import Workstation

from .conftest import SAMPLE, document
from .stored_settings import opaque

CONTENT = SAMPLE.read_bytes()
ACCOUNTED = CONTENT.replace(b"<ApiSettings ", b'<ApiSettings lastAccount="U1234567" ')
OPENED = CONTENT.replace(b'allowOnlyLocalhost="true"', b'allowOnlyLocalhost="false"')


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


@pytest.fixture
def base(browser: TestClient) -> str:
    """The address of the one workspace."""
    found = re.search(r'href="(/settings/[0-9a-f]{16})"', browser.get("/settings").text)
    assert found
    return found[1]


def fields(page: str, action: str) -> dict[str, str]:
    """What a form with that action would send as it stands."""
    form = re.findall(rf'<form[^>]*action="{re.escape(action)}".*?</form>', page, re.DOTALL)[-1]
    hidden = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form)
    selected = re.findall(
        r'<select[^>]*name="([^"]+)".*?<option value="([^"]*)" selected', form, re.DOTALL
    )
    return {name: unescape(value) for name, value in [*hidden, *selected]}


def text(page: str) -> str:
    """What a person reads."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", page)))


def test_save_then_restore_by_way_of_a_plan_then_undo(
    browser: TestClient, base: str, live: Path, here: Workstation, workspace: Workspace
) -> None:
    assert "No snapshot yet" in browser.get("/settings").text
    saved = browser.post(f"{base}/save", data={"note": "first day"})
    assert "Saved." in saved.text
    assert "first day" in saved.text
    live.write_bytes(document())
    assert "changed since the latest snapshot" in browser.get("/settings").text
    browser.post(f"{base}/save", data={"note-1": "second"})
    first = here.history.snapshots(workspace)[-1].id
    plan = browser.get(f"{base}/restore", params={"source": first}).text
    assert str(live) in plan
    assert live.read_bytes() == document()
    done = browser.post(f"{base}/restore", data=fields(plan, f"{base}/restore"))
    assert "Restored." in done.text
    assert live.read_bytes() == CONTENT
    undone = browser.post(f"{base}/undo", data=fields(done.text, f"{base}/undo"))
    assert "Taken back" in undone.text
    assert live.read_bytes() == document()
    twice = browser.post(f"{base}/undo", data=fields(done.text, f"{base}/undo"))
    assert twice.status_code == 404


def test_the_time_line_pins_and_gives_files(
    browser: TestClient, base: str, live: Path, here: Workstation, workspace: Workspace
) -> None:
    here.save(workspace, "noted")
    live.write_bytes(OPENED)
    here.save(workspace)
    page = browser.get(base).text
    assert "Today" in text(page)
    assert "noted" in page
    first = here.history.snapshots(workspace)[-1]
    pinned = browser.post(f"{base}/pin", data={"snapshot": first.id, "pinned": "1"})
    assert "kept for ever" in pinned.text
    assert here.history.snapshots(workspace)[-1].pinned
    browser.post(f"{base}/pin", data={"snapshot": first.id, "pinned": ""})
    assert not here.history.snapshots(workspace)[-1].pinned
    file = browser.get(f"{base}/{first.id}")
    assert file.content == CONTENT
    assert "attachment" in file.headers["content-disposition"]
    assert "Open without reporting problem" in browser.get(f"{base}/{first.id}/load").text
    choosing = browser.get(base, params={"choose": "1"}).text
    assert choosing.count('type="radio"') == 4
    assert browser.get(base, params={"page": "99"}).status_code == 200


def test_a_long_history_has_pages(
    browser: TestClient, base: str, live: Path, here: Workstation, workspace: Workspace
) -> None:
    for number in range(23):
        here.history.save(workspace, document(f"n{number}"), f"save {number}")
    assert "save 22" in browser.get(base).text
    assert "save 2<" not in browser.get(base).text
    second = browser.get(base, params={"page": "2"}).text
    assert "save 2<" in second
    assert "What changed" in second


def test_what_changed_is_said_in_words_safety_first(
    browser: TestClient, base: str, live: Path, here: Workstation, workspace: Workspace
) -> None:
    here.save(workspace)
    live.write_bytes(OPENED.replace(b'tipIndex="-1"', b'tipIndex="4"'))
    page = browser.get(f"{base}/compare").text
    assert "Bears on safety" in page
    assert "Any computer that reaches this one may connect" in page
    assert "less protection" in page
    assert "Now" in page
    more = browser.get(f"{base}/compare", params={"everything": "1"}).text
    assert "Leave them out" in more
    part = browser.get(f"{base}/compare", params={"part": "hot-keys"}).text
    assert "No difference." in part


def test_a_sealed_file_says_why_it_cannot_be_compared(
    browser: TestClient, base: str, live: Path, here: Workstation, workspace: Workspace
) -> None:
    here.save(workspace)
    live.write_bytes(opaque("x"))
    page = text(browser.get(f"{base}/compare").text)
    assert "What changed cannot be shown" in page
    assert "Save Decrypted Settings As" in page


def test_one_part_alone_with_its_safety(
    browser: TestClient, base: str, live: Path, here: Workstation, workspace: Workspace
) -> None:
    live.write_bytes(OPENED)
    opened = here.save(workspace).snapshot.id
    live.write_bytes(CONTENT.replace(b'tipIndex="-1"', b'tipIndex="4"'))
    page = browser.get(f"{base}/restore", params={"source": opened, "part": "api"}).text
    assert "Look at this first" in page
    assert "API settings" in page
    browser.post(f"{base}/restore", data=fields(page, f"{base}/restore"))
    now = live.read_bytes()
    assert b'allowOnlyLocalhost="false"' in now
    assert b'tipIndex="4"' in now


def test_a_plan_that_is_outdated_is_refused(
    browser: TestClient, base: str, live: Path, here: Workstation, workspace: Workspace
) -> None:
    here.save(workspace)
    live.write_bytes(document("seen"))
    plan = browser.get(f"{base}/restore").text
    live.write_bytes(document("moved"))
    late = browser.post(f"{base}/restore", data=fields(plan, f"{base}/restore"))
    assert late.status_code == 409
    blind = browser.post(f"{base}/restore", data={"source": "latest", "seen": ""})
    assert blind.status_code == 409
    assert live.read_bytes() == document("moved")


def test_a_source_that_moved_since_it_was_shown_is_refused(
    browser: TestClient, base: str, live: Path, tmp_path: Path
) -> None:
    other = tmp_path / "kept.xml"
    other.write_bytes(CONTENT.replace(b'tipIndex="-1"', b'tipIndex="4"'))
    plan = browser.get(f"{base}/restore", params={"source": str(other)}).text
    other.write_bytes(OPENED)
    late = browser.post(f"{base}/restore", data=fields(plan, f"{base}/restore"))
    assert late.status_code == 409
    assert live.read_bytes() == CONTENT


def test_what_is_already_so(
    browser: TestClient, base: str, here: Workstation, workspace: Workspace
) -> None:
    here.save(workspace)
    assert "already so" in browser.get(f"{base}/restore").text
    same = browser.post(f"{base}/restore", data={"source": "latest"})
    assert same.status_code == 409


def test_a_running_program_keeps_the_button_shut(
    browser: TestClient,
    base: str,
    live: Path,
    here: Workstation,
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from deskside.foundation.clock import SystemClock

    here.save(workspace)
    live.write_bytes(OPENED)
    holds = RunningProgram("IB Gateway", 4711, SystemClock().now(), certain=True)
    monkeypatch.setattr(restoring, "programs", lambda _workspace: (holds,))
    snapshot = here.history.snapshots(workspace)[0].id
    page = browser.get(f"{base}/restore", params={"source": snapshot}).text
    assert "IB Gateway is running (process 4711)" in page
    assert re.search(r'<button[^>]*type="submit" disabled', page)
    assert f"{base}/{snapshot}/load" in page
    forced = browser.post(f"{base}/restore", data=fields(page, f"{base}/restore"))
    assert forced.status_code == 409
    assert live.read_bytes() == OPENED
    assert "the program is running" in browser.get("/settings").text


def test_older_copies_are_found_compared_and_brought_in(
    browser: TestClient, base: str, live: Path, here: Workstation, workspace: Workspace
) -> None:
    here.save(workspace)
    copy = live.with_name("ibg.20210101.xml")
    copy.write_bytes(OPENED)
    page = browser.get(f"{base}/backups").text
    assert copy.name in page
    assert "not in the history" in page
    assert "Bears on safety" in browser.get(f"{base}/compare", params={"old": str(copy)}).text
    done = browser.post(f"{base}/backups", data={"folder": ""})
    assert "1 older copy is in the history now" in done.text
    assert any(one.origin == copy.name for one in here.history.snapshots(workspace))
    again = browser.post(f"{base}/backups", data={"folder": ""})
    assert "nothing new" in again.text
    lost = browser.get(f"{base}/backups", params={"folder": "/no/such/place"})
    assert lost.status_code == 400
    assert "There is no folder or file" in lost.text


def test_the_checks_are_shown_with_their_articles(
    browser: TestClient, live: Path, here: Workstation, workspace: Workspace
) -> None:
    here.save(workspace)
    live.write_bytes(OPENED)
    page = browser.get("/settings/check").text
    assert "api-open-to-network" in page
    assert "/kb/2323#api-open-to-network" in page


@pytest.fixture
def paper(root: Path) -> Path:
    """The settings of another user of this computer."""
    file = root / ("p" * 40) / "ibg.xml"
    file.parent.mkdir()
    file.write_bytes(ACCOUNTED.replace(b"U1234567", b"DU7654321"))
    return file


def test_transfer_lists_what_is_bound_then_plans_then_applies(
    browser: TestClient, base: str, live: Path, paper: Path
) -> None:
    live.write_bytes(ACCOUNTED.replace(b'tipIndex="-1"', b'tipIndex="4"'))
    mine, theirs = place_of(Workspace(live)), place_of(Workspace(paper))
    first = {"source": mine, "target": theirs, "file": ""}
    assert "Whose settings?" in browser.get("/settings/transfer").text
    bound = browser.post("/settings/transfer/bound", data=first).text
    assert "Account numbers" in bound
    assert "U1234567" in bound
    answers = fields(bound, "/settings/transfer/plan") | {"new-0": "DU1111111"}
    assert answers["treat-account-number"] == "map"
    plan = browser.post("/settings/transfer/plan", data=answers).text
    assert str(paper) in plan
    applied = fields(plan, "/settings/transfer/apply")
    assert applied["new-0"] == "DU1111111"
    changed = browser.post("/settings/transfer/apply", data=applied | {"new-0": "DU2222222"})
    assert changed.status_code == 409
    done = browser.post("/settings/transfer/apply", data=applied)
    assert "Undo the restore" in done.text
    now = paper.read_bytes()
    assert b"DU1111111" in now
    assert b'"U1234567"' not in now
    assert b'tipIndex="4"' in now


def test_transfer_into_a_file_for_somebody_elsewhere(
    browser: TestClient, base: str, live: Path
) -> None:
    live.write_bytes(ACCOUNTED)
    first = {"source": place_of(Workspace(live)), "target": "file", "file": ""}
    plan = browser.post("/settings/transfer/plan", data=first).text
    file = browser.post("/settings/transfer/file", data=fields(plan, "/settings/transfer/file"))
    assert b"U1234567" not in file.content
    assert "attachment" in file.headers["content-disposition"]
    assert browser.post("/settings/transfer/apply", data=first).status_code in (400, 422)
    assert live.read_bytes() == ACCOUNTED


def test_transfer_says_what_is_wrong_with_an_answer(
    browser: TestClient, base: str, live: Path, paper: Path, tmp_path: Path
) -> None:
    mine = place_of(Workspace(live))
    same = browser.post("/settings/transfer/bound", data={"source": mine, "target": mine})
    assert same.status_code == 400
    assert "not the same" in same.text
    for file in ("", str(tmp_path / "missing.xml")):
        asked = {"source": "file", "file": file, "target": mine}
        wrong = browser.post("/settings/transfer/bound", data=asked)
        assert wrong.status_code == 400
        assert "There is a problem" in wrong.text
    sealed = {"source": mine, "target": place_of(Workspace(paper))}
    paper.write_bytes(opaque("x"))
    page = text(browser.post("/settings/transfer/plan", data=sealed).text)
    assert "cannot be changed from here" in page
    assert "Download the file" in page


def test_damaged_settings_are_not_saved_and_the_history_is_named(
    browser: TestClient, base: str, live: Path, here: Workstation, workspace: Workspace
) -> None:
    here.save(workspace)
    live.write_bytes(CONTENT[:1000])
    overview = text(browser.get("/settings").text)
    assert "damaged" in overview
    assert "Nothing is lost" in overview
    refused = browser.post(f"{base}/save", data={"note": ""})
    assert refused.status_code == 409
    assert "history holds" in text(refused.text)


def test_addresses_and_forms_that_name_nothing(browser: TestClient, base: str) -> None:
    nowhere = "/settings/0123456789abcdef"
    for path in ("", "/restore", "/compare", "/backups", "/x", "/x/load"):
        assert browser.get(nowhere + path).status_code == 404
    for path in ("/save", "/restore", "/undo", "/pin", "/backups"):
        assert browser.post(nowhere + path, data={"x": "y"}).status_code == 404
    assert browser.get(f"{base}/nothing").status_code == 404
    assert browser.get(f"{base}/compare", params={"old": "nothing"}).status_code == 404
    assert browser.post(f"{base}/save", json={"note": "x"}).status_code == 415


def test_nothing_is_changed_by_looking(browser: TestClient, base: str, live: Path) -> None:
    for path in ("/save", "/undo", "/pin"):
        assert browser.get(base + path).status_code in (404, 405)
    for path in ("bound", "plan", "apply", "file"):
        assert browser.get(f"/settings/transfer/{path}").status_code in (404, 405)
    assert live.read_bytes() == CONTENT


def test_forms_of_other_sites_are_refused(browser: TestClient, base: str) -> None:
    foreign = {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
    for path in (f"{base}/save", f"{base}/restore", "/settings/transfer/apply"):
        assert browser.post(path, data={"note": "x"}, headers=foreign).status_code == 403


def test_a_computer_without_settings(
    pages: TestClient, options: dict[str, str], tmp_path: Path
) -> None:
    options["root"] = str(tmp_path / "nowhere")
    page = pages.get("/settings")
    assert page.status_code == 200
    assert "--root" in page.text
