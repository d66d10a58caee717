"""Firewalls and a lossy line, made with nftables in a network namespace of the test's own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import Any

import pytest

SCRIPT = """
import json, subprocess, sys, tempfile
from pathlib import Path
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from deskside.network.diagnosis import diagnose
from deskside.network.model import Catalogue, Host
from deskside.network.responder import Responder
from deskside.network.runner import run

subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
rules = (
    "add table inet t\\n"
    "add chain inet t c { type filter hook input priority 0; }\\n"
    f"add rule inet t c {sys.argv[1]}\\n"
)
subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)
responder = Responder(
    Ed25519PrivateKey.generate(), Path(sys.argv[3]),
    plain=[("0.0.0.0", 4000)], tls=[("0.0.0.0", 4001)], name="127.0.0.1",
)
responder.start()
hosts = [
    Host(id=f"r{n}", host=f"127.0.1.{n}", ports=(4000, 4001), tls=(4001,), responder=True)
    for n in range(1, int(sys.argv[2]) + 1)
]
catalogue = Catalogue(
    version="1", date="", hosts=tuple(hosts), responder_key=responder.public_key
)
print(json.dumps(diagnose(run(catalogue, hosts)).as_json()))
responder.stop()
"""


def behind(rules: str, folder: object, hosts: int = 1) -> dict[str, Any]:
    """The report of a test of responders behind some nftables rules."""
    assert shutil.which("nft", path="/usr/sbin:/sbin"), "nft is missing: make system-deps"
    command = ["unshare", "--user", "--map-root-user", "--net", sys.executable, "-c", SCRIPT]
    done = subprocess.run(
        [*command, rules, str(hosts), str(folder)],
        env=os.environ | {"PATH": "/usr/sbin:/sbin:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


@pytest.mark.parametrize(
    ("rule", "root"),
    [
        ("tcp dport {4000, 4001} drop", "port-dropped"),
        ("tcp dport {4000, 4001} reject with tcp reset", "port-reset"),
        ("tcp dport {4000, 4001} reject with icmpx type admin-prohibited", "port-prohibited"),
    ],
)
def test_each_kind_of_firewall_is_told_apart(rule: str, root: str, tmp_path: object) -> None:
    report = behind(rule, tmp_path)
    assert (report["verdict"], report["root_cause"]) == ("failure", root)


def test_a_firewall_that_leaves_one_port_open(tmp_path: object) -> None:
    report = behind("tcp dport 4000 drop", tmp_path)
    assert (report["verdict"], report["root_cause"]) == ("degraded", "port-dropped")
    assert report["findings"][0]["evidence"]["proved"] == [4001]


def test_a_lossy_line_is_not_called_blocked(tmp_path: object) -> None:
    report = behind("tcp dport {4000, 4001} numgen random mod 100 < 15 drop", tmp_path, hosts=30)
    codes = {finding["code"] for finding in report["findings"]}
    assert "reachable" in codes
    assert codes <= {"reachable", "loss", "not-tested"}
