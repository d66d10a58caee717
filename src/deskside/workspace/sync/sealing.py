"""End-to-end encryption: contents that the portal keeps without being able to read them.

A sealed content (format 2) is an age file (X25519) around zstd. Within, before the zstd frame,
stands a skippable frame (RFC 8878 section 3.1.2) with a JSON object: the person's note, the
workspace, and a tag. So a person who has the recovery key needs no Deskside to read it:

    age --decrypt --identity key.txt sealed | zstd --decompress > tws.xml

age proves that a file was not altered, but not by whom it was made, and the portal knows the
public recipient. The tag, an HMAC under a key derived from the identity, proves that one of this
person's own computers made it, and for which workspace. Pure but for the randomness of age.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import struct
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from deskside.foundation.errors import Refused, UsageProblem
from deskside.foundation.text import _
from deskside.workspace.rules import LARGEST

PLAIN, SEALED = 1, 2
"""Formats of a content in the portal's store."""

_SKIPPABLE = 0x184D2A5D
_LEVEL = 9
_LARGEST_LABEL = 64 * 1024
_TAG_PURPOSE = b"deskside settings 2"


@dataclass(frozen=True, slots=True)
class Opened:
    """What was sealed."""

    content: bytes = field(repr=False)
    note: str


def new_identity() -> tuple[str, str]:
    """A new identity, which is the recovery key, and its public recipient."""
    x25519 = _age().x25519
    identity = x25519.Identity.generate()
    return str(identity), str(identity.to_public())


def recipient_of(identity: str) -> str:
    """The public recipient of a recovery key.

    Raises:
        UsageProblem: `wrong-recovery-key`.
    """
    age = _age()
    try:
        return str(age.x25519.Identity.from_str(identity.strip().upper()).to_public())
    except age.IdentityError:
        raise UsageProblem(
            "wrong-recovery-key",
            _("That is not a recovery key."),
            hint=_("It begins with AGE-SECRET-KEY-1 and has 74 characters."),
        ) from None


def seal(content: bytes, identity: str, *, workspace: str, note: str = "") -> bytes:
    """A content that only the holder of the identity can open."""
    from backports import zstd

    age = _age()
    label = json.dumps(
        {"note": note, "workspace": workspace, "tag": _tag(identity, workspace, note, content)}
    ).encode()
    packed = struct.pack("<II", _SKIPPABLE, len(label)) + label + zstd.compress(content, _LEVEL)
    sealed: bytes = age.encrypt(packed, [age.x25519.Recipient.from_str(recipient_of(identity))])
    return sealed


def open_sealed(sealed: bytes, identity: str, *, workspace: str) -> Opened:
    """What was sealed, having made sure that it is whole and this person's own.

    Raises:
        Refused: `encryption-key-wrong`: sealed for another key; `content-damaged`.
    """
    age = _age()
    try:
        packed: bytes = age.decrypt(sealed, [age.x25519.Identity.from_str(identity)])
    except age.DecryptError as error:
        raise _not_opened(str(error)) from None
    try:
        opened, tag = _unpacked(packed, workspace)
    except (ValueError, KeyError, TypeError, struct.error) as error:
        raise damaged(type(error).__name__) from None
    expected = _tag(identity, workspace, opened.note, opened.content)
    if not hmac.compare_digest(tag.encode(), expected.encode()):
        raise damaged("tag")
    return opened


def damaged(detail: str) -> Refused:
    """The content is not what one of this person's computers sent."""
    return Refused(
        "content-damaged",
        _("The settings were damaged on their way or at the portal; nothing was changed."),
        hint=_("Try again. Earlier versions are in the history: deskside settings history"),
        article="3146",
        detail=detail,
    )


def _age() -> Any:
    """The library, which states no types; loaded when it is needed: start-up is measured."""
    return import_module("pyrage")


def _unpacked(packed: bytes, workspace: str) -> tuple[Opened, str]:
    from backports.zstd import ZstdDecompressor, ZstdError

    magic, length = struct.unpack_from("<II", packed)
    if magic != _SKIPPABLE or length > _LARGEST_LABEL:
        raise ValueError(magic)
    label = json.loads(packed[8 : 8 + length])
    if label["workspace"] != workspace:
        raise ValueError(workspace)
    unpacker = ZstdDecompressor()
    try:
        content = unpacker.decompress(packed[8 + length :], max_length=LARGEST)
    except ZstdError as error:
        raise ValueError(str(error)) from None
    if not unpacker.eof:
        raise ValueError(len(content))
    return Opened(content, str(label["note"])), str(label["tag"])


def _tag(identity: str, workspace: str, note: str, content: bytes) -> str:
    key = hmac.digest(identity.strip().upper().encode(), _TAG_PURPOSE, "sha256")
    told = json.dumps([workspace, note, hashlib.sha256(content).hexdigest()]).encode()
    return hmac.digest(key, told, "sha256").hex()


def _not_opened(reason: str) -> Refused:
    if "no matching key" not in reason.lower():
        return damaged(reason)
    return Refused(
        "encryption-key-wrong",
        _("These settings were sealed for another key than this computer has."),
        hint=_("Enter the recovery key that belongs to them: deskside settings encryption join"),
    )
