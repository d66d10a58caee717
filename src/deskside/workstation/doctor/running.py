"""Running many checks at once: each behind a crash barrier and a time limit.

A check that hangs is left behind: its thread is a daemon and ends with the process. Nothing that
one check does can keep the findings of the others from being shown.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextvars import copy_context
from dataclasses import dataclass
from threading import Thread

from deskside.foundation import registry
from deskside.foundation.errors import NotFound
from deskside.foundation.findings import Finding, Status
from deskside.foundation.registry import Check, Situation
from deskside.foundation.text import _

LIMIT = 60.0
"""Seconds that a check may take; the connection test ends itself well before."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What one check came to, and how many seconds it took."""

    check: str
    findings: tuple[Finding, ...]
    seconds: float


def checks(only: Sequence[str] = ()) -> list[Check]:
    """The registered checks; those that are named, or whose part is.

    Raises:
        NotFound: `unknown-check`.
    """
    known = registry.ids(registry.CHECKS)
    for wish in only:
        if not any(_means(wish, name) for name in known):
            registry.check(wish)
            raise NotFound("unknown-check", wish)
    chosen = [name for name in known if not only or any(_means(wish, name) for wish in only)]
    return [registry.check(name) for name in chosen]


def examine(
    chosen: Sequence[Check],
    situation: Situation,
    *,
    limit: float = LIMIT,
    told: Callable[[Examined], None] = lambda _one: None,
) -> list[Examined]:
    """Run checks side by side; their findings in the order in which the checks were given.

    Args:
        limit: seconds for all of them, since all begin at once.
        told: hears of each check as it ends.
    """
    results: dict[str, Examined] = {}
    threads = []
    for check in chosen:
        context = copy_context()
        thread = Thread(
            target=context.run, args=(_run, check, situation, results, told), daemon=True
        )
        thread.start()
        threads.append(thread)
    deadline = time.monotonic() + limit
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return [results.get(one.id) or _too_slow(one, limit) for one in chosen]


def _means(wish: str, name: str) -> bool:
    return wish in (name, name.split(".", maxsplit=1)[0])


def _run(
    check: Check,
    situation: Situation,
    results: dict[str, Examined],
    told: Callable[[Examined], None],
) -> None:
    began = time.monotonic()
    known = {name: value for name, value in situation.options.items() if name in check.options}
    try:
        findings = tuple(registry.run(check, Situation(known)))
    except BaseException as error:  # noqa: BLE001 - whether it applies may break in any way, too
        findings = (_crashed(check, error),)
    examined = Examined(check.id, findings, time.monotonic() - began)
    results[check.id] = examined
    told(examined)


def _crashed(check: Check, error: BaseException) -> Finding:
    return Finding(
        code="check-crashed",
        status=Status.CRASHED,
        subject=check.id,
        title=_("{check}: could not be checked").format(check=_(check.title)),
        cause=_("The check itself failed ({error}).").format(error=type(error).__name__),
        remedy=_("This is a defect of Deskside: please report it. Nothing was changed."),
        article="9004#check-crashed",
    )


def _too_slow(check: Check, limit: float) -> Examined:
    found = Finding(
        code="check-timed-out",
        status=Status.UNKNOWN,
        subject=check.id,
        title=_("{check}: did not end in time").format(check=_(check.title)),
        evidence={"limit_seconds": limit},
        cause=_("Something that it looks at does not answer: a disk, a drive on the network."),
        remedy=_("Run it alone: deskside doctor --only {check}").format(check=check.id),
        article="9004#check-timed-out",
    )
    return Examined(check.id, (found,), limit)
