"""The spellings of one version: `1050.02` in a file's name, `10.50.02`, `10.50.2` for pip."""

from __future__ import annotations

import re

_IN_NAME = re.compile(r"(?:^|[^0-9])(\d{3,4})\.(\d{2})(?:[^0-9.]|\.[A-Za-z]|$)")
_DOTTED = re.compile(r"(\d{1,3})\.(\d{1,2})\.?(\d{1,3})?")
_IN_FILE = re.compile(r"API_Version\s*=\s*(\S+)", re.IGNORECASE)


def of_file_name(name: str) -> str:
    """The version that a package's file name tells; empty where it tells none.

    `twsapi_macunix.1050.02.zip` is 10.50.02, `twsapi_macunix.976.01.zip` 9.76.01.
    """
    found = _IN_NAME.search(name)
    if not found:
        return ""
    packed, patch = found.groups()
    return f"{int(packed[:-2])}.{packed[-2:]}.{patch}"


def of_version_file(content: bytes) -> str:
    """The version that `API_VersionNum.txt` tells; empty where it tells none."""
    found = _IN_FILE.search(content.decode("utf-8", "replace"))
    return normal(found[1]) if found else ""


def normal(text: str) -> str:
    """A version as we write it, `10.50.02`; empty where the text is none."""
    if named := of_file_name(text):
        return named
    found = _DOTTED.fullmatch(text.strip())
    if not found:
        return ""
    major, minor, patch = found.groups()
    return f"{int(major)}.{int(minor):02}.{int(patch or 0):02}"


def for_pip(version: str) -> str:
    """A version as Python packages write it: without leading zeros."""
    return ".".join(str(int(part)) for part in version.split("."))


def key(version: str) -> tuple[int, ...]:
    """For sorting; what is no version comes first."""
    normalised = normal(version)
    return tuple(int(part) for part in normalised.split(".")) if normalised else ()
