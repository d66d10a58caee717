"""Metrics, read by Prometheus's own parser and by node_exporter's rules for files."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from deskside.foundation.errors import DesksideError
from deskside.network.monitor.exporter import serving, write_textfile
from deskside.network.monitor.history import History
from deskside.network.monitor.metrics import Figures, exposition
from deskside.network.monitor.model import Outcome, Run, Standing, State
from tests.network.conftest import closed_port

from .conftest import FAILURE, START, SUCCESS, VOID, keep, measure, run

Samples = dict[tuple[str, ...], float]


def read(text: str) -> dict[str, Samples]:
    """Samples by metric and values of labels, as Prometheus understands them."""
    return {
        family.name: {tuple(one.labels.values()): one.value for one in family.samples}
        for family in text_string_to_metric_families(text)
    }


def shown(last: Run | None, confirmed: Outcome | None = None) -> dict[str, Samples]:
    tallies = dict.fromkeys(State, 0) | {State.SUCCESS: 7}
    figures = Figures(last=last, standing=Standing(confirmed), tallies=tallies, waiting=2)
    return read(exposition(figures))


def test_blackbox_names_mean_what_they_mean_there() -> None:
    expires = START + timedelta(days=30)
    row = measure(lookup=1.5, connect=20.0, handshake=30.0, total=60.0, expires=expires)
    seen = shown(run(0, SUCCESS, row))
    at = ("a.example", "a.example")
    assert seen["probe_success"] == {at: 1.0}
    assert seen["probe_duration_seconds"] == {at: 0.06}
    assert seen["probe_dns_lookup_time_seconds"] == {at: 0.0015}
    assert seen["probe_ssl_earliest_cert_expiry"] == {at: expires.timestamp()}
    assert seen["deskside_probe_connect_seconds"] == {at: 0.02}
    assert seen["deskside_probe_tls_seconds"] == {at: 0.03}
    assert seen["deskside_probe_attempts"] == {at: 2.0}


def test_the_monitor_tells_of_itself() -> None:
    seen = shown(run(1, FAILURE, measure(reached=False)), SUCCESS)
    assert seen["deskside_monitor_state"] == {
        ("success",): 0.0,
        ("degraded",): 0.0,
        ("failure",): 1.0,
        ("void",): 0.0,
    }
    assert seen["deskside_monitor_confirmed_state"][("success",)] == 1.0
    assert seen["deskside_monitor_root_cause_info"] == {("port-dropped",): 1.0}
    assert seen["deskside_monitor_last_run_timestamp_seconds"] == {(): START.timestamp() + 60}
    assert seen["deskside_monitor_runs"][("success",)] == 7.0
    assert seen["deskside_monitor_alerts_waiting"] == {(): 2.0}


def test_a_void_run_claims_nothing_of_the_line() -> None:
    seen = shown(run(0, VOID, measure(reached=False, lost=2)))
    assert not [name for name in seen if "probe" in name]
    assert seen["deskside_monitor_state"][("void",)] == 1.0


def test_a_row_that_was_not_judged_has_no_success_to_show() -> None:
    seen = shown(run(0, SUCCESS, measure("a"), measure("b", reached=None)))
    assert seen["probe_success"] == {("a", "a"): 1.0}


def test_before_the_first_run_there_are_no_figures_of_one() -> None:
    assert set(shown(None)) == {"deskside_monitor_runs", "deskside_monitor_alerts_waiting"}


@given(st.lists(st.text(max_size=30), min_size=1, max_size=5, unique=True))
def test_any_name_is_read_back(names: list[str]) -> None:
    # A carriage return ends no line of the format, but does for Python's own reading of lines.
    names = [name.replace("\r", " ") for name in names]
    rows = [measure(name) for name in dict.fromkeys(names)]
    seen = shown(run(0, SUCCESS, *rows))
    assert set(seen["probe_success"]) == {(row.target, row.host) for row in rows}


# Where they are served.


@pytest.fixture
def kept(file: Path) -> Path:
    with History.open(file) as history:
        keep(history, run(0, SUCCESS), run(5, FAILURE, measure(reached=False)))
    return file


@pytest.fixture
def scraped(kept: Path) -> Iterator[httpx2.Client]:
    with (
        serving(("127.0.0.1", 0), kept) as address,
        httpx2.Client(base_url=address.removesuffix("/metrics"), trust_env=False) as client,
    ):
        yield client


def test_a_scrape(scraped: httpx2.Client) -> None:
    answer = scraped.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert read(answer.text)["deskside_monitor_runs"][("failure",)] == 1.0


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("localhost:9100", 200),
        ("[::1]:9100", 200),
        ("evil.example", 421),
        ("evil.example:9100", 421),
        ("", 421),
    ],
)
def test_only_by_a_name_of_this_computer(scraped: httpx2.Client, host: str, status: int) -> None:
    assert scraped.get("/metrics", headers={"host": host}).status_code == status


def test_nothing_else_is_there(scraped: httpx2.Client) -> None:
    assert scraped.get("/../etc/passwd").status_code == 404
    assert scraped.post("/metrics").status_code == 501


def test_a_history_that_is_gone_is_said_so(scraped: httpx2.Client, kept: Path) -> None:
    for file in kept.parent.glob(f"{kept.name}*"):
        file.unlink()
    answer = scraped.get("/metrics")
    assert (answer.status_code, answer.text) == (503, "monitor-history-missing\n")


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "desk.example", "::"])
def test_other_computers_are_not_served(kept: Path, host: str) -> None:
    with pytest.raises(DesksideError) as refused, serving((host, 0), kept):
        pass
    assert refused.value.code == "monitor-metrics-address"


def test_a_port_that_is_taken_is_said_so(kept: Path) -> None:
    with serving(("127.0.0.1", 0), kept) as address:
        port = int(address.rpartition(":")[2].partition("/")[0])
        with pytest.raises(DesksideError) as refused, serving(("127.0.0.1", port), kept):
            pass
    assert refused.value.code == "port-taken"


def test_a_file_is_whole_and_readable_by_all(tmp_path: Path) -> None:
    file = tmp_path / "deskside.prom"
    file.write_text("old")
    write_textfile(file, "new\n")
    assert file.read_text() == "new\n"
    assert file.stat().st_mode & 0o777 == 0o644
    assert list(tmp_path.iterdir()) == [file]


def test_the_command_serves_and_writes_them(tmp_path: Path, lab: str) -> None:
    port, prom = closed_port(), tmp_path / "deskside.prom"
    command = [sys.executable, "-m", "deskside", "network", "monitor", "--catalogue", lab]
    command += ["--metrics", f"127.0.0.1:{port}", "--textfile", str(prom), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ) as running:
        assert running.stdout
        running.stdout.readline()
        seen: Any = httpx2.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text
        running.terminate()
        assert running.wait(20) == 0
    assert set(read(seen)["probe_success"].values()) == {1.0}
    assert len(read(seen)["probe_ssl_earliest_cert_expiry"]) == 1
    assert read(prom.read_text())["probe_success"] == read(seen)["probe_success"]
