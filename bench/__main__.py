"""Runs the benchmarks by name, or all of them."""

from __future__ import annotations

import argparse
import os
import platform
from importlib import import_module

BENCHMARKS = [
    "start_up",
    "settings_save",
    "one_time_passwords",
    "second_factor",
    "settings_history",
    "settings_peers",
    "api_unpack",
    "doctor",
    "log_in",
    "log_in_peers",
    "network_probes",
    "network_standard",
    "pages",
]
LONG = ["large_desk", "enumeration", "imports", "network_faults"]
"""Minutes each: only when they are named, or with the peers."""


def main() -> None:
    """Print a Markdown report."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("only", nargs="*", help=", ".join([*BENCHMARKS, *LONG]))
    parser.add_argument("--peers", action="store_true", help="measure peers in the same run")
    arguments = parser.parse_args()
    print(f"# Deskside, measured\n\nPython {platform.python_version()}, {os.cpu_count()} cores.")
    usual = BENCHMARKS + (LONG if arguments.peers else [])
    for name in arguments.only or usual:
        import_module(f"bench.{name}").run(peers=arguments.peers)


if __name__ == "__main__":
    main()
