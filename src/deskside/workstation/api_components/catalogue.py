"""The catalogue of packages: which there are, and what is known of each."""

from __future__ import annotations

import sys
import tomllib
from importlib.resources import files

from deskside.foundation.text import mark
from deskside.workstation.api_components.model import Package
from deskside.workstation.api_components.versions import key

NOTES = (
    mark(
        "An installer of the vendor's that one public script fetched in October 2026; its name"
        " tells no version. You run it yourself."
    ),
    mark("An installer of the vendor's, which you run yourself; it wants drive C."),
    mark("The last one under the non-commercial licence."),
    mark("The oldest one that was still served after March 2025."),
    mark("The last ones that came as a jar, which is a zip archive under another name."),
)
"""The notes of the catalogue, here to be translated."""

_SYSTEMS = {"win32": "windows", "darwin": "macos"}


def packages() -> list[Package]:
    """All packages that we know of, the newest first."""
    text = (
        files("deskside.workstation.api_components").joinpath("catalogue.toml").read_text("utf-8")
    )
    listed = [_package(row) for row in tomllib.loads(text)["package"]]
    return sorted(listed, key=lambda package: key(package.version), reverse=True)


def this_system() -> str:
    """The name of this system in the catalogue."""
    return _SYSTEMS.get(sys.platform, "linux")


def known_checksum(version: str, *, jar: bool = False) -> Package | None:
    """The package of a version that a checksum is known of."""
    kind = "jar" if jar else "zip"
    return next(
        (p for p in packages() if p.version == version and p.kind == kind and p.sha256), None
    )


def _package(row: dict[str, object]) -> Package:
    lists = {name: tuple(value) for name, value in row.items() if isinstance(value, list)}
    return Package(**(row | lists))  # type: ignore[arg-type]
