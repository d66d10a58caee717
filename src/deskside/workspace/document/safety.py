"""What in settings is dangerous, and which changes make them more so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from deskside.foundation.text import _, mark
from deskside.workspace.document import safety_rules as rules
from deskside.workspace.document.bound import is_loopback, is_secret
from deskside.workspace.document.difference import Change, difference
from deskside.workspace.document.safety_rules import NOTHING, Rule
from deskside.workspace.document.sections import is_gateway
from deskside.workspace.document.tree import Element
from deskside.workspace.document.words import attribute_label

SECRET = Rule(
    "secret-in-settings",
    mark("Whoever has a copy of the file can read it; keep such a file to yourself."),
)
LIMITS_OFF = Rule(
    "preset-precautions-off",
    mark("An order of this kind is never held back, whatever price was mistyped."),
)


@dataclass(frozen=True, slots=True)
class Danger:
    """A setting that protects less than it could.

    Attributes:
        code: as `Rule.code`.
        title: what is so, in a few words.
        why: one sentence on why it matters.
        remedy: what to do, and where in the program.
        seen: the values that were found, by name in the program's words.
        grave: whether somebody should act on it; else it is only worth knowing.
    """

    code: str
    title: str
    why: str
    remedy: str
    seen: dict[str, str]
    grave: bool

    def as_json(self) -> dict[str, Any]:
        """The danger as JSON shows it."""
        return {
            "code": self.code,
            "title": self.title,
            "why": self.why,
            "remedy": self.remedy,
            "seen": self.seen,
            "grave": self.grave,
        }


def safety_changes(old: bytes, new: bytes) -> tuple[Change, ...]:
    """The changes that bear on safety, what takes protection away first.

    Raises:
        Refused: as `difference`.
    """
    return difference(old, new).safety


def dangers(root: Element) -> tuple[Danger, ...]:
    """The settings that protect less than they could, the grave ones first."""
    found = [*_of_api(root), *_of_presets(root), *_of_secrets(root)]
    return tuple(sorted(found, key=lambda one: not one.grave))


def _of_api(root: Element) -> Iterator[Danger]:
    for section in root.children:
        if section.tag == "ApiSettings":
            on = is_gateway(root) or any(
                section.attributes.get(name) == "true" for name in ("socketClient", "dde")
            )
            yield from _reachable(section, on=on)
            yield from _unguarded(section, on=on)


def _reachable(api: Element, *, on: bool) -> Iterator[Danger]:
    """Who may connect."""
    if seen := _seen(api, "allowOnlyLocalhost", "false"):
        yield Danger(
            rules.OPEN.code,
            _("The API accepts connections from other computers"),
            rules.OPEN.reason,
            _("Global Configuration > API > Settings: allow connections from localhost only."),
            seen,
            grave=on,
        )
    if far := [address for address in trusted_addresses(api) if not is_loopback(address)]:
        yield Danger(
            rules.TRUSTED.code,
            _("The API trusts other computers"),
            rules.TRUSTED.reason,
            _("Global Configuration > API > Settings > Trusted IPs: remove what you do not know."),
            {_("Trusted IPs"): ", ".join(far)},
            grave=on,
        )
    if on and (seen := _seen(api, "readOnlyApi", "false")):
        yield Danger(
            rules.CAN_TRADE.code,
            _("Programs may trade through the API"),
            rules.CAN_TRADE.reason,
            _("If they need not: Global Configuration > API > Settings > Read-Only API."),
            seen,
            grave=False,
        )


def _unguarded(api: Element, *, on: bool) -> Iterator[Danger]:
    """Which precautions do not hold for orders that programs send."""
    page = _("Global Configuration > API > Precautions: take the mark away.")
    if seen := _seen(api, "overridePrecautionaryConstraints", "true"):
        yield Danger(
            rules.PRECAUTIONS_OFF.code,
            _("Order precautions are off for orders of the API"),
            rules.PRECAUTIONS_OFF.reason,
            page,
            seen,
            grave=on,
        )
    if seen := _seen(api, *(n for n in api.attributes if n.startswith("bypass")), "true"):
        yield Danger(
            rules.BYPASSED.code,
            _("Warnings are bypassed for orders of the API"),
            rules.BYPASSED.reason,
            page,
            seen,
            grave=on,
        )


def _of_presets(root: Element) -> Iterator[Danger]:
    """Order presets without any limit on a mistyped price."""
    limits = ("percentCheck", "numOfTicks")
    free = [
        preset.attributes.get("secType") or _("All instruments")
        for preset in _all(root)
        if preset.tag == "OrderDefault"
        and any(name in preset.attributes for name in limits)
        and all(preset.attributes.get(name, "") in NOTHING for name in limits)
    ]
    if free:
        yield Danger(
            LIMITS_OFF.code,
            _("Order presets without a limit on the price"),
            LIMITS_OFF.reason,
            _("Global Configuration > Presets > Precautionary Settings: set a percentage."),
            {_("Presets"): ", ".join(free)},
            grave=True,
        )


def _of_secrets(root: Element) -> Iterator[Danger]:
    """Passwords that can be read."""
    named = {
        name
        for element in _all(root)
        for name, value in [*element.attributes.items(), (element.tag, element.text)]
        if is_secret(name, value)
    }
    if named:
        yield Danger(
            SECRET.code,
            _("The settings file holds a password that can be read"),
            SECRET.reason,
            _("Take it out in the program where it is not needed, and share no copy."),
            {_("Fields"): ", ".join(sorted(named))},
            grave=False,
        )


def trusted_addresses(api: Element) -> list[str]:
    """The addresses from which the API takes connections unasked."""
    return [
        one.text.strip()
        for held in api.children
        if held.attributes.get("varName") == "trustedIPAddresses"
        for one in held.children
        if one.text.strip()
    ]


def _seen(element: Element, *names_and_value: str) -> dict[str, str]:
    """Those of the attributes that have the value (the last argument), in words."""
    *names, value = names_and_value
    return {
        attribute_label(element, name): value
        for name in names
        if element.attributes.get(name) == value
    }


def _all(element: Element) -> Iterator[Element]:
    waiting = [element]
    while waiting:
        one = waiting.pop()
        yield one
        waiting.extend(reversed(one.children))
