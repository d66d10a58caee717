"""Transfer: one user's settings for another user, or live ones for paper trading and back.

What is bound to a person or a computer is listed, and kept out or mapped; nothing of it is copied
unless somebody said so. The rest is put in place as a restore is: planned, shown, undoable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deskside.foundation.errors import DesksideError, NotFound, Refused, UsageProblem
from deskside.foundation.text import _
from deskside.workspace import restoring
from deskside.workspace.document.bound import BoundKind, Treatment
from deskside.workspace.document.personal import BoundItem, adapt, bound_items
from deskside.workspace.model import Kind, Workspace
from deskside.workspace.places import reading
from deskside.workspace.restoring import Restore, Source
from deskside.workspace.rules import settings_version

if TYPE_CHECKING:
    from deskside.workspace.workstation import Workstation

OLDEST_BUILD = 959
"""The first build to which the vendor's articles 2282 and 2320 apply."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person decided on what is bound.

    Attributes:
        mapping: what takes the place of an account number, a folder, an address, or the
            beginning of a path.
        treatments: by kind, where it is not the default.
    """

    mapping: Mapping[str, str] = field(default_factory=dict)
    treatments: Mapping[str, Treatment] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Adapted:
    """Settings made ready for somebody else.

    Attributes:
        items: all that was bound in the source, with what became of it by default.
        remarks: what else to know.
    """

    source: Source
    content: bytes = field(repr=False)
    items: tuple[BoundItem, ...]
    remarks: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """What `settings transfer` prints of it."""
        return {"bound": [item.as_json() for item in self.items], "notes": list(self.remarks)}


def choices(mapping: Sequence[str], treatments: Sequence[str]) -> Choices:
    """Choices as a command line gives them: `OLD=NEW` and `KIND=TREATMENT`.

    Raises:
        UsageProblem: `wrong-mapping`, `wrong-treatment`.
    """
    kinds = {kind.value for kind in BoundKind}
    pairs, treated = {}, {}
    for given in mapping:
        old, equals, new = given.partition("=")
        if not (old and equals):
            raise UsageProblem(
                "wrong-mapping",
                _("{given} does not say what takes the place of what.").format(given=given),
                hint=_("Write it so: --map U1234567=DU7654321"),
            )
        pairs[old] = new
    for given in treatments:
        kind, _equals, name = given.partition("=")
        if kind not in kinds or name not in {one.value for one in Treatment}:
            raise UsageProblem(
                "wrong-treatment",
                _("{given} is not a kind and a treatment.").format(given=given),
                hint=_("Kinds: {kinds}. Treatments: {treatments}.").format(
                    kinds=", ".join(sorted(kinds)),
                    treatments=", ".join(one.value for one in Treatment),
                ),
            )
        treated[kind] = Treatment(name)
    return Choices(pairs, treated)


def source(here: Workstation, root: str | None, wish: str) -> Source:
    """What a person means: a file, a snapshot, or the present settings of a user.

    Raises:
        NotFound: `nothing-to-transfer`.
        Refused: what reading refuses.
    """
    if not Path(wish).expanduser().exists():
        found = [w for w in here.workspaces(root) if w.answers_to(wish)]
        if len(found) > 1:
            raise Refused(
                "several-users",
                _("{wish} may mean several settings here.").format(wish=wish),
                hint=_("Name the file: {files}").format(
                    files=", ".join(str(w.file) for w in found)
                ),
            )
        if found:
            return Source(reading.read(found[0].file).content, found[0].name)
    try:
        return restoring.source(here, _any(here, root), wish)
    except NotFound as error:
        raise NotFound(
            "nothing-to-transfer",
            _("There is no file, snapshot or user called {wish}.").format(wish=wish),
            hint=_("deskside settings list names the users, settings history the snapshots."),
        ) from error


def prepare(chosen: Source, target: Workspace | None, decided: Choices) -> Adapted:
    """Settings of a source, made ready for a target.

    Args:
        target: whose own values take the place of what is bound; None for nobody yet.

    Raises:
        Refused: `settings-opaque`; `settings-account-remains`; what reading them refuses.
    """
    items = bound_items(chosen.content)
    own = _own(target)
    content = adapt(chosen.content, own, decided.mapping, decided.treatments)
    return Adapted(chosen, content, items, _remarks(chosen, own))


def plan(here: Workstation, target: Workspace, adapted: Adapted) -> Restore:
    """Plan to put adapted settings in the place of the target's.

    Raises:
        Refused: `target-opaque` where only the program itself can open a file there; as
            `restoring.plan`.
    """
    if _is_opaque(target):
        raise Refused(
            "target-opaque",
            _("The program has encrypted the settings of {workspace}.").format(
                workspace=target.name
            ),
            hint=_(
                "Add --output FILE, and open that file in the program: Settings Recovery > Custom."
            ),
            article="2320",
        )
    return restoring.plan(here, target, Source(adapted.content, adapted.source.words), own=True)


def _own(target: Workspace | None) -> bytes | None:
    """The target's present settings, where they can be read."""
    if target is None or _is_opaque(target):
        return None
    try:
        return reading.read(target.file).content
    except DesksideError as error:
        if error.code in restoring.REPLACEABLE:
            return None
        raise


def _is_opaque(target: Workspace) -> bool:
    try:
        return reading.read(target.file).kind is Kind.OPAQUE
    except DesksideError:
        return False


def _any(here: Workstation, root: str | None) -> Workspace:
    """Some workspace, where it does not matter which."""
    return here.workspaces(root)[0]


def _remarks(chosen: Source, own: bytes | None) -> tuple[str, ...]:
    said = []
    version = settings_version(chosen.content)
    if version and version.major < OLDEST_BUILD:
        said.append(
            _("Build {build} wrote these settings; a transfer is described for {oldest} and above.")
            .format(build=version.words, oldest=OLDEST_BUILD)
        )  # fmt: skip
    if own is None:
        said.append(_("The target has no settings that can be read: what is bound is left out."))
        return tuple(said)
    present = settings_version(own)
    if present and version and version > present:
        words = _("The target's program is older (build {old}) than the source's ({new}).")
        said.append(words.format(old=present.words, new=version.words))
    return tuple(said)
