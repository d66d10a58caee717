"""This computer's pages of settings: one module for each thing a person does.

Every page looks anew at what there is. What changes anything is shown first, and carried out only
if it would still do exactly the same.
"""

from __future__ import annotations

from typing import Any

from deskside.workspace.local_pages import (
    backups,
    comparing,
    history,
    overview,
    restoring,
    transferring,
)


def handlers() -> list[Any]:
    """All of them."""
    return [
        overview.overview,
        overview.findings,
        overview.save,
        history.history,
        history.pin,
        history.download,
        history.load,
        comparing.compare,
        restoring.prepare,
        restoring.apply,
        restoring.undo,
        backups.backups,
        backups.bring_in,
        transferring.choose,
        transferring.bound,
        transferring.plan,
        transferring.apply,
        transferring.as_file,
    ]
