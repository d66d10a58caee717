"""Asks the loader of wine whether it loads what we say that it loads, before and after repair.

    WINEDLLPATH=FOLDER python -m tests.workstation.wine_loader

Optional, since wine is large. It needs Debian's `wine64` and, for programs of 32 bits, the folder
`usr/lib/i386-linux-gnu/wine` of its package `libwine:i386`, unpacked anywhere (`dpkg -x`) and
named by WINEDLLPATH. Nothing outside a temporary folder is written.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from deskside.foundation.changes.engine import Engine
from deskside.workstation.esignal.disk import Disk
from deskside.workstation.esignal.fixes import plan_repair
from deskside.workstation.esignal.looking import read_library
from deskside.workstation.esignal.recipes import DBCAPI

from .pe_writer import windows_disk
from .windows_compiler import build

LOADER = r"""
    #include <windows.h>
    #include <stdio.h>
    int main(int count, char **words) {
      SetErrorMode(SEM_FAILCRITICALERRORS);
      HMODULE loaded = LoadLibraryA(words[1]);
      printf("%lu\n", loaded ? 0UL : GetLastError());
      return count < 2;
    }
"""
NOT_A_LIBRARY = 193
"""ERROR_BAD_EXE_FORMAT: damaged, or of the other word size."""

MISSING = 126
"""ERROR_MOD_NOT_FOUND."""


class Wine:
    """Wine in a folder of its own, with a program of each word size that loads a library."""

    def __init__(self, folder: Path) -> None:
        found = shutil.which("wine64") or shutil.which("wine64", path="/usr/lib/wine")
        if found is None:
            raise SystemExit("wine is missing: apt-get install wine64")
        self._wine, self._folder = found, folder
        self._environment = os.environ | {"WINEPREFIX": str(folder / "prefix"), "WINEDEBUG": "-all"}
        self._loaders = {
            bits: self._put(f"load{bits}.exe", build(folder / "made", bits, source=LOADER))
            for bits in (32, 64)
        }
        self._run("wineboot", "-i")

    def load(self, bits: int, library: Path) -> int:
        """What a program of a word size is told when it loads a library; 0 for success."""
        said = self._run(str(self._loaders[bits]), f"Z:{library}".replace("/", "\\"))
        return int(said.split()[-1])

    def _put(self, name: str, content: bytes) -> Path:
        file = self._folder / name
        file.write_bytes(content)
        return file

    def _run(self, *words: str) -> str:
        done = subprocess.run(
            [self._wine, *words],
            env=self._environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        return done.stdout


def libraries(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Libraries in every state that the loader and we judge."""
    whole = {bits: build(folder / f"{bits}", bits) for bits in (32, 64)}
    yield from ((f"{bits} bits", content) for bits, content in whole.items())
    yield "empty", b""
    yield "text", b"no library at all\n"
    yield "cut in its headers", whole[32][:300]
    yield "cut in its sections", whole[32][:2000]
    yield "without MZ", b"XX" + whole[32][2:]
    yield "a machine that is none", whole[32].replace(b"PE\0\0\x4c\x01", b"PE\0\0\xff\xff", 1)


def compared(wine: Wine, folder: Path) -> Iterator[tuple[str, bool]]:
    """Each case in words, and whether the loader does as we say."""
    for name, content in libraries(folder / "built"):
        file = folder / "probe.dll"
        file.write_bytes(content)
        read = read_library("C:\\probe.dll", content, DBCAPI)
        for bits in (32, 64):
            expected = 0 if not read.refused and read.bits == bits else NOT_A_LIBRARY
            told = wine.load(bits, file)
            yield f"{name}: a {bits}-bit program gets {told}, expected {expected}", told == expected


def repaired(wine: Wine, folder: Path) -> Iterator[tuple[str, bool]]:
    """A 32-bit program and the library of a disk: refused before the repair, loaded after it."""
    donor = build(folder / "donor", 32)
    broken = {"64 bits": build(folder / "wide", 64), "cut": donor[:300], "absent": None}
    for name, there in broken.items():
        disk = windows_disk(folder / f"disk {name}", target=there, donor=donor)
        java = build(folder / "java", 32, program=True)
        next(disk.rglob("javaw.exe")).write_bytes(java)
        library = disk / "Jts" / "dbcapi.dll"
        before = wine.load(32, library)
        expected = MISSING if there is None else NOT_A_LIBRARY
        yield f"repair of {name}: before it {before}, expected {expected}", before == expected
        Engine(folder / f"journal {name}").apply(plan_repair(Disk(disk), DBCAPI))
        after = wine.load(32, library)
        yield f"repair of {name}: after it {after}, expected 0", after == 0


def main() -> int:
    """Print every case; 1 where one differs."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wine = Wine(folder)
        wrong = 0
        for words, right in (*compared(wine, folder), *repaired(wine, folder)):
            print("as we say " if right else "DIFFERENT ", words)
            wrong += not right
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
