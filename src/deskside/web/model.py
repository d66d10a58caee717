"""Plain values that the shell hands to pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from deskside.foundation.errors import NotLoggedIn
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


class SessionMoved(NotLoggedIn):
    """The session has ended because its requests came from addresses that it may not have.

    Attributes:
        addresses: the one that the session began at, then the one that ended it.
    """

    def __init__(self, addresses: tuple[str, str]) -> None:
        first, second = addresses
        super().__init__(
            "session-moved",
            _(
                "Your session has ended: it began at the address {first}, and then a request"
                " came from {second}."
            ).format(first=first, second=second),
            hint=_(
                "If your connection changed, log in again. If it happens again and again, run"
                " “deskside network test” and ask your network administrator to bind this"
                " computer to one line. If one of the addresses is not yours, tell your desk."
            ),
            article="2816#session-moved",
        )
        self.addresses = addresses


Resolve = Callable[[str, str], Resolved | SessionMoved | None]
"""Looks up a session by token and the address that it came from; blocking, so the shell calls it
in a worker thread."""


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """One entry of the main navigation; its label is translated when shown.

    It is shown to everybody, or to those who hold one of `roles`.
    """

    href: str
    text: str
    current: bool = False
    roles: frozenset[str] = frozenset()

    @property
    def label(self) -> str:
        return _(self.text)

    def at(self, path: str) -> NavigationItem:
        """The item as seen from a path."""
        inside = path == self.href or (self.href != "/" and path.startswith(self.href + "/"))
        return NavigationItem(self.href, self.text, inside, self.roles)

    def is_for(self, visitor: Visitor | None) -> bool:
        """Whether a visitor is shown the item."""
        return not self.roles or (visitor is not None and bool(self.roles & visitor.roles))


@dataclass(frozen=True, slots=True)
class FieldError:
    """One mistake in a form: which field, and what to do about it."""

    field: str
    message: str
