"""What differs between two settings files: by element, attribute and entry, in words.

Elements whose bytes are the same are passed over, so that the work is in proportion to what
changed. Layout of the text is no difference; order and noise are left out, and counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from deskside.workspace.document.noise import is_bookkeeping, is_noise
from deskside.workspace.document.pairing import Entry, Pairing, entries, pair
from deskside.workspace.document.parts import part as part_named
from deskside.workspace.document.safety_rules import Rule, rule_of
from deskside.workspace.document.tree import Document, Element, parse
from deskside.workspace.document.words import attribute_label, described, path_of, raw_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from deskside.workspace.document.words import Path, Step


class ChangeKind(StrEnum):
    """What happened to an element or to an attribute."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference.

    Attributes:
        path: where, in the program's words, without the attribute.
        what: the attribute, as the file names it; None where the element or its text changed.
        label: the attribute in words; empty where there is none.
        old: value before, or a few words on what went; None where there was nothing.
        new: value after, or a few words on what came; None where there is nothing.
        raw: where, in the file's names.
        rule: why it is relevant to safety, if it is.
    """

    path: Path
    kind: ChangeKind
    what: str | None
    label: str
    old: str | None
    new: str | None
    raw: str
    rule: Rule | None = None

    @property
    def safety(self) -> bool:
        """Whether it bears on what may be traded, by whom, and how easily by mistake."""
        return self.rule is not None

    @property
    def loosens(self) -> bool:
        """Whether it takes protection away."""
        return self.rule is not None and self.rule.loosens(self.old, self.new)

    @property
    def where(self) -> Path:
        """The path with the attribute at its end."""
        return (*self.path, self.label) if self.label else self.path

    def as_json(self) -> dict[str, Any]:
        """The change as `settings diff --json` prints it."""
        shown = {
            "path": list(self.path),
            "kind": self.kind.value,
            "what": self.what,
            "label": self.label,
            "old": self.old,
            "new": self.new,
            "raw": self.raw,
            "safety": self.safety,
        }
        if self.rule:
            shown |= {"code": self.rule.code, "why": self.rule.reason, "loosens": self.loosens}
        return shown


@dataclass(frozen=True, slots=True)
class Difference:
    """All that differs.

    Attributes:
        changes: in the order of the newer file, what went before what came.
        hidden: how many more there are that are only order or noise.
    """

    changes: tuple[Change, ...]
    hidden: int

    @property
    def safety(self) -> tuple[Change, ...]:
        """Those that bear on safety, what takes protection away first."""
        return tuple(
            sorted((one for one in self.changes if one.safety), key=lambda one: not one.loosens)
        )

    def as_json(self) -> dict[str, Any]:
        """The difference as `settings diff --json` prints it."""
        return {
            "changes": [one.as_json() for one in self.changes],
            "hidden": self.hidden,
            "safety": [one.as_json() for one in self.safety],
        }


def difference(
    old: bytes, new: bytes, *, everything: bool = False, part: str | None = None
) -> Difference:
    """What differs between two settings files.

    Args:
        everything: also order and noise, which are only counted otherwise.
        part: only what belongs to this part of the settings.

    Raises:
        NotFound: `no-such-part`.
        Refused: `settings-opaque` where the program has encrypted one of them; what
            `tree.parse` refuses.
    """
    holds = part_named(part).holds if part else None
    walk = _Walk(parse(old), parse(new), holds, everything=everything)
    walk.element(walk.old.root, walk.new.root)
    return Difference(tuple(walk.changes), walk.hidden)


class _Walk:
    """Both trees at once, from the root down; `chain` is where it stands."""

    def __init__(
        self,
        old: Document,
        new: Document,
        holds: Callable[[Element], bool] | None,
        *,
        everything: bool,
    ) -> None:
        self.old = old
        self.new = new
        self.everything = everything
        self._holds = holds
        self.changes: list[Change] = []
        self.hidden = 0
        self._chain: list[Step] = []
        self._noisy = 0

    def element(self, left: Element, right: Element) -> None:
        """Compare two elements that are the same one."""
        if self.old.source(left) == self.new.source(right):
            return
        noisy = is_noise(right) or (len(self._chain) == 1 and is_bookkeeping(right))
        self._chain.append(right)
        self._noisy += noisy
        self._attributes(left, right)
        if left.text != right.text:
            self._add(ChangeKind.CHANGED, right, None, left.text, right.text)
        self._children(left, right)
        self._noisy -= noisy
        self._chain.pop()

    def _attributes(self, left: Element, right: Element) -> None:
        before, after = left.attributes, right.attributes
        if before == after or (self._holds and len(self._chain) == 1):
            return
        for name in [*(n for n in before if n not in after), *after]:
            old, new = before.get(name), after.get(name)
            if old != new:
                self._add(_kind(old, new), right, name, old, new)

    def _children(self, left: Element, right: Element) -> None:
        if not left.children and not right.children:
            return
        paired = self._paired(left, right)
        for gone in paired.left_only:
            self._whole(ChangeKind.REMOVED, gone)
        for one, other in paired.matched:
            self._matched(one, other)
        for come in paired.right_only:
            self._whole(ChangeKind.ADDED, come)
        for _one, other in paired.moved:
            self._moved(other)

    def _paired(self, left: Element, right: Element) -> Pairing[Any]:
        if self._holds and len(self._chain) == 1:
            sections = [list(filter(self._holds, one.children)) for one in (left, right)]
            return pair(*sections)
        old, new = entries(left), entries(right)
        if (old or not left.children) and (new or not right.children):
            return pair(old, new)
        return pair(left.children, right.children)

    def _matched(self, one: Step, other: Step) -> None:
        if isinstance(one, Entry) and isinstance(other, Entry):
            self._chain.append(other)
            self.element(one.value, other.value)
            self._chain.pop()
        elif isinstance(one, Element) and isinstance(other, Element):
            self.element(one, other)

    def _whole(self, kind: ChangeKind, step: Step) -> None:
        """An element that is in one of the files only."""
        element = step.value if isinstance(step, Entry) else step
        if element.tag == "ApiSettings" and len(self._chain) == 1:
            self._switches(kind, element)
        shown = described(step.key if isinstance(step, Entry) else step)
        old, new = (shown, None) if kind is ChangeKind.REMOVED else (None, shown)
        self._chain.append(step)
        self._add(kind, element, None, old, new)
        self._chain.pop()

    def _switches(self, kind: ChangeKind, section: Element) -> None:
        """A section that matters came or went as a whole: say what it holds, one by one."""
        self._chain.append(section)
        for name, value in section.attributes.items():
            old, new = (value, None) if kind is ChangeKind.REMOVED else (None, value)
            if name != "varName":
                self._add(kind, section, name, old, new)
        self._chain.pop()

    def _moved(self, step: Step) -> None:
        self._chain.append(step)
        self._add(ChangeKind.MOVED, None, None, None, None)
        self._chain.pop()

    def _add(
        self,
        kind: ChangeKind,
        element: Element | None,
        attribute: str | None,
        old: str | None,
        new: str | None,
    ) -> None:
        noise = self._noisy or element is None or is_noise(element, attribute)
        if noise and not self.everything:
            self.hidden += 1
            return
        chain = [step for step in self._chain if isinstance(step, Element)]
        self.changes.append(
            Change(
                path=path_of(self._chain),
                kind=kind,
                what=attribute,
                label=attribute_label(element, attribute) if element and attribute else "",
                old=old,
                new=new,
                raw=raw_path(self._chain, attribute),
                rule=None if noise else rule_of(chain, attribute),
            )
        )


def _kind(old: str | None, new: str | None) -> ChangeKind:
    if old is None:
        return ChangeKind.ADDED
    return ChangeKind.REMOVED if new is None else ChangeKind.CHANGED
