"""The command line, as a person or a script meets it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from deskside.network.responder import Responder
from deskside.network.service import NetworkService

from .conftest import closed_port


def deskside(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "deskside", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)


@pytest.fixture
def lab(responder: Responder, tmp_path: Path) -> str:
    desk = NetworkService(tmp_path / "portal", responder=responder, vendor_hosts=False)
    return str(desk.publish())


def test_success_is_exit_0(lab: str, tmp_path: Path) -> None:
    junit, html = tmp_path / "report.xml", tmp_path / "report.html"
    done = deskside(
        "network", "test", "--catalogue", lab, "--junit", str(junit), "--html", str(html)
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.rstrip().endswith("Success")
    assert done.stderr == ""
    assert "testsuite" in junit.read_text()
    assert "Success" in html.read_text() or "success" in html.read_text()


def test_json_is_one_document(lab: str) -> None:
    done = deskside("network", "test", "--catalogue", lab, "--json")
    document: dict[str, Any] = json.loads(done.stdout)
    assert document["verdict"] == "success"
    assert document["root_cause"] is None
    assert document["undecided_between"] == []
    assert len(document["targets"]) == len(document["findings"]) == 2


def test_failure_is_exit_1_and_names_the_root_cause(tmp_path: Path) -> None:
    file = tmp_path / "lab.toml"
    file.write_text(
        f'[[host]]\nid = "a"\nhost = "127.0.0.1"\nports = [{closed_port()}]\nresponder = true\n'
    )
    done = deskside("network", "test", "--catalogue", str(file))
    assert done.returncode == 1
    assert done.stdout.rstrip().splitlines()[-2:] == ["Root cause: port-reset", "Failure"]
    assert "KB2816#port-reset" in done.stdout


def test_a_bad_catalogue_is_exit_3(tmp_path: Path) -> None:
    file = tmp_path / "lab.toml"
    file.write_text("[[host]]\nid = 'a'\nhost = 'x'\nports = [0]\n")
    done = deskside("network", "test", "--catalogue", str(file), "--json")
    assert done.returncode == 3
    assert json.loads(done.stdout)["error"]["code"] == "catalogue-invalid"
    said = deskside("network", "test", "--catalogue", str(file)).stderr
    assert "deskside: error: The catalogue cannot be used: row 1 (a): 0 is no TCP port" in said


def test_hosts_as_json() -> None:
    document = json.loads(deskside("network", "hosts", "--json").stdout)
    assert len(document["hosts"]) == 27
    assert document["catalogue"]["version"]


def test_a_responder_and_a_test_against_it(tmp_path: Path) -> None:
    file = tmp_path / "lab.toml"
    command = [sys.executable, "-m", "deskside", "network", "responder", "--json"]
    command += ["--plain", "127.0.0.1:0", "--plain", "127.0.0.2:0", "--plain", "127.0.0.1:0"]
    command += ["--tls", "127.0.0.1:0", "--tls", "127.0.0.1:0", "--catalogue", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout
        started = ""
        while not started.endswith("}\n"):
            started += running.stdout.readline()
        told = json.loads(started)
        assert len(told["public_key"]) == 64
        assert [len(told["addresses"][kind]) for kind in ("plain", "tls")] == [3, 2]
        assert told["plain"] == told["addresses"]["plain"][0]
        done = deskside("network", "test", "--catalogue", str(file), "--json")
        assert done.returncode == 0
        targets = {row["id"]: row["code"] for row in json.loads(done.stdout)["targets"]}
        assert set(targets.values()) == {"reachable"}
        assert sorted(targets) == [
            "responder-plain",
            "responder-plain-2",
            "responder-plain-3",
            "responder-tls",
            "responder-tls-2",
        ]
        running.send_signal(signal.SIGTERM)
        assert running.wait(10) == 0


def test_a_wrong_address_is_exit_2() -> None:
    done = deskside("network", "responder", "--plain", "nonsense")
    assert done.returncode == 2
    assert "is not an address to listen on" in done.stderr
