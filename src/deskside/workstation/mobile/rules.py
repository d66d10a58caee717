"""Which device a person means, or a browser tells. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from deskside.workstation.mobile.model import Platform

LONGEST = 400
"""Characters of a name or of a browser's own name that are looked at."""

_MAKERS = ("blackberry ", "rim ", "porsche design ", "the ")
_CLOSE = 0.75
_CLOSE_WORD = 0.8
_SHORTEST = 5
"""Letters of a word below which a mistake makes another word of it."""


def find(platforms: Sequence[Platform], asked: str) -> tuple[Platform, str] | None:
    """The platform that a name means, and the name that it was taken for; None if none is near.

    Letters are compared without case, spaces or marks: `P'9982` is `p9982`.
    """
    wish = plain(asked[:LONGEST])
    if not wish:
        return None
    by_name = {plain(name): (one, name) for one in platforms for name in one.names}
    for tried in (wish, *_without_maker(asked)):
        if tried in by_name:
            return by_name[tried]
    taken = (
        _contained(asked, by_name)
        or difflib.get_close_matches(wish, by_name, n=1, cutoff=_CLOSE)
        or _misspelt(asked, by_name)
    )
    return by_name[taken[0]] if taken else None


def near(platforms: Sequence[Platform], asked: str) -> list[str]:
    """Names that a person may have meant, the nearest first."""
    by_name = {plain(name): name for one in platforms for name in one.names}
    found = difflib.get_close_matches(plain(asked[:LONGEST]), by_name, n=3, cutoff=0.4)
    return [by_name[name] for name in found]


def of_browser(platforms: Sequence[Platform], agent: str) -> Platform | None:
    """The platform that a browser tells of itself; the most particular one that fits."""
    told = agent[:LONGEST]
    fitting = [one for one in platforms if one.agent and re.search(one.agent, told)]
    # Android is what all the others also call themselves.
    return next((one for one in fitting if one.id != "android"), fitting[0] if fitting else None)


def plain(name: str) -> str:
    """A name without case, spaces or marks."""
    return re.sub(r"[\W_]", "", name.casefold())


def _without_maker(asked: str) -> list[str]:
    lower = asked[:LONGEST].casefold().strip()
    return [plain(lower.removeprefix(maker)) for maker in _MAKERS if lower.startswith(maker)]


def _contained(asked: str, by_name: dict[str, tuple[Platform, str]]) -> list[str]:
    """The longest known name among the words that were said: of `galaxy s24`, `galaxy`."""
    words = [plain(word) for word in asked[:LONGEST].casefold().split()][:12]
    runs = {"".join(words[a:b]) for a in range(len(words)) for b in range(a + 1, len(words) + 1)}
    return sorted(runs & by_name.keys(), key=len, reverse=True)[:1]


def _misspelt(asked: str, by_name: dict[str, tuple[Platform, str]]) -> list[str]:
    """The known name nearest to one of the words: of `galxy s21`, `galaxy`."""
    words = [plain(word) for word in asked[:LONGEST].casefold().split()][:12]
    long = [word for word in words if len(word) >= _SHORTEST]
    names = [name for name in by_name if len(name) >= _SHORTEST]
    near = [difflib.get_close_matches(word, names, n=1, cutoff=_CLOSE_WORD) for word in long]
    return next((found for found in near if found), [])
