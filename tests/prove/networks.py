"""Networks in the lab, over and over: a healthy one is not accused, a broken one is named."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.network_lab import deep_variations
from tests.network_lab.deep_variations import DEEP_VARIATIONS, NOT_HELD_BACK
from tests.network_lab.lab import Break, Lab
from tests.network_lab.scenarios import DEEP, QUICK
from tests.network_lab.variations import HEALTHY, PAIRS, VARIATIONS

Judge = Callable[[dict[str, Any]], bool]


def healthy(seed: int, count: int, folder: Path) -> dict[str, int]:
    """Nothing is wrong, each time in a way that is drawn."""
    rng = random.Random(seed)
    for number in range(count):
        name = rng.choice(list(HEALTHY))
        _build(
            f"healthy, {name}",
            HEALTHY[name],
            folder / str(number),
            lambda told: (told["verdict"], told["root_cause"]) == ("success", None),
        )
    return {"networks": count, "false alarms": 0}


def pairs(seed: int, count: int, folder: Path) -> dict[str, int]:
    """Two causes at once, in turn: one is the root, both are named, and nothing else."""
    for number in range(count):
        pair = list(PAIRS)[(seed + number) % len(PAIRS)]
        _build(
            str(pair), PAIRS[pair], folder / str(number), lambda told, pair=pair: _both(told, pair)
        )  # type: ignore[misc]
    return {"pairs": count, "wrong": 0}


def causes(seed: int, count: int, folder: Path) -> dict[str, int]:
    """Each cause alone, in each way that the lab knows, in turn."""
    ways: list[tuple[str, Break, bool]] = [
        *((cause, build, False) for cause, build in QUICK.items()),
        *((cause, build, False) for cause, build in VARIATIONS.values()),
        *((cause, build, True) for cause, build in DEEP.items()),
        *((cause, build, True) for cause, build in DEEP_VARIATIONS.values()),
    ]
    for number in range(count):
        cause, build, deep = ways[(seed + number) % len(ways)]
        _build(
            cause,
            build,
            folder / str(number),
            lambda told, cause=cause: told["root_cause"] == cause,  # type: ignore[misc]
            deep=deep,
        )
    return {"networks": count, "wrong": 0}


def free(seed: int, count: int, folder: Path) -> dict[str, int]:
    """Lines that are long, unsteady, lossy or not very quick, in turn: nothing holds them back."""
    for number in range(count):
        name = list(NOT_HELD_BACK)[(seed + number) % len(NOT_HELD_BACK)]
        _build(name, NOT_HELD_BACK[name], folder / str(number), deep_variations.free, deep=True)
    return {"lines": count, "false alarms": 0}


def _both(told: dict[str, Any], pair: tuple[str, str]) -> bool:
    named = {one["code"] for one in told["findings"] if one["status"] != "ok"}
    return told["root_cause"] in pair and named == set(pair)


def _build(name: str, build: Break, folder: Path, right: Judge, *, deep: bool = False) -> None:
    folder.mkdir()
    with Lab(folder) as lab:
        environment = build(lab) or {}
        told = lab.test(*(("--deep", "--deadline", "60") if deep else ()), **environment)
    assert right(told), f"{name}: {json.dumps(told, indent=1)}"
