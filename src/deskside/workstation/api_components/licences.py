"""The licence of an archive: found in that very archive, since it differs between versions."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping

from deskside.workstation.api_components.model import Licence

GPL, NON_COMMERCIAL, UNKNOWN = "GPL-3.0-or-later", "LicenseRef-IB-Non-Commercial", "unknown"

_FILES = re.compile(r"(licen[cs]e|copying|eula)[^/]*", re.IGNORECASE)
_HEADERS = (
    "pythonclient/ibapi/__init__.py",
    "javaclient/com/ib/client/eclient.java",
    "cppclient/client/eclient.h",
)
"""Sources whose beginning tells the terms of all."""

_MAX_TEXT = 200_000
_MAX_HEADER = 4000
_HEADER = re.compile(r'\s*(?:"""(.*?)"""|/\*(.*?)\*/)', re.DOTALL)


def find(files: Mapping[str, bytes]) -> Licence:
    """The licence of an archive: files that bear such a name, and the heads of its sources."""
    texts = [
        (name, content[:_MAX_TEXT])
        for name, content in sorted(files.items())
        if _FILES.fullmatch(name.rpartition("/")[2]) and not name.lower().endswith(_CODE)
    ]
    texts += list(_headers(files))
    whole = b"\n".join(_once(content for _name, content in texts))
    ids = {_identify(content) for _name, content in texts} - {UNKNOWN}
    # What the sources say of themselves outweighs a file that was left behind.
    spoken = [_identify(content) for _name, content in reversed(texts)]
    known = next((each for each in spoken if each != UNKNOWN), UNKNOWN)
    return Licence(
        id=known,
        text=whole.decode("utf-8", "replace"),
        sha256=hashlib.sha256(whole).hexdigest(),
        sources=tuple(name for name, _content in texts),
        contradicts=len(ids) > 1,
    )


_CODE = (".py", ".java", ".class", ".h", ".cpp", ".proto")


def _headers(files: Mapping[str, bytes]) -> Iterable[tuple[str, bytes]]:
    for ending in _HEADERS:
        for name in sorted(files):
            if name.lower().endswith(ending):
                text = files[name][:_MAX_HEADER].decode("utf-8", "replace")
                found = _HEADER.match(text)
                words = (found[1] or found[2] or "").strip() if found else ""
                if "copyright" in words.lower() or "licen" in words.lower():
                    yield name, words.encode()
                break


def _once(contents: Iterable[bytes]) -> list[bytes]:
    return list(dict.fromkeys(contents))


def _identify(content: bytes) -> str:
    text = " ".join(content.decode("utf-8", "replace").split()).lower()
    if "gnu general public license" in text:
        return GPL
    if "non-commercial" in text or "noncommercial" in text:
        return NON_COMMERCIAL
    return UNKNOWN
