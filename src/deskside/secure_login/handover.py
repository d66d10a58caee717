"""What of a new device is handed over on a file: made on the fly, from a page that is shown once.

We keep hashes or sealed keys, so the page itself carries what was just made, sealed for this device
and this visitor alone; it opens only while the device waits to be activated.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from deskside.foundation import pdf
from deskside.foundation.clock import Clock
from deskside.foundation.errors import Refused
from deskside.foundation.keyring import Keyring
from deskside.foundation.text import _, language
from deskside.secure_login import words
from deskside.secure_login.values import DeviceInfo, DeviceStatus

COLUMNS = 8
"""Of the printed grid; 28 rows of a Security Code Card."""


@dataclass(frozen=True, slots=True)
class File:
    """Something to save or print."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Handover:
    """Seals what a new device is, and makes files of it."""

    keyring: Keyring
    clock: Clock

    def sealed(self, info: DeviceInfo, visitor_id: str, document: Mapping[str, str]) -> str:
        """A new device for a hidden field of the page that shows it."""
        content = json.dumps(dict(document)).encode()
        return self.keyring.seal(content, context=_context(info, visitor_id)).hex()

    def file(self, info: DeviceInfo, visitor_id: str, sealed: str) -> File:
        """The file of a device that waits: a card on paper, else its virtual device.

        Raises:
            Refused: the device waits no more, or this was not made for it and the visitor.
        """
        if info.status is not DeviceStatus.WAITING:
            raise _gone()
        try:
            packed = bytes.fromhex(sealed)
            document = json.loads(
                self.keyring.open_sealed(packed, context=_context(info, visitor_id))
            )
        except (ValueError, Refused) as error:
            raise _gone() from error
        if "codes" in document:
            content = card_on_paper(info, document["codes"].split())
            return File(f"{info.serial}.pdf", "application/pdf", content)
        return File(f"{info.serial}.json", "application/json", json.dumps(document).encode())


def card_on_paper(info: DeviceInfo, codes: list[str]) -> bytes:
    """A card of codes as its holder prints it."""
    name = words.kind_name(info.kind)
    sheet = pdf.paper(name, language=language())
    rows = [(_("Serial number"), info.serial)]
    if info.expires:
        rows.append((_("Good until"), words.moment(info.expires)))
    pdf.facts(sheet, rows)
    pdf.grid(
        sheet, [(f"{number:03d}", code) for number, code in enumerate(codes, 1)], columns=COLUMNS
    )
    pdf.words(
        sheet,
        _(
            "Keep it where nobody else sees it. Each code is good once. Whoever finds it: it opens"
            " nothing without the password."
        ),
    )
    return pdf.written(sheet)


def _context(info: DeviceInfo, visitor_id: str) -> str:
    return f"handover:{info.id}:{info.kind}:{visitor_id}"


def _gone() -> Refused:
    return Refused(
        "device-shown-already",
        _("The device was shown once, and what it holds is with nobody but its holder now."),
        hint=_("If it was not printed or saved, make another."),
    )
