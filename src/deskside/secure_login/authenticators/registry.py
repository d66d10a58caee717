"""Finding an authenticator by its kind.

Kinds come from the entry-point group `deskside.authenticators`, ours as well as anybody else's:
the name of the entry point is the kind, its value a class without arguments.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import cast

from deskside.foundation.errors import NotFound, Refused
from deskside.foundation.text import _
from deskside.secure_login.authenticators.base import Authenticator

GROUP = "deskside.authenticators"


class UnknownKind(NotFound):
    """No installed package offers this kind of device."""

    def __init__(self, kind: str) -> None:
        super().__init__(
            "unknown-device-kind",
            _("There is no security device of the kind “{kind}”.").format(kind=kind),
            hint=_("Known kinds: {kinds}").format(kinds=", ".join(kinds())),
        )


def kinds() -> tuple[str, ...]:
    """All installed kinds, in alphabetical order."""
    return tuple(sorted(_entry_points()))


@cache
def authenticator(kind: str) -> Authenticator:
    """The authenticator of that kind.

    Raises:
        UnknownKind: no installed package offers it.
        Refused: the package that offers it names another kind inside.
    """
    point = _entry_points().get(kind)
    if point is None:
        raise UnknownKind(kind)
    loaded = cast(Authenticator, point.load()())
    if loaded.kind != kind:
        raise Refused(
            "device-kind-mismatch",
            _("The plug-in {name} calls itself “{kind}”.").format(
                name=point.value, kind=loaded.kind
            ),
            hint=_("Register it under the name of its kind."),
        )
    return loaded


def forget() -> None:
    """Look for plug-ins anew at the next question, after one was installed or removed."""
    authenticator.cache_clear()
    _entry_points.cache_clear()


@cache
def _entry_points() -> dict[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=GROUP):
        # Which of two plug-ins decides about log-ins must not hang on the order of installation.
        if point.name in found and found[point.name].value != point.value:
            raise Refused(
                "device-kind-twice",
                _("Two plug-ins offer the device kind “{kind}”: {first} and {second}.").format(
                    kind=point.name, first=found[point.name].value, second=point.value
                ),
                hint=_("Uninstall one of them."),
            )
        found[point.name] = point
    return found
