"""The address at which a portal was last reached, kept in its data folder.

Commands that act on its database make links with it, however the portal was started.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from deskside.foundation.paths import write_private

FILE = "public-address"


def remember(folder: Path, address: str) -> None:
    """Keep the address that people use, such as `https://desk.example`."""
    if remembered(folder) != address:
        write_private(folder / FILE, address.encode() + b"\n")


def remembered(folder: Path) -> str | None:
    """The address that the portal of this folder had last; None where it never ran."""
    try:
        address = (folder / FILE).read_text("utf-8").strip()
        parts = urlsplit(address)
    except (OSError, ValueError):
        return None
    sound = parts.scheme in ("http", "https") and parts.hostname and len(address.split()) == 1
    return address if sound else None
