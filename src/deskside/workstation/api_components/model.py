"""What API components are: packages that exist, versions that are installed, licences."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from pathlib import PurePosixPath
from typing import Any

POINTER = PurePosixPath("IBJts")
"""Where everybody looks for the components, under the home; points to the version in use."""

VERSIONS = PurePosixPath("IBJts-versions")
"""The folder of all versions, under the home."""

INNER = "IBJts"
"""The folder in the archive, and thus in each version, that holds the components."""

MANIFEST = "deskside-manifest.json"
"""The list of every file of a version, in its folder."""


@dataclass(frozen=True, slots=True)
class Package:
    """A package that the vendor has published, as the catalogue knows it.

    Attributes:
        version: `10.51.01`, whatever the spelling in the file's name.
        channel: `latest`, `stable` or `old`.
        file: name of the file.
        kind: `zip`, `jar`, `msi` or `installer`; only the first two are opened here.
        systems: `linux`, `macos`, `windows`.
        url: where the vendor offers it; empty where we know of no address.
        size: in bytes; None where nobody told.
        sha256: of the file; empty where nobody published one.
        witness: who saw that checksum.
        licence: what its source is under, as far as we know.
        components: languages for which it has a client.
        protobuf: versions of the runtime that its Python client accepts.
        server_version: the newest that its client knows.
        minimum_tws: the oldest program that it works with.
        released: day of publication.
        note: what else to know.
    """

    version: str
    channel: str
    file: str
    kind: str
    systems: tuple[str, ...]
    url: str = ""
    size: int | None = None
    sha256: str = ""
    witness: str = ""
    licence: str = ""
    components: tuple[str, ...] = ()
    protobuf: str = ""
    server_version: int | None = None
    minimum_tws: str = ""
    released: date | None = None
    note: str = ""

    def fits(self, system: str) -> bool:
        """Whether it is for this system and can be opened here."""
        return system in self.systems and self.kind in ("zip", "jar")

    def as_json(self) -> dict[str, Any]:
        """The package as `api available` prints it."""
        released = self.released.isoformat() if self.released else None
        return asdict(self) | {"released": released}


@dataclass(frozen=True, slots=True)
class Licence:
    """The terms that an archive holds.

    Attributes:
        id: SPDX identifier, `LicenseRef-IB-Non-Commercial`, or `unknown`.
        text: all of it, in the order of the files that it was found in.
        sha256: of the text; acceptance names it.
        sources: the files.
        contradicts: the files of the archive don't agree on the licence.
    """

    id: str
    text: str
    sha256: str
    sources: tuple[str, ...]
    contradicts: bool = False

    def as_json(self) -> dict[str, Any]:
        """The licence as `api install` prints it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Installed:
    """A version on this computer.

    Attributes:
        name: of its folder; the version itself where we installed it.
        version: `10.51.01`; empty where its files don't tell.
        in_use: the pointer points to it.
        managed: we installed it, so that every file can be verified.
        archive_sha256: of the archive that it came from.
        licence: its licence's id.
        installed: when, ISO 8601, UTC.
    """

    name: str
    version: str
    in_use: bool
    managed: bool
    archive_sha256: str = ""
    licence: str = ""
    installed: str = ""

    def as_json(self) -> dict[str, Any]:
        """The version as `api list` prints it."""
        return asdict(self)
