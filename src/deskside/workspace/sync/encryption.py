"""End-to-end encryption as a choice: switch it on, and have other computers join.

The recovery key is the identity itself. It is shown once, when it is made; whoever has it can
read the settings and nobody else can, so that one who has lost every copy has lost them too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from deskside.foundation.errors import Refused
from deskside.foundation.text import _
from deskside.workspace.sync.client import Store, encryption_off
from deskside.workspace.sync.sealing import new_identity, recipient_of


@dataclass(frozen=True, slots=True)
class Encryption:
    """Where end-to-end encryption of one store stands.

    Attributes:
        recipient: for whom is sealed; public. Empty where encryption is off.
        registered: whether the portal refuses plain contents.
        key_here: whether this computer can read and send.
    """

    recipient: str
    registered: bool
    key_here: bool

    @property
    def on(self) -> bool:
        """Whether anything is sealed at all."""
        return bool(self.recipient)

    def as_json(self) -> dict[str, Any]:
        """As `settings encryption show` prints it."""
        return {
            "on": self.on,
            "recipient": self.recipient or None,
            "registered": self.registered,
            "key_here": self.key_here,
        }


def standing(store: Store) -> Encryption:
    """Where encryption stands, as the portal and this computer see it."""
    promised, noted = store.promised(), store.portal_recipient()
    recipient = promised or noted or ""
    here = promised == recipient and store.vault.identity(recipient) is not None
    return Encryption(recipient, registered=noted == recipient and bool(noted), key_here=here)


def new_key(store: Store, *, replace_lost: bool = False) -> str | None:
    """A recovery key to be shown; None where encryption is on and this computer has its key.

    Nothing is kept or told to anybody yet: that does `enable`.

    Args:
        replace_lost: make another key although there is one: what was sealed for the old one
            stays unreadable on the portal.

    Raises:
        Refused: `encryption-on-elsewhere`: another computer has switched it on.
    """
    now = standing(store)
    if now.on and now.key_here and not replace_lost:
        return None
    if now.on and not replace_lost:
        raise Refused(
            "encryption-on-elsewhere",
            _("End-to-end encryption is on already, with a key that this computer does not have."),
            hint=_(
                "Enter its recovery key: deskside settings encryption join. If every copy of the "
                "key is lost: deskside settings encryption enable --replace-lost-key"
            ),
        )
    return new_identity()[0]


def enable(store: Store, identity: str | None) -> Encryption:
    """Keep the key, promise to send nothing but sealed, and have the portal refuse the rest.

    In this order: whatever happens in between, nothing plain is sent from here any more. Doing it
    again completes what was interrupted.

    Args:
        identity: the key that was shown; None to complete what an earlier call began.
    """
    if identity is not None:
        store.vault.make_promise(store.address, store.vault.keep(identity))
    promised = store.promised()
    assert promised
    store.register(promised)
    return standing(store)


def join(store: Store, recovery_key: str) -> Encryption:
    """Give this computer the key that the person's other computers have.

    Raises:
        UsageProblem: `wrong-recovery-key`: it is none at all.
        Refused: `encryption-off`; `encryption-key-wrong`: it is another one's.
    """
    recipient, noted = recipient_of(recovery_key), store.portal_recipient()
    if noted is None:
        raise encryption_off()
    if recipient != noted:
        raise Refused(
            "encryption-key-wrong",
            _("That is a recovery key, but not the one of your settings on this portal."),
            hint=_("Theirs belongs to {recipient}").format(recipient=noted),
        )
    store.vault.make_promise(store.address, store.vault.keep(recovery_key))
    return standing(store)


def reseal(store: Store) -> int:
    """Seal every plain version that the portal holds, in its place; how many there were.

    The latest come first: they are what a stranger would want most. Doing it again goes on where
    it was interrupted.
    """
    count = 0
    for workspace in store.workspaces():
        name = str(workspace["name"])
        count += sum(store.reseal(name, version) for version in store.versions(name))
    return count
