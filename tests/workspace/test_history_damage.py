"""Whatever is changed in the files is found, and costs no more than the format says."""

from __future__ import annotations

import random
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskside.foundation.errors import Refused
from deskside.workspace.history import Damage, History, What
from deskside.workspace.history.log import SUFFIX, Entry
from deskside.workspace.history.mending import candidates
from deskside.workspace.model import Snapshot, Workspace

Contents = dict[Snapshot, bytes]


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "workspace" / "history")


def log_of(history: History) -> Path:
    (file,) = history.folder.glob(f"*{SUFFIX}")
    return file


def filled(history: History, workspace: Workspace, saves: int) -> Contents:
    """A history of contents that derive from one another."""
    rng = random.Random(7)
    text = bytes(rng.choice(b"abcdefgh <>=") for _ in range(700))
    saved = {}
    for number in range(saves):
        content = text + b"%d" % number * 30
        saved[history.save(workspace, content, f"note {number}").snapshot] = content
    return saved


def entries(history: History) -> list[Entry]:
    return list(history._all()[0].state.entries.values())


def whole_but(history: History, saved: Contents, damages: list[Damage]) -> set[str]:
    """The ids that are lost, having made sure that all others come back."""
    lost = {name for damage in damages for name in damage.snapshots}
    nameless = sum(damage.nameless for damage in damages)
    known = {snapshot.id for w in history.workspaces() for snapshot in history.snapshots(w)}
    for snapshot, content in saved.items():
        if snapshot.id not in lost and (snapshot.id in known or not nameless):
            assert history.content(snapshot) == content
    return lost


@given(st.binary(min_size=1, max_size=300), st.data())
def test_a_checksum_tells_which_byte_was_changed(whole: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(whole) - 1))
    changed = bytearray(whole)
    for at in range(place, min(place + 2, len(whole))):
        changed[at] ^= data.draw(st.integers(0, 255))
    assert whole in candidates(bytes(changed), zlib.crc32(whole))


def test_any_changed_byte_is_found_and_costs_nothing(
    history: History, workspace: Workspace
) -> None:
    saved = filled(history, workspace, 4)
    history.save(workspace, b"IBGZENC\0sealed")
    history.pin(next(iter(saved)))
    history.set_base(workspace, "http://p", "v1")
    rng = random.Random(1)
    for file in history.folder.iterdir():
        whole = file.read_bytes()
        for place in range(len(whole)):
            changed = bytearray(whole)
            changed[place] ^= rng.randrange(1, 256)
            file.write_bytes(changed)
            again = History(history.folder)
            damages = again.verify()
            assert damages, f"{file.name} {place}"
            assert whole_but(again, saved, damages) == set()
            assert len(again.snapshots(workspace)) == 5
        file.write_bytes(whole)
    assert History(history.folder).verify() == []


class Store:
    """A history that is damaged and put right again."""

    def __init__(self, folder: Path) -> None:
        self.history, self.workspace = History(folder / "h"), Workspace(folder / "tws.xml")
        self.saved = filled(self.history, self.workspace, 40)
        self.whole = log_of(self.history).read_bytes()
        self.entries = entries(self.history)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("damaged"))


@given(st.integers(0, 10**9), st.binary(min_size=3, max_size=900))
@settings(max_examples=60, deadline=None)
def test_larger_damage_costs_what_it_covers_and_what_derives_from_that(
    store: Store, where: int, rubbish: bytes
) -> None:
    start = where % (store.entries[-1].frame.start - len(rubbish))
    stop = start + len(rubbish)
    log = log_of(store.history)
    log.write_bytes(store.whole[:start] + rubbish + store.whole[stop:])
    hit, may_cost = set(), set()
    for entry in store.entries:
        digest = entry.kept.brief.sha256[:8]
        if touched(entry, start, stop) or entry.kept.base in hit:
            hit.add(digest)
            may_cost.add(entry.kept.brief.id)
    again = History(store.history.folder)
    damages = again.verify()
    assert damages
    lost = whole_but(again, store.saved, damages)
    assert lost <= may_cost
    there = {snapshot.id for snapshot in again.snapshots(store.workspace)} | lost
    unnamed = {snapshot.id for snapshot in store.saved} - there
    assert len(unnamed) <= sum(damage.nameless for damage in damages)
    assert again.save(store.workspace, b"after it all").changed
    assert lost <= set(History(store.history.folder).damaged())


def touched(entry: Entry, start: int, stop: int) -> bool:
    return entry.frame.start < stop and start < entry.frame.end


def wipe(history: History, start: int, stop: int) -> bytes:
    """Put rubbish into a region of the log; what it was before."""
    whole = log_of(history).read_bytes()
    log_of(history).write_bytes(whole[:start] + b"\xa5" * (stop - start) + whole[stop:])
    return whole


def test_a_region_that_is_gone_is_named_with_every_snapshot(
    history: History, workspace: Workspace
) -> None:
    saved = filled(history, workspace, 40)
    found = entries(history)
    wipe(history, found[5].frame.start, found[9].frame.start)
    (damage,) = History(history.folder).verify()
    assert (damage.what, damage.workspace, damage.nameless) == (What.REGION, workspace, 0)
    assert {e.kept.brief.id for e in found[5:9]} <= set(damage.snapshots)
    assert damage.snapshots[0] in {s.id for s in saved}
    with pytest.raises(Refused) as refused:
        History(history.folder).find(found[5].kept.brief.id)
    assert refused.value.code == "snapshot-damaged"


def test_a_copy_of_the_history_brings_everything_back(
    history: History, workspace: Workspace, tmp_path: Path
) -> None:
    saved = filled(history, workspace, 40)
    copy = History(tmp_path / "copy")
    copy.import_history(history.folder)
    found = entries(history)
    wipe(history, found[0].frame.start + 5, found[3].frame.start + 20)
    damaged = log_of(history).read_bytes()
    again = History(history.folder)
    assert len(again.damaged()) > 20
    done = again.repair(copy)
    assert done.lost == ()
    assert len(done.recovered) > 20
    assert (history.folder / done.aside[0]).read_bytes() == damaged
    again = History(history.folder)
    assert again.verify() == []
    assert whole_but(again, saved, []) == set()
    assert [s.id for s in again.snapshots(workspace)] == sorted((s.id for s in saved), reverse=True)
    assert again.repair(copy).recovered == ()


def test_what_nobody_has_stays_named_until_that_is_accepted(
    history: History, workspace: Workspace
) -> None:
    saved = filled(history, workspace, 34)
    gone = entries(history)[20]
    wipe(history, gone.frame.start, gone.frame.end)
    again = History(history.folder)
    lost = set(again.damaged())
    done = again.repair(lambda _snapshot: b"something else")
    assert set(done.lost) == lost
    assert set(History(history.folder).damaged()) == lost
    contents = {snapshot.sha256: content for snapshot, content in saved.items()}
    done = History(history.folder).repair(lambda snapshot: contents[snapshot.sha256])
    assert (set(done.recovered), done.lost) == (lost, ())
    assert whole_but(History(history.folder), saved, []) == set()


def test_losses_can_be_accepted(history: History, workspace: Workspace) -> None:
    saved = filled(history, workspace, 34)
    gone = entries(history)[20]
    wipe(history, gone.frame.start, gone.frame.end)
    done = History(history.folder).repair(accept_losses=True)
    assert gone.kept.brief.id in done.lost
    again = History(history.folder)
    assert again.verify() == []
    left = {snapshot.id for snapshot in again.snapshots(workspace)}
    assert left == {snapshot.id for snapshot in saved} - set(done.lost)


def test_a_changed_byte_is_put_right_by_repair_alone(
    history: History, workspace: Workspace
) -> None:
    saved = filled(history, workspace, 5)
    for file in (log_of(history), history.folder / "history.key"):
        changed = bytearray(file.read_bytes())
        changed[len(changed) // 2] ^= 1
        file.write_bytes(changed)
    again = History(history.folder)
    assert [damage.mended for damage in again.verify()] == [True, True]
    again.repair()
    assert again.verify() == []
    assert whole_but(History(history.folder), saved, []) == set()


def test_saving_the_same_again_mends_a_rotten_copy(history: History, workspace: Workspace) -> None:
    filled(history, workspace, 1)
    (entry,) = entries(history)
    content = history.content(history.snapshots(workspace)[0])
    wipe(history, entry.frame.start + entry.frame.header.before_body, entry.frame.end)
    again = History(history.folder)
    assert again.damaged() == [entry.kept.brief.id]
    assert again.save(workspace, content).changed is False
    again = History(history.folder)
    assert again.damaged() == []
    assert again.content(again.snapshots(workspace)[0]) == content


def test_a_file_that_is_no_log_costs_what_was_in_it_and_is_kept(
    history: History, workspace: Workspace
) -> None:
    filled(history, workspace, 2)
    log_of(history).write_bytes(b"not a log" * 100)
    again = History(history.folder)
    assert [damage.what for damage in again.verify()] == [What.PREAMBLE, What.REGION]
    made = again.save(workspace, b"new").snapshot
    assert log_of(history).read_bytes().startswith(b"not a log" * 100)
    assert History(history.folder).find(made.id) == (workspace, made)


def test_a_record_that_was_cut_out_is_missed(history: History, workspace: Workspace) -> None:
    filled(history, workspace, 6)
    third = entries(history)[2]
    whole = log_of(history).read_bytes()
    log_of(history).write_bytes(whole[: third.frame.start] + whole[third.frame.end :])
    assert third.kept.brief.id in History(history.folder).damaged()
