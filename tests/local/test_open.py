"""`deskside open` as a process: the real article in a real TWS folder, every part's pages."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2

from tests.knowledge.test_commands import DAMAGED, GOOD

from .test_pages import send

COMMAND = str(Path(sys.executable).with_name("deskside"))


@contextmanager
def opened(*words: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """Run `deskside open`; the process, and the document that it prints."""
    process = subprocess.Popen(
        [COMMAND, "open", *words, "--no-browser", "--json"],
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout
    assert process.stderr
    try:
        text = ""
        for line in process.stdout:
            text += line
            if line.startswith("}"):
                break
        yield process, json.loads(text)
    finally:
        process.kill()
        process.communicate()


@contextmanager
def entered(document: dict[str, Any]) -> Iterator[httpx2.Client]:
    """A browser that has gone to the address that was printed."""
    parts = urlsplit(document["url"])
    base = f"http://{parts.netloc}"
    with httpx2.Client(base_url=base, timeout=20, trust_env=False, verify=False) as client:
        client.get(f"{parts.path}?{parts.query}", follow_redirects=True).raise_for_status()
        yield client


def test_the_settings_are_mended_and_the_mending_undone(tmp_path: Path) -> None:
    tws = tmp_path / "Jts" / "dgmgqticxk" / "tws.xml"
    tws.parent.mkdir(parents=True)
    tws.write_bytes(GOOD)
    root = ["--root", str(tmp_path / "Jts")]
    subprocess.run([COMMAND, "settings", "save", *root], check=True, capture_output=True)
    tws.write_bytes(DAMAGED)
    with opened("KB2323", *root) as (process, document):
        with entered(document) as browser:
            assert urlsplit(document["url"]).path == "/kb/2323"
            page = browser.get("/kb/2323")
            checked = send(browser, page, "/check")
            assert "settings-damaged" in checked.text
            planned = send(browser, checked, "/plan")
            assert tws.read_bytes() == DAMAGED
            applied = send(browser, planned, "/apply")
            assert tws.read_bytes() == GOOD
            send(browser, applied, "/undo")
            assert tws.read_bytes() == DAMAGED
            for path in ("/kb", "/network", "/settings", "/static/deskside.css"):
                assert browser.get(path).status_code == 200, path
            assert browser.get("/static/deskside.css", headers={"cookie": ""}).status_code == 403
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0


def test_it_ends_by_itself(tmp_path: Path) -> None:
    with opened("--idle", "0.01") as (process, document):
        assert urlsplit(document["url"]).path == "/"
        assert process.wait(10) == 0


def test_an_unknown_article_opens_nothing() -> None:
    done = subprocess.run(
        [COMMAND, "open", "KB2332", "--no-browser"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 3
    assert "KB2323" in done.stderr
