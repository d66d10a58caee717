"""The recipes: which libraries stand between TWS and another program, and what mends them.

Facts: KB2560 for `dbcapi.dll`. For `ddedll.dll` only this is known: a 64-bit Java cannot load the
32-bit library, and a 32-bit Java is the remedy.
"""

from __future__ import annotations

from deskside.workstation.esignal.model import Recipe

_PROGRAM_FILES = ("C:\\Program Files (x86)", "C:\\Program Files")
_ESIGNAL = tuple(
    folder
    for programs in _PROGRAM_FILES
    for folder in (
        f"{programs}\\Common Files\\Interactive Data\\DM",
        f"{programs}\\Interactive Data\\eSignal",
        f"{programs}\\eSignal",
    )
)
_SYSTEM = ("C:\\Windows\\System32", "C:\\Windows\\SysWOW64")

DBCAPI = Recipe(
    id="esignal.dbcapi",
    library="dbcapi.dll",
    folders=("C:\\Jts",),
    donor="dbcapi_vc8.dll",
    donor_folders=_ESIGNAL,
    partner="eSignal",
    partner_programs=("winros.exe", "winsig.exe", "esignal.exe"),
    article="2560",
    # SAP SQL Anywhere has a library of this name, too; its interface is all sqlany_… .
    foreign=("sqlany_",),
)

DDEDLL = Recipe(
    id="esignal.ddedll",
    library="ddedll.dll",
    folders=("C:\\Jts", *_SYSTEM),
    donor=None,
    donor_folders=(),
    partner="Excel",
    partner_programs=(),
    article="2560",
)

RECIPES = {recipe.id: recipe for recipe in (DBCAPI, DDEDLL)}
