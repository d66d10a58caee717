"""What changes without anybody wanting it: places of windows, widths, stamps of use.

A difference leaves it out unless it is asked for, and says how many there were. What is relevant
to safety is never noise (`safety_rules` goes first).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deskside.workspace.document.tree import Element

GEOMETRY = frozenset({"x", "y", "width", "height", "maximized", "screen", "ratio"})
"""Attributes that place a window, on the elements of `PLACED`."""

_PLACED = re.compile(r"Window|SplitPane|Frame|Dialog|Bounds")
"""Tags of what is placed on the screen."""

_STAMP = re.compile(
    r"time_?stamp$|^last(Used|Shown|Read|Request|Access|Report)\w*(Time)?$|LastUse$|ShowTime$"
    r"|^timeOfVerified|^portOfVerified|^ccpHash$|ZOrder$|MessageShown$|^featureManagerVersion$",
    re.IGNORECASE,
)
"""Attributes, elements and `varName`s that say when something was last done or shown."""

_NOT_A_STAMP = re.compile(r"^show|Tip$", re.IGNORECASE)
"""`showTimeStamp` is a choice of the person's."""

BOOKKEEPING = frozenset({"upgradeHistory", "arLastUsedFeatures", "lastFSAccessTime"})
"""`varName` of sections in which the program remembers what it has done or shown."""

ORDER = frozenset({"row"})
"""Attributes that only say in which place of its list something stands."""


def is_noise(element: Element, attribute: str | None = None) -> bool:
    """Whether a change of an attribute, or of the element as a whole, is noise."""
    if attribute is None:
        return _is_stamp(element.tag) or _is_stamp(element.attributes.get("varName", ""))
    if attribute in ORDER or _is_stamp(attribute):
        return True
    if attribute in GEOMETRY:
        return is_placed(element) or "colId" in element.attributes
    return False


def is_bookkeeping(section: Element) -> bool:
    """Whether all that a section holds is noise."""
    return section.attributes.get("varName", "") in BOOKKEEPING


def is_placed(element: Element) -> bool:
    """Whether an element has a place on the screen."""
    return bool(_PLACED.search(element.tag))


def _is_stamp(name: str) -> bool:
    return bool(_STAMP.search(name)) and not _NOT_A_STAMP.search(name)
