"""Goes through three trees at once and decides about everything that differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b

from deskside.workspace.document import merge_bytes
from deskside.workspace.document.merge_layout import Version, lay_out
from deskside.workspace.document.merge_model import Clash, Conflict, Doing, Side, Touched
from deskside.workspace.document.merge_siblings import Sibling, Step, family
from deskside.workspace.document.noise import is_bookkeeping, is_noise
from deskside.workspace.document.pairing import Entry
from deskside.workspace.document.splice import Edit
from deskside.workspace.document.tree import Document, Element
from deskside.workspace.document.words import (
    attribute_label,
    described,
    path_of,
    raw_path,
    shown,
)


class Walk:
    """Finds conflicts, and the edits that bring into `mine` what `theirs` changed."""

    def __init__(
        self, base: Document, mine: Document, theirs: Document, choices: Mapping[str, Side]
    ) -> None:
        self.base = base
        self.mine = mine
        self.theirs = theirs
        self.conflicts: list[Conflict] = []
        self.taken: list[Touched] = []
        self._documents = {Side.BASE: base, Side.MINE: mine, Side.THEIRS: theirs}
        self._choices = choices
        self._chain: list[Step] = []
        self._steps: list[str] = []
        self._noisy = 0
        self._meanings: dict[Element, bytes] = {}

    def element(self, base: Element, mine: Element, theirs: Element) -> list[Edit]:
        """The edits of `mine` for an element that all three have."""
        own, other = self.mine.source(mine), self.theirs.source(theirs)
        was = self.base.source(base)
        self._chain.append(mine)
        edits: list[Edit] = []
        if other == was:
            if own != was:
                self._take(Side.MINE, Doing.CHANGED)
        elif own == was:
            self._take(Side.THEIRS, Doing.CHANGED)
            edits = [Edit(mine.start, mine.end, other)]
        elif own != other:
            edits = self._both_touched(base, mine, theirs)
        self._chain.pop()
        return edits

    def _both_touched(self, base: Element, mine: Element, theirs: Element) -> list[Edit]:
        noisy = is_noise(mine) or (len(self._chain) == 2 and is_bookkeeping(mine))
        self._noisy += noisy
        edits = self._attributes(base, mine, theirs)
        versions = (base, mine, theirs)
        siblings = family(*versions)
        if siblings is None or any(element.text for element in versions):
            edits += self._insides(base, mine, theirs)
        else:
            for sibling in siblings.siblings:
                self._settle(sibling)
            named = zip((Side.BASE, Side.MINE, Side.THEIRS), versions, strict=True)
            laid = {side: Version(self._documents[side], element) for side, element in named}
            edits += lay_out(laid, siblings)
        self._noisy -= noisy
        return edits

    def _attributes(self, base: Element, mine: Element, theirs: Element) -> list[Edit]:
        edits: list[Edit] = []
        for name in {**mine.attributes, **theirs.attributes, **base.attributes}:
            values = [element.attributes.get(name) for element in (base, mine, theirs)]
            source = self._whose(*values)
            if source is None:
                source = self._disputed_attribute(mine, name, values)
            elif values[1] != values[2] and not self._is_noise(mine, name):
                self._take(source, Doing.CHANGED, name)
            if source is not Side.MINE:
                other = base if source is Side.BASE else theirs
                edits += merge_bytes.set_attribute(
                    self.mine, mine, name, self._documents[source], other
                )
        return edits

    def _disputed_attribute(self, element: Element, name: str, values: list[str | None]) -> Side:
        if self._is_noise(element, name):
            return Side.MINE
        words = [None if value is None else shown(value) for value in values]
        return self._conflict(Clash.ATTRIBUTE, words, name)

    def _insides(self, base: Element, mine: Element, theirs: Element) -> list[Edit]:
        """The edits for what stands between the tags, taken or left as a whole."""
        versions = (base, mine, theirs)
        insides = [(e.text, [child.digest for child in e.children]) for e in versions]
        source = self._whose(*insides)
        if source is None:
            words = [shown(" ".join(_texts(element))) for element in versions]
            quiet = self._is_noise(mine)
            source = Side.MINE if quiet else self._conflict(Clash.CONTENT, words)
        elif insides[1] != insides[2] and not self._is_noise(mine):
            self._take(source, Doing.CHANGED)
        if source is Side.MINE:
            return []
        other = base if source is Side.BASE else theirs
        return merge_bytes.set_inside(mine, self._documents[source], other)

    def _settle(self, sibling: Sibling) -> None:
        """Decides whether the result has a sibling, and as which version has it."""
        base, mine, theirs = sibling.base, sibling.mine, sibling.theirs
        self._steps.append(sibling.step)
        if mine and theirs:
            self._in_both(sibling, base, mine, theirs)
        elif base is None:
            sibling.source = Side.MINE if mine else Side.THEIRS
            self._take(sibling.source, Doing.ADDED, below=sibling.any)
        elif mine or theirs:
            self._removed(sibling, base, Side.MINE if mine else Side.THEIRS)
        else:
            sibling.source = None
        self._steps.pop()

    def _in_both(self, sibling: Sibling, base: Step | None, mine: Step, theirs: Step) -> None:
        if isinstance(base, Element) and isinstance(mine, Element) and isinstance(theirs, Element):
            sibling.edits = self.element(base, mine, theirs)
        elif (
            isinstance(base, Entry) and isinstance(mine, Entry) and isinstance(theirs, Entry)
            and base.value.tag == mine.value.tag == theirs.value.tag
        ):  # fmt: skip
            self._chain.append(mine)
            sibling.edits = self.element(base.value, mine.value, theirs.value)
            self._chain.pop()
        else:
            self._as_a_whole(sibling, base, mine, theirs)

    def _as_a_whole(self, sibling: Sibling, base: Step | None, mine: Step, theirs: Step) -> None:
        """What both sides added, or gave a value of another kind."""
        was = self._meaning(base) if base else None
        source = self._whose(was, self._meaning(mine), self._meaning(theirs))
        if source is None:
            source = Side.MINE if self._noisy else self._disputed(sibling, Clash.ADDED)
        elif base:
            self._take(source, Doing.CHANGED, below=mine)
        sibling.source = source if sibling.of(source) else None

    def _removed(self, sibling: Sibling, base: Step, keeper: Side) -> None:
        """What one side removed and the other, the keeper, still has."""
        remover = Side.THEIRS if keeper is Side.MINE else Side.MINE
        kept = sibling.any
        if self._meaning(kept) == self._meaning(base):
            sibling.source = None
            self._take(remover, Doing.REMOVED, below=kept)
        elif self._noisy:
            sibling.source = keeper
        else:
            source = self._disputed(sibling, Clash.REMOVED)
            sibling.source = None if source is remover else source

    def _disputed(self, sibling: Sibling, clash: Clash) -> Side:
        """Asks about a sibling as a whole."""
        self._chain.append(sibling.any)
        words = [
            None if step is None else _described(step)
            for step in (sibling.base, sibling.mine, sibling.theirs)
        ]
        source = self._conflict(clash, words)
        self._chain.pop()
        return source

    def _conflict(
        self, clash: Clash, words: Sequence[str | None], attribute: str | None = None
    ) -> Side:
        """Notes a conflict; returns whose version to take, `mine` for as long as it is open."""
        name = "\0".join([*self._steps, clash, attribute or ""])
        number = blake2b(name.encode(), digest_size=6).hexdigest()
        chosen = self._choices.get(number)
        last = self._chain[-1]
        element = last.value if isinstance(last, Entry) else last
        self.conflicts.append(
            Conflict(
                id=number,
                path=path_of(self._chain),
                clash=clash,
                what=attribute,
                label=attribute_label(element, attribute) if attribute else "",
                raw=raw_path(self._chain, attribute),
                base=words[0],
                mine=words[1],
                theirs=words[2],
                chosen=chosen,
            )
        )
        return chosen or Side.MINE

    def _take(
        self, side: Side, doing: Doing, attribute: str | None = None, below: Step | None = None
    ) -> None:
        """Notes what one side alone touched."""
        if not self._noisy:
            chain = [*self._chain, below] if below else self._chain
            path, raw = path_of(chain), raw_path(chain, attribute)
            self.taken.append(Touched(side, doing, path, attribute, raw))

    def _is_noise(self, element: Element, attribute: str | None = None) -> bool:
        return bool(self._noisy) or is_noise(element, attribute)

    def _whose(self, base: object, mine: object, theirs: object) -> Side | None:
        """Whose value the result has; None where both changed it, and differently."""
        if theirs in (base, mine):
            return Side.MINE
        return Side.THEIRS if mine == base else None

    def _meaning(self, step: Step) -> bytes:
        """Equal for what differs in noise and layout only."""
        if isinstance(step, Entry):
            return step.key.digest + self._meaning(step.value)
        if step not in self._meanings:
            self._meanings[step] = self._weighed(step)
        return self._meanings[step]

    def _weighed(self, element: Element) -> bytes:
        own = [element.tag]
        if not is_noise(element):
            own.append(element.text)
            for name in sorted(element.attributes):
                if not is_noise(element, name):
                    own += name, element.attributes[name]
        total = blake2b("\0".join(own).encode(), digest_size=16)
        for child in element.children:
            total.update(self._meaning(child))
        return total.digest()


def _described(step: Step) -> str:
    return described(step.key if isinstance(step, Entry) else step)


def _texts(element: Element) -> list[str]:
    """All texts in an element, to show what it holds."""
    found = [element.text] if element.text else []
    for child in element.children:
        found += _texts(child)
    return found
