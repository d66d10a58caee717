"""Why an order is refused, as its holder reads it, and reading an address."""

from __future__ import annotations

from deskside.foundation.errors import Refused, UsageProblem
from deskside.foundation.text import _

LINES, LONGEST_LINE = range(3, 8), 70


class CannotOrder(Refused):
    """A condition is not met; `code` says which."""

    def __init__(self, why: str, threshold: int = 0) -> None:
        message, hint = told(why, threshold)
        super().__init__(str(why), message, hint=hint, article="1943")


def told(why: str, threshold: int = 0) -> tuple[str, str]:
    """What happened and what to do, for a reason of refusal."""
    amount = f"{threshold:,}"
    texts = {
        "no-open-account": (
            _("Devices are ordered for an open account."),
            _("Ask your desk about the state of your account."),
        ),
        "equity-unknown": (
            _("From USD {amount} of equity on: your desk has not told us yours yet.").format(
                amount=amount
            ),
            _("Ask your desk to enter it."),
        ),
        "equity-too-low": (
            _("Your account is below the USD {amount} of equity that this device takes.").format(
                amount=amount
            ),
            _("Add another kind of device meanwhile."),
        ),
        "has-one-already": (
            _("You have a device of this kind already."),
            _("If it is lost or broken, say so on its page and order a replacement there."),
        ),
        "on-its-way": (
            _("A device of this kind is on its way to you already."),
            _("Look at its order, or activate it on the page of your account."),
        ),
        "not-that-device": (
            _("That device cannot be replaced as it stands."),
            _("Report it lost, broken or with an empty battery on its page first."),
        ),
        "not-posted": (
            _("Devices of that kind are not sent by post."),
            _("Add it yourself on the page of your account."),
        ),
        "not-assigned": (
            _("No device is assigned to this order, or it was posted already."),
            _("Assign one from stock first."),
        ),
        "closed": (
            _("This order was posted, cancelled or changed meanwhile."),
            _("Look at it again."),
        ),
        "not-to-be-cancelled": (
            _("This order cannot be cancelled any more."),
            _("Once the device is here, you can send it back."),
        ),
    }
    return texts[str(why)]


def read_address(text: str) -> str:
    """A postal address of three to seven lines.

    Raises:
        UsageProblem: `address-missing`, `address-lines`.
    """
    lines = [" ".join(line.split()) for line in text.splitlines()]
    lines = [line for line in lines if line]
    if not lines:
        raise UsageProblem("address-missing", _("Enter the address that the device is sent to."))
    if len(lines) not in LINES or any(len(line) > LONGEST_LINE for line in lines):
        raise UsageProblem(
            "address-lines",
            _("Enter name, street, place with postcode, and country, each on a line of its own."),
        )
    if not all(line.isprintable() for line in lines):
        raise UsageProblem("address-lines", _("The address may hold only text."))
    return "\n".join(lines)
