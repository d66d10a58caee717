"""Lays the siblings that a merge keeps out below their element, moving as few bytes as it can."""

from __future__ import annotations

from dataclasses import dataclass

from deskside.workspace.document.merge_bytes import (
    emptied,
    layout_of,
    put_into_empty,
    stretch,
    without,
)
from deskside.workspace.document.merge_model import Side
from deskside.workspace.document.merge_siblings import Family, Sibling, Step
from deskside.workspace.document.splice import Edit
from deskside.workspace.document.tree import Document, Element


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the element whose children are laid out."""

    document: Document
    element: Element

    def befores(self, items: list[Step]) -> dict[Step, int]:
        """For each item where the layout before it begins."""
        return dict(
            zip(items, [self.element.open_end, *(item.end for item in items)], strict=False)
        )

    @property
    def last_layout(self) -> bytes:
        """What stands before the end tag."""
        last = self.element.children[-1].end if self.element.children else self.element.open_end
        return self.document.content[last : self.element.close_start]


def lay_out(versions: dict[Side, Version], family: Family) -> list[Edit]:
    """The edits of `mine` that give its element the remaining siblings in their order."""
    return _Layout(versions, family).edits()


class _Layout:
    def __init__(self, versions: dict[Side, Version], family: Family) -> None:
        self.versions = versions
        self.family = family
        self.order = family.order()
        self.mine = versions[Side.MINE]
        self._befores: dict[Side, dict[Step, int]] = {}

    def edits(self) -> list[Edit]:
        mine = self.mine
        if not mine.element.children:
            return self._filled()
        if not self.order:
            return [emptied(mine.document, mine.element)]
        here = [sibling for sibling in self.order if sibling.mine]
        everyone = [self.family.siblings[number] for number in self.family.mine]
        if here == [sibling for sibling in everyone if sibling.source]:
            return self._in_place(everyone)
        return [self._anew(everyone)]

    def _filled(self) -> list[Edit]:
        if not self.order:
            return []
        body = b"".join(map(self._written, self.order))
        layout = self.versions[Side.THEIRS].last_layout
        return [put_into_empty(self.mine.document, self.mine.element, body, layout)]

    def _in_place(self, everyone: list[Sibling]) -> list[Edit]:
        edits: list[Edit] = []
        at = self.mine.element.open_end
        for sibling in self.order:
            if sibling.mine is None:
                edits.append(Edit(at, at, self._written(sibling)))
            else:
                at = sibling.mine.end
                edits += self._changed(sibling)
        befores = self._before(Side.MINE)
        for sibling in everyone:
            if sibling.mine and sibling.source is None:
                edits.append(without(self.mine.document, befores[sibling.mine], sibling.mine))
        return edits

    def _changed(self, sibling: Sibling) -> list[Edit]:
        """The edits of a sibling that stays where it is."""
        if sibling.source is Side.MINE or sibling.mine is None:
            return sibling.edits
        return [Edit(sibling.mine.start, sibling.mine.end, self._bytes(sibling))]

    def _anew(self, everyone: list[Sibling]) -> Edit:
        """All siblings in another order."""
        content = self.mine.document.content
        befores = self._before(Side.MINE)
        remarks = b""
        for sibling in everyone:
            if sibling.mine and sibling.source is None:
                before = befores[sibling.mine]
                remarks += content[before : sibling.mine.start].rstrip(b" \t\r\n")
        body = b"".join(map(self._written, self.order))
        end = max(item.end for item in befores)
        return Edit(self.mine.element.open_end, end, remarks + body)

    def _written(self, sibling: Sibling) -> bytes:
        """A sibling with the layout before it."""
        side = Side.MINE if sibling.mine else Side.THEIRS
        item = sibling.of(side)
        assert item is not None
        gap = self.versions[side].document.content[self._before(side)[item] : item.start]
        if side is Side.THEIRS:
            base = self.versions[Side.BASE]
            gap = layout_of(gap, base.document.content) if b"<" in gap else gap
        return gap + self._bytes(sibling)

    def _bytes(self, sibling: Sibling) -> bytes:
        """A sibling as its source has it."""
        assert sibling.source is not None
        item = sibling.of(sibling.source)
        assert item is not None
        content = self.versions[sibling.source].document.content
        edits = sibling.edits if sibling.source is Side.MINE else []
        return stretch(content, item.start, item.end, edits)

    def _before(self, side: Side) -> dict[Step, int]:
        if side not in self._befores:
            numbers = self.family.mine if side is Side.MINE else self.family.theirs
            items = [self.family.siblings[number].of(side) for number in numbers]
            present = [item for item in items if item is not None]
            self._befores[side] = self.versions[side].befores(present)
        return self._befores[side]
