"""The checks of libraries between TWS and other programs (KB2560)."""

from __future__ import annotations

from collections.abc import Iterator

from deskside.foundation.findings import Finding
from deskside.foundation.registry import Situation
from deskside.foundation.text import mark
from deskside.workstation.esignal.disk import Disk, present
from deskside.workstation.esignal.looking import look
from deskside.workstation.esignal.recipes import DBCAPI, DDEDLL
from deskside.workstation.esignal.rules import Code, judge
from deskside.workstation.esignal.words import finding


class Dbcapi:
    """Whether TWS can load eSignal's library."""

    id = DBCAPI.id
    title = mark("TWS and eSignal")
    options: tuple[str, ...] = ("root",)
    codes = tuple(code.value for code in Code)
    recipe = DBCAPI

    def applies(self, situation: Situation) -> bool:
        """On a disk that was named; here only where there is anything of the other program."""
        if situation.option("root"):
            return True
        disk = present()
        if disk is None:
            return False
        seen = look(disk, self.recipe)
        return bool(seen.target or seen.donors or seen.partner)

    def run(self, situation: Situation) -> Iterator[Finding]:
        disk = Disk.open(situation.option("root"))
        for judged in judge(self.recipe, look(disk, self.recipe)):
            yield finding(self.recipe, judged)


class Ddedll:
    """Whether TWS can load the library of its link to Excel (DDE)."""

    id = DDEDLL.id
    title = mark("TWS and Excel (DDE)")
    options: tuple[str, ...] = ("root",)
    codes: tuple[str, ...] = Dbcapi.codes

    def applies(self, situation: Situation) -> bool:
        """Where the library is there at all."""
        root = situation.option("root")
        if root is None and present() is None:
            return False
        return look(Disk.open(root), DDEDLL).target is not None

    def run(self, situation: Situation) -> Iterator[Finding]:
        for judged in judge(DDEDLL, look(Disk.open(situation.option("root")), DDEDLL)):
            yield finding(DDEDLL, judged)
