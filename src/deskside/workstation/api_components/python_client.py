"""The Python client in an environment: put there as a whole, taken away as a whole.

Two folders in `site-packages` are all that a client is: `ibapi` and its metadata. They are
prepared beside them and given their names by the change engine. pip knows them by their RECORD
like any other distribution, and can uninstall them, too.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from deskside.foundation.changes.model import Change, Plan, Step, Verb
from deskside.foundation.changes.planning import plan
from deskside.foundation.errors import NotFound, Refused
from deskside.foundation.findings import Finding, Status
from deskside.foundation.text import _
from deskside.foundation.units import number
from deskside.workstation.api_components import unpacking
from deskside.workstation.api_components.components import Components
from deskside.workstation.api_components.environments import Environment, suits
from deskside.workstation.api_components.licences import find
from deskside.workstation.api_components.model import Installed
from deskside.workstation.api_components.wheel import NAME, Client, build, generated_by

PUT, TAKE = "api.python", "api.python-remove"
STAGED = ".deskside-ibapi-"
"""Begins the name of what is being prepared: an import never finds a name with a dot."""


def client(components: Components, installed: Installed) -> Client:
    """The Python client of a version.

    Raises:
        NotFound: `no-python-client`.
    """
    folder = components.folder(installed)
    found = [path.parent for path in folder.glob("*/*/*/__init__.py") if _is_client(path)]
    if not found:
        raise NotFound(
            "no-python-client",
            _("Version {version} holds no Python client.").format(version=installed.name),
            hint=_("Choose another version: deskside api list"),
            article="9001#python",
        )
    source = found[0]
    sources = {
        path.relative_to(source).as_posix(): path.read_bytes()
        for path in sorted(source.rglob("*"))
        if path.is_file() and not path.is_symlink() and "__pycache__" not in path.parts
    }
    terms = find(_texts(folder))
    return build(installed.version or "0", sources, terms.text)


def plan_put(made: Client, where: Environment, folder: str) -> Plan:
    """Put a client into an environment, in the place of an earlier one of the same name.

    Args:
        folder: in `site-packages`, where the client is prepared.

    Raises:
        Refused: `ibapi-owned`: another distribution has brought `ibapi`, or nobody knows what.
    """
    staged = PurePosixPath(folder)
    steps = [
        *_away(where),
        Step(Verb.RENAME, staged / NAME, target=PurePosixPath(NAME)),
        Step(Verb.RENAME, staged / made.info, target=PurePosixPath(made.info)),
    ]
    return plan(PUT, _title(made), where.packages, steps)


def preview_put(made: Client, where: Environment) -> Plan:
    """What `plan_put` would do, to be shown before anything is prepared; raises alike."""
    count = sum(name.startswith(f"{NAME}/") for name in made.files)
    why = _("{count} files").format(count=number(count))
    steps = [
        *_away(where),
        Step(Verb.MAKE_FOLDER, PurePosixPath(NAME), why=why),
        Step(Verb.MAKE_FOLDER, PurePosixPath(made.info)),
    ]
    return Plan(PUT, _title(made), where.packages, tuple(steps), {})


def put(components: Components, made: Client, where: Environment) -> Change:
    """Put a client into an environment; raises as `plan_put` and `Engine.apply`."""
    clear(where)
    folder = f"{STAGED}{secrets.token_hex(4)}"
    try:
        contents = unpacking.Unpacked("", 0, made.files, unpacking.folders_of(made.files))
        unpacking.write(contents, where.packages / folder, watch=components.watch)
        return components.engine().apply(plan_put(made, where, folder))
    finally:
        clear(where)


def plan_take(where: Environment) -> Plan:
    """Take the client away.

    Raises:
        NotFound: `no-ibapi`.
        Refused: `ibapi-owned`.
    """
    steps = _away(where)
    if not steps:
        raise NotFound("no-ibapi", _("There is no ibapi in {folder}.").format(folder=where.folder))
    title = _("Remove the Python client from {folder}").format(folder=where.folder)
    return plan(TAKE, title, where.packages, steps)


def clear(where: Environment) -> None:
    """Clear what was prepared and has not taken its name."""
    for path in where.packages.glob(f"{STAGED}*"):
        shutil.rmtree(path, ignore_errors=True)


def look(where: Environment, made: Client | None = None) -> Iterator[Finding]:
    """What is to be said of the client in an environment.

    Args:
        made: the client that belongs there.
    """
    owners = where.owners()
    if len(owners) > 1:
        yield Finding(
            code="ibapi-two-owners",
            status=Status.FAILURE,
            subject=str(where.folder),
            title=_("Two distributions share the import package ibapi"),
            evidence={"owners": [str(owner) for owner in owners]},
            cause=_("pip lets both write into the same folder; removing one breaks the other."),
            remedy=_(
                "Remove all of them, then install one: {python} -m pip uninstall {names}"
            ).format(python=where.python, names=" ".join(owner.name for owner in owners)),
            article="9001#ibapi-two-owners",
        )
    need = made.protobuf if made else _generated(where)
    if owners and need:
        yield from _runtime(where, need)
    if len(owners) == 1:
        yield Finding(
            code="ibapi-ok",
            status=Status.OK,
            subject=str(where.folder),
            title=_("ibapi is here, and one distribution owns it"),
            evidence={"owner": str(owners[0]), "installed_by": owners[0].installer},
        )


def _runtime(where: Environment, need: str) -> Iterator[Finding]:
    have = where.protobuf()
    command = f"{where.python} -m pip install 'protobuf>={need},<8'"
    if not have:
        yield Finding(
            code="protobuf-missing",
            status=Status.NOTICE,
            subject=str(where.folder),
            title=_("The client still needs the protobuf runtime"),
            evidence={"needs": f">={need},<8"},
            cause=_("Deskside downloads nothing into your environment."),
            remedy=_("Install it: {command}").format(command=command),
            article="9001#protobuf-missing",
        )
    elif not suits(have, need):
        yield Finding(
            code="protobuf-unsuitable",
            status=Status.FAILURE,
            subject=str(where.folder),
            title=_("The protobuf runtime does not suit the client: importing it fails"),
            evidence={"have": have, "needs": f">={need},<8"},
            cause=_("A runtime refuses code that a newer compiler has generated."),
            remedy=_("Install one that suits: {command}").format(command=command),
            article="9001#protobuf-unsuitable",
        )


def _away(where: Environment) -> list[Step]:
    """What must go first: an earlier client of the same name."""
    owners = where.owners()
    foreign = [owner for owner in owners if owner.name.lower() != NAME]
    eggs = [owner for owner in owners if owner.installer == "setup.py"]
    if foreign or eggs:
        raise _owned(where, [*foreign, *eggs][0].name, ", ".join(map(str, owners)))
    gone = [where.packages / NAME, *(owner.place for owner in owners)] if owners else []
    return [Step(Verb.REMOVE, PurePosixPath(path.name)) for path in gone if os.path.lexists(path)]


def _owned(where: Environment, name: str, all_of_them: str) -> Refused:
    return Refused(
        "ibapi-owned",
        _("The import package ibapi in {folder} belongs to {owners}; nothing was changed.").format(
            folder=where.folder, owners=all_of_them
        ),
        hint=_("Remove it first: {python} -m pip uninstall {name}").format(
            python=where.python, name=name
        )
        if name
        else _("Move that folder away first: no installer knows it."),
        article="9001#ibapi-two-owners",
    )


def _title(made: Client) -> str:
    return _("Install the Python client {version}").format(version=made.version)


def _is_client(path: Path) -> bool:
    source, client_folder, package = (part.lower() for part in path.parts[-4:-1])
    return (source, client_folder, package) == ("source", "pythonclient", NAME)


def _texts(folder: Path) -> dict[str, bytes]:
    """What may tell the terms: the texts beside the sources, and their heads."""
    listed = [*folder.glob("*"), *folder.glob("*/*"), *folder.glob("*/*/*")]
    listed += folder.glob("*/*/*/__init__.py")
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in listed if path.is_file()
    }


def _generated(where: Environment) -> str:
    folder = where.packages / NAME
    return generated_by({path.name: path.read_bytes() for path in folder.rglob("*_pb2.py")})
