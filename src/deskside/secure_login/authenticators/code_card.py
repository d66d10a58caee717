"""Security Code Card: 224 printed codes, asked two at a time."""

from __future__ import annotations

from typing import Final

from deskside.foundation.text import _
from deskside.secure_login.authenticators.grid import Grid


class CodeCard(Grid):
    """The kind `code-card`; see `Authenticator` for what each member means."""

    protection_level: Final = 20
    physical: Final = True
    temporary: Final = False
    fee: Final = 0
    made_to_order: Final = True
    pin_when_ordered: Final = False

    @property
    def kind(self) -> str:
        """The kind."""
        return "code-card"

    def name(self) -> str:
        """What such a card is called."""
        return _("Security Code Card")
