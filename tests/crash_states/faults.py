"""The same work with each of its system calls failing in turn, or killing the process.

strace injects the error; nothing in the product knows of it. Whatever fails, the work is either
acknowledged and there, or refused in words with nothing lost, and afterwards it can go on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.crash_states.exploring import Findings, folder_in_memory, fresh, look
from tests.crash_states.scenarios import Scenario, judge
from tests.crash_states.tracing import Call, run

READING = ("read", "pread64")
WRITING = ("write", "writev", "pwrite64", "ftruncate", "fallocate")
FORCING = ("fsync", "fdatasync")
NAMING = ("rename", "renameat", "renameat2", "unlink", "unlinkat", "mkdir", "link", "linkat")

ERRORS = {
    **dict.fromkeys(READING, ("EIO",)),
    **dict.fromkeys(WRITING, ("ENOSPC", "EIO")),
    **dict.fromkeys(FORCING, ("EIO",)),
    **dict.fromkeys(NAMING, ("EACCES", "ENOSPC")),
    "openat": ("EACCES", "EMFILE"),
}
LASTING = {"ENOSPC": "+"}
"""A disk that is full stays full."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One system call that goes wrong: the n-th of its name, once or from then on."""

    call: str
    number: int
    outcome: str
    lasting: bool

    @property
    def options(self) -> list[str]:
        """How strace is told."""
        when = f"{self.number}{'+' * self.lasting}"
        return ["-e", f"trace={self.call}", "-e", f"inject={self.call}:{self.outcome}:when={when}"]


def sweep(scenario: Scenario, *, every: int = 1, first: int = 0) -> Findings:
    """Let the faults come true one by one.

    Args:
        every: only each so-manieth fault, for a sample.
        first: the fault to begin with.
    """
    with folder_in_memory() as scratch:
        root = scratch / "root"
        for _warm in range(2):  # once to load all modules, once to see the calls without them
            fresh(scenario, root)
            plain = run(lambda say: scenario.work(root, say), scratch)
            assert plain.end == "done", plain
            scenario.look(root)
        findings = Findings(events=len(plain.calls))
        for fault in list(faults(plain.calls, root))[first::every]:
            findings.crashes += 1
            fresh(scenario, root)
            done = run(lambda say: scenario.work(root, say), scratch, fault.options)
            findings.ends[done.end] = findings.ends.get(done.end, 0) + 1
            complaints = [f"not in words: {done.broke}"] if done.broke else []
            complaints += judge(look(scenario, root), done.marks)
            findings.note([f"{fault.options[-1]}: {complaint}" for complaint in complaints])
        return findings


def faults(calls: Sequence[Call], root: Path) -> Iterator[Fault]:
    """Everything that can go wrong in the calls that touch the root."""
    hexed = "".join(f"\\x{byte:02x}" for byte in str(root).encode())
    counts: dict[str, int] = {}
    for call in calls:
        counts[call.name] = counts.get(call.name, 0) + 1
        if hexed not in call.arguments or call.result < 0:
            continue
        for error in ERRORS.get(call.name, ()):
            yield Fault(call.name, counts[call.name], f"error={error}", lasting=error in LASTING)
        if call.name in WRITING + FORCING + NAMING:
            yield Fault(call.name, counts[call.name], "signal=KILL", lasting=False)
