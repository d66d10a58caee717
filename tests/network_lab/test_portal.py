"""A portal whose operator opened the desk's responder to other computers, in a network of its
own: they prove it, and what was not opened stays closed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from .lab import FAR_ENDS, Lab

PLAIN = f"{FAR_ENDS[0]}:22100, {FAR_ENDS[1]}:22102"
TLS = f"{FAR_ENDS[0]}:22101"


def test_other_computers_reach_the_ports_that_were_opened(tmp_path: Path) -> None:
    with Lab(tmp_path) as lab:
        data = tmp_path / "portal"
        portal = lab.start(
            lab.far,
            "env",
            f"DESKSIDE_NETWORK_RESPONDER_PLAIN={PLAIN}",
            f"DESKSIDE_NETWORK_RESPONDER_TLS={TLS}",
            f"HOME={tmp_path}",
            sys.executable,
            *("-m", "deskside", "serve", "--listen", "localhost:22180", "--data", str(data)),
        )
        assert portal.stdout
        assert b"22180" in portal.stdout.readline()
        rows = ("responder-plain", "responder-plain-2", "responder-tls")
        report = report_of(lab, data / "catalogue.toml", *rows)
        listening = lab.within(lab.far, "ss -Hltn")
    assert {row["id"]: row["host"] for row in report["targets"]} == {
        "responder-plain": FAR_ENDS[0],
        "responder-plain-2": FAR_ENDS[1],
        "responder-tls": FAR_ENDS[0],
    }
    assert (report["verdict"], report["root_cause"]) == ("success", None), report["findings"]
    assert {one["code"] for one in report["findings"]} == {"reachable"}
    assert "127.0.0.1:4000" not in listening


def report_of(lab: Lab, catalogue: Path, *rows: str) -> dict[str, Any]:
    """The report of a test from the client's side of the router."""
    only = [word for row in rows for word in ("--only", row)]
    command = [sys.executable, "-m", "deskside", "--json", "network", "test"]
    done = subprocess.run(
        ["ip", "netns", "exec", lab.client, *command, "--catalogue", str(catalogue), *only],
        capture_output=True,
        text=True,
        check=False,
        env=lab.environment,
    )
    assert done.stdout, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report
