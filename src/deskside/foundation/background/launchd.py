"""Agents of launchd, the service manager of macOS. Pure."""

from __future__ import annotations

import plistlib

from deskside.foundation.background.model import Definition, Job, Person

TOOL = "launchctl"


def agent(job: Job, person: Person) -> Definition:
    """The agent of a job: it runs while the person is logged in, and again if it fails."""
    label = f"org.deskside.{job.service.name}"
    file = person.home / "Library" / "LaunchAgents" / f"{label}.plist"
    log = str(person.data / f"{job.service.name}.log")
    told = {
        "Label": label,
        "ProgramArguments": list(job.words),
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "ThrottleInterval": 30,
        "ExitTimeOut": 60,
        "ProcessType": "Background",
        "LowPriorityIO": True,
        "Nice": 10,
        "Umask": 0o077,
        "StandardOutPath": log,
        "StandardErrorPath": log,
    }
    if job.environment:
        told["EnvironmentVariables"] = dict(job.environment)
    session = f"gui/{person.number}"
    return Definition(
        file=file,
        content=plistlib.dumps(told),
        tool=TOOL,
        activate=((TOOL, "bootstrap", session, str(file)),),
        deactivate=((TOOL, "bootout", f"{session}/{label}"),),
        query=(TOOL, "print", f"{session}/{label}"),
    )
