"""The API components under one home: versions side by side, and a pointer to the one in use.

    HOME/IBJts                       points to the version in use
    HOME/IBJts-versions/10.51.01/    one version, as its archive holds it, with our manifest
    HOME/IBJts-versions/.unpacked-…  a version that is about to take its name

A version is unpacked under a name of ours and then given its own by the change engine, together
with the switch of the pointer: whole or not at all.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from deskside.foundation.changes.engine import Engine
from deskside.foundation.changes.files import Files
from deskside.foundation.changes.model import Change, Plan, Step, Verb, digest_of
from deskside.foundation.changes.moving import outdated
from deskside.foundation.changes.planning import plan, states
from deskside.foundation.changes.reading import pointer_target
from deskside.foundation.errors import NotFound, Refused, Unavailable
from deskside.foundation.locking import held
from deskside.foundation.paths import data_folder, private_folder
from deskside.foundation.text import _
from deskside.foundation.units import number, size
from deskside.workstation.api_components import unpacking, versions
from deskside.workstation.api_components.model import (
    INNER,
    MANIFEST,
    POINTER,
    VERSIONS,
    Installed,
)
from deskside.workstation.api_components.package import (
    VERSION_FILE,
    Opened,
    find_without_case,
)
from deskside.workstation.api_components.records import Records

INSTALL, USE, REMOVE = "api.install", "api.use", "api.remove"
UNPACKED = ".unpacked-"


class Components:
    """The components under one home.

    Args:
        home: the folder that holds `IBJts`.
        data: Deskside's data folder.
        files: the file operations; tests make them fail.
    """

    def __init__(self, home: Path, data: Path, files: Files | None = None) -> None:
        self.home = home
        self.records = Records(data)
        self._data = data
        self._files = files
        self.watch: unpacking.Watch | None = None

    @classmethod
    def open(cls, home: str | Path | None = None) -> Components:
        """Those of this person, with nothing left half done."""
        place = Path(home).expanduser().absolute() if home else Path.home()
        opened = cls(place, data_folder())
        opened.recover()
        return opened

    def recover(self) -> None:
        """Put right what a killed command left: finish or take back, and clear up."""
        self.engine().recover()
        with suppress(Unavailable), self._alone(0):
            self._clear()

    def engine(self) -> Engine:
        """The change engine of this data folder."""
        return Engine(self._data / "changes", files=self._files)

    # Looking.

    def installed(self) -> list[Installed]:
        """All versions, the newest first; a plain `IBJts` folder of somebody else's, too."""
        used = self.in_use()
        names = [name for name in self._names() if not name.startswith(".")]
        found = [self._one(name, used) for name in names]
        if self.is_plain_folder():
            told = _told_version(self.home / POINTER)
            found.append(Installed(INNER, told, in_use=True, managed=False))
        return sorted(found, key=lambda each: versions.key(each.version), reverse=True)

    def in_use(self) -> str:
        """The name of the version that the pointer points to; empty where there is none."""
        if not self.home.is_dir():
            return ""
        try:
            target = pointer_target(self.home.resolve(), POINTER)
        except Refused:
            return ""
        inside = target is not None and len(target.parts) > 1 and target.parts[0] == VERSIONS.name
        return target.parts[1] if target and inside else ""

    def is_plain_folder(self) -> bool:
        """Whether `IBJts` is a folder and no pointer."""
        path = self.home / POINTER
        return path.is_dir() and not path.is_symlink()

    def choose(self, version: str | None = None) -> Installed:
        """The version that is meant; the one in use where none is named.

        Raises:
            NotFound: `no-such-version`.
        """
        listed = self.installed()
        wanted = versions.normal(version) if version else ""
        for each in listed:
            if version is None and each.in_use:
                return each
            if version and (each.name == version or (wanted and each.version == wanted)):
                return each
        names = ", ".join(each.name for each in listed)
        raise NotFound(
            "no-such-version",
            _("Version {version} is not installed here.").format(version=version)
            if version
            else _("No version of the API components is in use here."),
            hint=_("Installed: {names}").format(names=names)
            if names
            else _("Install one: deskside api install FILE"),
        )

    def folder(self, installed: Installed) -> Path:
        """Where a version's components are: the folder with `source` and `samples`."""
        if installed.name == INNER:
            return self.home / POINTER
        return self.home / VERSIONS / installed.name / self._inner(installed.name)

    def manifest(self, installed: Installed) -> dict[str, Any] | None:
        """The list of a version's files; None where we have none, or it is damaged."""
        return _manifest(self.home / VERSIONS / installed.name)

    # Planning.

    def preview(self, opened: Opened) -> Plan:
        """What installing an archive would do, to be shown; nothing is unpacked yet.

        Raises:
            Refused: `already-installed`, `owned-by-another`; as `changes.planning.plan`.
        """
        self._check_free(opened)
        count, total = len(opened.unpacked.files), sum(map(len, opened.unpacked.files.values()))
        words = _("{count} files, {size}, from {file}").format(
            count=number(count), size=size(total), file=opened.file
        )
        version = Step(Verb.MAKE_FOLDER, VERSIONS / opened.version, why=words)
        steps = (*self._take_over(), version, self._switch(opened.version, opened.inner))
        title = _("Install TWS API components {version}").format(version=opened.version)
        inputs = {}
        if self.home.is_dir():
            root = self.home.resolve()
            touched = states(root, steps, self._files or Files())
            inputs = {path: digest_of(state) for path, state in touched.items()}
        return Plan(INSTALL, title, self.home, steps, inputs, opened.remarks)

    def plan_use(self, installed: Installed) -> Plan:
        """Switch the pointer to a version."""
        title = _("Use TWS API components {version}").format(version=installed.name)
        steps = [*self._take_over(), self._switch(installed.name, self._inner(installed.name))]
        return plan(USE, title, self.home, steps, files=self._files)

    def plan_remove(self, installed: Installed) -> Plan:
        """Remove a version, and the pointer with it where it is in use.

        Raises:
            Refused: `not-ours`: a plain folder of somebody else's.
        """
        if installed.name == INNER:
            raise Refused(
                "not-ours",
                _("{folder} was not installed by Deskside and is not removed by it.").format(
                    folder=self.home / POINTER
                ),
                hint=_("Install or use a version: then it is kept among the versions."),
            )
        others = [name for name in self._names() if name != installed.name]
        gone = VERSIONS / installed.name if others else VERSIONS
        steps = [Step(Verb.REMOVE, gone)]
        remarks = []
        if installed.in_use:
            steps.append(Step(Verb.REMOVE, POINTER))
            if others:
                remarks.append(_("This version is in use: afterwards, none is. See api use."))
        title = _("Remove TWS API components {version}").format(version=installed.name)
        return plan(REMOVE, title, self.home, steps, remarks=remarks, files=self._files)

    # Doing.

    def install(self, opened: Opened, shown: Plan) -> Change:
        """Install an archive as it was shown.

        Raises:
            Refused: `plan-outdated`; as `Engine.apply`. Nothing was changed.
            Unavailable: `changes-busy`: another process is installing.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        with self._alone(10):
            staged = VERSIONS / f"{UNPACKED}{opened.version}-{secrets.token_hex(4)}"
            try:
                self._stage(opened, self.home / staged)
                change = self.engine().apply(self._plan_install(opened, shown, staged))
            except BaseException:
                self._clear()
                raise
            self.records.see(opened.version, opened.unpacked.sha256)
            return change

    def apply(self, planned: Plan) -> Change:
        """Carry out a plan that was shown."""
        with self._alone(10):
            return self.engine().apply(planned)

    def _stage(self, opened: Opened, folder: Path) -> None:
        folder.parent.mkdir(exist_ok=True)
        files = {MANIFEST: opened.manifest(), **opened.unpacked.files}
        unpacking.write(replace(opened.unpacked, files=files), folder, watch=self.watch)

    def _plan_install(self, opened: Opened, shown: Plan, staged: PurePosixPath) -> Plan:
        rename = Step(Verb.RENAME, staged, target=VERSIONS / opened.version, prepared=True)
        switch = self._switch(opened.version, opened.inner)
        steps = [*self._take_over(), rename, switch]
        made = plan(INSTALL, shown.title, self.home, steps, files=self._files)
        for path, seen in shown.inputs.items():
            if made.inputs.get(path) != seen:
                raise outdated(path)
        return made

    def _take_over(self) -> list[Step]:
        """Where `IBJts` is a plain folder: keep it among the versions, whatever is in it."""
        if not self.is_plain_folder():
            return []
        path = self.home / POINTER
        if hasattr(os, "getuid") and path.stat().st_uid != os.getuid():
            raise Refused(
                "owned-by-another",
                _(
                    "{folder} belongs to another user, often since it was unpacked with sudo."
                ).format(folder=path),
                hint=_('Make it yours: sudo chown -R "$USER" {folder}').format(folder=path),
                article="9001#api-owned-by-another",
            )
        name = self._free_name(f"{_told_version(path) or 'IBJts'}-found")
        why = _("kept as {name}: deskside api use {name}").format(name=name)
        return [Step(Verb.RENAME, POINTER, target=VERSIONS / name / INNER, why=why)]

    def _free_name(self, wanted: str) -> str:
        taken, name, count = set(self._names()), wanted, 1
        while name in taken:
            count += 1
            name = f"{wanted}-{count}"
        return name

    def _switch(self, name: str, inner: str) -> Step:
        return Step(Verb.SWITCH, POINTER, target=VERSIONS / name / inner)

    def _check_free(self, opened: Opened) -> None:
        if opened.version not in self._names():
            return
        manifest = _manifest(self.home / VERSIONS / opened.version) or {}
        same = manifest.get("archive", {}).get("sha256") == opened.unpacked.sha256
        raise Refused(
            "already-installed",
            _("Version {version} is installed already, from this very archive.").format(
                version=opened.version
            )
            if same
            else _("Version {version} is installed already, from another archive.").format(
                version=opened.version
            ),
            hint=_(
                "Use it: deskside api use {version}. Or remove it first: "
                "deskside api remove {version}"
            ).format(version=opened.version),
        )

    def _names(self) -> list[str]:
        folder = self.home / VERSIONS
        if not folder.is_dir() or folder.is_symlink():
            return []
        return sorted(
            path.name
            for path in folder.iterdir()
            if path.is_dir() and not path.name.startswith((UNPACKED, ".deskside-"))
        )

    def _one(self, name: str, used: str) -> Installed:
        manifest = _manifest(self.home / VERSIONS / name)
        if manifest is None:
            told = _told_version(self.home / VERSIONS / name / self._inner(name))
            return Installed(name, told, in_use=name == used, managed=False)
        return Installed(
            name,
            str(manifest["version"]),
            in_use=name == used,
            managed=True,
            archive_sha256=str(manifest["archive"]["sha256"]),
            licence=str(manifest["licence"]["id"]),
            installed=str(manifest["installed"]),
        )

    def _inner(self, name: str) -> str:
        folder = self.home / VERSIONS / name
        return find_without_case(_names_in(folder), INNER) or INNER

    def _clear(self) -> None:
        """Clear what was unpacked and has not become a version."""
        folder = self.home / VERSIONS
        if not folder.is_dir() or folder.is_symlink():
            return
        for path in folder.glob(f"{UNPACKED}*"):
            shutil.rmtree(path, ignore_errors=True)
        with suppress(OSError):
            folder.rmdir()

    @contextmanager
    def _alone(self, wait: float) -> Iterator[None]:
        def taken() -> Unavailable:
            return Unavailable(
                "changes-busy",
                _("Another command is changing the API components."),
                hint=_("Wait until it has ended, and try again."),
            )

        with held(private_folder(self._data / "workstation") / "api.lock", taken, wait=wait):
            yield


def _manifest(folder: Path) -> dict[str, Any] | None:
    try:
        found = json.loads((folder / MANIFEST).read_bytes())
        complete = isinstance(found["files"], dict) and found["archive"]["sha256"]
        complete = complete and found["licence"]["id"] and found["installed"] and found["version"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if complete else None


def _told_version(folder: Path) -> str:
    """The version that the components in a folder say they are."""
    name = find_without_case(_names_in(folder), VERSION_FILE)
    try:
        return versions.of_version_file((folder / name).read_bytes()) if name else ""
    except OSError:
        return ""


def _names_in(folder: Path) -> list[str]:
    try:
        return [path.name for path in folder.iterdir()]
    except OSError:
        return []
