"""What a pointer says: the way from the folder that it is in to the folder that it means.

On POSIX a pointer is a relative symbolic link; on Windows, where making links takes a privilege,
it is a small text file that holds the same words and a line break.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from deskside.foundation.changes.places import through_link


def words(path: PurePosixPath, target: PurePosixPath) -> str:
    """What a pointer at a path says, in order to mean the target; both relative to the root."""
    here, there = path.parent.parts, target.parts
    common = 0
    while common < min(len(here), len(there)) and here[common] == there[common]:
        common += 1
    return "/".join([".."] * (len(here) - common) + list(there[common:])) or "."


def leads_to(path: PurePosixPath, text: str, shown: Path) -> PurePosixPath:
    """The path under the root that a pointer at `path` means.

    Raises:
        Refused: `through-link`: it is a link that leads out of the root, or a foreign one.
    """
    if not text or text.startswith("/") or set(text) & set("\\:\0"):
        raise through_link(shown)
    parts = list(path.parent.parts)
    for part in PurePosixPath(text).parts:
        if part != "..":
            parts.append(part)
        elif parts:
            parts.pop()
        else:
            raise through_link(shown)
    if not parts:
        raise through_link(shown)
    return PurePosixPath(*parts)


def content_of(text: str) -> bytes:
    """A pointer as a small file."""
    return f"{text}\n".encode()


def text_of(content: bytes) -> str | None:
    """What a small file says, if it is a pointer: one line, a relative path."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    line = text.removesuffix("\n").removesuffix("\r")
    printable = line.isprintable() and line == line.strip()
    return line if line and printable and not set(line) & set('\\:<>"|?*') else None
