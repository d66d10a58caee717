"""The registry of checks and fixes, and their life cycle.

A check or fix is found by its id (`part.name`) among the entry points `deskside.checks` and
`deskside.fixes`; those that ship with Deskside use the same hooks as anybody else's.

    load → applies? → run → findings                a check looks and never changes anything
    load → plan → (shown) → apply → verify → undo   a fix only plans; the change engine acts
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Protocol, runtime_checkable

from deskside.foundation.changes.model import Plan
from deskside.foundation.errors import DesksideError, NotFound
from deskside.foundation.findings import Finding, Status
from deskside.foundation.text import _

CHECKS = "deskside.checks"
FIXES = "deskside.fixes"


@dataclass(frozen=True, slots=True)
class Situation:
    """What a check looks at: choices that the person made, by name (`root`, `user`, `file`)."""

    options: Mapping[str, str] = field(default_factory=dict)

    def option(self, name: str) -> str | None:
        """One choice, or None where the person left it to us."""
        return self.options.get(name) or None


@runtime_checkable
class Check(Protocol):
    """Looks at one aspect of a machine; never changes anything, never downloads.

    It may say more of itself: `codes`, the findings that it can yield, each of which an article
    explains; and `reaches_out = True` where it talks to other computers, so that it runs only
    when a person asks.
    """

    id: str
    title: str
    options: tuple[str, ...]

    def applies(self, situation: Situation) -> bool:
        """Whether the check makes sense on this machine."""
        ...

    def run(self, situation: Situation) -> Iterable[Finding]:
        """Look, and yield what was seen."""
        ...


@runtime_checkable
class Fix(Protocol):
    """Plans the repair of what a check found."""

    id: str
    title: str

    def plan(self, situation: Situation, finding: Finding) -> Plan:
        """The steps that mend it.

        Raises:
            Refused: it cannot be mended from here; the hint says what else to do.
        """
        ...


def ids(group: str) -> list[str]:
    """Ids of all registered checks or fixes."""
    return sorted(point.name for point in entry_points(group=group))


def check(identifier: str) -> Check:
    """The check of that id.

    Raises:
        NotFound: no such check is registered.
    """
    loaded = _load(CHECKS, identifier)
    assert isinstance(loaded, Check)
    return loaded


def fix(identifier: str) -> Fix:
    """The fix of that id.

    Raises:
        NotFound: no such fix is registered.
    """
    loaded = _load(FIXES, identifier)
    assert isinstance(loaded, Fix)
    return loaded


def run(checked: Check, situation: Situation) -> list[Finding]:
    """Run one check to its findings; a check that breaks yields a finding that says so."""
    if not checked.applies(situation):
        return [
            Finding(
                code="not-applicable",
                status=Status.NOT_APPLICABLE,
                subject=checked.id,
                title=_("{check}: not applicable on this computer").format(check=_(checked.title)),
            )
        ]
    try:
        return list(checked.run(situation))
    except DesksideError as error:
        return [
            _not_run(checked, Status.UNKNOWN, error.code, error.message, error.hint, error.article)
        ]
    except Exception as error:  # noqa: BLE001 - a check of anybody's may break in any way
        message = _("The check itself failed ({error}).").format(error=type(error).__name__)
        code, article = "check-crashed", "9004#check-crashed"
        return [_not_run(checked, Status.CRASHED, code, message, _report_it(), article)]


def _load(group: str, identifier: str) -> Any:
    points: tuple[EntryPoint, ...] = tuple(entry_points(group=group, name=identifier))
    if not points:
        raise NotFound(
            "unknown-check" if group == CHECKS else "unknown-fix",
            _("There is no check or fix named {id}.").format(id=identifier),
            hint=_("Known: {ids}").format(ids=", ".join(ids(group))),
        )
    return points[0].load()()


def _report_it() -> str:
    return _("This is a defect of Deskside: please report it. Nothing was changed.")


def _not_run(
    checked: Check, status: Status, code: str, cause: str, remedy: str, article: str | None
) -> Finding:
    return Finding(
        code=code,
        status=status,
        subject=checked.id,
        title=_("{check}: could not be checked").format(check=_(checked.title)),
        cause=cause,
        remedy=remedy,
        article=article,
    )
