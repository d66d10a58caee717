"""The fix of a pointer that leads nowhere: let it point to the newest version that is here."""

from __future__ import annotations

from deskside.foundation.changes.model import Plan
from deskside.foundation.errors import Refused
from deskside.foundation.findings import Finding
from deskside.foundation.registry import Situation
from deskside.foundation.text import _, mark
from deskside.workstation.api_components.components import Components
from deskside.workstation.api_components.verifying import POINTER_FIX


class Pointer:
    """Plans to switch the pointer."""

    id = POINTER_FIX
    title = mark("Let IBJts point to the newest version")

    def plan(self, situation: Situation, finding: Finding) -> Plan:
        """The switch.

        Raises:
            Refused: `no-such-version`: no version is left.
        """
        components = Components.open(situation.option("home"))
        installed = components.installed()
        if not installed:
            raise Refused(
                "no-such-version",
                _("No API components are installed here."),
                hint=_("Install one: deskside api install FILE"),
            )
        return components.plan_use(installed[0])
