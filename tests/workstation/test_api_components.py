"""Installing API components: refusals, versions side by side, and nothing left behind."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import threading
import venv
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskside.workstation.api_components import versions
from deskside.workstation.api_components.catalogue import packages

from .api_packages import CLIENTS, GPL, file_name, package, real_package
from .archives import KINDS

DESKSIDE = str(Path(sys.executable).with_name("deskside"))


class Machine:
    """A home, and the command line on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.home.mkdir()

    def run(self, *words: str, code: int = 0) -> Any:
        """Run `deskside api … --to HOME --json`; the document that it prints."""
        done = subprocess.run(
            [DESKSIDE, "api", *words, "--to", str(self.home), "--json"],
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        return json.loads(done.stdout)

    def install(self, file: Path) -> Any:
        shown = self.run("install", str(file), "--dry-run")
        accepted = shown["licence"]["sha256"]
        return self.run("install", str(file), "--accept-licence", accepted, "--yes")

    def left(self) -> list[str]:
        return sorted(str(path.relative_to(self.home)) for path in self.home.rglob("*"))

    def environment(self) -> tuple[Path, Path]:
        """A fresh virtual environment, and its packages."""
        folder = self.folder / "venv"
        venv.create(folder, with_pip=False)
        return folder, next(folder.glob("lib/python*/site-packages"))

    def changes(self, *words: str) -> Any:
        done = subprocess.run(
            [DESKSIDE, "changes", *words, "--json"], capture_output=True, text=True, check=True
        )
        return json.loads(done.stdout)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


# Refusals.


@pytest.mark.parametrize("kind", ["traversal", "link", "overlap, quoted", "bad checksum"])
def test_hostile_archive_leaves_nothing(kind: str, machine: Machine) -> None:
    file = machine.folder / "twsapi_macunix.1051.01.zip"
    file.write_bytes(KINDS[kind][1]())
    error = machine.run("install", str(file), "--yes", code=3)["error"]
    assert error["code"] == "archive-refused"
    assert KINDS[kind][0] in error["message"]
    assert machine.left() == []


def test_without_an_accepted_licence_nothing_happens(machine: Machine) -> None:
    file = package(machine.folder)
    error = machine.run("install", str(file), "--yes", code=3)["error"]
    assert error["code"] == "licence-not-accepted"
    wrong = machine.run("install", str(file), "--accept-licence", "0" * 64, code=3)["error"]
    assert wrong["code"] == "licence-differs"
    assert machine.left() == []


def test_acceptance_is_of_one_version_and_one_text(machine: Machine) -> None:
    machine.install(package(machine.folder, "10.50.02"))
    record = (machine.folder / "data/workstation/api-records.jsonl").read_text()
    accepted = json.loads(record.splitlines()[0])
    assert accepted["version"] == "10.50.02"
    assert accepted["when"]
    assert "user" in accepted
    other = package(machine.folder, "10.51.01")
    assert machine.run("install", str(other), "--yes", code=3)["error"]["code"] == (
        "licence-not-accepted"
    )
    machine.run("remove", "10.50.02", "--yes")
    machine.run("install", str(package(machine.folder, "10.50.02")), "--yes")


def test_an_archive_of_something_else_is_refused(machine: Machine) -> None:
    from .archives import rezipped

    file = machine.folder / "twsapi_macunix.1051.01.zip"
    file.write_bytes(rezipped({"holiday/photo.jpg": b"x"}))
    assert machine.run("install", str(file), code=3)["error"]["code"] == "not-api-components"
    assert machine.run("install", "/nowhere.zip", code=3)["error"]["code"] == "no-such-file"
    error = machine.run("install", "http://127.0.0.1:9/x.zip", code=3)["error"]
    assert error["code"] == "insecure-address"


def test_checksums(machine: Machine) -> None:
    file = package(machine.folder)
    words = ("install", str(file), "--sha256", "1" * 64)
    assert machine.run(*words, code=3)["error"]["code"] == "checksum-wrong"
    machine.install(file)
    machine.run("remove", "10.51.01", "--yes")
    another = package(machine.folder, more={"IBJts/source/extra.txt": b"x"})
    refused = machine.run("install", str(another), "--dry-run", code=3)["error"]
    assert refused["code"] == "checksum-changed"
    present = refused["hint"].split()[-1]
    machine.run("install", str(another), "--dry-run", "--sha256", present)
    known = package(machine.folder, "10.48.01")
    assert machine.run("install", str(known), code=3)["error"]["code"] == "checksum-wrong"


def test_the_same_version_again_is_refused(machine: Machine) -> None:
    file = package(machine.folder)
    machine.install(file)
    again = machine.run("install", str(file), "--yes", code=3)["error"]
    assert again["code"] == "already-installed"


# Versions side by side.


def test_a_dry_run_changes_nothing(machine: Machine) -> None:
    shown = machine.run("install", str(package(machine.folder)), "--dry-run")
    assert shown["changed"] is False
    assert shown["licence"]["id"] == "GPL-3.0-or-later"
    assert [step["verb"] for step in shown["plan"]["steps"]] == ["make-folder", "switch"]
    assert machine.left() == []


def test_life_of_two_versions(machine: Machine) -> None:
    for version in ("10.50.02", "10.51.01"):
        machine.install(package(machine.folder, version))
    listed = machine.run("list")["versions"]
    assert [(v["version"], v["in_use"]) for v in listed] == [
        ("10.51.01", True),
        ("10.50.02", False),
    ]
    told = machine.home / "IBJts" / "API_VersionNum.txt"
    assert "10.51.01" in told.read_text()
    machine.run("use", "10.50.2", "--yes")
    assert "10.50.02" in told.read_text()
    assert machine.run("verify")["verdict"] == "success"
    for version in ("10.50.02", "10.51.01"):
        machine.run("remove", version, "--yes")
    assert machine.left() == []


def test_verify_finds_every_difference(machine: Machine) -> None:
    machine.install(package(machine.folder))
    top = machine.home / "IBJts"
    (top / "samples/Python/Program.py").write_text("print(2)\n")
    (top / "source/pythonclient/setup.py").unlink()
    (top / "source/new.txt").write_text("mine")
    found = {f["code"]: f for f in machine.run("verify", code=1)["findings"]}
    changed = found["api-files-changed"]["evidence"]
    assert changed["changed"] == ["IBJts/samples/Python/Program.py"]
    assert changed["missing"] == ["IBJts/source/pythonclient/setup.py"]
    assert found["api-files-added"]["evidence"]["added"] == ["IBJts/source/new.txt"]


def test_a_folder_unpacked_by_hand_is_kept(machine: Machine) -> None:
    own = machine.home / "IBJts" / "samples" / "mine.py"
    own.parent.mkdir(parents=True)
    own.write_text("my own work")
    file = package(machine.folder)
    shown = machine.run("install", str(file), "--dry-run")
    assert shown["plan"]["steps"][0]["verb"] == "rename"
    accepted = shown["licence"]["sha256"]
    words = ("install", str(file), "--accept-licence", accepted)
    assert machine.run(*words, code=3)["error"]["code"] == "not-confirmed"
    assert own.read_text() == "my own work"
    change = machine.run(*words, "--yes")["change"]
    kept = machine.home / "IBJts-versions/IBJts-found/IBJts/samples/mine.py"
    assert kept.read_text() == "my own work"
    machine.changes("undo", change, "--yes")
    assert own.read_text() == "my own work"
    assert machine.left() == ["IBJts", "IBJts/samples", "IBJts/samples/mine.py"]


def test_the_article_mends_a_pointer(machine: Machine) -> None:
    for version in ("10.50.02", "10.51.01"):
        machine.install(package(machine.folder, version))
    lost = machine.home / "IBJts-versions/10.51.01"
    lost.rename(machine.folder / "elsewhere")
    broken = machine.run("verify", code=1)["findings"]
    assert "api-pointer-broken" in {finding["code"] for finding in broken}
    command = [DESKSIDE, "run", "KB9001", "--option", f"home={machine.home}", "--yes", "--json"]
    subprocess.run(command, check=True, capture_output=True)
    assert "10.50.02" in (machine.home / "IBJts/API_VersionNum.txt").read_text()


def test_from_an_address(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """By plain http only with a checksum; bounded and explained where it is not there."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    file = package(machine.folder)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    handler = partial(Quiet, directory=str(machine.folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/{file.name}"
        assert machine.run("install", address, code=3)["error"]["code"] == "insecure-address"
        shown = machine.run("install", address, "--sha256", digest, "--dry-run")
        assert shown["package"]["file"] == file.name
        words = ("install", f"{address}.not", "--sha256", digest)
        assert machine.run(*words, code=3)["error"]["code"] == "download-failed"
        server.shutdown()
    left = [path.name for path in (machine.folder / "data").iterdir()]
    assert not any(name.startswith("download") for name in left)


class Quiet(SimpleHTTPRequestHandler):
    """Serves files, and says nothing about it."""

    def log_message(self, *_words: object) -> None:
        return


def test_a_jar_is_an_archive(machine: Machine) -> None:
    jar = package(machine.folder, "9.71.01").rename(machine.folder / "twsapi_macunix.971.01.jar")
    machine.install(jar)
    assert machine.run("list")["versions"][0]["version"] == "9.71.01"


def test_cases_of_names_may_drift(machine: Machine) -> None:
    from .archives import rezipped

    file = machine.folder / "twsapi_macunix.1051.01.zip"
    names = ("ibjts/api_versionnum.TXT", "ibjts/Source/CppClient/client/a.h", "ibjts/SAMPLES/a.py")
    file.write_bytes(rezipped(dict.fromkeys(names, b"API_Version=10.51.01\n")))
    machine.install(file)
    assert (machine.home / "IBJts/Source/CppClient/client/a.h").exists()


def test_available_says_what_fits(machine: Machine) -> None:
    listed = machine.run("available")["packages"]
    assert any(each["fits"] for each in listed)
    assert not any(each["fits"] for each in listed if each["kind"] in ("msi", "installer"))
    assert all(
        len(each.sha256) in (0, 64) and (each.witness or not each.sha256) for each in packages()
    )


# The Python client.


def test_the_code_of_the_package_is_never_run(machine: Machine) -> None:
    machine.install(package(machine.folder))
    folder, site = machine.environment()
    before = set(site.iterdir())
    result = machine.run("python", "--venv", str(folder), "--yes")
    assert {f["code"] for f in result["findings"]} == {"protobuf-missing", "ibapi-ok"}
    subprocess.run([folder / "bin/python", "-c", "import ibapi"], check=True)
    machine.run("python", "--venv", str(folder), "--uninstall", "--yes")
    assert set(site.iterdir()) == before


def test_a_second_owner_is_named(machine: Machine) -> None:
    machine.install(package(machine.folder))
    folder, site = machine.environment()
    info = site / "ibapi_stable-10.45.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: ibapi-stable\nVersion: 10.45.1\n")
    (info / "RECORD").write_text("ibapi/__init__.py,,\n")
    (site / "ibapi").mkdir()
    error = machine.run("python", "--venv", str(folder), "--yes", code=3)["error"]
    assert error["code"] == "ibapi-owned"
    assert "ibapi-stable 10.45.1" in error["message"]
    assert sorted(p.name for p in (site / "ibapi").iterdir()) == []


@pytest.mark.parametrize(
    ("runtime", "code", "status"),
    [
        ("5.29.4", "protobuf-unsuitable", 1),
        ("5.29.5", "ibapi-ok", 0),
        ("8.0.0", "protobuf-unsuitable", 1),
    ],
)
def test_the_runtime_is_compared(machine: Machine, runtime: str, code: str, status: int) -> None:
    machine.install(package(machine.folder))
    folder, site = machine.environment()
    info = site / f"protobuf-{runtime}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Name: protobuf\nVersion: {runtime}\n")
    result = machine.run("python", "--venv", str(folder), "--yes", code=status)
    assert code in {f["code"] for f in result["findings"]}


def test_the_wheel_is_always_the_same(machine: Machine) -> None:
    machine.install(package(machine.folder))
    wheels = []
    (machine.folder / "a").mkdir()
    for name in ("a", "b/that/is/new"):
        out = machine.folder / name
        made = machine.run("python", "--wheel", str(out))
        wheels.append(Path(made["wheel"]).read_bytes())
        assert made["requires"] == "protobuf>=5.29.5,<8"
    assert wheels[0] == wheels[1]


def test_no_environment_is_refused(machine: Machine) -> None:
    machine.install(package(machine.folder))
    words = ("python", "--venv", str(machine.folder), "--yes")
    assert machine.run(*words, code=3)["error"]["code"] == "no-environment"


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("real")
    return {version: real_package(folder, version) for version in CLIENTS}


def test_real_clients(machine: Machine, real: dict[str, Path]) -> None:
    """Two real versions side by side, into a fresh environment, imported, verified, removed."""
    for file in real.values():
        machine.install(file)
    assert machine.run("verify")["verdict"] == "success"
    folder, site = machine.environment()
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin/python")]
    subprocess.run([*pip, "install", "--quiet", "protobuf>=5.29.5,<8"], check=True)
    before = set(site.iterdir())
    for version in real:
        result = machine.run("python", version, "--venv", str(folder), "--yes")
        assert [f["code"] for f in result["findings"]] == ["ibapi-ok"]
        look = "import ibapi.client, ibapi.wrapper; print(ibapi.__version__)"
        said = subprocess.run(
            [folder / "bin/python", "-c", look], capture_output=True, text=True, check=True
        )
        assert said.stdout.strip() == version
    subprocess.run([*pip, "check"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([*pip, "uninstall", "--quiet", "--yes", "ibapi"], check=True)
    assert set(site.iterdir()) == before
    for version in real:
        machine.run("remove", version, "--yes")
    assert machine.left() == []


# Rules.


@given(st.integers(0, 99), st.integers(0, 99), st.integers(0, 99))
def test_spellings_of_a_version(major: int, minor: int, patch: int) -> None:
    version = f"{max(major, 1)}.{minor:02}.{patch:02}"
    assert versions.of_file_name(file_name(version)) == version
    assert versions.normal(versions.for_pip(version)) == version
    assert versions.of_version_file(f"API_Version={version}\r\n".encode()) == version


def test_the_licence_is_that_of_this_archive(machine: Machine) -> None:
    old = {"IBJts/LICENSE.txt": b"IB API Non-Commercial License"}
    shown = machine.run("install", str(package(machine.folder, more=old)), "--dry-run")
    assert shown["licence"]["contradicts"] is True
    assert shown["licence"]["id"] == "GPL-3.0-or-later"
    assert len(shown["plan"]["remarks"]) == 1
    header = "IBJts/source/pythonclient/ibapi/__init__.py"
    only = package(machine.folder, more={**old, header: b""})
    licence = machine.run("install", str(only), "--dry-run")["licence"]
    assert licence["id"] == "LicenseRef-IB-Non-Commercial"
    assert GPL.decode() not in licence["text"]
    assert Path(licence["sources"][0]).name == "LICENSE.txt"
