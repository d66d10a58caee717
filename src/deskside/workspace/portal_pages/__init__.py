"""The portal's pages of the settings that it keeps: one module for each thing a person does.

A portal cannot touch its visitor's computer: what happens there is asked for here and done there,
or told as a command to type.
"""

from __future__ import annotations

from typing import Any

from deskside.workspace.portal_pages import (
    comparing,
    deleting,
    history,
    overview,
    restoring,
    transferring,
)


def handlers() -> list[Any]:
    """All of them."""
    return [
        overview.overview,
        overview.export,
        history.history,
        history.pin,
        history.download,
        comparing.compare,
        restoring.prepare,
        restoring.request_restore,
        restoring.cancel,
        deleting.ask_snapshot,
        deleting.delete_snapshot,
        deleting.ask_workspace,
        deleting.delete_workspace,
        deleting.ask_everything,
        deleting.delete_everything,
        transferring.transfer,
    ]
