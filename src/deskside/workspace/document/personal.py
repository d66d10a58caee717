"""Settings for another person or another computer: what is bound to the old one stays behind.

Everything bound is listed with what would become of it; nothing bound is copied unless somebody
said so. The result is read again, and no account number of the source may be anywhere in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deskside.workspace.document import bound
from deskside.workspace.document.bound import DEFAULTS, BoundKind, Treatment
from deskside.workspace.document.personal_adapting import Adapting
from deskside.workspace.document.personal_walk import Chain, Tokens, chains, kind_at, values
from deskside.workspace.document.splice import splice
from deskside.workspace.document.tree import parse
from deskside.workspace.document.words import attribute_label, path_of, raw_path, shown

if TYPE_CHECKING:
    from deskside.workspace.document.words import Path

MASKED = "••••••"


@dataclass(frozen=True, slots=True)
class BoundItem:
    """Something that is bound to a person or a computer.

    Attributes:
        where: in the program's words.
        raw: where, in the file's names; `adapt` takes it to treat this item apart.
        value: as it may be shown; secrets never are.
        treatment: what becomes of it unless somebody says otherwise.
    """

    kind: BoundKind
    where: Path
    raw: str
    value: str
    treatment: Treatment

    def as_json(self) -> dict[str, Any]:
        """The item as JSON shows it."""
        return {
            "kind": self.kind.value,
            "where": list(self.where),
            "raw": self.raw,
            "value": self.value,
            "treatment": self.treatment.value,
        }


def bound_items(content: bytes) -> tuple[BoundItem, ...]:
    """All that is bound to a person or a computer, in the file's order.

    Raises:
        Refused: as `tree.parse`.
    """
    document = parse(content)
    tokens = Tokens.of(document)
    return tuple(item for chain in chains(document.root) for item in _items(chain, tokens))


def adapt(
    content: bytes,
    target: bytes | None,
    mapping: Mapping[str, str] | None = None,
    treatments: Mapping[str, Treatment] | None = None,
) -> bytes:
    """Settings with what is bound replaced by the target's own, or left out.

    Args:
        target: the settings of the person or computer that they are for; None where there are
            none yet.
        mapping: what takes the place of an account number, a user's folder, an address or the
            beginning of a path. It wins over everything else.
        treatments: by kind, or by `BoundItem.raw`, where it is not the default.

    Raises:
        Refused: `settings-account-remains` where a number stands outside of any value, as in a
            comment; as `tree.parse`.
    """
    work = Adapting(
        parse(content),
        parse(target) if target is not None else None,
        dict(mapping or {}),
        dict(treatments or {}),
    )
    result = splice(content, work.edits())
    work.make_sure(result)
    return result


def _items(chain: Chain, tokens: Tokens) -> Iterator[BoundItem]:
    element = chain[-1]
    if bound.has_place(element):
        place = " ".join(f"{n}={element.attributes.get(n, '')}" for n in bound.PLACE)
        yield _item(chain, None, BoundKind.GEOMETRY, place)
    for name, value in values(element):
        kind = kind_at(chain, name, value)
        if kind:
            yield _item(chain, name, kind, value)
        if kind is not BoundKind.SECRET:
            for token_kind, token in tokens.kinds_in(value):
                yield _item(chain, name, token_kind, token)


def _item(chain: Chain, name: str | None, kind: BoundKind, value: str) -> BoundItem:
    label = (attribute_label(chain[-1], name),) if name else ()
    return BoundItem(
        kind=kind,
        where=path_of(chain) + label,
        raw=raw_path(chain, name),
        value=MASKED if kind is BoundKind.SECRET else shown(value),
        treatment=DEFAULTS[kind],
    )
