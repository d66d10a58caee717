"""Why staff act: a closed list, since the audit trail holds codes and never free text."""

from __future__ import annotations

import re
from dataclasses import dataclass

from deskside.foundation.errors import UsageProblem
from deskside.foundation.text import _, mark

REASONS: dict[str, str] = {
    "asked-by-holder": mark("The holder asked for it, and I checked who they are"),
    "device-lost": mark("The device is lost or stolen"),
    "suspicious": mark("Something looks wrong; better safe"),
    "instructed": mark("Instructed by the holder's entity or by compliance"),
    "mistake": mark("An earlier action was a mistake"),
}

_REFERENCE = re.compile(r"[A-Za-z0-9._:/+#-]{0,40}")


@dataclass(frozen=True, slots=True)
class Why:
    """A reason with the number of the call or ticket, which may be empty."""

    reason: str
    reference: str

    @classmethod
    def read(cls, reason: str, reference: str) -> Why:
        """From a form.

        Raises:
            UsageProblem: `reason-missing`, or `reference-malformed`.
        """
        if reason not in REASONS:
            raise UsageProblem("reason-missing", _("Choose why."))
        reference = reference.strip()
        if not _REFERENCE.fullmatch(reference):
            raise UsageProblem(
                "reference-malformed",
                _("Enter the number of the call or ticket alone: letters, digits, no spaces."),
            )
        return cls(reason, reference)

    def detail(self) -> dict[str, str]:
        """For the audit trail."""
        return {"reason": self.reason} | ({"reference": self.reference} if self.reference else {})
