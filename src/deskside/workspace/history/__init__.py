"""The history of this computer: every save of every settings file, sealed, and found again.

The format is described in docs/reference/history-format.md.
"""

from deskside.workspace.history.history import History
from deskside.workspace.history.model import (
    Damage,
    Policy,
    PortalState,
    Recompressed,
    Repaired,
    What,
)

__all__ = ["Damage", "History", "Policy", "PortalState", "Recompressed", "Repaired", "What"]
