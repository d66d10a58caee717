"""What we write to people about their log-ins."""

from __future__ import annotations

from datetime import datetime, timedelta

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


def event_notice(
    words: str, name: str, at: datetime, device: str, link: str | None, lifetime: timedelta
) -> tuple[str, str]:
    """Subject and text of the message that something happened to a user name.

    Args:
        words: what happened.
        name: the user name.
        at: when (UTC).
        device: the one that it happened to, by its name and serial number; may be empty.
        link: where the person says that it was somebody else; None where we know no address.
        lifetime: of the link.
    """
    subject = _("{words}: {name}").format(words=words, name=name)
    told = _("{words}.\n\nUser name: {name}\nTime: {moment}").format(
        words=words, name=name, moment=at.strftime("%Y-%m-%d %H:%M UTC")
    )
    if device:
        told += "\n" + _("Device: {device}").format(device=device)
    told += "\n\n" + _("If it was you, or you asked your desk for it, there is nothing to do.")
    if link is None:
        return subject, told + "\n\n" + _("If it was not you, tell your desk at once.")
    alarm = _(
        "This wasn't me: open this link and lock the user name at once. It works once, for"
        " {days} days:\n\n{link}\n\n"
        "Nobody gets in then, you neither, until your desk has checked who you are."
    ).format(days=lifetime.days, link=link)
    return subject, f"{told}\n\n{alarm}"


def shipped_notice(
    kind: str, reference: str, serial: str, tracking: str, activate_by: datetime
) -> tuple[str, str]:
    """Subject and text of the message that an ordered device was posted."""
    subject = _("Your {kind} is on its way").format(kind=kind)
    body = _(
        "Order {reference}: {kind}, serial number {serial}, was posted.\n\n"
        "Activate it on the page of your account by {moment}. Until then you log in as before;"
        " after that the log-in asks for it."
    ).format(
        reference=reference,
        kind=kind,
        serial=serial,
        moment=activate_by.strftime("%Y-%m-%d %H:%M UTC"),
    )
    if tracking:
        body += "\n\n" + _("Tracking number: {number}").format(number=tracking)
    return subject, body


def reminder_notice(what: str, kind: str, serial: str, name: str, end: datetime) -> tuple[str, str]:
    """Subject and text of a reminder about a device of a user name.

    `what` is `activate` before the end of an activation window, `ended` after it, `expires` before
    a device expires.
    """
    moment = end.strftime("%Y-%m-%d %H:%M UTC")
    subject, told = {
        "activate": (
            _("Activate your {kind}"),
            _(
                "The {kind} with the serial number {serial} waits to be activated for the user name"
                " {name}. Activate it on the page of your account by {moment}: after that nobody"
                " logs in with the password alone.\n\nIt has not arrived? Tell your desk."
            ),
        ),
        "ended": (
            _("The log-in now asks for your {kind}"),
            _(
                "The time to activate the {kind} with the serial number {serial} ended on {moment}."
                " The log-in of the user name {name} asks for it from now on; its first right"
                " answer activates it.\n\nIt has not arrived? Call your desk: they check who you"
                " are and tell you a temporary code."
            ),
        ),
        "expires": (
            _("Your {kind} expires soon"),
            _(
                "The {kind} with the serial number {serial} of the user name {name} expires on"
                " {moment}. Have another device active by then, or call your desk."
            ),
        ),
    }[what]
    values = {"kind": kind, "serial": serial, "name": name, "moment": moment}
    return subject.format(**values), told.format(**values)


def closed_notice(name: str, instructions: list[str], address: str) -> tuple[str, str]:
    """Subject and text of the message that an account was closed, and what becomes of devices."""
    subject = _("Your account is closed: what to do with your devices")
    body = _(
        "The account of the user name {name} is closed. Its devices open nothing any more: what we"
        " kept of them is destroyed. The portal stays open to you by password.\n\n{instructions}"
    ).format(name=name, instructions="\n".join(instructions))
    if address:
        body += "\n\n" + _("Send devices back to: {address}").format(address=address)
    return subject, body


def disowned_notice(name: str, portal: str | None) -> tuple[str, str]:
    """Subject and text of the message to the desk that an owner has locked a user name."""
    subject = _("Locked by its owner: {name}").format(name=name)
    body = _(
        "The owner of the user name {name} said “this wasn’t me” and locked it. All its sessions"
        " have ended.\n\n"
        "Expect a call. Check who calls, go through the events and devices with them, unlock the"
        " user name and send a link to choose a password."
    ).format(name=name)
    return subject, body + (f"\n\n{portal.rstrip('/')}/desk/people/{name}" if portal else "")
