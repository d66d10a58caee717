"""How likely a text is to be asked for in some words, all of which it holds.

Whoever looks for a text picks some words out of it: any one of its words, or rather one of its
title. So the fewer different words a text has, and the fewer its title has, the likelier each of
them is picked. How often a text repeats a word tells nothing here, and how rare a word is neither:
all that are compared hold it. An unfinished word counts as one, however many words of a text it
begins.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

from deskside.knowledge.search.held import Held
from deskside.knowledge.search.question import Term

FROM_TITLE = 0.3
"""How often a word is picked out of the title."""
COUNTS = 0.15
"""What a likelihood counts beside the other weights of a text: a power."""
BY_STEM = -0.25
"""What is added to a logarithm for each word that a text holds in another form only."""


def likelihoods(
    terms: Sequence[Term], texts: Mapping[int, Held], common: frozenset[str]
) -> dict[int, float]:
    """The logarithm of each text's weight among those that hold all terms.

    Args:
        texts: what is kept of the texts, by row.
        common: words that tell little of any text, and are not counted in it.
    """
    return {row: _likelihood(terms, text, common) for row, text in texts.items()}


def _likelihood(terms: Sequence[Term], text: Held, common: frozenset[str]) -> float:
    words = {*text.telling, *text.titling}
    title = FROM_TITLE / (1 + _uncommon(text.titling, common))
    whole = (1 - FROM_TITLE) / (1 + _uncommon(text.telling, common))
    titled = sum(term.hits(text.lead) == 1 for term in terms)
    picked = titled * math.log(whole + title) + (len(terms) - titled) * math.log(whole)
    otherwise = sum(not term.written_in(words) for term in terms)
    return COUNTS * picked + BY_STEM * otherwise


def _uncommon(words: Collection[str], common: frozenset[str]) -> int:
    return sum(word not in common for word in words)
