"""The sections of a settings file: which there should be, and whose they are.

Counted in 18 real files: builds 944 to 978 of Trader Workstation, 978 of IB Gateway.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deskside.workspace.document.tree import Element

Key = tuple[str, str]
"""Tag and `varName`."""

ALWAYS = frozenset(
    {
        "ui", "system", "order", "api", "analytics", "version", "smartRoutingSettings",
        "miscSettings", "upgradeHistory", "accountSettings", "marketDataSettings", "newsSettings",
        "watchlistList", "closedTabsList",
    }
)  # fmt: skip
"""`varName` of sections that both programs write in every build."""

OF_WORKSTATION = frozenset(
    {"traderSettings", "workspaceCollection", "hotkeyMgr", "sound", "toolbarSetting"}
)
"""`varName` of sections that only Trader Workstation writes, in every build."""

OLDEST_BUILD, NEWEST_BUILD = 944, 978
"""Builds whose files were read element by element when the words were collected."""


def key_of_section(section: Element) -> Key:
    """What a section is known by."""
    return section.tag, section.attributes.get("varName", "")


def is_gateway(root: Element) -> bool:
    """Whether IB Gateway wrote the file; both programs name themselves TWS in it."""
    there = {section.attributes.get("varName") for section in root.children}
    return "api" in there and not there & OF_WORKSTATION


def missing_sections(root: Element) -> tuple[str, ...]:
    """`varName` of the sections that the program always writes and that are not there."""
    there = {section.attributes.get("varName") for section in root.children}
    expected = ALWAYS if is_gateway(root) else ALWAYS | OF_WORKSTATION
    return tuple(sorted(name for name in expected if name not in there))


def build_of(root: Element) -> int | None:
    """The build of the program that wrote the file; None where the file does not say."""
    for section in root.children:
        if section.tag == "SettingsVersion":
            written = section.attributes.get("majorVersion", "")
            return int(written) if written.isascii() and written.isdigit() else None
    return None
