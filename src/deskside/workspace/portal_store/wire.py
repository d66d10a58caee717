"""How the settings API reads its headers, and how it answers trouble."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any
from urllib.parse import unquote

import msgspec
from litestar.handlers import HTTPRouteHandler
from litestar.response import Response

from deskside.foundation.errors import Refused, Unavailable, UsageProblem
from deskside.foundation.text import _
from deskside.web.problems import on_deskside_error
from deskside.web.service import AnyRequest
from deskside.workspace.portal_store.arriving import SettingsConflict
from deskside.workspace.portal_store.bodies import snapshot_body

OURS = b"deskside-"
RETRY_AFTER = "5"
"""Seconds after which a busy portal may be asked again."""


def once(request: AnyRequest) -> None:
    """Refuse a request that says two things by the same header of ours.

    Raises:
        UsageProblem: `header-repeated`.
    """
    names = Counter(name.lower() for name, _value in request.scope["headers"])
    repeated = [name for name, count in names.items() if count > 1 and name.startswith(OURS)]
    if repeated:
        raise UsageProblem(
            "header-repeated",
            _("The request has a header twice ({name}).").format(
                name=repeated[0].decode("latin-1")
            ),
        )


def decoded(text: str) -> str:
    """The text of a percent-encoded header (UTF-8).

    Raises:
        UsageProblem: `header-malformed`.
    """
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise UsageProblem(
            "header-malformed", _("A header is not percent-encoded UTF-8.")
        ) from None


def format_number(text: str) -> int:
    """The number of a format in a header; raises UsageProblem `settings-format`."""
    if text.isascii() and text.isdecimal() and len(text) <= 4:
        return int(text)
    raise UsageProblem("settings-format", _("The format of settings is named by a number."))


def format_newer() -> Refused:
    """The client does not know the format that it asks for."""
    return Refused(
        "settings-format-newer",
        _("These settings are in a form that this computer's Deskside does not know."),
        hint=_("Upgrade it; until then it keeps what it has. Nothing is lost on the portal."),
    )


def damaged_on_the_way() -> UsageProblem:
    """What arrived is not what was sent."""
    return UsageProblem(
        "content-damaged",
        _("The settings were damaged on their way; nothing was stored."),
        hint=_("Send them again."),
    )


def telling(handler: HTTPRouteHandler) -> HTTPRouteHandler:
    """A handler whose conflicts tell what the portal has, and whose busy answers when to return."""
    handler.exception_handlers = {SettingsConflict: _on_conflict, Unavailable: _on_busy}
    return handler


def _on_conflict(request: AnyRequest, conflict: SettingsConflict) -> Response[Any]:
    answer = on_deskside_error(request, conflict)
    latest = msgspec.to_builtins(snapshot_body(conflict.latest)) if conflict.latest else None
    told = json.loads(answer.content) | {"latest": latest, "snapshots": conflict.snapshots}
    answer.content = json.dumps(told, ensure_ascii=False).encode()
    return answer


def _on_busy(request: AnyRequest, error: Unavailable) -> Response[Any]:
    answer = on_deskside_error(request, error)
    answer.headers["retry-after"] = RETRY_AFTER
    return answer
