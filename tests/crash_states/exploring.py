"""Each distinct state that a crash may leave, put into a folder and looked at."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.crash_states.disk import Effort, Image, crashes
from tests.crash_states.reading import Reader
from tests.crash_states.scenarios import Scenario, Seen, judge
from tests.crash_states.tracing import run

IN_MEMORY = Path("/dev/shm")


@dataclass
class Findings:
    """What was looked at and what was wrong.

    Attributes:
        states: distinct states of the disk.
        crashes: distinct pairs of such a state and what had been acknowledged by then.
        wrong: how often each complaint was made.
        violations: looks that found something wrong.
        ends: how often the work ended in which way, where calls were made to fail.
    """

    events: int = 0
    marks: int = 0
    states: int = 0
    crashes: int = 0
    wrong: dict[str, int] = field(default_factory=dict)
    violations: int = 0
    ends: dict[str, int] = field(default_factory=dict)

    def note(self, complaints: Sequence[str]) -> None:
        """Count the complaints of one look."""
        self.violations += bool(complaints)
        for complaint in complaints:
            self.wrong[complaint] = self.wrong.get(complaint, 0) + 1


@contextmanager
def folder_in_memory() -> Iterator[Path]:
    """A folder whose files cost no disk."""
    place = IN_MEMORY if IN_MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="deskside-crash-", dir=place) as folder:
        yield Path(folder).resolve()


def explore(scenario: Scenario, effort: Effort, seed: int) -> Findings:
    """Record a scenario once; look at the states that a crash may leave.

    Raises:
        AssertionError: the work failed even without a crash.
    """
    with folder_in_memory() as scratch:
        root = scratch / "root"
        fresh(scenario, root)
        reader = Reader(root)
        done = run(lambda say: scenario.work(root, say), scratch)
        assert done.end == "done", done
        story = reader.read(done.calls)
        findings = Findings(len(story.events), len(done.marks))
        looks: dict[Image, Seen] = {}
        for crash in crashes(story, random.Random(seed), effort):
            if crash.image not in looks:
                materialise(crash.image, root)
                looks[crash.image] = look(scenario, root)
            findings.crashes += 1
            findings.note(judge(looks[crash.image], done.marks[: crash.marks]))
        findings.states = len(looks)
        return findings


def look(scenario: Scenario, root: Path) -> Seen:
    """What is there; that looking fails is trouble, too."""
    try:
        return scenario.look(root)
    except Exception as error:  # noqa: BLE001 - whatever it is, it must not happen
        return Seen(trouble=(f"looking failed: {error!r}",))


def fresh(scenario: Scenario, root: Path) -> None:
    """Make the root anew as the scenario wants it before its work."""
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(mode=0o700)
    scenario.prepare(root)


def materialise(image: Image, root: Path) -> None:
    """Make a folder that holds a state and nothing else."""
    shutil.rmtree(root)
    root.mkdir(mode=0o700)
    for path, content in sorted(image, key=lambda entry: entry[0]):
        place = root / path
        if content is None:
            place.mkdir(mode=0o700)
        elif isinstance(content, str):
            place.symlink_to(content)
        else:
            place.write_bytes(content)
