"""The history of this computer: every save of every settings file, sealed, and found again.

The format is described in docs/reference/history-format.md.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from deskside.workspace.history.history import History

if TYPE_CHECKING:
    from deskside.workspace.history.model import (
        Damage,
        Policy,
        PortalState,
        Recompressed,
        Repaired,
        What,
    )

__all__ = ["Damage", "History", "Policy", "PortalState", "Recompressed", "Repaired", "What"]


def __getattr__(name: str) -> Any:
    """The values, loaded when they are first asked for: a save needs none of them."""
    if name not in __all__:
        raise AttributeError(name)
    return getattr(import_module("deskside.workspace.history.model"), name)
