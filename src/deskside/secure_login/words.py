"""What the pages say of devices, browsers and spans of time."""

from __future__ import annotations

from datetime import datetime, timedelta

from deskside.foundation.text import _, ngettext
from deskside.secure_login.model import DeviceRecord
from deskside.secure_login.values import DeviceInfo, DeviceStatus

# In this order: Edge and Opera call themselves Chrome as well, and Chrome Safari.
_BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
    ("python-httpx", "Deskside"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def client(agent: str) -> str:
    """A browser by its own description, in two words."""
    browser = next((name for sign, name in _BROWSERS if sign in agent), "")
    system = next((name for sign, name in _SYSTEMS if sign in agent), "")
    if browser and system:
        return _("{browser} on {system}").format(browser=browser, system=system)
    return browser or system or _("Another program")


def span(length: timedelta) -> str:
    """A span of time, rounded to what matters."""
    seconds = max(0, round(length.total_seconds()))
    if seconds < 90:
        return ngettext("{count} second", "{count} seconds", seconds).format(count=seconds)
    minutes = round(seconds / 60)
    if minutes < 90:
        return ngettext("{count} minute", "{count} minutes", minutes).format(count=minutes)
    hours = round(minutes / 60)
    if hours < 48:
        return ngettext("{count} hour", "{count} hours", hours).format(count=hours)
    days = round(hours / 24)
    return ngettext("{count} day", "{count} days", days).format(count=days)


def ago(moment: datetime, now: datetime) -> str:
    """How long ago."""
    if now - moment < timedelta(minutes=2):
        return _("just now")
    return _("{span} ago").format(span=span(now - moment))


def clock_time(moment: datetime) -> str:
    """The time of day, with the name of the zone."""
    return moment.strftime("%H:%M:%S UTC")


def day(moment: datetime) -> str:
    """A date."""
    return moment.strftime("%Y-%m-%d")


def moment(at: datetime) -> str:
    """Date and time of day, with the name of the zone."""
    return at.strftime("%Y-%m-%d %H:%M:%S UTC")


def state(info: DeviceInfo, user_name: str = "") -> tuple[str, str]:
    """A device's state, for a user name where one is given, and the tone that it is shown in."""
    if info.rests_for(user_name):
        return _("At rest"), "neutral"
    return {
        DeviceStatus.ACTIVE: (_("Active"), "ok"),
        DeviceStatus.WAITING: (_("To be activated"), "notice"),
        DeviceStatus.LOST: (_("Lost"), "warning"),
        DeviceStatus.PARKED: (_("Out of order"), "warning"),
        DeviceStatus.RETIRED: (_("Ended"), "neutral"),
        DeviceStatus.LOCKED: (_("Locked"), "failure"),
    }[info.status]


def kind_name(kind: str) -> str:
    """A kind of device by its name; the bare kind where its plug-in is not installed."""
    from deskside.secure_login.authenticators import authenticator, kinds

    if kind not in kinds():
        return kind
    return authenticator(kind).describe(DeviceRecord("", kind, "", "", b"")).label


def meter(protection_level: int) -> int:
    """A protection level on the scale of one to five that pages draw."""
    return min(5, max(1, -(-protection_level // 10)))
