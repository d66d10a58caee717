"""Which settings decide what may be traded, by whom, and how easily by mistake.

Each rule has one sentence that says why it matters. A difference shows such changes apart, before
anything is applied.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deskside.foundation.text import _, mark

if TYPE_CHECKING:
    from deskside.workspace.document.tree import Element


@dataclass(frozen=True, slots=True)
class Rule:
    """Why a setting is relevant to safety.

    Attributes:
        code: stable kebab-case name; findings and articles use it.
        why: one sentence, to be translated.
        unsafe: the values that protect less than any other; empty where no value does.
    """

    code: str
    why: str
    unsafe: frozenset[str] = frozenset()

    @property
    def reason(self) -> str:
        """Why it matters, in the person's language."""
        return _(self.why)

    def loosens(self, old: str | None, new: str | None) -> bool:
        """Whether the change takes protection away. A setting that goes is the program's guess."""
        if not self.unsafe:
            return new is not None
        return new is None or (new in self.unsafe and old not in self.unsafe)


NOTHING = frozenset({"", "#", "0", "0.0", "-1"})
"""How the program writes that a limit is not set."""

OPEN = Rule(
    "api-open-to-network",
    mark("Any computer that reaches this one may connect to the API, not only programs here."),
    frozenset({"false"}),
)
TRUSTED = Rule(
    "api-trusted-addresses",
    mark("Programs at a trusted address connect to the API without anybody being asked."),
)
CAN_TRADE = Rule(
    "api-can-trade",
    mark("Programs that connect to the API may place, change and cancel orders."),
    frozenset({"false"}),
)
ENABLED = Rule(
    "api-enabled",
    mark("Other programs can connect to the workstation and act in your name."),
    frozenset({"true"}),
)
PRECAUTIONS_OFF = Rule(
    "order-precautions-off",
    mark("Limits that catch a mistyped size or price no longer stop orders that programs send."),
    frozenset({"true"}),
)
BYPASSED = Rule(
    "api-precautions-bypassed",
    mark("Orders that programs send go out without the warning that you would be shown."),
    frozenset({"true"}),
)
MASTER = Rule(
    "api-master-client",
    mark("The program with this client ID is told of the orders of all others."),
)
PORT = Rule(
    "api-port-changed",
    mark("Programs that use the old port fail, or reach another workstation: live for paper."),
)
API = Rule(
    "api-settings-changed",
    mark("It decides what programs that trade through the API are told, or may do."),
)
PRESET_LIMIT = Rule(
    "preset-precautions-changed",
    mark("The limit decides from which size or price on you are asked before an order goes out."),
    NOTHING,
)
PRESETS = Rule(
    "order-presets-changed",
    mark("New orders start with other sizes, types or prices than those that you are used to."),
)
HOT_KEYS = Rule(
    "hot-keys-changed",
    mark("A key that you press by habit may now create or send an order."),
)
WARNINGS = Rule(
    "warnings-hidden",
    mark("Warnings that are marked as not to be shown again no longer stop an order."),
)
ACCOUNT = Rule(
    "order-account-changed",
    mark("Orders may go to another account than the one that you expect."),
)
LOCK = Rule(
    "auto-lock-changed",
    mark("An unattended workstation that does not lock lets anybody beside it trade."),
    frozenset({"0"}),
)

RULES = (
    OPEN,
    TRUSTED,
    CAN_TRADE,
    ENABLED,
    PRECAUTIONS_OFF,
    BYPASSED,
    MASTER,
    PORT,
    API,
    PRESET_LIMIT,
    PRESETS,
    HOT_KEYS,
    WARNINGS,
    ACCOUNT,
    LOCK,
)

API_ATTRIBUTES: dict[str, Rule] = {
    "allowOnlyLocalhost": OPEN,
    "readOnlyApi": CAN_TRADE,
    "socketClient": ENABLED,
    "dde": ENABLED,
    "overridePrecautionaryConstraints": PRECAUTIONS_OFF,
    "masterClientID": MASTER,
    "port": PORT,
}
LIMIT = re.compile(r"^(percentCheck|numOfTicks|sizeLimit|totalValueLimit)|Precaution|Limit$")
"""Attributes of an order preset that are precautions."""

_ORDER_PART = re.compile(r"^(OrderCreator|OrderDefault|Algo|AttachedOrder)|Preset")
_ACCOUNT = frozenset({"account", "accountOrGroup", "lastAccount", "accountSpec"})


def rule_of(chain: Sequence[Element], attribute: str | None = None) -> Rule | None:
    """The rule that makes a setting relevant to safety, if any.

    Args:
        chain: the elements from the root down to the one that changed.
        attribute: of the last; None where the element itself, or its text, changed.
    """
    if len(chain) < 2:
        return None
    section, last = chain[1], chain[-1]
    decide = _SECTIONS.get(section.tag)
    if decide and (rule := decide(chain, attribute)):
        return rule
    if attribute in _ACCOUNT or (attribute is None and last.tag in _ACCOUNT):
        return ACCOUNT
    return None


def _api(chain: Sequence[Element], attribute: str | None) -> Rule:
    if any(element.attributes.get("varName") == "trustedIPAddresses" for element in chain):
        return TRUSTED
    if attribute is None:
        return API
    return API_ATTRIBUTES.get(attribute) or (BYPASSED if attribute.startswith("bypass") else API)


def _presets(_chain: Sequence[Element], attribute: str | None) -> Rule:
    return PRESET_LIMIT if attribute and LIMIT.search(attribute) else PRESETS


def _pages(chain: Sequence[Element], attribute: str | None) -> Rule | None:
    within = any(_ORDER_PART.search(element.tag) for element in chain[2:])
    return _presets(chain, attribute) if within else None


def _hot_keys(_chain: Sequence[Element], _attribute: str | None) -> Rule:
    return HOT_KEYS


def _warnings(chain: Sequence[Element], _attribute: str | None) -> Rule | None:
    hidden = any(element.attributes.get("varName") == "hiddenMessageMap" for element in chain)
    return WARNINGS if hidden else None


def _lock(_chain: Sequence[Element], attribute: str | None) -> Rule | None:
    return LOCK if attribute == "autoLockTimeout" else None


_SECTIONS = {
    "ApiSettings": _api,
    "OrderDefaultNode": _presets,
    "TraderSettings": _pages,
    "MainWinHotkeyMgr": _hot_keys,
    "MiscSettings": _warnings,
    "SystemSettings": _lock,
}
