"""The return form as a PDF: one page to print and put into the parcel."""

from __future__ import annotations

import unicodedata

from fpdf import FPDF

from deskside.foundation.text import _
from deskside.secure_login.orders.model import Return
from deskside.secure_login.words import day, kind_name


def instructions() -> list[str]:
    """How a device is sent back (KB975)."""
    return [
        _("Print this form, sign it and put it into the parcel with the device."),
        _("Use a padded envelope or box, and a way of sending with a tracking number."),
        _("Keep the receipt: until the device has arrived, you answer for it."),
        _("Allow three working days after its arrival until it is booked in."),
        _("What is held for the device is released then; you are told by e-mail."),
    ]


def facts(known: Return, address: str) -> list[tuple[str, str]]:
    """What the form says of the return."""
    rows = [
        (_("Reference"), known.reference),
        (_("User name"), known.user_name),
        (_("Device"), kind_name(known.kind)),
        (_("Serial number"), known.serial),
        (_("Requested"), day(known.requested)),
    ]
    return [*rows, (_("Send to"), address)] if address else rows


def return_form(known: Return, address: str) -> bytes:
    """The form of a return; `address` is the desk's, empty where it told none."""
    page = FPDF(format="A4")
    page.set_title(_plain(_("Return of a security device")))
    page.set_margin(25)
    page.add_page()
    page.set_font("helvetica", "B", 20)
    page.multi_cell(0, 12, _plain(_("Return of a security device")), new_x="LMARGIN", new_y="NEXT")
    page.ln(4)
    for name, value in facts(known, address):
        page.set_font("helvetica", "", 11)
        page.cell(50, 8, _plain(name))
        page.set_font("helvetica", "B", 11)
        page.multi_cell(0, 8, _plain(value), new_x="LMARGIN", new_y="NEXT")
    page.ln(6)
    page.set_font("helvetica", "", 11)
    for number, text in enumerate(instructions(), 1):
        page.multi_cell(0, 7, _plain(f"{number}. {text}"), new_x="LMARGIN", new_y="NEXT")
    page.ln(22)
    page.cell(70, 8, _plain(_("Date")), border="T")
    page.cell(15, 8, "")
    page.cell(0, 8, _plain(_("Signature")), border="T")
    return bytes(page.output())


def _plain(text: str) -> str:
    """A text in the characters of the PDF's own fonts, which end at Latin-1."""
    kept = text.replace("’", "'").replace("–", "-").replace("“", '"').replace("”", '"')
    folded = "".join(
        mark if ord(mark) < 256 else unicodedata.normalize("NFKD", mark)[:1] for mark in kept
    )
    return folded.encode("latin-1", "replace").decode("latin-1")
