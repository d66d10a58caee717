"""What a person is told when a device cannot be shared, and what to do about it."""

from __future__ import annotations

from deskside.foundation.errors import NotFound, Refused
from deskside.foundation.text import _
from deskside.secure_login.sharing.rules import Obstacle

ARTICLE = "2481"


class CannotShare(Refused):
    """A condition of sharing is not met.

    `code` is the obstacle's name, `title` what the support page calls it (KB2481), and `lead` the
    message below that title.
    """

    def __init__(self, obstacle: Obstacle) -> None:
        message, hint = _told(obstacle)
        super().__init__(obstacle.value, message, hint=hint, article=ARTICLE)
        self.title = _title(obstacle)
        self.lead = message.removeprefix(f"{self.title}: ")


class NoSuchShare(NotFound):
    """There is no such request of this visitor, or it is over."""

    def __init__(self) -> None:
        super().__init__(
            "unknown-share",
            _("This request does not exist, took too long, or is over."),
            hint=_("Start sharing the device again."),
            article=ARTICLE,
        )


def already_shared() -> Refused:
    """The requester has the device, or a request for it is open."""
    return Refused(
        "already-shared",
        _("You use this device already, or a request for it is open."),
        hint=_("Look at your devices and requests."),
        article=ARTICLE,
    )


def last_device() -> Refused:
    """Without the shared device nothing but the password would be left."""
    return Refused(
        "last-device",
        _("The shared device is the only one that you can log in with."),
        hint=_("Activate a device of your own first, then cancel the sharing."),
        article=ARTICLE,
    )


def _title(obstacle: Obstacle) -> str:
    return {
        Obstacle.TEMPORARY_DEVICE: _("Temporary device"),
        Obstacle.USE_ADD_USER: _("Use “Add user” in the app"),
        Obstacle.DIFFERENT_IDENTIFICATION: _("Different identification information"),
        Obstacle.LESS_SECURE: _("Less secure device"),
    }[obstacle]


def _told(obstacle: Obstacle) -> tuple[str, str]:
    return {
        Obstacle.TEMPORARY_DEVICE: (
            _("One of the user names that take part has a temporary device."),
            _(
                "Replace the temporary code or online card by a lasting device, or reactivate the"
                " one that was lost, then share."
            ),
        ),
        Obstacle.USE_ADD_USER: (
            _("A phone app is not shared from here."),
            _("Open the app on the phone and choose “Add user” there."),
        ),
        Obstacle.DIFFERENT_IDENTIFICATION: (
            _("Different identification information: the holders of the user names do not match."),
            _(
                "Different persons or entities cannot share a device. If both are yours, an old"
                " document may be on record for one of them: ask your desk to put it right, with"
                " your present document at hand, then try again."
            ),
        ),
        Obstacle.LESS_SECURE: (
            _("Less secure device: one of the user names that take part has a stronger one."),
            _(
                "Share the strongest device: log in with the other user name and share the stronger"
                " device with it."
            ),
        ),
    }[obstacle]
