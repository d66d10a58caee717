"""The language is negotiated, follows the work, and falls back to English; Italian is complete."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextvars import Context
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskside.foundation import text
from deskside.foundation.text import _, mark, negotiate, ngettext, use_language

ROOT = Path(__file__).parent.parent.parent
VARIABLES = ("DESKSIDE_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")


@pytest.fixture(autouse=True)
def language_kept() -> Iterator[None]:
    """Leave the next test the language that this one found."""
    before = text.language()
    yield
    use_language(before)


@pytest.mark.parametrize(
    ("tag", "chosen"),
    [
        ("it", "it"),
        ("IT", "it"),
        ("it-CH", "it"),
        ("it_IT", "it"),
        ("en-GB", "en"),
        ("de", "en"),
        ("ita", "en"),
        ("", "en"),
        (None, "en"),
        ("C", "en"),
        ("-", "en"),
    ],
)
def test_a_tag_chooses_its_primary_language(tag: str | None, chosen: str) -> None:
    assert use_language(tag) == chosen
    assert text.language() == chosen


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        ("it", "it"),
        ("it-IT,it;q=0.9,en;q=0.8", "it"),
        ("en,it", "en"),
        ("en;q=0.4, it;q=0.5", "it"),
        ("it;q=0.5, en;q=0.50", "it"),
        ("de, fr;q=0.9, it;q=0.1", "it"),
        ("de, fr", "en"),
        ("it;q=0", "en"),
        ("it;q=0, en;q=0.1", "en"),
        ("it;q=much, en;q=0.1", "en"),
        ("it;q=", "en"),
        ("*", "en"),
        ("", "en"),
        (" IT ; q=1 ", "it"),
        (", ".join(["de"] * 20) + ", it", "en"),
    ],
)
def test_accept_language(header: str, chosen: str) -> None:
    assert negotiate(header) == chosen


@given(st.text())
def test_any_header_gets_a_language_that_we_speak(header: str) -> None:
    assert negotiate(header) in text.LANGUAGES


@given(st.text())
def test_any_tag_gets_a_language_that_we_speak(tag: str) -> None:
    assert Context().run(use_language, tag) in text.LANGUAGES


WEIGHTS = st.integers(0, 1000).map(lambda thousandths: thousandths / 1000)
OTHERS = st.sampled_from(["de", "fr-CH", "zh-Hant", "*", "eng", "i-it"])


@given(WEIGHTS, WEIGHTS, st.lists(st.tuples(OTHERS, WEIGHTS), max_size=8), st.randoms())
def test_the_heavier_of_our_languages_wins(
    italian: float, english: float, others: list[tuple[str, float]], random: Random
) -> None:
    wishes = [("it-IT", italian), ("en", english), *others]
    random.shuffle(wishes)
    first = next(tag for tag, _weight in wishes if tag in ("it-IT", "en"))
    header = ",".join(f"{tag};q={weight:.3f}" for tag, weight in wishes)
    wins = italian > english or (italian == english > 0 and first == "it-IT")
    assert negotiate(header) == ("it" if wins else "en")


@pytest.mark.parametrize(
    ("environment", "chosen"),
    [
        ({}, "en"),
        ({"LANG": "it_IT.UTF-8"}, "it"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "it_IT.UTF-8", "LC_MESSAGES": "en_GB.UTF-8"}, "en"),
        ({"LC_MESSAGES": "en_GB.UTF-8", "LC_ALL": "it_CH.UTF-8"}, "it"),
        ({"LC_ALL": "en_GB.UTF-8", "DESKSIDE_LANGUAGE": "it"}, "it"),
        ({"DESKSIDE_LANGUAGE": "", "LANG": "it"}, "it"),
        ({"DESKSIDE_LANGUAGE": "tlh", "LANG": "it"}, "en"),
    ],
)
def test_the_environment_chooses(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], chosen: str
) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert text.use_system_language() == chosen


def test_messages_are_shown_in_the_language() -> None:
    assert (_("Log in"), mark("Log in")) == ("Log in", "Log in")
    use_language("it")
    assert (_("Log in"), mark("Log in")) == ("Accedi", "Log in")


def test_a_message_without_translation_stays_english() -> None:
    use_language("it")
    assert _("Nobody has translated {this}") == "Nobody has translated {this}"
    assert ngettext("{count} thing unheard of", "{count} things unheard of", 2).startswith(
        "{count} "
    )


@pytest.mark.parametrize(
    ("tag", "forms"),
    [("en", ["0 hours", "1 hour", "2 hours"]), ("it", ["0 ore", "1 ora", "2 ore"])],
)
def test_plural_forms(tag: str, forms: list[str]) -> None:
    use_language(tag)
    said = [
        ngettext("{count} hour", "{count} hours", count).format(count=count) for count in range(3)
    ]
    assert said == forms


def test_a_catalogue_that_is_missing_speaks_english(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(text, "CATALOGUES", str(tmp_path))
    text.catalogue.cache_clear()
    use_language("it")
    try:
        assert _("Log in") == "Log in"
    finally:
        text.catalogue.cache_clear()


def test_the_language_follows_the_work_into_threads() -> None:
    async def request(tag: str) -> str:
        use_language(tag)
        await asyncio.sleep(0)
        return await asyncio.to_thread(_, "Log in")

    async def requests() -> list[str]:
        return await asyncio.gather(*map(request, ["it", "en", "it-CH", "en"]))

    assert asyncio.run(requests()) == ["Accedi", "Log in", "Accedi", "Log in"]


def test_two_at_once_each_keep_their_language() -> None:
    together, said = threading.Barrier(2), {}

    def speak(tag: str) -> None:
        use_language(tag)
        together.wait(5)
        said[tag] = _("Log in")

    threads = [threading.Thread(target=speak, args=[tag]) for tag in ("it", "en")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert said == {"it": "Accedi", "en": "Log in"}


def test_every_catalogue_is_complete() -> None:
    tool = [sys.executable, str(ROOT / "tools" / "translations.py"), "check"]
    checked = subprocess.run(tool, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")
