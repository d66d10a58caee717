"""The long runs themselves: each goes a few rounds, and a run that is cut off goes on."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench.enumeration import auc

from tests.prove import changes, crashes, nodes, portal, settings, syncing
from tests.prove.__main__ import Batch
from tests.prove.book import Book


def test_a_run_that_is_cut_off_goes_on(tmp_path: Path) -> None:
    state, report = tmp_path / ".run" / "prove.json", tmp_path / "reliability.md"
    first = Book(state)
    first.progress("portal", seed=7).add(20, 60.0, {"sessions": 3})
    first.keep()

    second = Book(state)
    progress = second.progress("portal", seed=8)
    assert (progress.seed, progress.rounds) == (7, 20)
    progress.add(10, 30.0, {"sessions": 1200, "promises broken": 0})
    line = second.finish("portal", "portal under load", report)
    assert report.read_text() == line
    assert "| 30 | 0 promises broken · 1,203 sessions | 1.5 min | 7 |" in line
    assert Book(state).progress("portal", seed=9).rounds == 0


@pytest.mark.parametrize(
    ("ones", "others", "area"),
    [([1.0, 2.0], [3.0, 4.0], 0.0), ([3.0, 4.0], [1.0, 2.0], 1.0), ([1.0, 2.0], [1.0, 2.0], 0.5)],
)
def test_what_a_classifier_makes_of_times(
    ones: list[float], others: list[float], area: float
) -> None:
    assert auc(ones, others) == area


@pytest.mark.parametrize("rounds", [settings.batch, syncing.batch, changes.batch])
def test_workers_killed(rounds: Batch, tmp_path: Path) -> None:
    figures = rounds(5, 12, tmp_path)
    assert 0 in figures.values()
    assert sum(figures.values()) > 0


def test_states_after_a_crash(tmp_path: Path) -> None:
    figures = crashes.batch(0, 1, tmp_path)
    assert figures["crashes"] >= figures["states of the disk"] > 100


def test_portal_killed(tmp_path: Path) -> None:
    figures = portal.batch(5, 1, tmp_path)
    assert figures["audit rows"] >= figures["sessions acknowledged"] > 0


def test_node_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESKSIDE_KEK", "")  # set by the run, and taken back here
    figures = nodes.batch(5, 1, tmp_path)
    assert figures["responses"] >= figures["sessions acknowledged"] > 0
