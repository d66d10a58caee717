"""Learning which article is meant: regression over all articles at once (softmax), by steps that
shrink for each weight as it is used (AdaGrad: Duchi, Hazan and Singer, 2011). Pure."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Sequence

from deskside.knowledge.search.meaning import Meaning, Question, chances, digest, letter, traits

ROUNDS, RATE = 6, 0.3
FEWEST = 2
"""Questions that must have a trait; what only one has tells of that one."""
SMALLEST = 0.01
"""Errors below this are let be: most articles are out of the question soon."""


def learn(questions: Sequence[Question], language: str) -> Meaning:
    """What questions teach; the same ones always the same."""
    seen = [(number, traits(said, language)) for number, said in questions]
    often = Counter(trait for _number, every in seen for trait in every)
    numbers = sorted({number for number, _every in seen})
    weights = {trait: [0.0] * len(numbers) for trait in sorted(often) if often[trait] >= FEWEST}
    _regress(
        [
            (
                numbers.index(number),
                [trait for trait in sorted(every) if trait in weights],
                1 / math.sqrt(len(every)),
            )
            for number, every in seen
            if every
        ],
        weights,
    )
    kept = {trait: "".join(map(letter, row)) for trait, row in weights.items()}
    return Meaning(language, tuple(numbers), kept, digest(questions))


def _regress(examples: list[tuple[int, list[str], float]], weights: dict[str, list[float]]) -> None:
    """Fit the weights to examples: the right article, traits, and what each trait counts."""
    used = {trait: [1e-6] * len(row) for trait, row in weights.items()}
    order = random.Random(0)  # noqa: S311 - an order, no secret
    for _round in range(ROUNDS):
        order.shuffle(examples)
        for right, known, counts in examples:
            if not known:
                continue
            said = chances(
                [counts * sum(one) for one in zip(*map(weights.__getitem__, known), strict=True)]
            )
            errors = [(at, chance - (at == right)) for at, chance in enumerate(said)]
            wrong = [(at, counts * error) for at, error in errors if abs(error) > SMALLEST]
            for trait in known:
                row, use = weights[trait], used[trait]
                for at, slope in wrong:
                    use[at] += slope * slope
                    row[at] -= RATE * slope / math.sqrt(use[at])
