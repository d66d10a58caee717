"""What the settings on this computer say of the API, and where they contradict each other."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deskside.foundation.errors import DesksideError
from deskside.foundation.findings import Finding, Status
from deskside.foundation.registry import Situation
from deskside.foundation.text import _, mark
from deskside.workspace import looking
from deskside.workspace.looking import Workspace

ARTICLE = "9004"
_HERE = frozenset({"127.0.0.1", "localhost", "::1", ""})


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """The API of one workspace, as its settings have it.

    Attributes:
        port: 0 where it is not told.
        ini_port: the port that `jts.ini` gives; 0 where it gives none.
    """

    name: str
    file: str
    enabled: bool
    port: int
    read_only: bool
    only_local: bool
    trusted: tuple[str, ...]
    ini_port: int = 0
    ini_trusted: tuple[str, ...] = ()


class _Readings:
    """What files said when they were last read, so that checks side by side read each once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[Path, tuple[object, ApiSettings | None]] = {}

    def of(self, workspace: Workspace) -> ApiSettings | None:
        """What a workspace's files say now."""
        stamp = tuple(map(_stamp, filter(None, (workspace.file, looking.ini_of(workspace)))))
        with self._lock:
            known = self._known.get(workspace.file)
            if known is None or known[0] != stamp:
                known = self._known[workspace.file] = stamp, _read(workspace)
            return known[1]


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        info = file.stat()
    except OSError:
        return None
    return info.st_mtime_ns, info.st_size


_readings = _Readings()


def all_settings(root: Path | None) -> list[ApiSettings]:
    """Of every workspace that can be read; sealed and damaged ones tell nothing."""
    try:
        listed = looking.workspaces(str(root) if root else None)
    except DesksideError:
        return []
    return [found for workspace in listed if (found := _readings.of(workspace))]


def _read(workspace: Workspace) -> ApiSettings | None:
    try:
        document = looking.document(workspace)
    except DesksideError:
        return None
    found = next((e for e in document.children if e.tag == "ApiSettings"), None)
    if found is None:
        return None
    told = {name.lower(): value for name, value in found.attributes.items()}
    ini = looking.ini(workspace)
    return ApiSettings(
        name=workspace.name,
        file=str(workspace.file),
        # Gateway exists for its API, and has no switch for it.
        enabled=workspace.file.name.lower() == "ibg.xml"
        or told.get("socketclient", "").lower() == "true",
        port=_port(told.get("port", "")),
        read_only=told.get("readonlyapi", "").lower() == "true",
        only_local=told.get("allowonlylocalhost", "").lower() == "true",
        trusted=tuple(looking.trusted_addresses(found)),
        ini_port=_port(ini.value("IBGateway", "LocalServerPort") or ""),
        ini_trusted=_addresses(ini.value("IBGateway", "TrustedIPs") or ""),
    )


def _port(text: str) -> int:
    return int(text) if text.isdigit() and int(text) < 65_536 else 0


def _addresses(text: str) -> tuple[str, ...]:
    return tuple(a for part in text.replace(";", ",").split(",") if (a := part.strip()))


class SettingsAgree:
    """Whether `jts.ini` and the settings of all users say the same of the API."""

    id = "doctor.api-settings"
    title = mark("Settings of the API")
    options: tuple[str, ...] = ("root",)
    codes = ("api-ports-shared", "api-ports-differ", "api-trust-in-vain", "api-settings-agree")

    def applies(self, situation: Situation) -> bool:
        root = situation.option("root")
        return bool(all_settings(Path(root) if root else None))

    def run(self, situation: Situation) -> Iterator[Finding]:
        root = situation.option("root")
        settings = all_settings(Path(root) if root else None)
        found = list(contradictions(settings))
        yield from found
        if not found:
            yield Finding(
                code="api-settings-agree",
                status=Status.OK,
                subject="jts.ini",
                title=_("The settings of the API agree"),
                evidence={"ports": sorted({one.port for one in settings if one.port})},
            )


def contradictions(settings: list[ApiSettings]) -> Iterator[Finding]:
    """Where settings contradict each other. Pure."""
    enabled = [one for one in settings if one.enabled]
    by_port: dict[int, list[ApiSettings]] = {}
    for one in enabled:
        by_port.setdefault(one.port, []).append(one)
    for port, sharing in by_port.items():
        if port and len(sharing) > 1:
            yield Finding(
                code="api-ports-shared",
                status=Status.NOTICE,
                subject=str(port),
                title=_("Several workspaces use one port of the API"),
                evidence={"port": port, "workspaces": [one.name for one in sharing]},
                cause=_("Only the program that starts first gets the port."),
                remedy=_("If they ever run at once, give each a port of its own."),
                article=f"{ARTICLE}#api-ports-shared",
            )
    for one in enabled:
        if one.port and one.ini_port and one.port != one.ini_port:
            yield Finding(
                code="api-ports-differ",
                status=Status.WARNING,
                subject=one.file,
                title=_("{workspace}: jts.ini names another port").format(workspace=one.name),
                evidence={"settings": one.port, "jts_ini": one.ini_port},
                cause=_("The two files were written by different programs or at different times."),
                remedy=_("Set the port under Configure, API, Settings, and end the program."),
                article=f"{ARTICLE}#api-ports-differ",
            )
        others = [a for a in (*one.trusted, *one.ini_trusted) if a not in _HERE]
        if one.only_local and others:
            yield Finding(
                code="api-trust-in-vain",
                status=Status.WARNING,
                subject=one.file,
                title=_("{workspace}: trusts other computers, and lets none in").format(
                    workspace=one.name
                ),
                evidence={"trusted": len(others)},
                cause=_(
                    "Allow connections from localhost only is ticked beside trusted addresses."
                ),
                remedy=_("Decide for one: untick it, or clear the trusted addresses."),
                article=f"{ARTICLE}#api-trust-in-vain",
            )
