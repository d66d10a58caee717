"""Answers about phones and tablets; the only door for pages and commands."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime
from functools import lru_cache
from importlib.resources import files
from typing import Any

from deskside.foundation.errors import NotFound
from deskside.foundation.text import _
from deskside.workstation.mobile import rules
from deskside.workstation.mobile.model import Answer, Platform, Route


@lru_cache
def platforms() -> tuple[Platform, ...]:
    """The catalogue, in its order."""
    text = files("deskside.workstation.mobile").joinpath("catalogue.toml").read_text("utf-8")
    return tuple(map(_platform, tomllib.loads(text)["platform"]))


def answer(asked: str, day: date | None = None) -> Answer:
    """What is said of a device or system that somebody names.

    Raises:
        NotFound: `unknown-device`; the hint names those that may be meant.
    """
    found = rules.find(platforms(), asked)
    if found is None:
        near = rules.near(platforms(), asked)
        raise NotFound(
            "unknown-device",
            _("No device called “{name}” is known.").format(name=asked[:60]),
            hint=_("Did you mean: {names}?").format(names=", ".join(near))
            if near
            else _("Name its system: android, ios, blackberry 10, fire."),
            article="9002",
        )
    platform, name = found
    return Answer(asked, _shown(platform, name), platform, day or _today())


def answer_browser(agent: str) -> Answer | None:
    """What is said of the device that a browser tells; None where it tells none of them."""
    platform = rules.of_browser(platforms(), agent)
    return Answer("", platform.name, platform, _today()) if platform else None


def qr_terminal(url: str) -> str:
    """The address as a picture that a phone reads, for a terminal."""
    import io

    import segno

    out = io.StringIO()
    segno.make(url, error="m").terminal(out, compact=True)
    return out.getvalue()


def _today() -> date:
    return datetime.now(UTC).date()


def _shown(platform: Platform, name: str) -> str:
    if rules.plain(name) in (rules.plain(platform.name), platform.id):
        return platform.name
    return f"{name} ({platform.name})"


def _platform(row: dict[str, Any]) -> Platform:
    return Platform(
        id=row["id"],
        name=row["name"],
        names=(*row["names"], row["name"]),
        agent=row["agent"],
        routes=tuple(Route(**route) for route in row["routes"]),
        expect_key=row["expect"],
        today_key=row["today"],
    )
