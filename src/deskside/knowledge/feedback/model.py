"""What readers say of articles, and what they looked for in vain."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Helpfulness:
    """How often one text of an article helped, and how often it did not.

    Attributes:
        comments: how many of the answers came with words.
    """

    number: str
    language: str
    helped: int
    not_helped: int
    comments: int

    @property
    def name(self) -> str:
        """How people call the article: `KB2323`."""
        return f"KB{self.number}"

    def as_json(self) -> dict[str, str | int]:
        """A row of `admin feedback --json` and of an export."""
        return {
            "number": self.number,
            "language": self.language,
            "helped": self.helped,
            "not_helped": self.not_helped,
            "comments": self.comments,
        }


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody wrote to the desk beside an answer; nobody knows who."""

    id: str
    at: datetime
    number: str
    language: str
    helped: bool
    text: str

    @property
    def name(self) -> str:
        """How people call the article: `KB2323`."""
        return f"KB{self.number}"

    def as_json(self) -> dict[str, str | bool]:
        """A row of `admin feedback --json` and of an export."""
        return {
            "id": self.id,
            "at": self.at.isoformat(),
            "number": self.number,
            "language": self.language,
            "helped": self.helped,
            "text": self.text,
        }


@dataclass(frozen=True, slots=True)
class MissedSearch:
    """Words that people searched for and that no article answers.

    Attributes:
        words: normalised, shortened, and without what looks like a secret.
        count: how often they were searched for.
        last_seen: when they last were.
    """

    words: str
    language: str
    count: int
    last_seen: datetime

    def as_json(self) -> dict[str, str | int]:
        """A row of `admin feedback --json` and of an export."""
        return {
            "words": self.words,
            "language": self.language,
            "count": self.count,
            "last_seen": self.last_seen.isoformat(),
        }
