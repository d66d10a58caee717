"""What staff can do about a user name, each with what it says before and after."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from deskside.directory.model import AccountStatus
from deskside.foundation.errors import NotFound
from deskside.foundation.text import _, mark
from deskside.secure_login.helpdesk.reasons import Why
from deskside.secure_login.helpdesk.rights import Right
from deskside.secure_login.helpdesk.service import Dossier, Helpdesk
from deskside.secure_login.step_up.rules import Task
from deskside.secure_login.values import DeviceStatus
from deskside.web.model import Visitor

Run = Callable[[Helpdesk, Visitor, str, str, Why], object]


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do.

    Attributes:
        title: the button and the heading.
        told: what it does, said before it is done; may name `full` and `portal`, the spans of a
            temporary code.
        done: said after it.
        right: what it takes.
        fits: whether it makes sense for a user name as it stands.
        run: does it: console, visitor, user name, device (may be empty), reason. What it returns
            as a text is shown once, to be told to the holder.
        harsh: takes something away from the person; its button is red.
        of_device: is done about one device.
        proof: of whoever acts, where it lets somebody in or cannot be taken back; what only takes
            something away must be quick.
    """

    title: str
    told: str
    done: str
    right: Right
    fits: Callable[[Dossier], bool]
    run: Run
    harsh: bool = False
    of_device: bool = False
    proof: Task | None = None


ACTIONS: dict[str, Action] = {
    "lock": Action(
        mark("Lock the user name"),
        mark("Nobody logs in with it from now on, and all its sessions end at once."),
        mark("The user name is locked, and its sessions have ended."),
        Right.LOCK,
        lambda dossier: dossier.person.enabled,
        lambda desk, me, name, _device, why: desk.set_enabled(me, name, why, enabled=False),
        harsh=True,
    ),
    "unlock": Action(
        mark("Unlock the user name"),
        mark(
            "Log-ins work again, with the same password and devices. If it was locked because"
            " “this wasn’t me”, go through the events and devices with the holder first, and send"
            " a link to choose a new password."
        ),
        mark("The user name is unlocked; its holder was told by e-mail."),
        Right.LOCK,
        lambda dossier: not dossier.person.enabled,
        lambda desk, me, name, _device, why: desk.set_enabled(me, name, why, enabled=True),
        proof=Task.RECOVERY,
    ),
    "end-lock-out": Action(
        mark("End the lock-out"),
        mark("Failed attempts so far are forgotten. Check who asks before you do it."),
        mark("The lock-out has ended; the holder was told by e-mail."),
        Right.RECOVER,
        lambda dossier: dossier.locked,
        lambda desk, me, name, _device, why: desk.end_lock(me, name, why),
    ),
    "reset": Action(
        mark("Send a link to choose a password"),
        mark(
            "It goes to the e-mail address on record, works once and for an hour. Nobody at the"
            " desk sees it. Devices stay as they are: the surviving factor is still asked."
        ),
        mark("The link is on its way."),
        Right.RECOVER,
        lambda dossier: dossier.person.enabled,
        lambda desk, me, name, _device, why: desk.send_reset(me, name, why),
        proof=Task.RECOVERY,
    ),
    "temporary-code": Action(
        mark("Give a temporary code"),
        mark(
            "For whoever has no device at hand. Check who asks before you do it. The code is shown"
            " once, for you to tell it by telephone: full access for {full}, then the portal alone"
            " for {portal}, to print an Online Security Code Card. Nobody gets two in a row."
        ),
        mark("The temporary code is in force; the holder was told by e-mail that there is one."),
        Right.RECOVER,
        lambda dossier: dossier.person.enabled,
        lambda desk, me, name, _device, why: desk.give_temporary_code(me, name, why),
        proof=Task.RECOVERY,
    ),
    "end-sessions": Action(
        mark("End all sessions"),
        mark("The user name is logged out everywhere, and log-ins under way start again."),
        mark("All sessions have ended."),
        Right.LOCK,
        lambda dossier: dossier.sessions > 0,
        lambda desk, me, name, _device, why: desk.end_sessions(me, name, why),
        harsh=True,
    ),
    "close-account": Action(
        mark("Close the account"),
        mark(
            "What we keep of its devices is destroyed: they never work again, whoever holds them."
            " Cards are expected back, open orders are cancelled, the sessions end. The holder is"
            " told by e-mail what to do with each device, and keeps the portal by password."
        ),
        mark("The account is closed; its holder was told by e-mail what to do with each device."),
        Right.ISSUE,
        lambda dossier: dossier.person.account not in (None, AccountStatus.CLOSED),
        lambda desk, me, name, _device, why: desk.close_account(me, name, why),
        harsh=True,
        proof=Task.CLOSING,
    ),
    "lock-device": Action(
        mark("Lock the device"),
        mark(
            "It answers for nobody any more, also not for others who share it. It stays due:"
            " whoever has no other device cannot log in until it is unlocked or replaced."
        ),
        mark("The device is locked; everybody who uses it was told by e-mail."),
        Right.LOCK,
        lambda dossier: any(info.status is DeviceStatus.ACTIVE for info in dossier.devices),
        lambda desk, me, name, device, why: desk.set_device_status(
            me, name, device, DeviceStatus.LOCKED, why
        ),
        harsh=True,
        of_device=True,
    ),
    "unlock-device": Action(
        mark("Unlock the device"),
        mark("It may be used again by everybody who has it. Check who asks before you do it."),
        mark("The device is unlocked; everybody who uses it was told by e-mail."),
        Right.RECOVER,
        lambda dossier: any(info.status is DeviceStatus.LOCKED for info in dossier.devices),
        lambda desk, me, name, device, why: desk.set_device_status(
            me, name, device, DeviceStatus.ACTIVE, why
        ),
        of_device=True,
        proof=Task.RECOVERY,
    ),
}


def action(name: str) -> Action:
    """An action by its name in an address; raises NotFound."""
    if name not in ACTIONS:
        raise NotFound("unknown-action", _("There is no such action."))
    return ACTIONS[name]


def offered(dossier: Dossier) -> list[tuple[str, Action]]:
    """What fits a user name and is allowed to whoever looks, devices' actions apart."""
    return [
        (name, each)
        for name, each in ACTIONS.items()
        if each.right in dossier.rights and each.fits(dossier) and not each.of_device
    ]
