"""A hundred thousand rows on loopback: each row gets its own verdict, on a busy computer too.

A round is one run of the command over open, refused, silent and prohibited ports, in a network
namespace of its own; every second round has two programs beside it that take all the processor
they can get.
"""

from __future__ import annotations

import json
import os
import random
import socket
import subprocess
import sys
import threading
from collections import Counter
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from bench.network_farm import prepare

ROWS = 100_000
PORT = 4000
KINDS = {
    "open": (70, 16, "not-tested"),
    "refused": (10, 32, "port-reset"),
    "silent": (10, 48, "port-dropped"),
    "prohibited": (10, 64, "port-prohibited"),
}
"""By kind: how many of a hundred; the network 127.N (and the three after it) that does so; and
what must be said of it. A plain port that only accepts has proved nothing."""

VOIDED = "not-tested"
RULES = """
table inet crowd {
  chain input {
    type filter hook input priority 0
    ip daddr 127.32.0.0/14 meta l4proto tcp reject with tcp reset
    ip daddr 127.48.0.0/14 meta l4proto tcp drop
    ip daddr 127.64.0.0/14 tcp dport 4000 reject with icmp type admin-prohibited
  }
}
"""
HOG = "while True: pass"


def batch(seed: int, rounds: int, folder: Path) -> dict[str, int]:
    """So many runs; the first of an experiment is quiet."""
    figures = Counter[str]()
    for number in range(rounds):
        within = folder / str(number)
        within.mkdir()
        busy = (seed + number) % 2 == 1
        subprocess.run(
            ["unshare", "--net", sys.executable, "-m", "tests.prove.crowds", str(within),
             str(seed + number), "busy" if busy else "quiet"],
            check=True,
        )  # fmt: skip
        figures["rows"] += ROWS
        figures["wrong verdicts"] += 0
        voided = judge(json.loads((within / "report.json").read_text()), busy=busy)
        figures["rows voided for a busy computer"] += voided
    return dict(figures)


def judge(report: dict[str, Any], *, busy: bool) -> int:
    """How many rows a busy computer voided; no row has a wrong verdict.

    Raises:
        AssertionError: one has, something is said of the line that is not so, or rows are voided
            without anybody taking the processor.
    """
    due = {kind: said for kind, (_share, _network, said) in KINDS.items()}
    told = Counter((one["id"].partition("-")[0], one["code"]) for one in report["targets"])
    assert told.total() == ROWS, told
    wrong = {pair: count for pair, count in told.items() if pair[1] not in (due[pair[0]], VOIDED)}
    voided = sum(count for (kind, code), count in told.items() if code != due[kind])
    others = {one["code"] for one in report["findings"]} - set(due.values())
    assert not wrong, wrong
    assert not others, others
    assert busy or not voided, told
    unfinished = sum(not one["finished"] for one in report["targets"])
    assert not unfinished, f"{unfinished} not finished in {report['seconds']} s"
    return voided


def rows(rng: random.Random) -> list[dict[str, Any]]:
    """The rows of the catalogue, mixed; the id begins with what is true of the row."""
    made = [
        {
            "id": f"{kind}-{number}",
            "host": f"127.{network + (number >> 16)}.{number >> 8 & 255}.{number & 255}",
            "ports": [PORT],
            "tls": [],
        }
        for kind, (share, network, _said) in KINDS.items()
        for number in range(1, ROWS * share // 100 + 1)
    ]
    rng.shuffle(made)
    return made


def _serve() -> None:
    listening = socket.create_server(("0.0.0.0", PORT), backlog=65535)
    while True:
        with suppress(OSError):
            listening.accept()[0].close()


def main(folder: Path, seed: int, load: str) -> None:
    """One run, in the namespace that this process is in."""
    prepare(RULES)
    threading.Thread(target=_serve, daemon=True).start()
    catalogue = folder / "crowd.json"
    listed = {
        "catalogue": {"version": "1", "date": "2026-01-01"},
        "hosts": rows(random.Random(seed)),
    }
    catalogue.write_text(json.dumps(listed))
    environment = {k: v for k, v in os.environ.items() if "proxy" not in k.lower()}
    environment |= {"HOME": str(folder), "XDG_DATA_HOME": str(folder / "data")}
    with ExitStack() as stack:
        for _hog in range(2 if load == "busy" else 0):
            hog = stack.enter_context(subprocess.Popen([sys.executable, "-c", HOG]))
            stack.callback(hog.kill)
        with (folder / "report.json").open("wb") as report:
            subprocess.run(
                [sys.executable, "-m", "deskside", "--json", "network", "test",
                 "--catalogue", str(catalogue)],
                stdout=report, env=environment, check=False,
            )  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
