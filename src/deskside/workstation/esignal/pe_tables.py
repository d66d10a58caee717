"""What a library gives to others and takes from them. Pure; every count is bounded."""

from __future__ import annotations

from deskside.workstation.esignal.pe import Directory, Image

MOST_NAMES = 65_536
"""Windows numbers exports with 16 bits."""

MOST_LIBRARIES = 1_024


def exports(image: Image) -> tuple[str, ...]:
    """Names that the library offers, in the order of its table; what leads nowhere is left out."""
    table = _table(image, Directory.EXPORTS)
    if table is None:
        return ()
    count, names = image.number(table + 24), image.number(table + 32)
    if not count or not names:
        return ()
    found = []
    for position in range(min(count, MOST_NAMES)):
        address = image.number(names + 4 * position)
        if address is None:
            break
        if name := image.text(address):
            found.append(name)
    return tuple(found)


def imports(image: Image) -> tuple[str, ...]:
    """Names of the libraries that must be there when it is loaded."""
    table = _table(image, Directory.IMPORTS)
    if table is None:
        return ()
    found = []
    for position in range(MOST_LIBRARIES):
        row = [image.number(table + 20 * position + 4 * column) for column in range(5)]
        if None in row or not row[3]:
            break
        if name := image.text(row[3]):
            found.append(name)
    return tuple(found)


def _table(image: Image, which: Directory) -> int | None:
    place = image.directories.get(which)
    return place[0] if place else None
