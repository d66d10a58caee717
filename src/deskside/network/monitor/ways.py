"""The ways by which the settings have people alerted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from deskside.foundation.clock import Clock
from deskside.foundation.config import Config
from deskside.foundation.errors import UsageProblem
from deskside.foundation.mail_transport import is_address, transport
from deskside.foundation.text import _
from deskside.network.monitor.alerts import Command, Letter, Post, Way
from deskside.network.monitor.webhook import Webhook


def ways_of(
    config: Config,
    folder: Path,
    clock: Clock,
    enqueue: Callable[[str, str, str], object] | None = None,
) -> dict[str, Way]:
    """Each way that is set, by name.

    Args:
        folder: where mail becomes files when there is no mail server.
        enqueue: takes address, subject and body where a portal sees to the mail.

    Raises:
        UsageProblem: one of them cannot be used as it is set.
    """
    ways: dict[str, Way] = {}
    if line := config.optional_text("monitor.alert_command"):
        ways["command"] = Command.of(line)
    if to := config.optional_text("monitor.alert_mail"):
        ways["mail"] = _mail(config, folder, clock, to, enqueue)
    if url := config.optional_text("monitor.alert_webhook"):
        ways["webhook"] = Webhook.of(url, config.file("monitor.alert_key_file"), clock)
    return ways


def _mail(
    config: Config,
    folder: Path,
    clock: Clock,
    to: str,
    enqueue: Callable[[str, str, str], object] | None,
) -> Way:
    if not is_address(to):
        raise UsageProblem(
            "mail-address",
            _("This is not an e-mail address."),
            hint=_("An address looks like name@example.org."),
        )
    language = config.text("mail.language")
    if enqueue:
        return Post(lambda subject, body: enqueue(to, subject, body), language)
    return Letter(
        transport=transport(config, folder),
        sender=config.text("mail.from"),
        to=to,
        language=language,
        clock=clock,
    )
