"""All scenarios of the product, by their names."""

from __future__ import annotations

from tests.crash_states.scenarios import Scenario
from tests.crash_states.work.changing import Changes
from tests.crash_states.work.restoring import Backups, Restores
from tests.crash_states.work.saving import Repair, Saves, TakingOver, Tidying
from tests.foundation.changes.change_trees import eventful, installing

_LIGHT: dict[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        Saves("first saves", before=0, count=3),
        Saves("saves", before=3, count=5),
        Tidying(),
        TakingOver(),
        Repair(),
        Restores(),
        Backups(),
        Changes("change of files", eventful),
        Changes("change of folders", installing),
    )
}

NAMES = (*_LIGHT, "push")


def scenario(name: str) -> Scenario:
    """One of them; what takes long to load is loaded only now."""
    if name == "push":
        from tests.crash_states.work.pushing import Pushes

        return Pushes()
    return _LIGHT[name]
