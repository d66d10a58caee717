"""What the desk's settings say of rights and of verifying one's identity."""

from __future__ import annotations

import re
from datetime import date
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from deskside.foundation.config import Config
from deskside.foundation.errors import UsageProblem
from deskside.foundation.text import _
from deskside.secure_login.rights.calendar import DeskCalendar
from deskside.secure_login.rights.rules import parse_ceilings
from deskside.secure_login.rights.service import RightsPolicy
from deskside.secure_login.step_up.rules import Policy
from deskside.secure_login.values import Bridge


def step_up_policy(config: Config) -> Policy:
    """How long a proof is good, and whether for once."""
    return Policy(
        lifetime=config.span("stepup.lifetime"),
        single_use=config.switch("stepup.single_use"),
        after_log_in=config.span("stepup.after_log_in"),
    )


def bridge(config: Config) -> Bridge:
    """How long temporary codes and online cards last."""
    return Bridge(
        full=config.span("temporary.full"),
        portal=config.span("temporary.portal"),
        online_card=config.span("temporary.online_card"),
    )


def rights_policy(config: Config) -> RightsPolicy:
    """Actions, ceilings, calendar; raises UsageProblem where one cannot be read."""
    actions = _words(config.text("rights.actions"))
    if not actions or not all(re.fullmatch(r"[a-z][a-z0-9-]{0,39}", name) for name in actions):
        raise _wrong("rights.actions", "withdrawal, transfer")
    written = config.text("rights.ceilings")
    try:
        ceilings = parse_ceilings(written)
    except ValueError:
        raise _wrong("rights.ceilings", "0=50000/100000, 40=unlimited") from None
    return RightsPolicy(
        actions=actions,
        ceilings=ceilings,
        calendar=DeskCalendar(_zone(config), _holidays(config)),
        reservation=config.span("rights.reservation"),
    )


def _zone(config: Config) -> ZoneInfo:
    try:
        return ZoneInfo(config.text("desk.zone"))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise _wrong("desk.zone", "Europe/Rome") from None


def _holidays(config: Config) -> frozenset[date]:
    try:
        return frozenset(map(date.fromisoformat, _words(config.optional_text("desk.holidays"))))
    except ValueError:
        raise _wrong("desk.holidays", "2026-12-25, 2027-01-01") from None


def _words(text: str | None) -> tuple[str, ...]:
    return tuple(re.split(r"[,\s]+", text.strip())) if text and text.strip() else ()


def _wrong(key: str, example: str) -> UsageProblem:
    return UsageProblem(
        "config-wrong-value",
        _("The setting {key} cannot be read.").format(key=key),
        hint=_("Expected: {expected}").format(expected=example),
    )
