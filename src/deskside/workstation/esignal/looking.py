"""Looking at a disk: the Java that TWS starts, the libraries, the other program."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from deskside.workstation.esignal import pe, pe_resources, pe_tables
from deskside.workstation.esignal.disk import Disk, content_of
from deskside.workstation.esignal.model import Host, Library, Recipe, Seen

JTS = "C:\\Jts"
_INSTALLATION = r"\d{3,4}|latest|stable|ibgateway"
_NAMES_JAVA = ("pref_jre.cfg", "inst_jre.cfg")
"""Files of the launcher that name its Java, in the order in which it heeds them."""

_JAVA = ("bin\\javaw.exe", "bin\\java.exe", "jre\\bin\\javaw.exe", "jre\\bin\\java.exe")
_RUNTIME = re.compile(
    r"""name\s*=\s*["']Microsoft\.(VC\d+)\.CRT["'][^>]*?version\s*=\s*["']([\d.]+)["']""", re.DOTALL
)


def look(disk: Disk, recipe: Recipe) -> Seen:
    """Everything on the disk that a recipe asks for."""
    target = _first(disk, recipe.folders, recipe.library, recipe)
    donors = tuple(_libraries(disk, recipe.donor_folders, recipe.donor, recipe))
    left = tuple(_libraries(disk, recipe.folders, recipe.donor, recipe))
    fit = sorted((*donors, *left), key=lambda one: not one.usable)
    donor = fit[0] if fit and fit[0].usable else None
    partner = next(
        (
            found
            for name in recipe.partner_programs
            for found in _libraries(disk, recipe.donor_folders, name, recipe)
        ),
        None,
    )
    return Seen(
        hosts=tuple(_hosts(disk)),
        target=target,
        donor=donor,
        donors=donors,
        others=tuple(_others(disk, recipe, target)),
        partner=partner,
        runtime_missing=_missing_runtime(disk, donor),
    )


def read_library(path: str, content: bytes, recipe: Recipe) -> Library:
    """What Windows would make of a file. Pure."""
    plain = Library(path, len(content), hashlib.sha256(content).hexdigest(), content=content)
    try:
        image = pe.parse(content)
    except pe.NotAnImage as reason:
        return _with(plain, refused=str(reason))
    if image.defects:
        return _with(plain, refused=image.defects[0])
    if image.machine not in pe.MACHINES:
        return _with(plain, refused=f"machine type {image.machine_name}")
    named = pe_resources.version(image)
    offered = pe_tables.exports(image)
    wanted = _RUNTIME.search(pe_resources.manifest(image))
    return _with(
        plain,
        machine=image.machine_name,
        bits=image.bits,
        exports=offered,
        imports=pe_tables.imports(image),
        version=named.texts.get("FileVersion") or named.number,
        company=named.texts.get("CompanyName", ""),
        runtime=f"{wanted[1]} {wanted[2]}" if wanted else "",
        foreign=any(name.startswith(recipe.foreign) for name in offered)
        if recipe.foreign
        else False,
    )


def _with(library: Library, **values: object) -> Library:
    from dataclasses import replace

    return replace(library, **values)  # type: ignore[arg-type] # names are those of the fields


def _libraries(
    disk: Disk, folders: tuple[str, ...], name: str | None, recipe: Recipe
) -> Iterator[Library]:
    for folder in folders if name else ():
        file = disk.find(f"{folder}\\{name}")
        if file is not None and file.is_file():
            yield read_library(disk.shown(file), content_of(file), recipe)


def _first(disk: Disk, folders: tuple[str, ...], name: str, recipe: Recipe) -> Library | None:
    return next(_libraries(disk, folders, name, recipe), None)


def _others(disk: Disk, recipe: Recipe, target: Library | None) -> Iterator[Library]:
    """Libraries of the name in places that are not TWS's, and TWS's own older copies."""
    stem = recipe.library.removesuffix(".dll")
    pattern = rf"{stem}(_old.*)?\.dll"
    folders = [JTS, *recipe.donor_folders, "C:\\Windows\\System32", "C:\\Windows\\SysWOW64"]
    folders += [disk.shown(place) for place in disk.below(JTS, _INSTALLATION)]
    for programs in ("C:\\Program Files", "C:\\Program Files (x86)"):
        for other in disk.below(programs, r"SQL Anywhere.*|SAP"):
            folders += [f"{disk.shown(other)}\\{name}" for name in ("Bin32", "Bin64")]
    for folder in dict.fromkeys(folders):
        for file in disk.below(folder, pattern):
            shown = disk.shown(file)
            if (target is None or shown != target.path) and file.is_file():
                yield read_library(shown, content_of(file), recipe)


def _hosts(disk: Disk) -> Iterator[Host]:
    """The Java of each installation of TWS, once."""
    seen = set()
    places = [place for place in [disk.find(JTS)] if place]
    places += [place for place in disk.below(JTS, _INSTALLATION) if place.is_dir()]
    for place in places:
        host = _host(disk, disk.shown(place))
        if host and host.path.lower() not in seen:
            seen.add(host.path.lower())
            yield host


def _host(disk: Disk, installation: str) -> Host | None:
    for name in _NAMES_JAVA:
        file = disk.find(f"{installation}\\.install4j\\{name}")
        if file is None:
            continue
        written = content_of(file)[:4096].decode("utf-8", "replace").strip().split("\n")[0].strip()
        java = written and _java(disk, written)
        if java:
            return _read_host(disk, java, disk.shown(file))
        return Host(named_by=disk.shown(file), refused=f"{written or '–'}: not found")
    return None


def _java(disk: Disk, home: str) -> Path | None:
    found = (disk.find(f"{home}\\{program}") for program in _JAVA)
    return next((file for file in found if file and file.is_file()), None)


def _read_host(disk: Disk, java: Path, named_by: str) -> Host:
    try:
        image = pe.parse(content_of(java))
    except pe.NotAnImage as reason:
        return Host(disk.shown(java), named_by=named_by, refused=str(reason))
    return Host(disk.shown(java), image.bits, image.machine_name, named_by)


def _missing_runtime(disk: Disk, donor: Library | None) -> str:
    """The runtime that a donor asks for, where the disk keeps runtimes and not this one."""
    if donor is None or not donor.runtime or disk.find("C:\\Windows\\WinSxS") is None:
        return ""
    name = donor.runtime.split()[0].lower()
    there = disk.below("C:\\Windows\\WinSxS", rf"x86_microsoft\.{name}\.crt_.*")
    return "" if there else donor.runtime
