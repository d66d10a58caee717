"""Walks settings for what is bound to a person or a computer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from deskside.workspace.document import bound
from deskside.workspace.document.bound import BoundKind
from deskside.workspace.document.pairing import Key, key_of
from deskside.workspace.document.tree import Document, Element

Chain = tuple[Element, ...]
"""An element, and before it those around it from the root down."""

Spot = tuple[tuple[Key, int], ...]
"""Where an element is, by what it and those around it are known by."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Account numbers and users' folders of a file, wherever they stand in it."""

    accounts: tuple[str, ...]
    folders: tuple[str, ...]

    @classmethod
    def of(cls, document: Document, named: Iterable[str] = ()) -> Tokens:
        """Those of a file, and those that somebody has named."""
        accounts = dict.fromkeys(one for one in named if bound.is_account(one))
        folders = dict.fromkeys(one for one in named if bound.is_folder(one))
        for chain in chains(document.root):
            for name, value in values(chain[-1]):
                accounts |= dict.fromkeys(bound.accounts_in(_name(chain, name), value))
                folders |= dict.fromkeys(bound.folders_in(value))
        return cls(tuple(accounts), tuple(folders))

    def all(self) -> tuple[str, ...]:
        """Both."""
        return self.accounts + self.folders

    def kinds_in(self, value: str) -> list[tuple[BoundKind, str]]:
        """Each token that a value holds, once."""
        found = [(BoundKind.ACCOUNT, one) for one in self.accounts if one in value]
        return found + [(BoundKind.USER_FOLDER, one) for one in self.folders if one in value]


def chains(root: Element) -> Iterator[Chain]:
    """Every element, in the file's order."""
    waiting: list[Chain] = [(root,)]
    while waiting:
        chain = waiting.pop()
        yield chain
        waiting.extend((*chain, child) for child in reversed(chain[-1].children))


def values(element: Element) -> list[tuple[str | None, str]]:
    """Attributes by name, and the text, which has none."""
    found: list[tuple[str | None, str]] = list(element.attributes.items())
    return [*found, (None, element.text)] if element.text else found


def kind_at(chain: Chain, name: str | None, value: str) -> BoundKind | None:
    """What the value of an attribute, or of a text, is bound by as a whole."""
    if name is None and len(chain) > 1 and is_trusted_list(chain[-2]):
        return BoundKind.TRUSTED if value.strip() and not bound.is_loopback(value) else None
    return bound.kind_of(chain[-1], _name(chain, name), value)


def is_trusted_list(element: Element) -> bool:
    """Whether it holds the addresses that the API trusts."""
    return element.attributes.get("varName") == bound.TRUSTED_LIST


def spots(root: Element) -> dict[Spot, Element]:
    """Every element of a file by where it is."""
    found: dict[Spot, Element] = {}
    waiting: list[tuple[Element, Spot]] = [(root, ())]
    while waiting:
        element, spot = waiting.pop()
        found[spot] = element
        waiting += [(child, (*spot, key)) for child, key in numbered(element.children)]
    return found


def numbered(children: Sequence[Element]) -> Iterator[tuple[Element, tuple[Key, int]]]:
    """Children with what they are known by, and which of several alike they are."""
    seen: Counter[Key] = Counter()
    for child in children:
        key = key_of(child)
        yield child, (key, seen[key])
        seen[key] += 1


def _name(chain: Chain, name: str | None) -> str:
    return name or bound.name_of_text(chain[-1], chain[-2] if len(chain) > 1 else None)
