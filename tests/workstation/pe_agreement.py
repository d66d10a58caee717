"""Compares our reader of program files with pefile and LIEF, file by file.

python -m tests.workstation.pe_agreement FOLDER     every DLL and EXE below a folder
"""

from __future__ import annotations

import sys
from pathlib import Path

import lief
import pefile

from deskside.workstation.esignal import pe, pe_resources, pe_tables


def disagreements(content: bytes) -> list[str]:
    """In what our reader differs from the two others; nothing where all three refuse the file."""
    try:
        image = pe.parse(content)
    except pe.NotAnImage as reason:
        return [] if not _pefile_reads(content) else [f"refused: {reason}"]
    told = pefile.PE(data=content, fast_load=True, max_symbol_exports=65_536)
    told.parse_data_directories(
        [pefile.DIRECTORY_ENTRY[f"IMAGE_DIRECTORY_ENTRY_{n}"] for n in ("EXPORT", "IMPORT")]
    )
    lief_told = lief.PE.parse(list(content))
    theirs = {
        "machine": told.FILE_HEADER.Machine,
        "library": bool(told.FILE_HEADER.Characteristics & 0x2000),
        "sections": len(told.sections),
        "exports": _exports(told),
        "imports": _imports(told),
    }
    ours = {
        "machine": image.machine,
        "library": image.is_library,
        "sections": len(image.sections),
        "exports": sorted(pe_tables.exports(image)),
        "imports": sorted(pe_tables.imports(image)),
    }
    found = [f"pefile: {name}" for name, value in ours.items() if theirs[name] != value]
    if lief_told is None:
        return [*found, "LIEF refuses"]
    if sorted(entry.name for entry in lief_told.imports) != ours["imports"]:
        found.append("LIEF: imports")
    if lief_told.header.machine.value != image.machine:
        found.append("LIEF: machine")
    number = _version(told)
    if number and pe_resources.version(image).number != number:
        found.append("pefile: version")
    return found


def _pefile_reads(content: bytes) -> bool:
    try:
        return bool(pefile.PE(data=content, fast_load=True).sections)
    except pefile.PEFormatError:
        return False


def _exports(told: pefile.PE) -> list[str]:
    table = getattr(told, "DIRECTORY_ENTRY_EXPORT", None)
    return sorted(s.name.decode("latin-1") for s in table.symbols if s.name) if table else []


def _imports(told: pefile.PE) -> list[str]:
    return sorted(row.dll.decode("latin-1") for row in getattr(told, "DIRECTORY_ENTRY_IMPORT", []))


def _version(told: pefile.PE) -> str:
    told.parse_data_directories([pefile.DIRECTORY_ENTRY["IMAGE_DIRECTORY_ENTRY_RESOURCE"]])
    for row in getattr(told, "VS_FIXEDFILEINFO", []):
        high, low = row.FileVersionMS, row.FileVersionLS
        return ".".join(map(str, (high >> 16, high & 0xFFFF, low >> 16, low & 0xFFFF)))
    return ""


def main(folder: str) -> int:
    """Compare every file below a folder; print what differs, and how many agree."""
    bad = count = 0
    for file in sorted(Path(folder).rglob("*")):
        if file.suffix.lower() not in (".dll", ".exe") or not file.is_file():
            continue
        count += 1
        if found := disagreements(file.read_bytes()):
            bad += 1
            print(f"{file}: {', '.join(found)}")
    print(f"{count} files, {bad} disagreements")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
