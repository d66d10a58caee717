from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskside.foundation.text import use_language
from deskside.knowledge.service import Library

from .conftest import Write

REAL = Library.open()


def numbers(library: Library, words: str) -> list[str]:
    return [result.number for result in library.search(words)]


@pytest.fixture
def three(write: Write, library: Callable[[], Library]) -> Library:
    write("7001", title="The firewall", body="Ask for the door to be opened.")
    write("7002", title="The door", body="A firewall and a wall.")
    write("7002", "it", title="La porta", body="Un firewall e un muro.")
    write("7003", title="Résumé of all", body="Nothing else.\n\n## Oh {#port-dropped}\n\nWell.")
    return library()


def test_a_word_in_the_title_counts_more_than_one_in_the_text(three: Library) -> None:
    assert numbers(three, "firewall") == ["7001", "7002"]
    assert numbers(three, "door") == ["7002", "7001"]


def test_all_words_first_then_any(three: Library) -> None:
    assert numbers(three, "firewall wall") == ["7002", "7001"]
    assert set(numbers(three, "firewall unicorn")) == {"7001", "7002"}
    assert numbers(three, "unicorn") == []


def test_the_last_word_may_be_unfinished_and_accents_do_not_matter(three: Library) -> None:
    assert numbers(three, "nothing el") == ["7003"]
    assert numbers(three, "resume") == ["7003"]


@pytest.mark.parametrize("words", ["near the door", "NEAR(door) OR *", "door AND NOT"])
def test_a_small_word_is_never_taken_for_a_mistyped_one(
    write: Write, library: Callable[[], Library], words: str
) -> None:
    write("7001", title="A door", body="This year, bear and ant: nota bene.")
    assert library().find(words)[1] == ""
    assert library().find("dooor")[1] == "door"


def test_of_texts_with_all_words_the_one_that_says_little_besides_comes_first(
    write: Write, library: Callable[[], Library]
) -> None:
    besides = "Lamps, chairs, tables, carpets, curtains, shelves, mirrors, pillows, blankets."
    write("7001", title="House", body=f"Marble stairs. {besides} Marble and stairs again.")
    write("7002", title="House", body="Marble stairs, lamps.")
    assert numbers(library(), "stairs marble") == ["7002", "7001"]


@pytest.mark.parametrize("words", ["7002", "KB7002", "kb7002", "see KB7002"])
def test_a_number_finds_its_article(three: Library, words: str) -> None:
    assert numbers(three, words)[0] == "7002"


def test_the_name_of_a_finding_finds_its_section_s_article(three: Library) -> None:
    assert numbers(three, "port-dropped") == ["7003"]


@pytest.mark.parametrize(
    ("asked", "place"),
    [
        ("port-droped", "2816#port-dropped"),
        ("PORT-DROPED", "2816#port-dropped"),
        ("what is settings-damagd?", "2323#settings-damaged"),
    ],
)
def test_a_code_with_a_typing_mistake_leads_to_its_section(asked: str, place: str) -> None:
    first, *_others = REAL.search(asked, "en")
    assert f"{first.number}#{first.anchor}" == place


def test_the_person_s_language_comes_first_and_each_article_once(three: Library) -> None:
    assert [(r.number, r.language) for r in three.search("firewall", "it")] == [
        ("7002", "it"),
        ("7001", "en"),
    ]
    use_language("it")
    assert three.search("porta")[0].title == "La porta"


def test_an_excerpt_reads_as_the_article_does(write: Write, library: Callable[[], Library]) -> None:
    write(
        "7004",
        title="Cards",
        body="It ends ([KB1042](kb:1042)), or *unlock* a `card`.\n\n| a | b |",
    )
    assert "It ends (KB1042), or unlock a card. a b" in library().search("unlock")[0].snippet


@given(st.text(max_size=40))
def test_nothing_that_is_typed_breaks_the_search(words: str) -> None:
    for result in REAL.search(words):
        assert result.title
        assert "\n" not in result.snippet


@pytest.mark.parametrize(
    ("words", "number", "language"),
    [
        ("restore settings usb", "2323", "en"),
        ("lost my layout", "2323", "en"),
        ("tws.xml", "2323", "en"),
        ("firewall ports 4000 4001", "2816", "en"),
        ("tls-intercepted", "2816", "en"),
        ("ripristinare impostazioni", "2323", "it"),
        ("file danneggiato", "2323", "it"),
        ("porte firewall", "2816", "it"),
        ("ndc1.ibllc.com", "2816", "it"),
    ],
)
def test_what_people_ask_finds_the_right_article(words: str, number: str, language: str) -> None:
    found = REAL.search(words, language)[0]
    assert (found.number, found.language) == (number, language)
