"""What the pages say of requests."""

from __future__ import annotations

from deskside.foundation.text import _
from deskside.secure_login.sharing.service import ShareInfo


def state(status: str) -> tuple[str, str]:
    """A request's status in a word, and the tone that it is shown in."""
    return {
        "active": (_("Shared"), "ok"),
        "pending": (_("In review"), "notice"),
        "rejected": (_("Not approved"), "warning"),
        "cancelled": (_("Cancelled"), "neutral"),
    }.get(status, (_("Under way"), "neutral"))


def device(info: ShareInfo) -> str:
    """The device of a request."""
    return _("{label}, serial number {serial}").format(label=info.label, serial=info.serial)


def outcome(info: ShareInfo) -> tuple[str, str, list[str]]:
    """Title and lead of a request's result, and what happens next."""
    if info.status == "active":
        return (
            _("The device is shared"),
            _("Your request was approved."),
            [
                _("From the next log-in on, use the shared device with this user name too."),
                _("Keep devices that it replaces: they work again when you cancel the sharing."),
            ],
        )
    if info.status == "pending":
        return (
            _("Your request is in review"),
            _("A compliance reviewer of your desk looks at it."),
            [
                _("Until then everything stays as it is: log in as before."),
                _("You get an e-mail when it is decided."),
            ],
        )
    return state(info.status)[0], "", []


def doubt(name: str) -> str:
    """Why a request is reviewed."""
    return {
        "names-differ": _("Names differ"),
        "kinds-differ": _("A person and an entity"),
        "policy": _("Every request is reviewed"),
    }.get(name, name)


def evidence(name: str) -> str:
    """A piece of identification data."""
    return {
        "name": _("Name"),
        "birth_date": _("Date of birth"),
        "citizenship": _("Citizenship"),
        "legal_residence": _("Country of legal residence"),
        "document_type": _("Type of document"),
        "document_number": _("Number of document"),
        "us_ssn": _("US social security number"),
    }.get(name, name)


def sameness(same: bool) -> str:
    """Whether what is on record for two people is the same; what differs is seen at a glance."""
    return _("yes") if same else f"✗ {_('different')}"
