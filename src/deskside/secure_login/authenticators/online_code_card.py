"""Online Security Code Card: printed from the portal, good for 21 days (KB69, KB1873)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from deskside.foundation.text import _
from deskside.secure_login.authenticators.grid import Grid

LIFETIME: Final = timedelta(days=21)


class OnlineCodeCard(Grid):
    """The kind `online-code-card`; see `Authenticator` for what each member means."""

    protection_level: Final = 15
    physical: Final = False
    temporary: Final = True

    @property
    def kind(self) -> str:
        """The kind."""
        return "online-code-card"

    @property
    def lifetime(self) -> timedelta | None:
        """How long such a card lasts."""
        return LIFETIME

    def name(self) -> str:
        """What such a card is called."""
        return _("Online Security Code Card")
