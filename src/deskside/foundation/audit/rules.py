"""What tampering looks like: rows and signed heads against the rule of the chain. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from deskside.foundation.audit.model import GENESIS, Head, Sealed, digest, link, moment

SUSPECTS = 200
"""Broken rows that are looked at to tell reordering from removal."""

Evidence = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is not as it was sealed.

    Attributes:
        code: `audit-row-edited`, `audit-rows-missing`, `audit-rows-reordered`,
            `audit-chain-broken`, `audit-end-cut`, `audit-rewritten`, `audit-head-missing`,
            `audit-head-removed`, `audit-head-forged` or `audit-signer-unknown`.
        position: where in the chain.
        evidence: row ids, positions, times.
    """

    code: str
    position: int
    evidence: Evidence = field(default_factory=dict)


@dataclass(slots=True)
class Walk:
    """What going along the chain has shown so far."""

    wanted: frozenset[int]
    last: int = 0
    flaws: list[Flaw] = field(default_factory=list)
    links: dict[int, bytes] = field(default_factory=dict)
    suspects: list[tuple[Sealed, Sealed | None]] = field(default_factory=list)


def examine(
    rows: Iterable[Sealed],
    stored: Sequence[Head],
    apart: Sequence[Head],
    vouched: Callable[[Head], str | None],
) -> tuple[int, list[Flaw]]:
    """Everything that is wrong with a chain, and the position of its end.

    Args:
        rows: the sealed rows in the order of their positions.
        stored: the heads kept in the database.
        apart: the heads kept apart from it.
        vouched: what is wrong with a head's signature: a code, or None where it is good.
    """
    heads = _distinct([*stored, *apart])
    walk = Walk(frozenset(head.position for head in heads))
    previous: Sealed | None = None
    for row in rows:
        _step(walk, previous, row)
        previous = row
    walk.flaws += _sorted_out(walk.suspects)
    flaws = [*walk.flaws, *_heads(walk, heads, vouched), *_removed(stored, apart)]
    if walk.last > max((head.position for head in heads), default=0):
        flaws.append(Flaw("audit-head-missing", walk.last))
    return walk.last, sorted(flaws, key=lambda flaw: flaw.position)


def _step(walk: Walk, previous: Sealed | None, row: Sealed) -> None:
    """Hold one row against the one before it."""
    expected = (previous.position if previous else 0) + 1
    before = previous.link if previous else GENESIS
    if digest(row.row) != row.digest:
        walk.flaws.append(Flaw("audit-row-edited", row.position, {"row": row.row.id}))
    if row.position != expected:
        gap: Evidence = {"first": expected, "last": row.position - 1, "before": row.row.id}
        walk.flaws.append(Flaw("audit-rows-missing", expected, gap))
    elif link(before, row.digest) != row.link and len(walk.suspects) < SUSPECTS:
        walk.suspects.append((row, previous))
    if row.position in walk.wanted:
        walk.links[row.position] = row.link
    walk.last = row.position


def _sorted_out(suspects: Sequence[tuple[Sealed, Sealed | None]]) -> Iterator[Flaw]:
    """Of rows that don't follow the one before them: which have only changed places?"""
    near = {GENESIS: ""}
    for row, previous in suspects:
        near[row.link] = row.row.id
        if previous:
            near[previous.link] = previous.row.id
    for row, _previous in suspects:
        home = next((name for at, name in near.items() if link(at, row.digest) == row.link), None)
        found = {"row": row.row.id}
        if home is None:
            yield Flaw("audit-chain-broken", row.position, found)
        else:
            yield Flaw("audit-rows-reordered", row.position, {**found, "belongs_after": home})


def _heads(
    walk: Walk, heads: Sequence[Head], vouched: Callable[[Head], str | None]
) -> Iterator[Flaw]:
    """Hold the chain against its signed heads."""
    sound = {0}
    for head in heads:
        evidence = {"signed": moment(head.at), "key": head.public_key[:16]}
        if problem := vouched(head):
            yield Flaw(problem, head.position, evidence)
        elif head.position > walk.last:
            yield Flaw("audit-end-cut", walk.last + 1, {**evidence, "last": head.position})
            return
        elif walk.links.get(head.position) == head.link:
            sound.add(head.position)
        else:
            after = max(position for position in sound if position < head.position)
            yield Flaw("audit-rewritten", head.position, {**evidence, "after": after})


def _removed(stored: Sequence[Head], apart: Sequence[Head]) -> Iterator[Flaw]:
    """Heads that were kept apart and are gone from the database."""
    known = {head.signature for head in stored}
    for head in apart:
        if head.signature not in known:
            yield Flaw("audit-head-removed", head.position, {"signed": moment(head.at)})


def _distinct(heads: Sequence[Head]) -> list[Head]:
    by_content = {
        (head.position, head.link, head.public_key, head.signature): head for head in heads
    }
    return sorted(by_content.values(), key=lambda head: head.position)
