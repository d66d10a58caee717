"""A package that was opened: what version it is, under which terms, and whether it is whole."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from deskside.foundation.errors import Refused
from deskside.foundation.text import _
from deskside.workstation.api_components import licences, versions
from deskside.workstation.api_components.catalogue import known_checksum
from deskside.workstation.api_components.hostile import printable
from deskside.workstation.api_components.model import INNER, MANIFEST, Licence
from deskside.workstation.api_components.records import Records
from deskside.workstation.api_components.unpacking import Unpacked, unpack

NEEDED = ("source", "samples")
"""What the vendor's own instructions look for."""

VERSION_FILE = "api_versionnum.txt"


@dataclass(frozen=True, slots=True)
class Opened:
    """An archive of API components, checked and held in memory.

    Attributes:
        file: its name, as the person gave it.
        version: `10.51.01`.
        inner: the folder in it that holds the components, as it is spelled there.
        licence: the terms that were found in it.
        unpacked: all of its contents.
        remarks: what the person should know before agreeing; translated.
    """

    file: str
    version: str
    inner: str
    licence: Licence
    unpacked: Unpacked
    remarks: tuple[str, ...]

    def manifest(self) -> bytes:
        """The list of all files, to be kept beside them."""
        files = {name: sha256(held).hexdigest() for name, held in self.unpacked.files.items()}
        record = {
            "version": self.version,
            "installed": datetime.now(UTC).isoformat(timespec="seconds"),
            "archive": {
                "file": self.file,
                "sha256": self.unpacked.sha256,
                "size": self.unpacked.size,
            },
            "licence": {"id": self.licence.id, "sha256": self.licence.sha256},
            "files": dict(sorted(files.items())),
        }
        return json.dumps(record, indent=1, ensure_ascii=False).encode("utf-8", "surrogateescape")

    def as_json(self) -> dict[str, Any]:
        """The package as `api install` prints it."""
        return {
            "file": self.file,
            "version": self.version,
            "sha256": self.unpacked.sha256,
            "size": self.unpacked.size,
            "files": len(self.unpacked.files),
        }


def open_package(path: Path, name: str = "") -> Opened:
    """Open and check an archive of API components.

    Args:
        path: the archive.
        name: the file's name where it differs from the path's.

    Raises:
        NotFound: `no-such-file`.
        HostileArchive: it breaks a rule.
        Refused: `not-api-components`: it is an archive of something else.
    """
    name = name or path.name
    unpacked = unpack(path)
    inner = _inner(unpacked.files)
    missing = [each for each in NEEDED if not _has_folder(unpacked, inner, each)]
    if not inner or missing or MANIFEST in unpacked.files:
        raise _not_components(name, missing or [INNER])
    told, said = _told(unpacked.files, inner), versions.of_file_name(name)
    if not (told or said):
        raise _not_components(name, ["API_VersionNum.txt"])
    remarks = []
    if told and said and told != said:
        words = _("The file's name says version {said}, its content {told}: the content counts.")
        remarks.append(words.format(said=said, told=told))
    licence = licences.find(unpacked.files)
    if licence.contradicts:
        remarks.append(_("The files of this package do not agree on its licence; read all of it."))
    return Opened(name, told or said, inner, licence, unpacked, tuple(remarks))


def judge_checksum(opened: Opened, records: Records, expected: str = "") -> str:
    """Compare the archive's checksum with all that is known; in words, on what it is trusted.

    Args:
        expected: a checksum that the person knows from elsewhere.

    Raises:
        Refused: `checksum-wrong`, `checksum-changed`.
    """
    present = opened.unpacked.sha256
    if expected:
        if expected.lower() != present:
            raise _wrong(present, expected.lower(), _("you"))
        return _("Checksum: the one that you named.")
    known = known_checksum(opened.version, jar=opened.file.endswith(".jar"))
    if known:
        if known.sha256 != present:
            raise _wrong(present, known.sha256, known.witness)
        return _("Checksum: as seen by {witness}.").format(witness=known.witness)
    first = records.first_seen(opened.version)
    if first and first != present:
        raise Refused(
            "checksum-changed",
            _(
                "Another archive of version {version} was installed here before (SHA-256 {first})."
            ).format(version=opened.version, first=first),
            hint=_("If the vendor has replaced it, name the new one: --sha256 {present}").format(
                present=present
            ),
            article="9001#checksum",
        )
    if first:
        return _("Checksum: the same as when it was installed here before.")
    return _("Checksum: nobody has published one; this archive is trusted as the first one seen.")


def find_without_case(names: Iterable[str], wanted: str) -> str:
    """The name that differs from the wanted one at most by letter case; empty where none does."""
    folded = wanted.lower()
    return next((name for name in sorted(names) if name.lower() == folded), "")


def _inner(files: Mapping[str, bytes]) -> str:
    return find_without_case({name.partition("/")[0] for name in files if "/" in name}, INNER)


def _has_folder(unpacked: Unpacked, inner: str, name: str) -> bool:
    return bool(find_without_case(unpacked.folders, f"{inner}/{name}"))


def _told(files: Mapping[str, bytes], inner: str) -> str:
    name = find_without_case(files, f"{inner}/{VERSION_FILE}")
    return versions.of_version_file(files[name]) if name else ""


def _not_components(name: str, missing: list[str]) -> Refused:
    return Refused(
        "not-api-components",
        _("{file} holds no TWS API components: {missing} is missing.").format(
            file=printable(name), missing=", ".join(missing)
        ),
        hint=_("The package is called twsapi_macunix.…: deskside api available lists them."),
        article="9001#package",
    )


def _wrong(present: str, expected: str, witness: str) -> Refused:
    return Refused(
        "checksum-wrong",
        _("The archive's SHA-256 is {present}, but {witness} saw {expected}.").format(
            present=present, witness=witness, expected=expected
        ),
        hint=_("Download it again from the vendor's own page. Do not use this file."),
        article="9001#checksum",
    )
