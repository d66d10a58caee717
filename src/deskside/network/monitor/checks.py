"""Whether the monitor that runs in the background still records anything."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from deskside.foundation.errors import DesksideError, NotFound
from deskside.foundation.findings import Finding, Status
from deskside.foundation.registry import Situation
from deskside.foundation.text import _, mark

ARTICLE = "9004"
_OPTION = r'--{name}(?:</string>\s*<string>|["\s=]+)([^"<\n]+)'
"""A word behind an option, as definitions for systemd, launchd and the Task Scheduler spell it."""


class Recording:
    """Whether the history of the background monitor grows, as long as the monitor runs."""

    id = "network.monitor"
    title = mark("The connection over time")
    options: tuple[str, ...] = ()
    codes = ("monitor-silent", "monitor-records")

    def applies(self, situation: Situation) -> bool:
        """Where the service runs, by what the system says; what is stopped is silent by right."""
        from deskside.foundation.background.model import SERVICES
        from deskside.foundation.background.service import definition_of, is_active, is_installed

        definition = definition_of(SERVICES["monitor"])
        return is_installed(definition) and is_active(definition) is not False

    def run(self, situation: Situation) -> Iterator[Finding]:
        from deskside.foundation.background.model import SERVICES
        from deskside.foundation.background.service import definition_of
        from deskside.foundation.config import Config
        from deskside.network.monitor.policy import history_file, policy_of
        from deskside.network.monitor.rules import is_overdue

        definition = Path(definition_of(SERVICES["monitor"]).file)
        config = Config.load(flags=_as_installed(definition.read_bytes()))
        file, interval = history_file(config), policy_of(config).interval
        since = datetime.fromtimestamp(definition.stat().st_mtime, UTC)
        last, problem = _last(file)
        now = datetime.now(UTC)
        seen = {"history": str(file), "interval_seconds": round(interval.total_seconds())}
        if last:
            seen["last_run"] = last.isoformat(timespec="seconds")
        if problem or is_overdue(max(last or since, since), now, interval):
            yield _silent(seen | ({"problem": problem} if problem else {}))
            return
        yield Finding(
            code="monitor-records",
            status=Status.OK,
            subject="monitor",
            title=_("The monitor records the connection"),
            evidence=seen,
        )


def _last(file: Path) -> tuple[datetime | None, str]:
    """When the latest run began, and why the history cannot be read."""
    from deskside.network.monitor.history import History

    try:
        with History.read(file) as history:
            return history.last_started(), ""
    except NotFound:
        return None, ""
    except DesksideError as error:
        return None, error.message


def _silent(seen: dict[str, object]) -> Finding:
    return Finding(
        code="monitor-silent",
        status=Status.WARNING,
        subject="monitor",
        title=_("The monitor runs and records nothing"),
        evidence=seen,
        cause=_(
            "It hangs, or its history cannot be written: a full disk, a damaged file. A computer "
            "that has just been woken up needs a minute."
        ),
        remedy=_(
            "Read its messages, then start it afresh: deskside service install monitor. A damaged "
            "history is put aside by hand."
        ),
        article=f"{ARTICLE}#monitor-silent",
    )


def _as_installed(definition: bytes) -> dict[str, str | None]:
    """The settings that the installed command names."""
    text = definition.decode("utf-16" if definition[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8")

    def named(option: str) -> str | None:
        found = re.search(_OPTION.format(name=option), text)
        word = html.unescape(found[1]).strip() if found else None
        return word.replace("%%", "%").replace("$$", "$") if word else None

    seconds = named("interval")
    return {
        "monitor.interval": f"{seconds} s" if seconds else None,
        "monitor.history": named("history"),
    }
