"""Plain values that the shell hands to pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from deskside.foundation.text import _


@dataclass(frozen=True, slots=True)
class Visitor:
    """The person whose session a request belongs to.

    Attributes:
        scope: `full`, or `portal` for a session that may only use the portal's own pages.
    """

    user_name_id: str
    user_name: str
    display_name: str
    roles: frozenset[str]
    session_id: str
    scope: str = "full"


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a session token stands for, and the token that replaces it where it was rotated."""

    visitor: Visitor
    new_token: str | None = None


Resolve = Callable[[str], Resolved | None]
"""Looks up a session token; blocking, so the shell calls it in a worker thread."""


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """One entry of the main navigation; its label is translated when shown."""

    href: str
    text: str
    current: bool = False

    @property
    def label(self) -> str:
        return _(self.text)

    def at(self, path: str) -> NavigationItem:
        """The item as seen from a path."""
        inside = path == self.href or (self.href != "/" and path.startswith(self.href + "/"))
        return NavigationItem(self.href, self.text, inside)


@dataclass(frozen=True, slots=True)
class FieldError:
    """One mistake in a form: which field, and what to do about it."""

    field: str
    message: str
