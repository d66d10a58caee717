"""What `deskside --help` costs beside Python itself."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from bench.measure import DESKSIDE, process, show, verdict

BOUND = 60.0
"""Milliseconds of CPU."""

PEERS = {
    "argparse, six groups": """
import argparse
p = argparse.ArgumentParser()
s = p.add_subparsers()
for g in "abcdef":
    q = s.add_parser(g).add_subparsers()
    for c in "wxyz":
        q.add_parser(c).add_argument("--json", action="store_true")
p.parse_args(["--help"])
""",
    "click, six groups, eager": """
import click
@click.group()
def p(): pass
for g in "abcdef":
    q = click.Group(g)
    for c in "wxyz":
        q.add_command(click.Command(c, params=[click.Option(["--json"], is_flag=True)]))
    p.add_command(q)
p(["--help"])
""",
}


def run(*, peers: bool) -> None:
    """Measure and print."""
    bare = process([sys.executable, "-c", "0"])
    ours = process([DESKSIDE, "--help"])
    rows: list[list[object]] = [
        ["python -c 0", bare.cpu, bare.wall, "", ""],
        ["deskside --help", ours.cpu, ours.wall, f"≤ {BOUND:.0f} ms", verdict(ours.cpu, BOUND)],
    ]
    if peers:
        with tempfile.TemporaryDirectory() as folder:
            for name, source in PEERS.items():
                script = Path(folder) / "peer.py"
                script.write_text(source)
                cost = process([sys.executable, str(script)])
                rows.append([name, cost.cpu, cost.wall, "", ""])
    show("Start-up", ["command", "CPU ms", "wall ms", "bound (CPU)", "held"], rows)
