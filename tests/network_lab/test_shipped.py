"""The standard test: the shipped catalogue, on a network where all of its hosts answer and on one
where none does."""

from __future__ import annotations

from pathlib import Path

from . import vendor
from .lab import Lab

SILENT = "ip daddr 10.77.2.0/24 drop;"


def test_the_vendors_hosts_are_reached(tmp_path: Path) -> None:
    with Lab(tmp_path) as lab:
        report = lab.test_of(None, **vendor.serve(lab))
    assert (report["verdict"], report["root_cause"]) == ("success", None), report["findings"]
    assert {target["code"] for target in report["targets"]} == {"reachable"}
    assert len(report["targets"]) == 27


def test_a_silent_network_ends_the_test_at_its_deadline(tmp_path: Path) -> None:
    with Lab(tmp_path) as lab:
        trusted = vendor.serve(lab)
        lab.forward(SILENT)
        report = lab.test_of(None, "--deadline", "4", **trusted)
    assert 3 < report["seconds"] < 6
    assert report["verdict"] != "success"
    assert {target["code"] for target in report["targets"]} == {"not-tested"}
