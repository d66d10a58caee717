"""All scenarios of the product."""

from __future__ import annotations

from tests.crash_states.scenarios import Scenario
from tests.crash_states.work.changing import Changes
from tests.crash_states.work.pushing import Pushes
from tests.crash_states.work.restoring import Backups, Restores
from tests.crash_states.work.saving import Repair, Saves, TakingOver, Tidying
from tests.foundation.changes.change_trees import eventful, installing

_ALL: tuple[Scenario, ...] = (
    Saves("first saves", before=0, count=3),
    Saves("saves", before=3, count=5),
    Tidying(),
    TakingOver(),
    Repair(),
    Restores(),
    Backups(),
    Changes("change of files", eventful),
    Changes("change of folders", installing),
    Pushes(),
)

SCENARIOS = {scenario.name: scenario for scenario in _ALL}
