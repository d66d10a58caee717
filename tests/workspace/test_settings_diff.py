"""`deskside settings diff` as a person and as a script see it; dangers in `verify`."""

from __future__ import annotations

import json
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from deskside.foundation.errors import DesksideError
from deskside.workspace.commands import settings
from deskside.workspace.document.difference import difference
from deskside.workspace.document.rendering_terminal import render_difference

from .conftest import SAMPLE, USER, document

REAL = SAMPLE.read_bytes()
OPEN = REAL.replace(b'allowOnlyLocalhost="true"', b'allowOnlyLocalhost="false"')


def run(*arguments: str) -> Result:
    return CliRunner().invoke(settings, ["diff", *arguments])


def data(*arguments: str) -> Any:
    return json.loads(run(*arguments, "--json").stdout)


def code(*arguments: str) -> str:
    error = run(*arguments).exception
    assert isinstance(error, DesksideError), error
    return error.code


def saved(root: Path) -> str:
    result = CliRunner().invoke(settings, ["save", "--root", str(root), "--json"])
    return str(json.loads(result.stdout)["snapshot"])


def test_latest_against_now(root: Path, live: Path) -> None:
    place = ["--root", str(root)]
    assert code(*place) == "no-such-snapshot"
    saved(root)
    same = run(*place)
    assert same.exit_code == 0
    assert same.stdout.endswith("No difference.\n")
    live.write_bytes(OPEN)
    found = run(*place)
    assert found.exit_code == 1
    assert "Look at this first" in found.stdout
    assert "~ Allow connections from localhost only: on → off" in found.stdout
    assert "Any computer that reaches this one may connect" in found.stdout


def test_the_document_for_scripts(root: Path, live: Path) -> None:
    first = saved(root)
    live.write_bytes(OPEN.replace(b'filterRfq="true"', b'filterRfq="false"'))
    second = saved(root)
    found = data(first, second)
    assert set(found) == {"changes", "hidden", "safety"}
    assert [c["path"] for c in found["changes"]] == [["Orders"], ["API"]]
    (safety,) = found["safety"]
    assert (safety["code"], safety["loosens"]) == ("api-open-to-network", True)
    assert (safety["old"], safety["new"], safety["kind"]) == ("true", "false", "changed")
    assert data(second, first)["safety"][0]["loosens"] is False
    assert len(data(first, second, "--part", "api")["changes"]) == 1
    assert data(first)["changes"] == found["changes"]


def test_files_and_snapshots(root: Path, live: Path, tmp_path: Path) -> None:
    first = saved(root)
    stick = tmp_path / "stick.xml"
    stick.write_bytes(OPEN)
    assert len(data(first, str(stick))["changes"]) == 1
    assert len(data(str(stick), "now", "--root", str(root))["changes"]) == 1
    assert len(data(str(stick), "latest", "--user", USER, "--root", str(root))["changes"]) == 1
    assert run(str(stick), str(stick)).exit_code == 0
    assert code("nothing-of-the-kind", str(stick)) == "no-such-snapshot"
    stick.write_bytes(b"IBGZENC\0....")
    assert code(first, str(stick)) == "settings-opaque"
    stick.write_bytes(b"<Settings>")
    assert code(first, str(stick)) == "settings-damaged"
    assert code(first, first, "--part", "socks") == "no-such-part"


def test_noise_is_counted_and_shown_when_asked(root: Path, live: Path) -> None:
    saved(root)
    live.write_bytes(REAL.replace(b'width="60"', b'width="61"'))
    place = ["--root", str(root)]
    quiet = run(*place)
    assert quiet.exit_code == 0
    assert "more are only order or noise; --all shows them." in quiet.stdout
    loud = data(*place, "--all")
    assert loud["hidden"] == 0
    assert len(loud["changes"]) == data(*place)["hidden"] > 10
    assert run(*place, "--all").exit_code == 1


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[str, int] = {}
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen[tag] = self.seen.get(tag, 0) + 1
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "onclick")]


def test_a_page_of_its_own(root: Path, live: Path, tmp_path: Path) -> None:
    saved(root)
    evil = (
        '<WatchlistList varName="watchlistList"><W name="&lt;script&gt;alert(1)"/></WatchlistList>'
    )
    live.write_bytes(document(evil))
    page = tmp_path / "difference.html"
    run("--html", str(page), "--root", str(root))
    tags = Tags()
    tags.feed(page.read_text())
    assert tags.seen["table"] > 1
    assert "script" not in tags.seen
    assert tags.links == []
    assert "&lt;script&gt;alert(1)" in page.read_text()
    assert page.stat().st_mode & 0o077 == 0
    before = page.read_bytes()
    assert code("--html", str(page), "--root", str(root)) == "file-exists"
    assert page.read_bytes() == before


@pytest.mark.parametrize("columns", [10, 40, 200])
def test_narrow_and_wide_terminals(
    root: Path, live: Path, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    lines = render_difference(difference(REAL, OPEN)).splitlines()
    assert max(len(click.unstyle(line)) for line in lines) <= max(columns, 24)


def verify(root: Path) -> dict[str, Any]:
    found = CliRunner().invoke(settings, ["verify", "--root", str(root), "--json"])
    return {f["code"]: f for f in json.loads(found.stdout)["findings"]}


def test_verify_names_dangerous_settings(root: Path, live: Path) -> None:
    saved(root)
    quiet = verify(root)
    assert quiet["api-can-trade"]["status"] == "notice"
    live.write_bytes(OPEN)
    found = verify(root)["api-open-to-network"]
    assert found["status"] == "warning"
    assert found["article"] == "2323#api-open-to-network"
    assert found["evidence"] == {"Allow connections from localhost only": "false"}


def test_verify_names_what_is_unknown_or_missing(root: Path, live: Path) -> None:
    live.write_bytes(REAL.replace(b'majorVersion="978"', b'majorVersion="1045"'))
    assert verify(root)["settings-version-unknown"]["evidence"] == {"build": 1045}
    live.write_bytes(document('<ApiSettings varName="api"/>'))
    found = verify(root)
    assert "version" in found["settings-sections-missing"]["evidence"]["sections"]
    assert "settings-version-unknown" in found
    live.write_bytes(b"IBGZENC\0....")
    assert "Save Decrypted Settings As" in verify(root)["settings-opaque"]["remedy"]
    live.write_bytes(b"<Settings>")
    assert not {"settings-opaque", "settings-sections-missing"} & set(verify(root))
