"""The fix of damaged settings: restore the latest good snapshot, or a file that is named."""

from __future__ import annotations

from pathlib import Path

from deskside.foundation.changes.model import Plan
from deskside.foundation.errors import Refused
from deskside.foundation.findings import Finding
from deskside.foundation.registry import Situation
from deskside.foundation.text import _, mark
from deskside.workspace.model import Workspace
from deskside.workspace.workstation import RESTORE, Workstation


class Restore:
    """Plans to restore settings."""

    id = RESTORE
    title = mark("Restore the settings")

    def plan(self, situation: Situation, finding: Finding) -> Plan:
        """The plan for the file that the finding is about.

        Raises:
            Refused: `nothing-to-restore`, `already-restored`, or the source is no good itself.
        """
        here = Workstation.open()
        workspace = Workspace(Path(finding.subject))
        planned = here.plan_restore(workspace, self._source(here, workspace, situation))
        if planned.plan is None:
            raise Refused("already-restored", _("The settings are already so."))
        return planned.plan

    def _source(self, here: Workstation, workspace: Workspace, situation: Situation) -> str:
        if given := situation.option("file"):
            return given
        latest = here.latest_good(workspace)
        if latest is None:
            raise Refused(
                "nothing-to-restore",
                _("There is no snapshot of these settings on this computer."),
                hint=_("Name a file with --file, or fetch them: deskside settings pull"),
                article="2323",
            )
        return latest.id
