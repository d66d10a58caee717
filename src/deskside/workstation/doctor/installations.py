"""Installations of TWS and IB Gateway: which there are, what they start, what controls them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from deskside.foundation.changes.model import Plan, Step, Verb
from deskside.foundation.changes.planning import plan
from deskside.foundation.errors import Refused
from deskside.foundation.findings import Finding, Status
from deskside.foundation.registry import Situation
from deskside.foundation.text import _, mark
from deskside.workspace import looking

ARTICLE = "9004"
VERSION_FIX = "doctor.controller-version"
SMALLEST_HEAP = 512
"""MiB below which TWS is known to be slow; its own setting is 768."""

LARGEST_32_BIT_HEAP = 1_400
LARGEST_SHARE = 0.8
_VERSION = re.compile(r"\d{3,4}")
_HEAP = re.compile(r"^\s*-Xmx(\d+)([kmgKMG]?)", re.MULTILINE)
_WANTED = re.compile(rb"^([ \t]*(?:set[ \t]+)?TWS_MAJOR_VRSN=)(\d{3,4})", re.MULTILINE)
_JARS = re.compile(r"(?:jts4launch|twslaunch)-(\d{3,4})\.jar")
_SCRIPTS = ("*.sh", "*.bat")
LARGEST = 1_000_000


@dataclass(frozen=True, slots=True)
class Installation:
    """One program in its folder.

    Attributes:
        version: three or four digits; empty where nothing tells it.
        java: the folder of Java that its launcher names; empty where it names none.
        heap: the most memory that Java may take, in MiB; 0 where it is not told.
    """

    folder: Path
    program: str
    version: str
    java: str
    heap: int


def installations(root: str | None) -> list[Installation]:
    """Every installation in the usual places, or below the folder that is named."""
    places = [Path(root)] if root else looking.program_places()
    found: dict[Path, Installation] = {}
    for place in places:
        for folder in _folders(place):
            if (folder / ".install4j").is_dir() or (folder / "jars").is_dir():
                found.setdefault(folder.resolve(), _read(folder))
    return list(found.values())


def _folders(place: Path) -> Iterator[Path]:
    yield place
    for above in (place, place / "ibgateway"):
        if above.is_dir():
            yield from sorted(f for f in above.iterdir() if _VERSION.fullmatch(f.name))


def _read(folder: Path) -> Installation:
    gateway = "ibgateway" in map(str.lower, folder.parts)
    jars = [found[1] for file in _list(folder / "jars") if (found := _JARS.fullmatch(file))]
    named = folder.name if _VERSION.fullmatch(folder.name) else ""
    java = _first_line(folder / ".install4j" / "pref_jre.cfg")
    java = java or _first_line(folder / ".install4j" / "inst_jre.cfg")
    options = "".join(_text(file) for file in sorted(folder.glob("*.vmoptions")))
    return Installation(
        folder,
        "IB Gateway" if gateway else "Trader Workstation",
        max(jars, default=named),
        java,
        _heap(options),
    )


def _heap(options: str) -> int:
    """The last -Xmx, which is the one that counts, in MiB."""
    found = _HEAP.findall(options)
    if not found:
        return 0
    number, unit = found[-1]
    return int(int(number[:12]) * {"": 1 / 2**20, "k": 1 / 1024, "m": 1, "g": 1024}[unit.lower()])


class Installations:
    """Whether the installed versions are those that are wanted, and not too many."""

    id = "doctor.installations"
    title = mark("Installed programs")
    options: tuple[str, ...] = ("root", "controller")
    codes = ("version-not-installed", "versions-compete", "program-installed")

    def applies(self, situation: Situation) -> bool:
        return bool(installations(situation.option("root")) or controllers(situation))

    def run(self, situation: Situation) -> Iterator[Finding]:
        there = installations(situation.option("root"))
        versions = sorted({one.version for one in there if one.version})
        for script, wanted in controllers(situation):
            if wanted not in versions:
                yield _not_installed(script, wanted, versions)
        for program in sorted({one.program for one in there}):
            same = [one for one in there if one.program == program]
            yield _competing(program, same) if len(same) > 1 else _installed(same[0])


class ControllerVersion:
    """Plans to let a controller start the version that is installed."""

    id = VERSION_FIX
    title = mark("Let the controller start the installed version")

    def plan(self, situation: Situation, finding: Finding) -> Plan:
        """The plan for the script that the finding names.

        Raises:
            Refused: `no-version-installed`: there is none that it could start.
        """
        script = Path(finding.subject)
        versions = [one.version for one in installations(situation.option("root")) if one.version]
        if not versions:
            raise Refused(
                "no-version-installed",
                _("No version of TWS or IB Gateway is installed in the usual places."),
                hint=_("Install the program, or name its folder with --option root=DIR"),
            )
        newest = max(versions, key=int).encode()
        content = _WANTED.sub(lambda found: found[1] + newest, script.read_bytes())
        step = Step(
            Verb.REPLACE,
            PurePosixPath(script.name),
            content=content,
            why=_("TWS_MAJOR_VRSN names version {version}.").format(version=newest.decode()),
        )
        return plan(VERSION_FIX, _(self.title), script.parent, [step])


def controllers(situation: Situation) -> list[tuple[Path, str]]:
    """Scripts of IBC that name a version of the program, and which one."""
    home = Path.home()
    named = situation.option("controller")
    folders = [Path(named)] if named else [home / "ibc", home / "IBC", Path("/opt/ibc")]
    found = {}
    for folder in folders if named else [*folders, Path("C:\\IBC")]:
        for pattern in _SCRIPTS:
            for script in sorted(folder.glob(pattern)):
                if wanted := _WANTED.search(_text(script).encode("latin-1")):
                    found[script.resolve()] = wanted[2].decode()
    return list(found.items())


class Java:
    """Whether each installation has its Java, and memory that fits this computer."""

    id = "doctor.java"
    title = mark("Java and memory")
    options: tuple[str, ...] = ("root",)
    codes = ("java-missing", "memory-too-large", "memory-too-small", "java-ok")

    def applies(self, situation: Situation) -> bool:
        return bool(installations(situation.option("root")))

    def run(self, situation: Situation) -> Iterator[Finding]:
        import psutil

        memory = psutil.virtual_memory().total // 2**20
        for one in installations(situation.option("root")):
            yield judge_java(one, memory, there=not one.java or Path(one.java).is_dir())


def judge_java(one: Installation, memory: int, *, there: bool) -> Finding:
    """What is to be said of one installation's Java. Pure.

    Args:
        memory: of this computer, in MiB.
        there: whether the Java that is named exists.
    """
    narrow = "x86" in one.java or one.java.rstrip("/\\").endswith("32")
    most = LARGEST_32_BIT_HEAP if narrow else int(memory * LARGEST_SHARE)
    code, status, title, cause, remedy = "java-ok", Status.OK, _("Java and memory fit"), "", ""
    if not there:
        code, status, title = "java-missing", Status.FAILURE, _("Its Java is not there")
        cause = _("The launcher names a folder that was moved or removed.")
        remedy = _("Install the program again; settings are kept.")
    elif one.heap > most:
        code, status = "memory-too-large", Status.FAILURE
        title = _("It may take more memory than there is")
        cause = _("Java reserves it at the start, and fails or makes the computer swap.")
        remedy = _("In TWS: Configure, General, Memory Allocation; or -Xmx in the vmoptions file.")
    elif 0 < one.heap < SMALLEST_HEAP:
        code, status = "memory-too-small", Status.WARNING
        title = _("It has little memory")
        cause = _("With many windows and watchlists the program becomes slow, then stops.")
        remedy = _("In TWS: Configure, General, Memory Allocation; or -Xmx in the vmoptions file.")
    return Finding(
        code=code,
        status=status,
        subject=str(one.folder),
        title=f"{_named(one)}: {title}",
        evidence={"memory_mib": memory, "allowed_mib": one.heap, "java": one.java},
        cause=cause,
        remedy=remedy,
        article=f"{ARTICLE}#{code}",
    )


def _named(one: Installation) -> str:
    return f"{one.program} {one.version}".rstrip()


def _installed(one: Installation) -> Finding:
    return Finding(
        code="program-installed",
        status=Status.OK,
        subject=str(one.folder),
        title=_("{program} is installed once").format(program=_named(one)),
        evidence={"version": one.version},
    )


def _competing(program: str, same: list[Installation]) -> Finding:
    return Finding(
        code="versions-compete",
        status=Status.NOTICE,
        subject=program,
        title=_("{program} is installed {count} times").format(program=program, count=len(same)),
        evidence={"folders": [str(one.folder) for one in same]},
        cause=_("Shortcuts and controllers may start one version while another is updated."),
        remedy=_("Remove those that are no longer used, or make sure which one is started."),
        article=f"{ARTICLE}#versions-compete",
    )


def _not_installed(script: Path, wanted: str, versions: list[str]) -> Finding:
    return Finding(
        code="version-not-installed",
        status=Status.FAILURE,
        subject=str(script),
        title=_("Version {version} is not installed").format(version=wanted),
        evidence={"wanted": wanted, "installed": versions},
        cause=_("The program updates itself; the script that starts it still names the old one."),
        remedy=_("Let the script name the installed version."),
        article=f"{ARTICLE}#version-not-installed",
        fixes=(VERSION_FIX,) if versions else (),
    )


def _first_line(file: Path) -> str:
    return next((line.strip() for line in _text(file).splitlines() if line.strip()), "")


def _text(file: Path) -> str:
    try:
        if not file.is_file() or file.stat().st_size > LARGEST:
            return ""
        return file.read_bytes().decode("latin-1")
    except OSError:
        return ""


def _list(folder: Path) -> list[str]:
    try:
        return sorted(file.name for file in folder.iterdir())
    except OSError:
        return []
