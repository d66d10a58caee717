"""Makes the bytes of settings fit another person or another computer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from xml.sax.saxutils import escape

from deskside.foundation.errors import Refused
from deskside.foundation.text import _
from deskside.workspace.document import bound
from deskside.workspace.document.bound import DEFAULTS, BoundKind, Treatment
from deskside.workspace.document.pairing import entries
from deskside.workspace.document.personal_walk import (
    Chain,
    Spot,
    Tokens,
    chains,
    is_trusted_list,
    kind_at,
    numbered,
    spots,
    values,
)
from deskside.workspace.document.splice import Edit
from deskside.workspace.document.tree import Document, Element, parse
from deskside.workspace.document.words import raw_path


class Adapting:
    """One adaptation: the source, the target, and what somebody wants otherwise."""

    def __init__(
        self,
        source: Document,
        target: Document | None,
        mapping: dict[str, str],
        treatments: dict[str, Treatment],
    ) -> None:
        self.source = source
        self.target = target
        self.mapping = mapping
        self.treatments = treatments
        self.tokens = Tokens.of(source, mapping)
        self.own = Tokens.of(target) if target else Tokens((), ())
        self._spots = spots(target.root) if target else {}
        allowed = {*filter(None, mapping.values()), *self.own.all()}
        going = set(self._bound_tokens())
        self._gone = going - allowed
        self._replaced = {one for one in going if one in mapping or one not in allowed}
        self._any = bound.either([*self.tokens.all(), *allowed])

    def edits(self) -> list[Edit]:
        """What has to change in the bytes of the source."""
        found: list[Edit] = []
        waiting: list[tuple[Chain, Spot]] = [((self.source.root,), ())]
        while waiting:
            chain, spot = waiting.pop()
            if is_trusted_list(chain[-1]):
                found += self._trusted(chain, spot)
                continue
            found += self._element(chain, spot)
            left_out, edits = self._map_entries(chain[-1])
            found += edits
            waiting += [
                ((*chain, child), (*spot, key))
                for child, key in numbered(chain[-1].children)
                if child.start not in left_out
            ]
        return found

    def make_sure(self, result: bytes) -> None:
        """Read the result again, and look for what must not be in it.

        Raises:
            Refused: `settings-account-remains`; as `tree.parse`.
        """
        read = parse(result)
        pieces = [result.decode()]
        pieces += [value for c in chains(read.root) for _name, value in values(c[-1])]
        for piece in pieces:
            if any(found[0] in self._gone for found in self._any.finditer(piece)):
                raise _remains()

    def _bound_tokens(self) -> Iterator[str]:
        for kind, tokens in (
            (BoundKind.ACCOUNT, self.tokens.accounts),
            (BoundKind.USER_FOLDER, self.tokens.folders),
        ):
            if self._treatment(kind, "") is not Treatment.COPY:
                yield from tokens

    def _treatment(self, kind: BoundKind, raw: str) -> Treatment:
        return self.treatments.get(raw) or self.treatments.get(kind.value) or DEFAULTS[kind]

    def _element(self, chain: Chain, spot: Spot) -> Iterator[Edit]:
        element = chain[-1]
        if bound.has_place(element):
            yield from self._geometry(chain, spot)
        spans = None
        for name, value in values(element):
            new = self._value(chain, spot, name, value)
            if new == value:
                continue
            if name is None:
                if not element.children:
                    yield Edit(element.open_end, element.close_start, escape(new).encode())
                continue
            span = (spans := spans or self.source.attribute_spans(element))[name]
            if not new and kind_at(chain, name, value) in bound.DEFAULTED:
                yield Edit(span.start, span.end, b"")
            else:
                yield Edit(span.value, span.end, _quoted(new))

    def _value(self, chain: Chain, spot: Spot, name: str | None, value: str) -> str:
        """What takes the place of a value."""
        kind = kind_at(chain, name, value)
        new = value
        if kind and self._treatment(kind, raw_path(chain, name)) is not Treatment.COPY:
            mapped = self._mapped(value)
            new = mapped if mapped is not None else self._own_value(spot, name)
        if self._any.search(new):
            own = self._own_value(spot, name)
            new = self._without_tokens(new, own if own and self._is_token(value) else "")
        return new

    def _mapped(self, value: str) -> str | None:
        """A value whose whole, or whose beginning, somebody has mapped."""
        fitting = [old for old in self.mapping if old and value.startswith(old)]
        if not fitting:
            return None
        longest = max(fitting, key=len)
        return self.mapping[longest] + value[len(longest) :]

    def _is_token(self, value: str) -> bool:
        return value in self.tokens.accounts or value in self.tokens.folders

    def _without_tokens(self, value: str, own: str) -> str:
        """The value with numbers and folders of the source replaced, until none is left."""
        going = self._replaced
        for _round in range(len(value)):
            new = self._any.sub(partial(self._instead, going, own), value)
            if new == value:
                break
            value, going = new, self._gone
        return value

    def _instead(self, going: set[str], own: str, found: re.Match[str]) -> str:
        return self._for_token(found[0], own) if found[0] in going else found[0]

    def _for_token(self, token: str, own: str) -> str:
        if token in self.mapping:
            return self.mapping[token]
        if own:
            return own
        is_account = token in self.tokens.accounts
        alike = self.own.accounts if is_account else self.own.folders
        return alike[0] if len(alike) == 1 else ""

    def _own_value(self, spot: Spot, name: str | None) -> str:
        there = self._spots.get(spot)
        if there is None:
            return ""
        return there.text if name is None else there.attributes.get(name, "")

    def _geometry(self, chain: Chain, spot: Spot) -> Iterator[Edit]:
        if self._treatment(BoundKind.GEOMETRY, raw_path(chain)) is Treatment.COPY:
            return
        there = self._spots.get(spot)
        for name, span in self.source.attribute_spans(chain[-1]).items():
            if name not in bound.PLACE:
                continue
            own = there.attributes.get(name) if there else None
            if own is None:
                yield Edit(span.start, span.end, b"")
            elif own != chain[-1].attributes[name]:
                yield Edit(span.value, span.end, _quoted(own))

    def _trusted(self, chain: Chain, spot: Spot) -> Iterator[Edit]:
        """The target's own list, else this one without other computers."""
        held = chain[-1]
        there = self._spots.get(spot)
        far = [one for one in held.children if kind_at((*chain, one), None, one.text)]
        wanted = [
            one
            for one in far
            if self._treatment(BoundKind.TRUSTED, raw_path((*chain, one))) is Treatment.COPY
        ]
        if there is not None and self.target and not wanted and not self._all_mapped(far):
            yield Edit(held.start, held.end, self.target.source(there))
            return
        for one in far:
            mapped = self._mapped(one.text)
            if mapped is not None:
                yield Edit(one.open_end, one.close_start, escape(mapped).encode())
            elif one not in wanted:
                yield Edit(_before(self.source, one.start), one.end, b"")

    def _all_mapped(self, far: Sequence[Element]) -> bool:
        return bool(far) and all(self._mapped(one.text) is not None for one in far)

    def _map_entries(self, element: Element) -> tuple[set[int], list[Edit]]:
        """Entries of a `…Map` that belong to an account which goes: key and value go."""
        left_out: set[int] = set()
        edits = []
        for entry in entries(element):
            key = entry.key.text.strip()
            if key in self._gone and not self._for_token(key, ""):
                left_out |= {entry.key.start, entry.value.start}
                edits.append(Edit(_before(self.source, entry.start), entry.end, b""))
        return left_out, edits


def _before(document: Document, start: int) -> int:
    """Where the white space before an element begins."""
    at = start
    while at and document.content[at - 1 : at] in (b" ", b"\t", b"\r", b"\n"):
        at -= 1
    return at


def _quoted(value: str) -> bytes:
    entities = {'"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}
    return f'"{escape(value, entities)}"'.encode()


def _remains() -> Refused:
    return Refused(
        "settings-account-remains",
        _("An account number or a user's folder would remain in the settings."),
        hint=_(
            "It stands where no value is, as in a comment. Let the program write the file anew."
        ),
        article="2320",
    )
