"""The repair of issue B, step by step as the article has it.

What is there is renamed first: a library in use can be renamed and not replaced. An older
`dbcapi_old.dll` is never lost: it is renamed, too, to a name with its digest. The engine keeps
every content by its digest besides, and takes all of it back on demand.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from deskside.foundation.changes.model import Plan, Step, Verb, digest
from deskside.foundation.changes.planning import plan
from deskside.foundation.errors import Refused
from deskside.foundation.findings import Finding
from deskside.foundation.registry import Situation
from deskside.foundation.text import _, mark
from deskside.workstation.esignal.disk import Disk, content_of
from deskside.workstation.esignal.looking import JTS, look
from deskside.workstation.esignal.model import Library, Recipe
from deskside.workstation.esignal.recipes import DBCAPI
from deskside.workstation.esignal.rules import Code, judge


class RepairDbcapi:
    """Plans to give TWS the library that eSignal brings along."""

    id = DBCAPI.id
    title = mark("Give TWS the library of eSignal")

    def plan(self, situation: Situation, finding: Finding) -> Plan:
        """The plan; see `plan_repair`."""
        return plan_repair(Disk.open(situation.option("root")), DBCAPI)


def plan_repair(disk: Disk, recipe: Recipe) -> Plan:
    """The steps of the article for what is on the disk now.

    Raises:
        Refused: `nothing-to-repair`, or `cannot-repair`, where only an installation helps.
    """
    seen = look(disk, recipe)
    judged = list(judge(recipe, seen))
    if not any(one.mends for one in judged) or seen.donor is None:
        raise _refused(recipe, {one.code for one in judged})
    folder = disk.find(JTS)
    if folder is None:
        raise _refused(recipe, {Code.TWS_JAVA_UNKNOWN})
    title = _("Give TWS the {library} of {partner}").format(
        library=recipe.library, partner=recipe.partner
    )
    return plan(recipe.id, title, folder, _steps(disk, recipe, folder, seen.donor))


def _steps(disk: Disk, recipe: Recipe, folder: Path, donor: Library) -> Iterator[Step]:
    stem = recipe.library.removesuffix(".dll")
    earlier = disk.find(f"{JTS}\\{stem}_old.dll")
    present = disk.find(f"{JTS}\\{recipe.library}")
    # Names are kept in the case in which they are there: Windows takes both for one.
    old = PurePosixPath(earlier.name if earlier else f"{stem}_old.dll")
    new = PurePosixPath(present.name if present else recipe.library)
    if present and earlier:
        aside = PurePosixPath(f"{stem}_old_{digest(content_of(earlier))[:12]}.dll")
        if disk.find(f"{JTS}\\{aside}") is not None:
            yield Step(Verb.REMOVE, old, why=_("It is kept already as {name}.").format(name=aside))
        else:
            why = _("An earlier repair left it; it is kept under a name of its own.")
            yield Step(Verb.RENAME, old, target=aside, why=why)
    if present:
        why = _("The library that TWS loads now, kept.")
        yield Step(Verb.RENAME, new, target=old, why=why)
    why = _("A copy of {path}.").format(path=donor.path)
    yield Step(Verb.WRITE, new, content=donor.content, why=why)


def _refused(recipe: Recipe, found: set[Code]) -> Refused:
    if Code.LIBRARY_OK in found:
        return Refused(
            "nothing-to-repair",
            _("{library} needs no repair.").format(library=recipe.library),
            hint=_("See what else was found: deskside esignal diagnose"),
            article=recipe.article,
        )
    return Refused(
        "cannot-repair",
        _("{library} cannot be repaired from what is on this disk.").format(library=recipe.library),
        hint=_("Install the 32-bit {partner}, then try again.").format(partner=recipe.partner),
        article=f"{recipe.article}#donor-missing",
    )
