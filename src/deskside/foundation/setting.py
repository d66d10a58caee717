"""What a setting is: its name, its kind, what it does."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from deskside.foundation.text import mark


class Kind(StrEnum):
    """What a setting's value is, and how its text is read."""

    TEXT = mark("text")
    WHOLE = mark("whole number")
    SWITCH = mark("true or false")
    FILE = mark("file")
    SPAN = mark("span of time")
    ADDRESS = "host:port"
    ADDRESSES = mark("list of host:port")
    NETWORKS = mark("list of networks")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One thing that an operator may choose.

    Attributes:
        key: its name in the file: `table.name`.
        kind: what its value is.
        default: the value when nobody chose, as its text; None is none.
        about: what it does, in a sentence.
        flag: the option of `deskside serve` that sets it.
        choices: the only values, where there are few.
        least: the smallest number, or of seconds for a span.
        secret: shown only as "set".
        environment: its variable, where that does not follow from the key.
    """

    key: str
    kind: Kind
    default: str | None
    about: str
    flag: str | None = None
    choices: tuple[str, ...] = ()
    least: int = 0
    secret: bool = False
    environment: str = ""

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        if self.environment:
            return self.environment
        table, _dot, name = self.key.partition(".")
        short = name if table == "portal" else f"{table}_{name}"
        return f"DESKSIDE_{short.upper()}"

    @property
    def parameter(self) -> str | None:
        """The flag as the command line's code names it."""
        return self.flag.lstrip("-").replace("-", "_") if self.flag else None
