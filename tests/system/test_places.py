"""Where a portal keeps its things when nobody names a folder, and what it leaves for commands."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from pathlib import Path

from tests.system.conftest import DESKSIDE, run_deskside


def served(data: Path, *arguments: str) -> str:
    """Start a portal, end it when it is ready; the address that it printed."""
    command = [*DESKSIDE, "serve", "--listen", "localhost:0", *arguments]
    environment = os.environ | {"DESKSIDE_DATA": str(data)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if "Ctrl+C" in line:
                break
        process.terminate()
    return lines[0].split()[-1]


def test_the_demonstration_lives_apart_and_its_cards_are_found(tmp_path: Path) -> None:
    address = served(tmp_path, "--demo")
    assert not (tmp_path / "portal").exists()
    demo = json.loads((tmp_path / "demo" / "demo.json").read_text())
    assert demo["portal"] == address
    asked = run_deskside("card", "respond", "--pin", "-", "--challenge", "123456", data=tmp_path)
    assert asked.returncode == 2  # there are several, and nobody to choose
    for user in demo["users"]:
        for device in user["devices"]:
            assert Path(device["file"]).is_relative_to(tmp_path / "demo")


def test_links_of_commands_lead_to_the_portal_that_ran(tmp_path: Path) -> None:
    address = served(tmp_path)
    kept = tmp_path / "portal" / "public-address"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    made = run_deskside("admin", "first", "--json", data=tmp_path)
    assert json.loads(made.stdout)["link"].startswith(f"{address}/setup/")
    named = served(tmp_path, "--url", "https://desk.example")
    assert named == "https://desk.example"
    made = run_deskside("admin", "first", "--json", data=tmp_path)
    assert json.loads(made.stdout)["link"].startswith("https://desk.example/setup/")
