"""Builds Windows programs and libraries with mingw, for both word sizes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

COMPILERS = {32: "i686-w64-mingw32", 64: "x86_64-w64-mingw32"}

LIBRARY = """
    #include <windows.h>
    __declspec(dllexport) int DbcOpen(void) { return (int)GetTickCount(); }
    __declspec(dllexport) void DbcClose(void) {}
"""
PROGRAM = "int main(void) { return 0; }"
RESOURCES = """
    #include <winver.h>
    1 VERSIONINFO FILEVERSION %s PRODUCTVERSION %s
    BEGIN
      BLOCK "StringFileInfo" BEGIN
        BLOCK "040904b0" BEGIN VALUE "CompanyName", "%s" END
      END
      BLOCK "VarFileInfo" BEGIN VALUE "Translation", 0x409, 1200 END
    END
"""


def build(
    folder: Path,
    bits: int,
    *,
    version: tuple[int, int, int, int] = (12, 0, 3601, 1),
    company: str = "Interactive Data",
    program: bool = False,
    source: str = "",
) -> bytes:
    """A library that exports what eSignal's does, a program that does nothing, or one's own."""
    folder.mkdir(parents=True, exist_ok=True)
    code, resources = folder / "made.c", folder / "made.rc"
    code.write_text(source or (PROGRAM if program else LIBRARY))
    number = ",".join(map(str, version))
    resources.write_text(RESOURCES % (number, number, company))
    compiled, made = folder / "made.res", folder / "made.bin"
    _run(bits, "windres", str(resources), "-O", "coff", "-o", str(compiled))
    kind = [] if program or source else ["-shared"]
    _run(bits, "gcc-win32", *kind, "-s", str(code), str(compiled), "-o", str(made))
    return made.read_bytes()


def _run(bits: int, tool: str, *arguments: str) -> None:
    command = shutil.which(f"{COMPILERS[bits]}-{tool}")
    if command is None:
        pytest.fail("mingw is missing: run `make system-deps`.", pytrace=False)
    subprocess.run([command, *arguments], check=True)
