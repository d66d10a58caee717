"""What the person chose for the monitor, read from the configuration and checked at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from deskside.foundation.config import Config
from deskside.foundation.paths import data_folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How often to test, when to believe a change, and what to keep.

    Attributes:
        interval: at least, from start to start.
        confirm: runs in a row that must agree before a change counts.
        keep: the age up to which runs are kept.
        megabytes: that the history may take.
    """

    interval: timedelta = timedelta(minutes=5)
    confirm: int = 2
    keep: timedelta = timedelta(days=90)
    megabytes: int = 200


def policy_of(config: Config) -> Policy:
    """The policy that the settings `monitor.*` name."""
    return Policy(
        interval=config.span("monitor.interval"),
        confirm=config.number("monitor.confirm"),
        keep=config.span("monitor.keep"),
        megabytes=config.number("monitor.megabytes"),
    )


def history_file(config: Config, folder: Path | None = None) -> Path:
    """Where the history is: as set, else in the folder, else in Deskside's own data folder."""
    return config.file("monitor.history") or (folder or data_folder()) / "monitor.sqlite3"
