"""In which order siblings stand when two sides moved, added and removed some of them.

What neither side moved rests and keeps its place. What a side moved or added follows the same
resting neighbour as on that side. Nothing is a conflict, nothing is left out, and exchanging the
sides gives the same order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from deskside.workspace.document.pairing import longest_rising

Rank = Callable[[int], Any]
"""What decides between two runs of siblings put at one place; the same for both sides."""


def merged_order(
    base: Sequence[int], mine: Sequence[int], theirs: Sequence[int], rank: Rank
) -> list[int]:
    """The numbers of all siblings in their new order.

    Args:
        base, mine, theirs: the numbers of those siblings that remain, as each version orders
            those which it has.
    """
    places = {number: place for place, number in enumerate(base)}
    wandering = _moved(mine, places) | _moved(theirs, places)
    resting = {number: place for number, place in places.items() if number not in wandering}
    of_mine, of_theirs = _slots(mine, places, resting), _slots(theirs, places, resting)
    first, second = _runs(of_mine, of_theirs), _runs(of_theirs, of_mine)
    ordered = _together(first[-1], second[-1], rank)
    for number, place in resting.items():
        ordered.append(number)
        ordered += _together(first[place], second[place], rank)
    return ordered


def _moved(side: Sequence[int], places: dict[int, int]) -> set[int]:
    """Those of the base that a side took out of their order; the fewest possible."""
    known = [number for number in side if number in places]
    rising = longest_rising([places[number] for number in known])
    return {number for at, number in enumerate(known) if at not in rising}


def _slots(side: Sequence[int], places: dict[int, int], resting: dict[int, int]) -> dict[int, int]:
    """Behind which resting place a side has put what it moved or added; −1 is the front."""
    moved = _moved(side, places)
    slots = {}
    slot = -1
    for number in side:
        if number in resting:
            slot = resting[number]
        elif number not in places or number in moved:
            slots[number] = slot
    return slots


def _runs(own: dict[int, int], other: dict[int, int]) -> dict[int, list[int]]:
    """What one side puts behind each resting place; of two wishes for a sibling, the first."""
    runs: dict[int, list[int]] = defaultdict(list)
    for number, slot in own.items():
        if slot <= other.get(number, slot):
            runs[slot].append(number)
    return runs


def _together(one: list[int], other: list[int], rank: Rank) -> list[int]:
    """Two runs at one place, without doubling what both have."""
    if not one or not other:
        return [*one, *other]
    ours, others = set(one), set(other)
    shared = [number for number in one if number in others]
    if shared != [number for number in other if number in ours]:
        first, second = sorted((one, other), key=lambda run: [rank(number) for number in run])
        known = set(first)
        return [*first, *(number for number in second if number not in known)]
    ordered: list[int] = []
    pieces = zip(_split(one, shared), _split(other, shared), [*shared, None], strict=True)
    for left, right, then in pieces:
        for run in sorted((left, right), key=lambda run: [rank(number) for number in run]):
            ordered += run
        ordered += [] if then is None else [then]
    return ordered


def _split(run: list[int], at: list[int]) -> list[list[int]]:
    """The run in pieces between the numbers of `at`, which are left out."""
    marks = set(at)
    pieces: list[list[int]] = [[]]
    for number in run:
        if number in marks:
            pieces.append([])
        else:
            pieces[-1].append(number)
    return pieces
