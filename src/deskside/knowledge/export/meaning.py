"""What was learned from people's questions, as one script of an exported site, for all languages.

A browser cannot stem, so that the stems of all words of the questions are in it, too.
"""

from __future__ import annotations

from deskside.knowledge.library import Shelf
from deskside.knowledge.questions import learned, questions
from deskside.knowledge.search.analysis import stems
from deskside.knowledge.search.meaning import NONE, STEP


def meaning(shelf: Shelf) -> dict[str, object]:
    """What `search.js` weighs a question with: see `search.meaning`.

    Args:
        shelf: the articles that came with Deskside.
    """
    languages = {
        each.language: {
            "numbers": each.numbers,
            "weights": dict(sorted(each.weights.items())),
            "stems": _stems(shelf, each.language),
        }
        for each in learned(shelf.folder)
    }
    return {"step": STEP, "none": NONE, "languages": languages}


def _stems(shelf: Shelf, language: str) -> dict[str, str]:
    """The stems of all words that people ask with, but of those that are their own stems."""
    said = sorted({word for _number, line in questions(shelf, language) for word in line})
    return {w: stem for w, stem in zip(said, stems(said, language), strict=True) if w != stem}
