"""One scenario explored, in a process of its own: forking is cheap, and finds no other threads.

    python -m tests.crash_states crashes SCENARIO [--seed N] [--every N] [--draws N] [--order any]
    python -m tests.crash_states faults SCENARIO [--first N] [--every N]

Prints what was found as JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict

from tests.crash_states.disk import Effort, Order
from tests.crash_states.exploring import Findings, explore
from tests.crash_states.faults import sweep
from tests.crash_states.protocols import BAD, GOOD
from tests.crash_states.scenarios import Scenario
from tests.crash_states.work.everything import NAMES, scenario

PROTOCOLS: dict[str, Scenario] = {protocol.name: protocol for protocol in (*GOOD, *BAD)}


def main() -> None:
    """Explore one scenario."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash_states")
    parser.add_argument("kind", choices=["crashes", "faults"])
    parser.add_argument("scenario", choices=[*NAMES, *PROTOCOLS])
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--draws", type=int, default=8)
    parser.add_argument("--order", choices=[order.value for order in Order], default="kept")
    parser.add_argument("--first", type=int, default=0)
    arguments = parser.parse_args()
    os.environ["DESKSIDE_CONFIG"] = os.devnull
    sys.stdout.write(json.dumps(asdict(_found(arguments))))


def _found(wanted: argparse.Namespace) -> Findings:
    chosen = PROTOCOLS.get(wanted.scenario) or scenario(wanted.scenario)
    if wanted.kind == "faults":
        return sweep(chosen, every=wanted.every, first=wanted.first)
    effort = Effort(wanted.every, wanted.draws, Order(wanted.order))
    return explore(chosen, effort, wanted.seed)


if __name__ == "__main__":
    main()
