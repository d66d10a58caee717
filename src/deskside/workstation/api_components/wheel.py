"""A wheel of the Python client, made from its source without running any of it.

The package is pure Python, so that a wheel is its files, their hashes and some lines of metadata
(PyPA: binary distribution format; core metadata 2.1). The same source gives the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass

from deskside.workstation.api_components.versions import for_pip

NAME = "ibapi"
BELOW = 8
"""First major version of the protobuf runtime that the client was not tried with."""

_GENERATED = re.compile(rb"^# Protobuf Python Version: (\d+)\.(\d+)\.(\d+)\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Client:
    """A Python client, ready to be installed.

    Attributes:
        version: as Python packages write it, `10.51.1`.
        protobuf: the version whose compiler made its generated code; empty where it has none.
        files: everything that belongs into `site-packages`.
    """

    version: str
    protobuf: str
    files: Mapping[str, bytes]

    @property
    def requires(self) -> str:
        """The runtime that it needs, as pip understands it; empty where it needs none."""
        return f"protobuf>={self.protobuf},<{BELOW}" if self.protobuf else ""

    @property
    def wheel_name(self) -> str:
        """The name of the wheel's file."""
        return f"{NAME}-{self.version}-py3-none-any.whl"

    @property
    def info(self) -> str:
        """The name of its folder of metadata."""
        return info_folder(self.version)

    def wheel(self) -> bytes:
        """The wheel itself."""
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in self.files.items():
                if not name.endswith("/INSTALLER"):
                    stamped = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
                    stamped.compress_type = zipfile.ZIP_DEFLATED
                    stamped.external_attr = 0o100644 << 16
                    archive.writestr(stamped, content)
        return made.getvalue()


def info_folder(version: str) -> str:
    """The name of the folder of metadata of a version."""
    return f"{NAME}-{version}.dist-info"


def build(version: str, sources: Mapping[str, bytes], licence: str) -> Client:
    """Make a client from its sources.

    Args:
        version: `10.51.01`.
        sources: content of every file of the package, by its path in it.
        licence: text of the terms.
    """
    short, protobuf = for_pip(version), generated_by(sources)
    info = info_folder(short)
    files = {f"{NAME}/{name}": content for name, content in sorted(sources.items())}
    lines = ["Metadata-Version: 2.1", f"Name: {NAME}", f"Version: {short}"]
    lines += ["Summary: Python client of the TWS API, as its vendor's package holds it"]
    lines += [f"Requires-Dist: protobuf>={protobuf},<{BELOW}"] if protobuf else []
    files[f"{info}/METADATA"] = ("\n".join(lines) + "\n").encode()
    files[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: deskside\n" + _TAGS
    files[f"{info}/top_level.txt"] = f"{NAME}\n".encode()
    files[f"{info}/licenses/LICENSE"] = licence.encode()
    files[f"{info}/INSTALLER"] = b"deskside\n"
    files[f"{info}/RECORD"] = _record(files, f"{info}/RECORD")
    return Client(short, protobuf, files)


_TAGS = b"Root-Is-Purelib: true\nTag: py3-none-any\n"


def generated_by(sources: Mapping[str, bytes]) -> str:
    """The newest protobuf version whose compiler made a part of these sources; empty for none."""
    found = {
        tuple(int(part) for part in match.groups())
        for name, content in sources.items()
        if name.endswith("_pb2.py") and (match := _GENERATED.search(content[:4000]))
    }
    return ".".join(map(str, max(found))) if found else ""


def _record(files: Mapping[str, bytes], own: str) -> bytes:
    rows = []
    for name, content in files.items():
        hashed = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        rows.append(f"{name},sha256={hashed},{len(content)}")
    return "\n".join([*rows, f"{own},,", ""]).encode()
