"""Settings in the program's words: `ApiSettings/@readOnlyApi` is *API › Read-Only API*.

What a person has named keeps that name; what the program is not known to call otherwise is split
from camel case, and its raw name kept beside it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from deskside.foundation.text import _
from deskside.workspace.document.pairing import Entry
from deskside.workspace.document.vocabulary import (
    ANYWHERE,
    ATTRIBUTES,
    NAMES,
    SECTIONS,
    SECURITY_TYPES,
)

if TYPE_CHECKING:
    from deskside.workspace.document.tree import Element

    Step = Element | Entry

Path = tuple[str, ...]
"""From the section down to the element, in words."""

SEPARATOR = " › "
SHOWN = 80
"""Characters of a value that are shown."""

OWN_NAMES = ("name", "title", "windowTitle", "displayName", "longName", "shortName")
"""Attributes in which a person, or an exchange, has named the thing."""

PASSED_OVER = frozenset({"children", "columns", "arAllColumns", "quoteArray", "element", "attribs"})
"""`varName` of elements that only hold others; nobody calls them anything."""

PLAIN = frozenset({"String", "Integer", "Boolean", "Double", "Long", "Float"})
"""Tags of values that are known by what they hold."""

_HOLDERS = re.compile(r"^(ListOf|Ar[A-Z]|SplitPane$|BladeTabs|\w+Map$|MapOf)")
"""Tags of lists, maps and panes: they are passed over unless the program has a word for them."""

_CONTENT = "Content"
"""Ends the tag of what a window shows; its `varName` is only `content`."""

_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def path_of(chain: Sequence[Step]) -> Path:
    """Where an element is.

    Args:
        chain: the steps from the root, which goes without saying, down to it; in a `…Map` an
            entry, then its value.
    """
    named: list[str] = []
    for depth, step in enumerate(chain[1:]):
        if label := _label(step, depth, chain[depth]):
            named += label.split(SEPARATOR) if depth == 0 else [label]
    return tuple(named)


def raw_path(chain: Sequence[Step], attribute: str | None = None) -> str:
    """The same in the file's names: `ApiSettings[api]/@port`; for scripts and for support."""
    steps = [_raw(step) for step in chain[1:]]
    return "/".join([*steps, f"@{attribute}"] if attribute else steps)


def attribute_label(element: Element, attribute: str) -> str:
    """What the program calls an attribute."""
    known = ATTRIBUTES.get(element.tag, {}).get(attribute) or ANYWHERE.get(attribute)
    if known:
        return _(known)
    words = readable(attribute)
    return words if words.lower() == attribute.lower() else f"{words} ({attribute})"


def readable(name: str) -> str:
    """A name in camel case as words: `closingPosOrderType` → `Closing pos order type`."""
    return _readable(shown(name))


def shown(value: str | None) -> str:
    """A value for people: switches are on and off, and what is long is cut."""
    if value is None:
        return "–"
    if value in ("true", "false"):
        return _("on") if value == "true" else _("off")
    text = " ".join(value[: 4 * SHOWN].split())
    if not text.isprintable():  # no file commands the reader's terminal
        text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return (text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…") or _("empty")


def described(element: Element) -> str:
    """An element in a few words, where it came or went as a whole."""
    if symbol := element.attributes.get("symbol"):
        where = element.attributes.get("exchange")
        return shown(f"{symbol} ({where})" if where else symbol)
    if element.text.strip() and not element.children:
        return shown(element.text)
    return own_name(element) or _inner(element) or readable(element.tag)


def own_name(element: Element) -> str | None:
    """The name that a person or an exchange gave the thing, if any."""
    for attribute in OWN_NAMES:
        if name := element.attributes.get(attribute, "").strip():
            return shown(name)
    return None


@lru_cache(maxsize=4096)
def _readable(name: str) -> str:
    words = [w if w.isupper() and len(w) > 1 else w.lower() for w in _PARTS.findall(name)]
    if not words:
        return name
    text = " ".join(words)
    return text[0].upper() + text[1:]


def _label(step: Step, depth: int, parent: Step) -> str | None:
    if isinstance(step, Entry):
        return described(step.key)
    if isinstance(parent, Entry):  # its value: the key has said what it is
        return None
    if depth == 1 and step.tag == "OrderDefault":  # at the top of the tree of presets
        return _("All instruments")
    return _section(step) if depth == 0 else _inner(step)


def _section(element: Element) -> str:
    own = element.attributes.get("varName", "")
    known = SECTIONS.get(own)
    return _(known) if known else readable(own or element.tag)


def _inner(element: Element) -> str | None:
    """A label for an element inside a section; None for one that only holds others."""
    attributes = element.attributes
    own = attributes.get("varName", "")
    if _goes_without_saying(element, own):
        return None
    if symbol := attributes.get("symbol"):
        return shown(symbol)
    if element.tag == "OrderDefaultNode":
        return _preset(element)
    return _by_name(element) or _by_number(element)


def _goes_without_saying(element: Element, own: str) -> bool:
    if own in PASSED_OVER or (element.tag in PLAIN and not own):
        return True
    return bool(_HOLDERS.match(element.tag)) and own not in NAMES and own_name(element) is None


def _by_name(element: Element) -> str | None:
    own = element.attributes.get("varName", "")
    kind = NAMES.get(own) or NAMES.get(element.tag)
    if element.tag.endswith(_CONTENT) and not kind:
        own = element.tag.removesuffix(_CONTENT)
    if name := own_name(element) or element.attributes.get("key"):
        return shown(f"{_(kind)} {name}" if kind else name)
    if kind:
        return None if _number(element) else _(kind)
    return readable(own) if own else None


def _by_number(element: Element) -> str:
    """By its tag, and by whatever number it goes."""
    known = NAMES.get(element.tag)
    kind = _(known) if known else readable(element.tag)
    number = _number(element)
    return f"{kind} {number}" if number else kind


def _number(element: Element) -> str | None:
    for attribute in ("colId", "conid", "id", "workspaceKey"):
        if attribute in element.attributes:
            return shown(element.attributes[attribute])
    return None


def _preset(node: Element) -> str | None:
    """Order presets are a tree of nameless nodes; each holds what it is for."""
    for child in node.children:
        if child.tag == "OrderDefault":
            kind = child.attributes.get("secType")
            name = own_name(child) or child.attributes.get("symbol")
            words = _(SECURITY_TYPES[kind]) if kind in SECURITY_TYPES else kind
            return shown(" ".join(filter(None, [words, name])) or _("All instruments"))
    return None


def _raw(step: Step) -> str:
    if isinstance(step, Entry):
        return f"entry[{described(step.key)}]"
    for attribute in ("varName", "name", "key", "conid", "colId", "id"):
        if value := step.attributes.get(attribute):
            return f"{step.tag}[{value}]"
    return step.tag
