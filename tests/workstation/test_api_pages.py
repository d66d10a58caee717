"""The pages of API components, over real HTTP and without scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

from deskside.knowledge.service import Library
from deskside.local import local_app
from deskside.web.service import Shell
from deskside.web.shell import build_app
from deskside.workstation.api_components import portal_pages
from deskside.workstation.api_components.catalogue import NOTES, packages
from tests.local.conftest import Browser, Open, enter, serve, threads
from tests.local.test_pages import send

from .api_packages import package
from .archives import KINDS

__all__ = ["serve", "threads"]

Visit = Callable[[str], Browser]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def browser(serve: Open, home: Path) -> Browser:
    server, made = serve(local_app({"home": str(home)}, Library.open()))
    enter(server, made, "/api-components")
    made.follow_redirects = True
    return made


def test_a_hostile_package_is_explained(browser: Browser, home: Path, tmp_path: Path) -> None:
    file = tmp_path / "twsapi_macunix.1051.01.zip"
    file.write_bytes(KINDS["traversal"][1]())
    shown = browser.get("/api-components/install", params={"file": str(file)})
    assert "path-traversal" in shown.text
    assert "IBJts/../../evil.txt" in shown.text
    assert list(home.iterdir()) == []


def test_install_wants_the_tick(browser: Browser, home: Path, tmp_path: Path) -> None:
    file = package(tmp_path)
    shown = browser.get("/api-components/install", params={"file": str(file)})
    refused = send(browser, shown, "/install", licence="")
    assert refused.status_code == 409
    assert list(home.iterdir()) == []


def test_install_use_remove_undo(browser: Browser, home: Path, tmp_path: Path) -> None:
    for version in ("10.50.02", "10.51.01"):
        file = package(tmp_path, version)
        shown = browser.get("/api-components/install", params={"file": str(file)})
        assert "GNU General Public License" in shown.text
        done = send(browser, shown, "/install")
        assert done.status_code == 200
        assert version in done.text
    told = home / "IBJts" / "API_VersionNum.txt"
    assert "10.51.01" in told.read_text()
    done = send(browser, done, "/10.50.02/use")
    assert "10.50.02" in told.read_text()
    assert browser.get("/api-components/check").status_code == 200
    shown = browser.get("/api-components/10.50.02/remove")
    done = send(browser, shown, "/remove")
    assert not (home / "IBJts-versions/10.50.02").exists()
    send(browser, done, "/undo")
    assert "10.50.02" in told.read_text()


def test_a_plan_that_was_not_shown_is_refused(browser: Browser, home: Path, tmp_path: Path) -> None:
    shown = browser.get("/api-components/install", params={"file": str(package(tmp_path))})
    (home / "IBJts").mkdir()
    assert send(browser, shown, "/install").status_code == 409
    assert [path.name for path in home.iterdir()] == ["IBJts"]


# The portal.


@pytest.fixture
def portal() -> Iterator[TestClient[Any]]:
    shell = Shell(["deskside.workstation"], [])
    app = build_app(shell, portal_pages.portal_pages(), hosts=("testserver.local",))
    with TestClient(app) as opened:
        yield opened


@pytest.mark.parametrize(
    ("browser", "system"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/140", "Linux"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Safari/605", "macOS"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Firefox/140", "Windows"),
        ("curl/8", "Windows"),
        ("", "Windows"),
    ],
)
def test_the_portal_shows_what_fits_the_visitor(
    portal: TestClient[Any], browser: str, system: str
) -> None:
    shown = portal.get("/api-components", headers={"user-agent": browser}).text
    assert f'aria-current="page">{system}<' in shown
    newest = next(one for one in packages() if one.channel == "latest")
    assert (newest.url in shown) is (system.lower() in newest.systems)
    assert ("installers only" in shown) is (system == "Windows")


def test_the_visitor_may_name_another_system(portal: TestClient[Any]) -> None:
    assert "TWS API Install 1050.02.msi" in portal.get("/api-components?system=windows").text
    assert "installers only" not in portal.get("/api-components?system=linux").text
    assert portal.get("/api-components?system=<b>").status_code == 200


def test_every_note_of_the_catalogue_is_translated() -> None:
    assert {one.note for one in packages() if one.note} == set(NOTES)
