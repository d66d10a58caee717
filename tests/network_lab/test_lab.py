"""Each cause alone: the root cause is right, and a healthy network is never accused."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .deep_variations import DEEP_VARIATIONS, NOT_HELD_BACK, SLICE, free
from .lab import Lab
from .scenarios import DEEP, QUICK
from .variations import HEALTHY, PAIRS, VARIATIONS


@pytest.fixture(autouse=True)
def _root() -> None:
    if os.geteuid() != 0:
        pytest.fail(
            "Network namespaces are root's to make: run these tests as root.", pytrace=False
        )


def deeply(cause: str = "") -> tuple[str, ...]:
    """Options of a deep test, which waits for idle connections until its time is up."""
    return "--deep", "--deadline", "60" if cause.startswith("idle") else "45"


def test_a_healthy_network_is_not_accused(tmp_path: Path) -> None:
    with Lab(tmp_path) as lab:
        report = lab.test()
    found = {one["code"] for one in report["findings"]}
    assert (report["verdict"], report["root_cause"], found) == ("success", None, {"reachable"}), (
        report["findings"]
    )


@pytest.mark.parametrize("cause", QUICK)
def test_the_cause_is_named(cause: str, tmp_path: Path) -> None:
    with Lab(tmp_path) as lab:
        environment = QUICK[cause](lab) or {}
        report = lab.test(**environment)
    assert report["root_cause"] == cause, report["findings"]
    assert report["undecided_between"] == []


@pytest.mark.waits
@pytest.mark.parametrize("cause", DEEP)
def test_the_cause_is_named_by_a_deep_test(cause: str, tmp_path: Path) -> None:
    with Lab(tmp_path) as lab:
        DEEP[cause](lab)
        report = lab.test(*deeply(cause))
    assert report["root_cause"] == cause, report["findings"]


@pytest.mark.parametrize("name", HEALTHY)
def test_other_healthy_networks_are_not_accused(name: str, tmp_path: Path) -> None:
    with Lab(tmp_path) as lab:
        environment = HEALTHY[name](lab) or {}
        report = lab.test(**environment)
    assert (report["verdict"], report["root_cause"]) == ("success", None), report["findings"]


@pytest.mark.parametrize("name", VARIATIONS)
def test_a_cause_made_otherwise_is_named(name: str, tmp_path: Path) -> None:
    cause, build = VARIATIONS[name]
    with Lab(tmp_path) as lab:
        environment = build(lab) or {}
        report = lab.test(**environment)
    assert report["root_cause"] == cause, report["findings"]


@pytest.mark.waits
@pytest.mark.parametrize("name", sorted(SLICE & DEEP_VARIATIONS.keys()))
def test_a_deep_cause_made_otherwise_is_named(name: str, tmp_path: Path) -> None:
    cause, build = DEEP_VARIATIONS[name]
    with Lab(tmp_path) as lab:
        build(lab)
        report = lab.test(*deeply(cause))
    assert report["root_cause"] == cause, report["findings"]


@pytest.mark.waits
@pytest.mark.parametrize("name", sorted(SLICE & NOT_HELD_BACK.keys()))
def test_what_is_not_held_back_is_not_said_to_be(name: str, tmp_path: Path) -> None:
    with Lab(tmp_path) as lab:
        NOT_HELD_BACK[name](lab)
        report = lab.test(*deeply())
    assert free(report), (report["findings"], report["not_tested"])


@pytest.mark.parametrize("pair", PAIRS)
def test_two_causes_at_once_are_both_named(pair: tuple[str, str], tmp_path: Path) -> None:
    with Lab(tmp_path) as lab:
        environment = PAIRS[pair](lab) or {}
        report = lab.test(**environment)
    assert report["root_cause"] in pair, report["findings"]
    named = {one["code"] for one in report["findings"] if one["status"] != "ok"}
    assert named == set(pair), report["findings"]


@pytest.fixture
def _two_hogs() -> Iterator[None]:
    """Two programs that take all the processor they can get."""
    hogs = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _hog in range(2)]
    yield
    for hog in hogs:
        hog.kill()
        hog.wait()


@pytest.mark.parametrize(
    ("cause", "deep"), [(None, False), (None, True), ("port-reset", False), ("loss", False)]
)
@pytest.mark.usefixtures("_two_hogs")
def test_a_busy_computer_invents_nothing(cause: str | None, deep: bool, tmp_path: Path) -> None:
    with Lab(tmp_path) as lab:
        if cause:
            QUICK[cause](lab)
        report = lab.test(*(("--deep", "--deadline", "30") if deep else ()))
    assert report["root_cause"] == cause or report["our_side"], report["findings"]
    named = {one["code"] for one in report["findings"] if one["status"] in ("warning", "failure")}
    assert named <= {cause}, report["findings"]
