"""Which article is meant, learned from questions of people.

Beside each article lies what people ask who need it (`questions.<language>.txt`). From those
`learning` learns once, for each language, how much each trait of a question (`traits`) speaks for
each article and against the others; `articles/meaning.<language>.json.gz` keeps that. A question
is then weighed by all its traits at once, so that it need not share a telling word with the right
article, and words that two neighbours share do not decide between them.
"""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from deskside.knowledge.search.traits import runs, stems_and_pairs

STEP = 0.5
"""Weights are kept in whole steps of this size."""
NONE, MOST = ord("m"), 12
"""A weight is kept as a letter: `m` for none, the next one for one step, and so on, so that what
was learned is small and quickly read; and how many steps one can have at most."""

Question = tuple[str, Sequence[str]]
"""The number of the article that is meant, and the words of the question."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What was learned for one language.

    Attributes:
        language: the language's tag.
        numbers: the articles that may be meant.
        weights: for each trait, how much it speaks for each of them, as letters.
        learned_from: digest of the questions.
    """

    language: str
    numbers: tuple[str, ...]
    weights: dict[str, str]
    learned_from: str

    def chances(self, said: Sequence[str]) -> dict[str, float]:
        """How likely each article is meant, 0 to 1, all together 1; empty where no trait is known.

        Traits that were never seen make it less sure.
        """
        every = traits(said, self.language)
        known = [self.weights[trait] for trait in every if trait in self.weights]
        if not known:
            return {}
        scale = STEP / math.sqrt(len(every))
        together = [scale * sum(map(steps, letters)) for letters in zip(*known, strict=True)]
        return dict(zip(self.numbers, chances(together), strict=True))

    def write(self, file: Path) -> None:
        """Keep it; the same always gives the same bytes."""
        told: dict[str, Any] = {
            "language": self.language,
            "learned_from": self.learned_from,
            "numbers": self.numbers,
            "weights": dict(sorted(self.weights.items())),
        }
        text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
        file.write_bytes(gzip.compress(text.encode(), mtime=0))

    @classmethod
    def read(cls, file: Path) -> Meaning:
        """What `write` kept."""
        told = json.loads(gzip.decompress(file.read_bytes()))
        return cls(told["language"], tuple(told["numbers"]), told["weights"], told["learned_from"])


def traits(said: Sequence[str], language: str) -> frozenset[str]:
    """By what a question is known; runs of letters are told from words by a mark."""
    return frozenset([*stems_and_pairs(said, language), *(f"#{run}" for run in runs(said))])


def letter(weight: float) -> str:
    """A weight as it is kept."""
    return chr(NONE + max(-MOST, min(round(weight / STEP), MOST)))


def steps(kept: str) -> int:
    """The steps of a weight that was kept."""
    return ord(kept) - NONE


def chances(weights: Sequence[float]) -> list[float]:
    """Weights as chances that are 1 together (softmax)."""
    greatest = max(weights)
    powers = [math.exp(weight - greatest) for weight in weights]
    together = sum(powers)
    return [power / together for power in powers]


def digest(questions: Iterable[Question]) -> str:
    """What tells these questions from any others."""
    return sha256("\n".join(f"{n} {' '.join(said)}" for n, said in questions).encode()).hexdigest()
