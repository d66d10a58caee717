"""What C++ and Java programs still need beside the components, and how to get it.

The C++ client wants Intel's decimal floating-point library, called with arguments by value, and
with global rounding mode and flags or without: Debian's variants 000, 000b and 001 work; those
that begin with 1, or have 1 in the middle, crash, since they are called otherwise (tried with
2.0u2). Its generated protobuf code must be made anew where protoc is of another version.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from deskside.foundation.findings import Finding, Status
from deskside.foundation.text import _

LIBRARY_FOLDERS = ("/usr/lib", "/usr/local/lib", "/opt/homebrew/lib", "/usr/lib64")
FITTING = ("000", "000b", "001", "001b")
_VARIANT = re.compile(r"libbid(?:gcc)?([01]{3}b?)?\.(?:a|so|dylib)")
_RUNTIME = re.compile(rb"PROTOBUF_VERSION\s*!=\s*(\d)(\d{3})(\d{3})")


def look(folder: Path, libraries: Mapping[str, Path] | None = None) -> Iterator[Finding]:
    """What the clients in a folder of components still need.

    Args:
        folder: the one with `source` and `samples`.
        libraries: variants of the decimal library, by name; None looks for them here.
    """
    if source := _client(folder, "cppclient"):
        yield from _decimal(source, decimal_libraries() if libraries is None else libraries)
        yield from _protoc(folder, source)
    if source := _client(folder, "javaclient"):
        yield Finding(
            code="java-sources",
            status=Status.OK,
            subject=str(source),
            title=_("The Java client is here as source"),
            remedy=_("Add this folder to your project; it may not be published elsewhere."),
            article="9001#java-sources",
        )


def decimal_libraries() -> dict[str, Path]:
    """Variants of the decimal library on this computer: `000`, or empty where the name has none."""
    found: dict[str, Path] = {}
    for top in LIBRARY_FOLDERS:
        for path in [*Path(top).glob("libbid*"), *Path(top).glob("*/libbid*")]:
            if named := _VARIANT.fullmatch(path.name):
                found[named[1] or ""] = path
    return found


def _decimal(source: Path, libraries: Mapping[str, Path]) -> Iterator[Finding]:
    fitting = [libraries[name] for name in ("", *FITTING) if name in libraries]
    if fitting:
        yield Finding(
            code="decimal-library-ok",
            status=Status.OK,
            subject=str(fitting[0]),
            title=_("The decimal library is here"),
            remedy=_("Link it: {path}").format(path=fitting[0]),
            article="9001#decimal-library-ok",
        )
        return
    yield Finding(
        code="decimal-library-missing",
        status=Status.NOTICE,
        subject=str(source),
        title=_("The C++ client needs Intel's decimal library, variant 000"),
        evidence={"fitting": list(FITTING), "here": sorted(libraries)},
        cause=_("Variants that take their arguments by reference crash in the client."),
        remedy=_(
            "Debian, Ubuntu: apt install libintelrdfpmath-dev, then link libbidgcc000.a. "
            "Elsewhere: build it with CALL_BY_REF=0 GLOBAL_RND=0 GLOBAL_FLAGS=0."
        ),
        article="9001#decimal-library-missing",
    )


def _protoc(folder: Path, source: Path) -> Iterator[Finding]:
    wanted = _generated_by(source)
    if not wanted:
        return
    have = _protoc_version()
    if have and have == wanted:
        yield Finding(
            code="protoc-ok",
            status=Status.OK,
            subject="protoc",
            title=_("protoc is of the version that generated the C++ files"),
            evidence={"version": have},
            article="9001#protoc-ok",
        )
        return
    yield Finding(
        code="protoc-differs",
        status=Status.NOTICE,
        subject="protoc",
        title=_("The generated C++ files need protobuf {version}").format(version=wanted),
        evidence={"here": have or None, "needs": wanted},
        cause=_("C++ code that protoc has generated compiles with that very version only."),
        remedy=_(
            "Generate them anew with your protoc (apt install protobuf-compiler "
            "libprotobuf-dev) from {folder}, or install that version."
        ).format(folder=_client(folder, "proto") or folder / "source" / "proto"),
        article="9001#protoc-differs",
    )


def _generated_by(source: Path) -> str:
    """The protobuf version that generated the C++ files: 5029003 in a header is 5.29.3."""
    for header in sorted(source.rglob("*.pb.h"))[:1]:
        if found := _RUNTIME.search(header.read_bytes()[:8000]):
            return ".".join(str(int(part)) for part in found.groups())
    return ""


def _protoc_version() -> str:
    program = shutil.which("protoc")
    if program is None:
        return ""
    try:
        said = subprocess.run(  # noqa: S603 - the program that the person would run
            [program, "--version"], capture_output=True, text=True, timeout=10, check=False
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", said)
    return found[0] if found else ""


def _client(folder: Path, name: str) -> Path | None:
    for path in folder.glob("*/*"):
        if path.parent.name.lower() == "source" and path.name.lower() == name and path.is_dir():
            return path
    return None
