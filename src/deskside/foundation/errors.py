"""The one error tree. An error says what happened, why, and what to do next.

    DesksideError
    ├── UsageProblem        the request itself is malformed      exit 2 · HTTP 400
    ├── Refused             could not or would not run           exit 3 · HTTP 409
    │   ├── NotFound        what was named does not exist        exit 3 · HTTP 404
    │   ├── NotAllowed      this person may not do this          exit 3 · HTTP 403
    │   ├── Unavailable     busy or out of reach; try later      exit 3 · HTTP 503
    │   └── OutOfSpace      the disk is full                     exit 3 · HTTP 507
    └── NotLoggedIn         no session, or one that has ended    exit 3 · HTTP 401

Whatever the class, nothing has been changed when one of these is raised.
Each carries two messages: `message` is for the person, `detail` only for the log.
"""

from __future__ import annotations

from typing import ClassVar


class DesksideError(Exception):
    """A failure that a person can act on.

    Args:
        code: stable kebab-case name, part of the public interface.
        message: what happened and why, for the person; translated.
        hint: what to do next; translated.
        article: number of the article that explains it, perhaps with an anchor.
        detail: for the log only; must hold no secret.
    """

    exit_code: ClassVar[int] = 3
    http_status: ClassVar[int] = 500

    def __init__(
        self,
        code: str,
        message: str,
        *,
        hint: str = "",
        article: str | None = None,
        detail: str = "",
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.article = article
        self.detail = detail

    def as_json(self) -> dict[str, str | None]:
        """The body of `{"error": …}` in the command line's JSON."""
        return {
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
            "article": self.article,
        }


class UsageProblem(DesksideError):
    """The request itself is malformed."""

    exit_code = 2
    http_status = 400


class Refused(DesksideError):
    """It could not or would not run; nothing was changed."""

    http_status = 409


class NotFound(Refused):
    """What was named does not exist."""

    http_status = 404


class NotAllowed(Refused):
    """This person may not do this."""

    http_status = 403


class Unavailable(Refused):
    """Busy or out of reach for the moment."""

    http_status = 503


class OutOfSpace(Refused):
    """The disk is full."""

    http_status = 507


class NotLoggedIn(DesksideError):
    """There is no session, or it has ended."""

    http_status = 401
