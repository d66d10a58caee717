"""What we write to people about their log-ins."""

from __future__ import annotations

from datetime import datetime

from deskside.foundation.text import _


def lock_notice(name: str, until: datetime) -> tuple[str, str]:
    """Subject and text of the message that a user name was locked until a moment (UTC)."""
    moment = until.strftime("%Y-%m-%d %H:%M UTC")
    subject = _("Your user name was locked after failed log-ins")
    body = _(
        "There were ten failed log-ins in a row for the user name {name}.\n\n"
        "Until {moment} no log-in succeeds, with the right password either; attempts until then"
        " do not make it longer. A browser that you have logged in with before may not be"
        " affected.\n\n"
        "If it was not you: somebody may be guessing. Nothing was disclosed; tell your desk.\n"
        "If it was you and you can't wait: ask your desk for help."
    ).format(name=name, moment=moment)
    return subject, body
