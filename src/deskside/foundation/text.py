"""Text in the person's language (gettext).

The language is a context variable: a command sets it once from the environment, the web
shell sets it for each request, and it follows the work into worker threads. English is the
source language and needs no catalogue, so that an English command line loads none.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gettext import NullTranslations

LANGUAGES: dict[str, str] = {"en": "English", "it": "Italiano"}
"""Languages that Deskside is complete in, each with its own name for itself."""

DEFAULT = "en"
CATALOGUES = os.path.join(os.path.dirname(os.path.dirname(__file__)), "locale")  # noqa: PTH118, PTH120 (start-up time: pathlib costs more than all of this module)

_language: ContextVar[str] = ContextVar("language", default=DEFAULT)


def language() -> str:
    """The language of the present command or request."""
    return _language.get()


def use_language(tag: str | None) -> str:
    """Speak the language of a BCP 47 tag (`it`, `it-CH`) from here on; return what was chosen.

    An unknown language falls back to English.
    """
    primary = (tag or DEFAULT).replace("_", "-").split("-")[0].lower()
    chosen = primary if primary in LANGUAGES else DEFAULT
    _language.set(chosen)
    return chosen


@contextmanager
def speaking(tag: str | None) -> Iterator[None]:
    """Speak another language while the block runs: that of whoever a message goes to."""
    before = _language.get()
    use_language(tag)
    try:
        yield
    finally:
        _language.set(before)


def negotiate(accept_language: str) -> str:
    """The best of our languages for an Accept-Language header (RFC 9110 section 12.5.4)."""
    wishes: list[tuple[float, int, str]] = []
    for position, item in enumerate(accept_language.split(",")[:20]):
        tag, _, parameters = item.strip().partition(";")
        try:
            quality = float(parameters.strip().removeprefix("q=")) if parameters else 1.0
        except ValueError:
            quality = 0.0
        primary = tag.strip().split("-")[0].lower()
        if primary in LANGUAGES and quality > 0:
            wishes.append((-quality, position, primary))
    return min(wishes)[2] if wishes else DEFAULT


def use_system_language() -> str:
    """Speak the language that the environment names (DESKSIDE_LANGUAGE, then POSIX's order)."""
    for name in ("DESKSIDE_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return use_language(value.split(".")[0])
    return use_language(None)


@lru_cache
def catalogue(tag: str) -> NullTranslations:
    """The gettext catalogue of one language; English is its own catalogue."""
    from gettext import NullTranslations, translation

    if tag == DEFAULT:
        return NullTranslations()
    return translation("deskside", CATALOGUES, [tag], fallback=True)


def _(message: str) -> str:
    """The message in the present language."""
    tag = _language.get()
    return message if tag == DEFAULT else catalogue(tag).gettext(message)


def ngettext(singular: str, plural: str, count: int) -> str:
    """The right plural form for a count."""
    return catalogue(_language.get()).ngettext(singular, plural, count)


def mark(message: str) -> str:
    """Mark a message for translation where it is written; `_` translates it where it is shown."""
    return message
