"""The pages of workspace settings: on the portal what is stored there, locally this computer's.

The two live apart, since the portal's store needs libraries that a workstation does without.
"""

from __future__ import annotations

from typing import Any


def portal_pages() -> list[Any]:
    """What the portal keeps for the person who is logged in."""
    from deskside.workspace import portal_pages

    return portal_pages.handlers()


def local_pages() -> list[Any]:
    """This computer's settings."""
    from deskside.workspace import local_pages

    return local_pages.handlers()
