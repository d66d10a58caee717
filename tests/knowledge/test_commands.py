"""The commands as a person types them, with the real articles.

What changes files runs in a process of its own; what only reads runs in this one, to save time.
"""

from __future__ import annotations

import hashlib
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from deskside.cli import main
from deskside.knowledge import markdown
from deskside.knowledge.service import Library
from deskside.network.causes import WORDS
from deskside.network.service import NetworkService

from .conftest import text
from .test_terminal import at_terminal

GOOD = b"""<?xml version="1.0" encoding="UTF-8"?>
<Settings mode="TWS">
	<SettingsVersion majorVersion="978"></SettingsVersion><String>&apos;</String>
</Settings>
"""
DAMAGED = GOOD[:60]

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def deskside(tmp_path: Path) -> Run:
    """Run a command; `code` is how it must end."""

    def run(*words: str, code: int = 0, **options: Any) -> subprocess.CompletedProcess[str]:
        command = [str(Path(sys.executable).with_name("deskside")), *words]
        done = subprocess.run(
            command, text=True, capture_output=True, check=False, timeout=60, **options
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done

    return run


@pytest.fixture
def inside(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process, through the program's own entry point."""

    def run(*words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        monkeypatch.setattr(sys, "argv", ["deskside", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        assert ended.value.code == code, told
        return subprocess.CompletedProcess(words, code, told.out, told.err)

    return run


@pytest.fixture
def tws(tmp_path: Path) -> Path:
    """The settings file of one user in a TWS folder."""
    file = tmp_path / "Jts" / "dgmgqticxk" / "tws.xml"
    file.parent.mkdir(parents=True)
    file.write_bytes(GOOD)
    return file


@pytest.fixture
def root(tws: Path) -> list[str]:
    return ["--root", str(tws.parent.parent)]


def document(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_file_of_one_s_own_is_put_where_none_is(deskside: Run, tws: Path) -> None:
    own = tws.parent.parent.parent / "my copy.xml"
    tws.rename(own)
    arguments = ["run", "KB2323", "--root", str(tws.parent), "--file", str(own)]
    looked = document(deskside(*arguments, "--json", code=1))
    assert [f["code"] for f in looked["findings"]] == ["settings-missing"]
    deskside(*arguments, "--yes", code=0)
    assert tws.read_bytes() == GOOD


def test_damage_is_found_mended_verified_and_undone(
    deskside: Run, tws: Path, root: list[str]
) -> None:
    deskside("settings", "save", *root)
    tws.write_bytes(DAMAGED)

    looked = document(deskside("run", "KB2323", *root, "--json", code=1))
    assert looked["verdict"] == "failure"
    assert [f["code"] for f in looked["findings"]] == ["settings-damaged"]
    assert looked["change"] is None
    [step] = looked["plan"]["steps"]
    assert step["sha256"] == hashlib.sha256(GOOD).hexdigest()
    assert tws.read_bytes() == DAMAGED

    shown = deskside("run", "kb2323", *root, "--dry-run", code=1)
    assert "tws.xml" in shown.stdout
    assert shown.stdout.endswith("\nNothing was changed.\n")
    assert tws.read_bytes() == DAMAGED

    mended = document(deskside("run", "2323", *root, "--yes", "--json"))
    assert mended["verdict"] == "success"
    assert tws.read_bytes() == GOOD

    deskside("changes", "undo", mended["change"], "--yes")
    assert tws.read_bytes() == DAMAGED


def test_a_person_reads_what_happens(deskside: Run, tws: Path, root: list[str]) -> None:
    deskside("settings", "save", *root)
    tws.write_bytes(DAMAGED)
    told = deskside("run", "KB2323", *root, "--yes").stdout
    order = ["KB2323", "Failure", "replace", "Applied. Checked again:", "Success", "changes undo"]
    places = [told.index(words) for words in order]
    assert places == sorted(places)


def test_without_anybody_to_ask_nothing_is_changed(
    deskside: Run, tws: Path, root: list[str]
) -> None:
    deskside("settings", "save", *root)
    tws.write_bytes(DAMAGED)
    told = deskside("run", "KB2323", *root, code=1, stdin=subprocess.DEVNULL)
    assert "add --yes" in told.stderr
    refused = deskside("run", "KB2323", *root, "--fix", "workspace.restore", "--json", code=3)
    assert document(refused)["error"]["code"] == "not-confirmed"
    assert tws.read_bytes() == DAMAGED


@pytest.mark.parametrize(("answer", "code", "after"), [("y", 0, GOOD), ("n", 3, DAMAGED)])
def test_a_person_is_asked(
    deskside: Run, tws: Path, root: list[str], answer: str, code: int, after: bytes
) -> None:
    deskside("settings", "save", *root)
    tws.write_bytes(DAMAGED)
    keyboard, terminal = pty.openpty()
    os.write(keyboard, f"{answer}\n".encode())
    deskside("run", "KB2323", *root, code=code, stdin=terminal)
    os.close(keyboard)
    os.close(terminal)
    assert tws.read_bytes() == after


def test_a_file_of_one_s_own_is_restored(
    deskside: Run, tws: Path, root: list[str], tmp_path: Path
) -> None:
    own = tmp_path / "stick.xml"
    own.write_bytes(GOOD)
    tws.write_bytes(DAMAGED)
    done = document(deskside("run", "KB2323", *root, "--file", str(own), "--yes", "--json", code=0))
    assert done["change"]
    assert tws.read_bytes() == GOOD


def test_fine_settings_need_nothing(deskside: Run, tws: Path, root: list[str]) -> None:
    deskside("settings", "save", *root)
    done = document(deskside("run", "KB2323", *root, "--yes", "--json"))
    assert (done["verdict"], done["change"], done["plan"]) == ("success", None, None)


def test_what_cannot_be_run_says_why(inside: Run, root: list[str]) -> None:
    missing = inside("run", "KB2332", code=3)
    assert "no article KB2332" in missing.stderr
    assert "KB2323" in missing.stderr
    assert document(inside("run", "KB2332", "--json", code=3))["error"]["code"]
    assert "They take: root, user" in inside("run", "2323", "--option", "x=1", code=2).stderr
    assert "NAME=VALUE" in inside("run", "2323", "--option", "x", code=2).stderr
    assert "does not apply" in inside("run", "2323", *root, "--fix", "no.such", code=3).stderr


def test_the_connection_test_runs_as_an_article(inside: Run, tmp_path: Path) -> None:
    catalogue = tmp_path / "hosts.toml"
    catalogue.write_text(
        'format = 1\nversion = "1"\ndate = 2026-11-22\n'
        '[[host]]\nid = "near"\nhost = "127.0.0.1"\nports = [9]\nrole = "primary"\n'
    )
    done = inside("run", "KB2816", "--option", f"catalogue={catalogue}", "--json", code=1)
    [finding] = document(done)["findings"]
    assert finding["article"] == f"2816#{finding['code']}"


def test_the_knowledge_base_is_read_and_searched(
    inside: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = document(inside("kb", "list", "--json"))["articles"]
    assert {"2323", "2816"} <= {article["number"] for article in listed}
    shown = inside("kb", "show", "kb2816").stdout
    assert "port-dropped" not in shown.split("\n")[0]
    assert "our rewrite of KB2816" in shown
    assert document(inside("kb", "show", "2816", "--json"))["checks"] == ["network.hosts"]
    section = inside("kb", "show", "KB2816#port-dropped").stdout
    assert section.startswith("KB2816  ")
    assert len(section) < len(shown) / 5
    refused = document(inside("kb", "show", "2816#port-droped", "--json", code=3))["error"]
    assert refused["code"] == "unknown-section"
    assert "port-dropped" in refused["hint"]
    assert len(document(inside("kb", "search", "port", "--json"))["results"]) == 8
    assert len(document(inside("kb", "search", "port", "--limit", "3", "--json"))["results"]) == 3
    assert set(document(inside("kb", "search", "restore", "--json"))["results"][0]) == {
        "number",
        "title",
        "language",
        "snippet",
    }
    monkeypatch.setenv("DESKSIDE_LANGUAGE", "it")
    found = inside("kb", "search", "impostazioni", "perse").stdout
    assert "Recuperare le impostazioni" in found


@pytest.mark.parametrize("columns", [40, 80])
def test_what_was_found_fits_the_terminal(
    inside: Run, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    """Titles, too: a terminal would break them in the middle of a word."""
    at_terminal(monkeypatch, columns)
    lines = click.unstyle(inside("kb", "search", "cannot log in").stdout).splitlines()
    assert "KB1132  You cannot log in to the portal" in lines
    assert not [line for line in lines if len(line) > columns]


def test_a_section_is_the_body_of_its_document(inside: Run) -> None:
    whole = document(inside("kb", "show", "2816", "--json"))
    part = document(inside("kb", "show", "2816#port-dropped", "--json"))
    assert part["section"] == "port-dropped"
    assert part["body"].startswith("### The port swallows connections {#port-dropped}")
    assert part["body"] in whole["body"]
    assert part["title"] == whole["title"]


def test_lint_finds_faults_and_says_where(inside: Run, tmp_path: Path) -> None:
    assert document(inside("kb", "lint", "--json"))["verdict"] == "success"
    bad = tmp_path / "bad" / "7001"
    bad.mkdir(parents=True)
    (bad / "en.md").write_text("+++\n")
    told = inside("kb", "lint", str(bad.parent), code=1)
    assert "7001/en.md:2" in told.stdout


def test_lint_judges_a_desk_s_own_articles_beside_those_that_they_name(
    inside: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "portal" / "articles"
    for language in ("en", "it"):
        path = folder / "9101" / f"{language}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text("9101", language, body="See [there](kb:2816#port-dropped)."))
    alone = inside("kb", "lint", str(folder), code=1).stdout
    assert "kb:2816#port-dropped" in alone
    beside = inside("kb", "lint", "--data", str(folder.parent), "--json")
    assert document(beside)["verdict"] == "success"
    (folder / "9101" / "it.md").unlink()
    told = inside("kb", "lint", "--data", str(folder.parent), code=1).stdout
    assert "its text it.md is missing" in told


CLOSED_LIST = """
    dns-hijacked dns-injected dns-blocked port-dropped port-reset port-prohibited
    ping-blocked sni-reset transparent-http-proxy tls-intercepted certificate-wrong socks-only
    socks-port-denied http-proxy-only proxy-auth-required proxy-dead captive-portal
    egress-per-connection egress-per-destination idle-dropped idle-reset loss latency jitter
    rate-limited connection-limited mtu-black-hole ipv6-black-hole ipv6-unroutable clock-skew
    local-port-clash no-network
"""
SETTINGS = """
    settings-missing settings-not-xml settings-damaged settings-changed settings-unsaved
    settings-no-root settings-too-large snapshot-damaged
"""


@pytest.mark.parametrize("language", ["en", "it"])
@pytest.mark.parametrize(
    ("number", "codes"),
    [("2816", [*CLOSED_LIST.split(), *WORDS]), ("2323", SETTINGS.split())],
)
def test_every_finding_has_its_section(number: str, codes: list[str], language: str) -> None:
    article = Library.open().article(number, language)
    anchors = {section.anchor for section in markdown.sections(article.body)}
    assert set(codes) - anchors == set()


@pytest.mark.parametrize("language", ["en", "it"])
def test_every_host_that_the_article_names_is_in_the_catalogue(language: str) -> None:
    known = {host.host for host in NetworkService().load(None).hosts}
    body = Library.open().article("2816", language).body
    named = set(re.findall(r"\| `([a-z0-9_.]+\.com(?:\.cn)?)`", body))
    assert len(named) == 10
    assert named <= known
