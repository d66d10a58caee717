"""Invented settings, written in every way that XML allows, and hands that change them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

Choice = TypeVar("Choice")

TAGS = ["Window", "Column", "Layout", "ApiSettings", "Preset"]
LISTS = ["ListOfStrings", "WatchlistList", "ArColumnInfo"]
MAPS = ["WindowMap", "ProductPreferenceMap"]
FIELDS = ["lastAccount", "exportType", "browser"]
KEYS = ["varName", "id", "key", "name", "colId"]
ATTRIBUTES = ["port", "readOnlyApi", "width", "title", "größe", "lastUsedTime"]
VALUES = [
    "",
    "true",
    "false",
    "7496",
    'a "b"',
    "a'b",
    "<&>",
    "a>b",
    "é€𝄞",
    "x\ny",
    "\t",
    " ",
    "]]>",
]


@dataclass(eq=False)
class Node:
    """An element before it is written. In a map, `children` alternates key and value."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    text: str = ""
    children: list[Node] = field(default_factory=list)
    holds_text: bool = False

    def all(self) -> Iterator[Node]:
        yield self
        for child in self.children:
            yield from child.all()

    def copy(self) -> Node:
        children = [child.copy() for child in self.children]
        return Node(self.tag, dict(self.attributes), self.text, children, self.holds_text)

    @property
    def is_map(self) -> bool:
        return self.tag in MAPS


def settings(chance: Random, *, marked: bool, named: bool = False) -> Node:
    """Settings of up to some thirty elements.

    Args:
        marked: gives each element a mark of its own, which says nothing to a merge.
        named: gives each element, save in maps, a name by which a merge knows it.
    """
    root = Node("Settings", {"mode": "TWS"})
    _fill(chance, root, 0)
    if marked:
        for number, node in enumerate(root.all()):
            if number and not _is_key(root, node):
                node.attributes["mark"] = f"base{number}"
                if named and not any(name in node.attributes for name in KEYS):
                    node.attributes["varName"] = node.attributes["mark"]
    return root


def _is_key(root: Node, node: Node) -> bool:
    return any(node in parent.children[::2] for parent in root.all() if parent.is_map)


def _fill(chance: Random, parent: Node, depth: int) -> None:
    for number in range(chance.randint(0, 4 - depth)):
        if parent.is_map:
            parent.children.append(key(chance, f"K{number}|{chance.randint(0, 99)}"))
        child = element(chance, f"n{number}")
        parent.children.append(child)
        if not child.holds_text:
            _fill(chance, child, depth + 1)


def key(chance: Random, name: str) -> Node:
    return Node("String", {}, name, holds_text=True)


def element(chance: Random, name: str) -> Node:
    """One element without children; a third of them have no name of their own."""
    kind = chance.random()
    if kind < 0.15:
        return Node(chance.choice(FIELDS) + name, {}, value(chance), holds_text=True)
    if kind < 0.3:
        return Node("String", {}, value(chance), holds_text=True)
    tag = chance.choice([*TAGS, *LISTS, *MAPS])
    own = {chance.choice(KEYS): name} if kind < 0.75 else {}
    for attribute in chance.sample(ATTRIBUTES, chance.randint(0, 3)):
        own[attribute] = value(chance)
    return Node(tag, own)


def value(chance: Random) -> str:
    return chance.choice(VALUES)


@dataclass
class Hand:
    """Somebody who changes settings in place, and leaves alone what is not theirs.

    Args:
        name: marks what it adds.
        owned: the marks that it may touch; None for anything.
        foreign: the marks below which it may not even add.
    """

    name: str
    chance: Random
    owned: set[str] | None = None
    foreign: set[str] = field(default_factory=set)
    added: int = 0

    def change(self, root: Node, times: int) -> None:
        for _time in range(times):
            node = self.chance.choice(list(root.all())[1:] or [root])
            if not _is_key(root, node):
                self.chance.choice([self._set, self._set, self._add, self._remove, self._mix])(node)

    def _may(self, node: Node) -> bool:
        mark = node.attributes.get("mark", "")
        return self.owned is None or mark.startswith(self.name) or mark in self.owned

    def _set(self, node: Node) -> None:
        if not self._may(node):
            return
        if node.holds_text:
            node.text = self.fresh()
        elif self.chance.random() < 0.3:
            node.attributes.pop(self.chance.choice(ATTRIBUTES), None)
        else:
            node.attributes[self.chance.choice(ATTRIBUTES)] = self.fresh()

    def fresh(self) -> str:
        """A value; where hands may touch the same, perhaps the other's too."""
        if self.owned is None and self.chance.random() < 0.3:
            return value(self.chance)
        self.added += 1
        return f"{value(self.chance)}{self.name}{self.added}"

    def _add(self, node: Node) -> None:
        if node.holds_text or node.attributes.get("mark") in self.foreign:
            return
        new = element(self.chance, f"{self.name}{self.added}")
        self.added += 1
        if self.owned is not None:
            new.attributes["mark"] = f"{self.name}{self.added}"
            if node.tag not in LISTS and not any(name in new.attributes for name in KEYS):
                new.attributes["id"] = new.attributes["mark"]
        if node.is_map:
            at = 2 * self.chance.randint(0, len(node.children) // 2)
            node.children[at:at] = [key(self.chance, self.fresh()), new]
        else:
            node.children.insert(self.chance.randint(0, len(node.children)), new)

    def _remove(self, node: Node) -> None:
        """Takes out one child, or one entry, and all below it."""
        if not node.children:
            return
        step = 2 if node.is_map else 1
        at = step * self.chance.randrange(len(node.children) // step)
        gone = [each for child in node.children[at : at + step] for each in child.all()]
        if all(self._may(each) or _no_mark(each) for each in gone):
            del node.children[at : at + step]

    def _mix(self, node: Node) -> None:
        if not self._may(node):
            return
        step = 2 if node.is_map else 1
        items = [node.children[at : at + step] for at in range(0, len(node.children), step)]
        self.chance.shuffle(items)
        node.children = [child for item in items for child in item]


def _no_mark(node: Node) -> bool:
    return "mark" not in node.attributes


@dataclass
class Writer:
    """Writes settings in a manner of its own: layout, quotes, entities, empty elements.

    Args:
        plain: as the program does, always the same.
    """

    chance: Random
    line: str = "\n"
    indent: str = "\t"
    remarks: float = 0.1
    declared: bool = True
    plain: bool = False

    def write(self, root: Node) -> bytes:
        head = (
            f'<?xml version="1.0" encoding="UTF-8"?>{self.line or chr(10)}' if self.declared else ""
        )
        return (head + self._element(root, 0) + self.line).encode()

    def _element(self, node: Node, depth: int) -> str:
        start = f"<{node.tag}{''.join(map(self._attribute, node.attributes.items()))}"
        if not node.children and not node.text and self._one_of(True, True, False):
            return f"{start}{self._one_of('', ' ')}/>"
        gap = self.line + self.indent * (depth + 1)
        inside = "".join(
            f"{gap}{self._remark(gap)}{self._element(child, depth + 1)}" for child in node.children
        )
        after = self.line + self.indent * depth if node.children else ""
        return f"{start}{self._one_of('', ' ')}>{self._text(node.text)}{inside}{after}</{node.tag}>"

    def _attribute(self, item: tuple[str, str]) -> str:
        name, text = item
        quote = self._one_of('"', '"', "'")
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace("\n", "&#10;")
        text = text.replace("\t", "&#9;").replace('"', "&quot;").replace("'", "&apos;")
        equals = self._one_of("=", " = ")
        return f"{self._one_of(' ', '  ', chr(10))}{name}{equals}{quote}{text}{quote}"

    def _text(self, text: str) -> str:
        if text and "]]>" not in text and self._one_of(False, False, True):
            return f"<![CDATA[{text}]]>"
        if text == "\n" or not text.strip():
            return "".join(f"&#{ord(letter)};" for letter in text)
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    def _remark(self, gap: str) -> str:
        if self.chance.random() >= self.remarks:
            return ""
        return self._one_of("<!-- a > b -->", "<?note <a/> ?>", "<!--<Window/>-->") + gap

    def _one_of(self, *choices: Choice) -> Choice:
        return choices[0] if self.plain else self.chance.choice(choices)


def writer(seed: int) -> Writer:
    """A manner of writing."""
    chance = Random(seed)
    line, indent = chance.choice([("\n", "\t"), ("\r\n", "\t"), ("\n", "    "), ("", "")])
    return Writer(chance, line, indent, chance.choice([0, 0.2]), declared=chance.random() < 0.8)
