"""The checks of the computer itself: clock and zone, disk, stale locks, our own services."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

from deskside.foundation.changes.model import Plan, Step, Verb
from deskside.foundation.changes.planning import plan
from deskside.foundation.errors import DesksideError, Refused
from deskside.foundation.findings import Finding, Status
from deskside.foundation.paths import data_folder
from deskside.foundation.registry import Situation
from deskside.foundation.text import _, mark
from deskside.workspace import looking
from deskside.workspace.looking import Workspace

ARTICLE = "9004"
LITTLE, NONE = 1_000_000_000, 100_000_000
"""Bytes that TWS needs for logs and settings over a week, and below which it cannot save."""

LOCKS = "doctor.stale-locks"
_TOLERANCE = timedelta(hours=26)
"""Farther in the future than any zone can explain."""


class Clock:
    """Whether this computer's clock and zone can be right."""

    id = "doctor.clock"
    title = mark("Clock and time zone")
    options: tuple[str, ...] = ("root",)
    codes = ("clock-behind", "clock-not-synchronised", "zone-differs", "clock-ok")

    def applies(self, situation: Situation) -> bool:
        return True

    def run(self, situation: Situation) -> Iterator[Finding]:
        now = datetime.now(UTC)
        workspaces = _workspaces(situation)
        found = [*_behind(now, workspaces), *_synchronised(), *_zones(now, workspaces)]
        yield from found
        if not found:
            zone = now.astimezone().tzname() or ""
            yield _fine("clock-ok", _("Clock and zone are plausible"), zone, {"zone": zone})


def _behind(now: datetime, workspaces: list[Workspace]) -> Iterator[Finding]:
    for workspace in workspaces:
        try:
            written = datetime.fromtimestamp(workspace.file.stat().st_mtime, UTC)
        except OSError:
            continue
        if written > now + _TOLERANCE:
            yield Finding(
                code="clock-behind",
                status=Status.FAILURE,
                subject=str(workspace.file),
                title=_("The clock is wrong: settings were saved in the future"),
                evidence={"now": now.isoformat(), "saved": written.isoformat()},
                cause=_("The clock was put back, or its battery is empty."),
                remedy=_("Set the clock, and let the system keep it by NTP."),
                article=f"{ARTICLE}#clock-behind",
            )
            return


def _synchronised() -> Iterator[Finding]:
    """Ask systemd, where there is one; no other system tells it without rights."""
    if shutil.which("timedatectl") is None:
        return
    command = ["timedatectl", "show", "--property=NTPSynchronized", "--value"]
    try:
        said = subprocess.run(  # noqa: S603 - the system's own tool, with words of ours
            command, capture_output=True, text=True, timeout=5, check=False
        ).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return
    if said == "no":
        yield Finding(
            code="clock-not-synchronised",
            status=Status.WARNING,
            subject="NTP",
            title=_("The clock is not kept by NTP"),
            cause=_("Time-based codes and certificates fail when it is minutes off."),
            remedy=_("Switch it on: timedatectl set-ntp true"),
            article=f"{ARTICLE}#clock-not-synchronised",
        )


def _zones(now: datetime, workspaces: list[Workspace]) -> Iterator[Finding]:
    files = {file: w for w in workspaces if (file := looking.ini_of(w))}
    for file, workspace in sorted(files.items()):
        name = looking.ini(workspace).value("Logon", "TimeZone") or ""
        there = _offset(name, now)
        here = now.astimezone().utcoffset()
        if there is not None and there != here:
            yield Finding(
                code="zone-differs",
                status=Status.NOTICE,
                subject=str(file),
                title=_("TWS shows times of another zone than this computer"),
                evidence={"tws": name, "computer": now.astimezone().tzname()},
                cause=_("The zone is chosen in the log-in window and kept in jts.ini."),
                remedy=_("If you did not mean it: choose the zone when you log in."),
                article=f"{ARTICLE}#zone-differs",
            )


def _offset(name: str, now: datetime) -> timedelta | None:
    from zoneinfo import ZoneInfo

    try:
        return now.astimezone(ZoneInfo(name)).utcoffset() if name else None
    except (OSError, ValueError, KeyError):
        return None


class Disk:
    """Whether there is room for settings and logs."""

    id = "doctor.disk"
    title = mark("Free disk space")
    options: tuple[str, ...] = ("root",)
    codes = ("disk-nearly-full", "disk-ok")

    def applies(self, situation: Situation) -> bool:
        return True

    def run(self, situation: Situation) -> Iterator[Finding]:
        places = {data_folder(), *(w.file.parent for w in _workspaces(situation))}
        seen = set()
        for place in sorted(p for p in places if p.is_dir()):
            device = place.stat().st_dev
            if device not in seen:
                seen.add(device)
                yield judge_disk(place, shutil.disk_usage(place).free)


def judge_disk(place: Path, free: int) -> Finding:
    """What is to be said of the free space of a disk. Pure."""
    if free >= LITTLE:
        return _fine("disk-ok", _("There is room on the disk"), str(place), {"free_bytes": free})
    return Finding(
        code="disk-nearly-full",
        status=Status.FAILURE if free < NONE else Status.WARNING,
        subject=str(place),
        title=_("The disk is nearly full"),
        evidence={"free_bytes": free},
        cause=_("TWS writes its settings when it ends; on a full disk the file is cut short."),
        remedy=_("Free some space before you end TWS."),
        article=f"{ARTICLE}#disk-nearly-full",
    )


class Locks:
    """Whether a lock is left of a program that is gone."""

    id = "doctor.locks"
    title = mark("Stale locks")
    options: tuple[str, ...] = ("root",)
    codes = ("lock-stale",)

    def applies(self, situation: Situation) -> bool:
        return bool(_workspaces(situation))

    def run(self, situation: Situation) -> Iterator[Finding]:
        folders = {workspace.file.parent: workspace for workspace in _workspaces(situation)}
        for folder, workspace in folders.items():
            for lock in stale_locks(workspace):
                yield Finding(
                    code="lock-stale",
                    status=Status.WARNING,
                    subject=str(lock),
                    title=_("{workspace}: a lock is left of a program that is gone").format(
                        workspace=workspace.name
                    ),
                    evidence={"folder": str(folder)},
                    cause=_("The program ended without clearing it: a crash, or a loss of power."),
                    remedy=_("Remove it; the program asks for nothing then."),
                    article=f"{ARTICLE}#lock-stale",
                    fixes=(LOCKS,),
                )


def stale_locks(workspace: Workspace) -> list[Path]:
    """Locks in a user's folder while no trading program holds it."""
    locks = sorted(f for f in workspace.file.parent.glob("*.lck") if f.is_file())
    return locks if locks and not looking.is_running(workspace) else []


class StaleLocks:
    """Plans to remove a lock that nobody holds."""

    id = LOCKS
    title = mark("Remove the stale lock")

    def plan(self, situation: Situation, finding: Finding) -> Plan:
        """The plan for the lock that the finding names.

        Raises:
            Refused: `lock-held`: a program has begun to run.
        """
        lock = Path(finding.subject)
        if lock not in stale_locks(Workspace(lock.parent / "tws.xml")):
            raise Refused(
                "lock-held",
                _("A trading program is running, or the lock is gone."),
                hint=_("Close the program and check again."),
            )
        step = Step(Verb.REMOVE, PurePosixPath(lock.name), why=_("Nobody holds it."))
        return plan(LOCKS, _(self.title), lock.parent, [step])


class Services:
    """Whether what should run in the background does."""

    id = "doctor.services"
    title = mark("Background services")
    options: tuple[str, ...] = ()
    codes = ("service-not-running", "service-runs")

    def applies(self, situation: Situation) -> bool:
        return bool(_installed())

    def run(self, situation: Situation) -> Iterator[Finding]:
        from deskside.foundation.background.service import definition_of, is_active

        for service in _installed():
            if is_active(definition_of(service)):
                title = _("{name} runs in the background").format(name=service.name)
                yield _fine("service-runs", title, service.name, {})
                continue
            yield Finding(
                code="service-not-running",
                status=Status.WARNING,
                subject=service.name,
                title=_("{name} is installed and does not run").format(name=service.name),
                cause=_("It was stopped, or the system did not start it."),
                remedy=_("Start it: deskside service install {name}").format(name=service.name),
                article=f"{ARTICLE}#service-not-running",
            )


def _installed() -> list:  # type: ignore[type-arg] # of Service, which is imported when asked for
    from deskside.foundation.background.model import SERVICES
    from deskside.foundation.background.service import definition_of, is_installed

    return [one for one in SERVICES.values() if is_installed(definition_of(one))]


def _workspaces(situation: Situation) -> list[Workspace]:
    try:
        return looking.workspaces(situation.option("root"))
    except DesksideError:
        return []


def _fine(code: str, title: str, subject: str, seen: dict[str, object]) -> Finding:
    return Finding(code=code, status=Status.OK, subject=subject, title=title, evidence=seen)
