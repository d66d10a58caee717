"""`deskside doctor`: crash barrier, time limit, its own checks, fixes and the support bundle."""

from __future__ import annotations

import json
import os
import socket
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from deskside.cli import deskside
from deskside.foundation.errors import DesksideError
from deskside.foundation.findings import Finding, Status
from deskside.foundation.redaction import Redactor
from deskside.foundation.registry import Situation
from deskside.network.responder import Responder
from deskside.workstation.doctor import connections, running
from deskside.workstation.doctor.api import LocalApi
from deskside.workstation.doctor.api_settings import ApiSettings, contradictions
from deskside.workstation.doctor.computer import judge_disk
from deskside.workstation.doctor.handshake import Answer, shake
from deskside.workstation.doctor.installations import Installation, judge_java

from .fake_tws import fake_tws


class Checked:
    """A check that does as it is told."""

    options: tuple[str, ...] = ()

    def __init__(self, name: str, does: object) -> None:
        self.id = self.title = name
        self._does = does

    def applies(self, situation: Situation) -> bool:
        return True

    def run(self, situation: Situation) -> Iterator[Finding]:
        if callable(self._does):
            self._does()
        yield Finding(code="fine", status=Status.OK, subject=self.id, title=self.id)


def doctor(*words: str) -> Result:
    return CliRunner().invoke(deskside, ["doctor", "--json", *words])


def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    return folder


# One check that breaks, hangs or leaves takes nothing from the others.


def test_broken_and_hanging_checks_stay_alone() -> None:
    held = threading.Event()

    def leaves() -> None:
        raise SystemExit(7)

    checks = [
        Checked("breaks", lambda: 1 / 0),
        Checked("hangs", held.wait),
        Checked("leaves", leaves),
        Checked("works", None),
    ]
    examined = running.examine(checks, Situation(), limit=1.0)
    held.set()
    assert [(one.check, one.findings[0].code) for one in examined] == [
        ("breaks", "check-crashed"),
        ("hangs", "check-timed-out"),
        ("leaves", "check-crashed"),
        ("works", "fine"),
    ]


def test_checks_run_side_by_side() -> None:
    meeting = threading.Barrier(3, timeout=20)
    checks = [Checked(name, meeting.wait) for name in "abc"]
    assert all(one.findings[0].code == "fine" for one in running.examine(checks, Situation()))


def test_what_is_unknown_is_refused() -> None:
    for words in (["--only", "no.such"], ["--only", "doctor.disk", "--fix", "no.such"]):
        assert isinstance(doctor(*words).exception, DesksideError)


def test_a_fix_that_answers_nothing_is_refused() -> None:
    refused = doctor("--only", "doctor.disk", "--fix", "doctor.stale-locks", "--yes").exception
    assert isinstance(refused, DesksideError)
    assert refused.code == "fix-not-offered"


def test_the_list_names_every_check() -> None:
    told = json.loads(doctor("--list").stdout)
    assert {"doctor.api", "esignal.dbcapi", "network.hosts"} <= {c["id"] for c in told["checks"]}


def test_a_part_may_be_named_for_its_checks() -> None:
    told = json.loads(doctor("--only", "doctor").stdout)
    assert {one["code"] for one in told["findings"]} >= {"disk-ok"}
    assert not [one for one in told["findings"] if one["status"] == "crashed"]


# The handshake, in every sick state.


@pytest.mark.parametrize(
    ("state", "answer"),
    [
        ("closes", Answer.ADDRESS_REFUSED),
        ("silent", Answer.NO_ANSWER),
        ("drips", Answer.NO_ANSWER),
        ("wedged", Answer.HANGING),
        ("deaf", Answer.HANGING),
        ("web server", Answer.NOT_TWS),
        ("tls", Answer.NOT_TWS),
        ("huge length", Answer.NOT_TWS),
        ("no version", Answer.NOT_TWS),
        ("healthy", Answer.OK),
    ],
)
def test_states_of_the_api(state: str, answer: Answer) -> None:
    with fake_tws(state) as port:
        patient = answer in (Answer.OK, Answer.NOT_TWS, Answer.ADDRESS_REFUSED)
        assert shake("127.0.0.1", port, seconds=20.0 if patient else 0.4).answer is answer


def test_a_tls_server_that_closes_at_once_is_no_tws_that_refuses(tmp_path: Path) -> None:
    running = Responder(Ed25519PrivateKey.generate(), tmp_path, plain=(), tls=[("127.0.0.1", 0)])
    running.start()
    port = next(row.ports[0] for row in running.rows())
    shaken = shake("127.0.0.1", port, seconds=20.0)
    found = list(LocalApi().run(Situation({"port": str(port)})))
    running.stop()
    assert (shaken.answer, shaken.seen) == (Answer.NOT_TWS, "TLS")
    assert [(one.code, one.status) for one in found] == [("api-not-tws", Status.WARNING)]
    assert "listening" in found[0].evidence


def test_a_closed_port() -> None:
    with fake_tws("closes") as port:
        pass
    assert shake("127.0.0.1", port).answer is Answer.REFUSED


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("healthy", "api-ok"),
        ("old", "api-version-old"),
        ("closes", "api-address-refused"),
        ("id in use", "api-client-id-in-use"),
        ("id free", "api-ok"),
    ],
)
def test_the_check_names_the_state(state: str, code: str) -> None:
    choices = {"client-id": "7"} if state.startswith("id") else {}
    with fake_tws(state) as port:
        found = list(LocalApi().run(Situation({"port": str(port)} | choices)))
    assert [one.code for one in found] == [code]


def test_the_check_names_who_is_connected() -> None:
    with fake_tws("deaf") as port, socket.create_connection(("127.0.0.1", port)):
        assert connections.waiting(port) == 1
        found = next(iter(LocalApi().run(Situation({"port": str(port)}))))
    assert found.code == "api-hanging"
    assert found.evidence["waiting"] == 2  # our own handshake has left, but is still in the queue
    assert f"({os.getpid()})" in str(found.evidence["connected"])
    assert connections.waiting(port) is None
    assert connections.clients(port) == []


def test_a_named_port_that_is_closed_is_a_failure() -> None:
    with fake_tws("closes") as port:
        pass
    found = list(LocalApi().run(Situation({"port": str(port)})))
    assert [(one.code, one.status) for one in found] == [("api-closed", Status.FAILURE)]


@pytest.mark.parametrize("port", ["x", "99999", "-1"])
def test_no_port_is_invented(port: str) -> None:
    with pytest.raises(DesksideError):
        list(LocalApi().run(Situation({"port": port})))


# Settings, memory, disk: rules.


def settings(**values: object) -> ApiSettings:
    plain = {
        "name": "TWS",
        "file": "tws.xml",
        "enabled": True,
        "port": 7496,
        "read_only": True,
        "only_local": True,
        "trusted": ("127.0.0.1",),
    }
    return ApiSettings(**(plain | values))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("listed", "codes"),
    [
        ([settings()], []),
        ([settings(), settings(port=7497)], []),
        ([settings(), settings()], ["api-ports-shared"]),
        ([settings(), settings(enabled=False)], []),
        ([settings(ini_port=4001)], ["api-ports-differ"]),
        ([settings(trusted=("10.0.0.7",))], ["api-trust-in-vain"]),
        ([settings(trusted=("10.0.0.7",), only_local=False)], []),
    ],
)
def test_contradictions(listed: list[ApiSettings], codes: list[str]) -> None:
    assert [one.code for one in contradictions(listed)] == codes


@pytest.mark.parametrize(
    ("java", "heap", "there", "code"),
    [
        ("", 0, True, "java-ok"),
        ("", 4096, True, "java-ok"),
        ("", 15_000, True, "memory-too-large"),
        ("", 256, True, "memory-too-small"),
        ("C:\\Program Files (x86)\\Java", 2048, True, "memory-too-large"),
        ("/gone", 768, False, "java-missing"),
    ],
)
def test_java(java: str, heap: int, there: bool, code: str) -> None:
    one = Installation(Path("Jts"), "Trader Workstation", "1019", java, heap)
    assert judge_java(one, 16_000, there=there).code == code


@pytest.mark.parametrize(
    ("free", "status"),
    [(0, Status.FAILURE), (500_000_000, Status.WARNING), (10**10, Status.OK)],
)
def test_disk(free: int, status: Status) -> None:
    assert judge_disk(Path("/"), free).status is status


# Fixes.


def test_the_version_of_a_controller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = home(tmp_path, monkeypatch)
    (folder / "Jts" / "1030" / "jars").mkdir(parents=True)
    (folder / "ibc").mkdir()
    script = folder / "ibc" / "twsstart.sh"
    script.write_bytes(b"#!/bin/bash\r\nTWS_MAJOR_VRSN=1019\nIBC_INI=~/x\n")
    told = json.loads(doctor("--only", "doctor.installations").stdout)
    assert "version-not-installed" in {one["code"] for one in told["findings"]}
    words = ["--only", "doctor.installations", "--fix", "doctor.controller-version"]
    assert doctor(*words, "--dry-run").exit_code == 1
    assert b"1019" in script.read_bytes()
    done = doctor(*words, "--yes")
    assert json.loads(done.stdout)["verdict"] == "success"
    assert script.read_bytes() == b"#!/bin/bash\r\nTWS_MAJOR_VRSN=1030\nIBC_INI=~/x\n"


def test_a_stale_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    user = home(tmp_path, monkeypatch) / "Jts" / "darykq"
    user.mkdir(parents=True)
    (user / "tws.xml").write_text("<Settings/>")
    (user / "tws.lck").touch()
    words = ["--only", "doctor.locks", "--fix", "doctor.stale-locks", "--yes"]
    assert json.loads(doctor(*words).stdout)["verdict"] == "success"
    assert not (user / "tws.lck").exists()


# The bundle.


def test_the_bundle_lists_what_it_holds_and_nothing_personal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = home(tmp_path, monkeypatch) / "Jts" / "ghijkabcdef"
    user.mkdir(parents=True)
    (user / "tws.xml").write_text("<Settings/>")
    (user / "tws.lck").touch()
    bundle = tmp_path / "support.zip"
    doctor("--only", "doctor", "--bundle", str(bundle))
    with zipfile.ZipFile(bundle) as opened:
        names = set(opened.namelist())
        listed = opened.read("CONTENTS.txt").decode()
        everything = b"".join(opened.read(name) for name in names).decode()
    assert all(name in listed for name in names - {"CONTENTS.txt"})
    assert "lock-stale" in everything
    assert str(tmp_path / "home") not in everything
    assert "ghijkabcdef" not in everything
    refused = doctor("--only", "doctor.disk", "--bundle", str(bundle)).exception
    assert isinstance(refused, DesksideError)


@given(st.integers(10_000, 9_999_999), st.ip_addresses().filter(lambda a: not a.is_loopback))
def test_personal_data_is_taken_out(number: int, address: object) -> None:
    redactor = Redactor({"/home/ada": "<home>", "ada": "<person>"})
    said = f"/home/ada/x of ada at {address} account U{number} mail ada.l@example.org adapter"
    told = redactor.text(said)
    for personal in ("/home/ada", f"U{number}", "example.org"):
        assert personal not in told
    if "." in str(address):
        assert str(address) not in told
    assert "adapter" in told


def test_services_that_run_and_those_that_do_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, tools = home(tmp_path, monkeypatch), tmp_path / "tools"
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    tools.mkdir()
    monkeypatch.setenv("PATH", str(tools))
    (tools / "systemctl").write_text('#!/bin/sh\ncase "$*" in *monitor*) exit 3;; esac\n')
    (tools / "systemctl").chmod(0o755)
    units = folder / ".config" / "systemd" / "user"
    units.mkdir(parents=True)
    for name in ("watch", "monitor"):
        (units / f"deskside-{name}.service").touch()
    found = json.loads(doctor("--only", "doctor.services").stdout)["findings"]
    assert {one["subject"]: one["code"] for one in found} == {
        "watch": "service-runs",
        "monitor": "service-not-running",
    }
    (remedy,) = (one["remedy"] for one in found if one["subject"] == "monitor")
    assert "deskside service install monitor" in remedy
