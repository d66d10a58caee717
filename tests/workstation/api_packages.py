"""Packages in the vendor's layout: small ones of our own, and real clients fetched by pip.

Nothing of the vendor's is in the repository. The real clients are repackages under the GPL from
the package index that pip is configured for, pinned by hash, fetched when a test wants them.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

from .archives import rezipped

CLIENTS = {
    "10.51.01": (
        "ibapi-latest==10.51.1",
        "1c05d29ded6ecc684f85700a75c8d0c32c0464cc71e99fccaf983e75bd6bc1e3",
    ),
    "10.50.02": (
        "ibapi-stable==10.50.2",
        "e3142009030173869dcd4039826370e42ab3be1563d2e5892326562f7aa5fbab",
    ),
}
"""Requirement and SHA-256 of each real client, by its version in the vendor's spelling."""

GPL = b'"""\nClient\n\nCopyright (C) Somebody. GNU General Public License, version 3.\n"""\n'


def file_name(version: str) -> str:
    major, minor, patch = version.split(".")
    return f"twsapi_macunix.{major}{minor}.{patch}.zip"


def package(
    folder: Path, version: str = "10.51.01", *, more: dict[str, bytes] | None = None
) -> Path:
    """A small package."""
    client = "IBJts/source/pythonclient"
    files = {
        "META-INF/MANIFEST.MF": b"Manifest-Version: 1.0\r\n",
        "IBJts/API_VersionNum.txt": f"API_Version={version}\r\n".encode(),
        f"{client}/setup.py": b"raise SystemExit('the code of the package was run')\n",
        f"{client}/ibapi/__init__.py": GPL,
        f"{client}/ibapi/client.py": b"raise SystemExit('the code of the package was run')\n",
        f"{client}/ibapi/protobuf/A_pb2.py": b"# Protobuf Python Version: 5.29.5\n",
        "IBJts/source/JavaClient/com/ib/client/EClient.java": b"class EClient {}\n",
        "IBJts/source/cppclient/client/EClient.h": b"#pragma once\n",
        "IBJts/samples/Python/Program.py": b"print(1)\n",
    }
    return _put(folder, version, files | (more or {}))


def real_package(folder: Path, version: str) -> Path:
    """A real client in the vendor's layout."""
    requirement, sha256 = CLIENTS[version]
    wanted = folder / f"{version}.txt"
    wanted.write_text(f"{requirement} --hash=sha256:{sha256}\n")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    subprocess.run([*pip, "--require-hashes", "-r", str(wanted), "-d", str(folder)], check=True)
    name = requirement.partition("==")[0].replace("-", "_")
    with zipfile.ZipFile(next(folder.glob(f"{name}-*.whl"))) as wheel:
        client = {n: wheel.read(n) for n in wheel.namelist() if n.startswith("ibapi/")}
    files = {f"IBJts/source/pythonclient/{name}": held for name, held in client.items()}
    return package(folder, version, more=files)


def _put(folder: Path, version: str, files: dict[str, bytes]) -> Path:
    path = folder / file_name(version)
    path.write_bytes(rezipped(files))
    return path
