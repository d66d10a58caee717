"""Imports from the pages: sealed while they wait, checked first, exact after any break."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import func, select

from deskside.foundation.errors import NotFound, Refused
from deskside.foundation.leases import hold
from deskside.secure_login.seeds import jobs, service
from deskside.secure_login.seeds.jobs import LEASE, LEASE_SPAN, Import, ImportJobs, Status
from deskside.secure_login.seeds.store import seed_import_file
from tests.secure_login.desk import Desk
from tests.secure_login.test_seeds import container, sealed_by_key, sealed_by_password

ROWS = 25


def csv_file(rows: int = ROWS, wrong: int = 2) -> bytes:
    lines = [f"S-{number:06d},{number + 1:040x},totp" for number in range(rows - wrong)]
    lines += [f"W-{number},zz,totp" for number in range(wrong)]
    return "\n".join(["serial,key,kind", *lines]).encode()


def begun(imports: ImportJobs, content: bytes, **opened: str) -> Import:
    opened = {"key": "", "password": ""} | opened
    return imports.begin(io.BytesIO(content), "seeds.csv", "an-operator", **opened)


def pieces(desk: Desk) -> int:
    with desk.database.read() as connection:
        return connection.execute(select(func.count()).select_from(seed_import_file)).scalar_one()


def test_checked_first_then_imported(desk: Desk) -> None:
    imports = desk.imports
    found = begun(imports, csv_file())
    assert found.status is Status.CHECKING
    with pytest.raises(Refused):
        imports.go(found.id, "an-operator")
    imports.turn()
    checked = imports.one(found.id)
    assert (checked.status, checked.total, checked.done) == (Status.CHECKED, ROWS, ROWS)
    assert (checked.new, checked.present, checked.refused) == (ROWS - 2, 0, 2)
    assert desk.service.list_devices() == []
    foreseen = list(imports.report(found.id))
    assert [row.line for row in foreseen] == list(range(2, ROWS + 2))

    imports.go(found.id, "an-operator")
    imports.turn()
    done = imports.one(found.id)
    assert (done.status, done.done) == (Status.DONE, ROWS)
    assert list(imports.report(found.id)) == foreseen
    assert len(desk.service.list_devices()) == ROWS - 2
    assert pieces(desk) == 0
    with pytest.raises(Refused):
        imports.drop(found.id, "an-operator")


@pytest.mark.parametrize("broken_off_after", range(4))
def test_cut_off_after_any_batch(
    desk: Desk, broken_off_after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch is whole or not at all, and the report is as if nothing had happened."""
    monkeypatch.setattr(service, "BATCH", 7)
    imports = desk.imports
    found = begun(imports, csv_file())
    imports.turn()
    imports.go(found.id, "an-operator")

    class Killed(BaseException):
        pass

    stored, calls = service.SeedImport._store, Counter[str]()

    def killed(self: service.SeedImport, *arguments: object) -> None:
        stored(self, *arguments)  # type: ignore[arg-type]
        calls["batches"] += 1
        if calls["batches"] > broken_off_after:
            raise Killed

    monkeypatch.setattr(service.SeedImport, "_store", killed)
    with pytest.raises(Killed):
        imports.turn()
    monkeypatch.setattr(service.SeedImport, "_store", stored)
    half = imports.one(found.id)
    assert (half.status, half.done) == (Status.RUNNING, broken_off_after * 7)
    assert len(desk.service.list_devices()) == half.new
    imports.turn()
    done = imports.one(found.id)
    assert (done.status, done.new, done.present, done.refused) == (Status.DONE, ROWS - 2, 0, 2)
    assert Counter(row.outcome for row in imports.report(found.id)) == {
        "new": ROWS - 2,
        "refused": 2,
    }


def test_one_node_works(desk: Desk) -> None:
    imports = desk.imports
    found = begun(imports, csv_file())
    with desk.database.write() as connection:
        assert hold(connection, LEASE, "another-node", LEASE_SPAN)
    imports.turn()
    assert imports.one(found.id).status is Status.CHECKING
    assert imports.one(found.id).done == 0


@pytest.mark.parametrize("dropped_at", [Status.CHECKING, Status.CHECKED, Status.RUNNING])
def test_given_up(desk: Desk, dropped_at: Status) -> None:
    imports = desk.imports
    found = begun(imports, csv_file())
    if dropped_at is not Status.CHECKING:
        imports.turn()
    if dropped_at is Status.RUNNING:
        imports.go(found.id, "an-operator")
    imports.drop(found.id, "an-operator")
    imports.turn()
    assert imports.one(found.id).status is Status.DROPPED
    assert pieces(desk) == 0
    assert desk.service.list_devices() == []


def test_what_cannot_be_read_says_why(desk: Desk) -> None:
    imports = desk.imports
    found = begun(imports, b"a,b\n1,2\n")
    imports.turn()
    failed = imports.one(found.id)
    assert failed.status is Status.FAILED
    assert "serial and key" in failed.problem
    assert pieces(desk) == 0


@pytest.mark.parametrize("seal", [sealed_by_key, sealed_by_password])
def test_encrypted_files_and_their_keys(desk: Desk, tmp_path: Path, seal: object) -> None:
    made = container()
    assert callable(seal)
    opened = seal(made.encryption)
    path = tmp_path / "sealed.xml"
    made.write(str(path))
    imports = desk.imports
    texts = {
        name: value.hex() if isinstance(value, bytes) else value for name, value in opened.items()
    }
    found, wrong = begun(imports, path.read_bytes(), **texts), begun(imports, path.read_bytes())
    imports.turn()
    assert imports.one(found.id).new == 6
    assert imports.one(wrong.id).status is Status.FAILED


def test_what_waits_is_sealed(desk: Desk) -> None:
    found = begun(desk.imports, csv_file(), password="open sesame")
    with desk.database.read() as connection:
        kept = b"".join(connection.execute(select(seed_import_file.c.content)).scalars())
        opener = connection.execute(
            select(jobs.seed_import.c.opener).where(jobs.seed_import.c.id == found.id)
        ).scalar_one()
    assert b"S-000001" not in kept
    assert b"sesame" not in opener


def test_size_is_bounded(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "LARGEST", 100)
    for content, code in ((b"", "seeds-empty"), (b"x" * 101, "seeds-too-large")):
        with pytest.raises(Refused) as refused:
            begun(desk.imports, content)
        assert refused.value.code == code
    assert desk.imports.listed() == []
    with pytest.raises(NotFound):
        desk.imports.one("nothing")
