"""One-time links: their address, what is kept of them, and the message that brings one."""

from __future__ import annotations

import hashlib

from deskside.directory import rules
from deskside.directory.model import LinkPurpose
from deskside.foundation.text import _


def link_address(portal: str, purpose: LinkPurpose, token: str) -> str:
    """The address that a person opens."""
    path = "reset" if purpose is LinkPurpose.RESET else "setup"
    return f"{portal.rstrip('/')}/{path}/{token}"


def token_hash(token: str) -> bytes:
    """What is kept of a link."""
    # A fast hash is enough: the token is 256 random bits, not something a person chose.
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def link_text(name: str, address: str, purpose: LinkPurpose) -> str:
    """The text of the message."""
    hours = int(rules.LINK_LIFETIME[purpose].total_seconds() // 3600)
    return _(
        "Somebody who administers your desk asks you to choose a password for the user name"
        " {name}.\n\nOpen this link within {hours} h; it works once:\n\n{address}\n\n"
        "Nobody at the desk knows or chooses your password. If you did not expect this message,"
        " tell the desk and do not open the link."
    ).format(name=name, hours=hours, address=address)
