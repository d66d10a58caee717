"""The disk under a portal is full: it says so, keeps what it had, and goes on afterwards.

A real small file system where we may mount one; else a limit on the size of its files.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import resource
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import httpx2
import pytest

from deskside.foundation.audit.service import HEADS_FILE, Audit, Sealer
from deskside.foundation.clock import FrozenClock
from deskside.foundation.database import Database
from deskside.foundation.keyring import Keyring
from deskside.foundation.paths import append_private
from tests.abuse.conftest import person
from tests.abuse.wire import send
from tests.prove.client import WORKSPACE, Client, Ledger
from tests.prove.inspection import audit_is_whole, inspect
from tests.system.conftest import Portal, start_portal, stop_portal

SIZE = 8 * 1024 * 1024
ADDRESS = f"/me/settings/{WORKSPACE}/snapshots"


class Disk(Protocol):
    """A place that can be full."""

    folder: Path

    def fill(self, portal: Portal) -> None: ...
    def free(self, portal: Portal) -> None: ...


class SmallDisk:
    """A file system of its own, filled by a file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self, portal: Portal) -> None:
        with (self.folder / "filler").open("wb", buffering=0) as file:
            for size in (65536, 4096, 512):
                # A write that finds some room writes that much; only the next one fails.
                with contextlib.suppress(OSError):
                    while file.write(b"x" * size):
                        pass
        assert shutil.disk_usage(self.folder).free == 0

    def free(self, portal: Portal) -> None:
        (self.folder / "filler").unlink()


class SmallFiles:
    """A folder in which no file of the portal's may grow any more."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self, portal: Portal) -> None:
        largest = max(file.stat().st_size for file in portal.folder.rglob("*") if file.is_file())
        self._limit(portal, largest)

    def free(self, portal: Portal) -> None:
        self._limit(portal, resource.RLIM_INFINITY)

    @staticmethod
    def _limit(portal: Portal, size: int) -> None:
        resource.prlimit(portal.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@contextmanager
def mounted(folder: Path) -> Iterator[Disk]:
    """A small file system where that is allowed."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(command, capture_output=True, check=False).returncode:
        yield SmallFiles(folder)
        return
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(params=["disk", "files"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    if request.param == "files":
        (tmp_path / "files").mkdir()
        yield SmallFiles(tmp_path / "files")
        return
    with mounted(tmp_path / "disk") as made:
        yield made


def test_full_and_free_again(disk: Disk) -> None:
    portal = start_portal(disk.folder / "portal", "--demo")
    ledger = Ledger(person(portal, "alba"))
    try:
        with Client(portal.address, ledger) as client:
            token = client.log_in()
            kept = pushed(client, token, "")
            disk.fill(portal)
            kept = until_refused(client, token, kept)
            until_nobody_may_log_in(client, ledger)
            assert send(portal, "GET", "/healthz").status == 200
            assert client.digest_of(token, kept) == ledger.snapshots[kept]
            refused_in_words(push(client, token, kept))
            disk.free(portal)
            kept = pushed(client, token, kept)
            assert client.who(client.log_in()) == ledger.person.name
            assert held(client, token) == set(ledger.snapshots)
        look(portal, ledger)
    finally:
        stop_portal(portal)
    stop_portal(start_portal(disk.folder / "portal", "--demo"))


def test_a_signed_head_of_which_half_was_written(
    sqlite_database: Database, tmp_path: Path, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file of heads is mended as soon as there is room, without starting anew."""
    keyring, audit = Keyring.open(sqlite_database, tmp_path / "keys"), Audit(clock)
    sealer, heads = Sealer(sqlite_database, keyring, tmp_path, clock), tmp_path / HEADS_FILE

    def seal_one() -> None:
        with sqlite_database.write() as connection:
            audit.record(connection, "login.refused", actor=None, subject=None)
        sealer.seal_now()

    def half(path: Path, content: bytes) -> None:
        append_private(path, content[: len(content) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    seal_one()
    with monkeypatch.context() as full:
        full.setattr("deskside.foundation.audit.sealer.append_private", half)
        with pytest.raises(OSError, match="No space left"):
            seal_one()
    seal_one()
    assert len(heads.read_bytes().splitlines()) == 3
    audit_is_whole(sqlite_database, keyring, [heads])


def until_refused(client: Client, token: str, base: str) -> str:
    """Push until there is no room left; the last snapshot that was taken."""
    for _attempt in range(200):
        answer = push(client, token, base)
        if answer.status_code != 200:
            refused_in_words(answer)
            return base
        base = answer.json()["snapshot"]
    raise AssertionError("it never was full")


def until_nobody_may_log_in(client: Client, ledger: Ledger) -> None:
    """A log-in takes less room than settings do: some may still find it."""
    for _attempt in range(500):
        answer = client.http.post("/login", json=credentials(ledger))
        if answer.status_code != 200:
            refused_in_words(answer)
            return
    raise AssertionError("log-ins never found it full")


def refused_in_words(answer: httpx2.Response) -> None:
    """A refusal that says what happened and what to do."""
    problem = answer.json()
    assert answer.status_code in (409, 503, 507), problem
    assert problem["type"] in ("disk-full", "database-unreachable"), problem
    assert problem["title"]
    assert problem["detail"]


def pushed(client: Client, token: str, base: str) -> str:
    """Push something; it must be taken."""
    answer = push(client, token, base)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["snapshot"])


def push(client: Client, token: str, base: str) -> httpx2.Response:
    """Push what cannot be packed any smaller."""
    content = f"<Settings>{secrets.token_hex(20_000)}</Settings>".encode()
    digest = hashlib.sha256(content).hexdigest()
    headers = client.bearer(token) | {"deskside-sha256": digest, "deskside-base": base}
    answer = client.http.post(ADDRESS, headers=headers, content=content)
    if answer.status_code == 200:
        client.ledger.snapshots[answer.json()["snapshot"]] = digest
    return answer


def held(client: Client, token: str) -> set[str]:
    """The snapshots that the portal has, each of them read to its end."""
    listed = client.http.get(ADDRESS, headers=client.bearer(token)).json()["snapshots"]
    for snapshot in listed:
        answer = client.http.get(f"{ADDRESS}/{snapshot['id']}", headers=client.bearer(token))
        assert hashlib.sha256(answer.content).hexdigest() == snapshot["sha256"]
    return {snapshot["id"] for snapshot in listed}


def credentials(ledger: Ledger) -> dict[str, str]:
    return {"username": ledger.person.name, "password": ledger.person.password}


def look(portal: Portal, ledger: Ledger) -> None:
    """The database is sound, and nothing of the audit trail was lost meanwhile."""
    database = Database.open(portal.folder / "deskside.sqlite3")
    try:
        keyring = Keyring.open(database, portal.folder / "keys")
        audit_is_whole(database, keyring, [portal.folder / "audit-heads.jsonl"])
        inspect(database, [ledger])
    finally:
        database.close()
