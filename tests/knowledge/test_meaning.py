"""What is learned from people's questions: which article is meant."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskside.knowledge.library import articles_folder
from deskside.knowledge.questions import learned, questions
from deskside.knowledge.search.analysis import words
from deskside.knowledge.search.learning import learn
from deskside.knowledge.search.meaning import Meaning, digest
from deskside.knowledge.service import Library

FRUIT = [("1", "sweet red apples"), ("1", "apples from the tree"), ("1", "a crate of pears")]
FISH = [("2", "fresh trout"), ("2", "trout from the river"), ("2", "salmon of the river")]
ASKED = [(number, words(line)) for number, line in [*FRUIT, *FISH]]
SENTENCES = st.lists(st.text("abcdefgh", min_size=1, max_size=8), max_size=8)
LEARNED = {each.language: each for each in learned(articles_folder())}


def best(meaning: Meaning, line: str) -> str:
    chances = meaning.chances(words(line))
    return max(chances, key=lambda number: chances[number])


def test_what_was_never_asked_is_known_by_its_traits() -> None:
    meaning = learn(ASKED, "en")
    assert best(meaning, "is the apple ripe") == "1"
    assert best(meaning, "the river trouts") == "2"


def test_it_is_less_sure_of_words_that_it_never_saw() -> None:
    meaning = learn(ASKED, "en")
    plain = meaning.chances(words("apples"))["1"]
    among = meaning.chances(words("apples quarks gluons muons bosons"))["1"]
    assert 0.5 < among < plain
    assert meaning.chances(words("quarks")) == {}
    assert meaning.chances([]) == {}


@given(st.lists(st.tuples(st.sampled_from("123"), SENTENCES), max_size=12), SENTENCES)
@settings(max_examples=60)
def test_chances_are_chances_whatever_was_learned(
    asked: list[tuple[str, list[str]]], said: list[str]
) -> None:
    meaning = learn(asked, "en")
    found = meaning.chances(said)
    assert found == {} or math.isclose(sum(found.values()), 1.0)
    assert set(found) in (set(), {number for number, _said in asked})
    assert all(0 <= chance <= 1 for chance in found.values())


@given(st.lists(st.tuples(st.sampled_from("123"), SENTENCES), max_size=8))
@settings(max_examples=30)
def test_the_same_questions_teach_the_same(asked: list[tuple[str, list[str]]]) -> None:
    assert learn(asked, "it") == learn(asked, "it")
    assert learn(asked, "it").learned_from == digest(asked)


def test_what_was_learned_is_kept_whole(tmp_path: Path) -> None:
    meaning = learn(ASKED, "en")
    for name in ("one", "two"):
        meaning.write(tmp_path / name)
    assert Meaning.read(tmp_path / "one") == meaning
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.mark.parametrize("language", ["en", "it"])
def test_ours_is_of_the_questions_beside_the_articles(language: str) -> None:
    asked = questions(Library.open().shipped, language)
    assert LEARNED[language].learned_from == digest(asked), "run `make learn`"
    assert set(LEARNED[language].numbers) == {a.number for a in Library.open().articles()}


@pytest.mark.parametrize("language", ["en", "it"])
def test_every_article_has_questions_in_both_languages(language: str) -> None:
    for article in Library.open().articles():
        listed = article.path.with_name(f"questions.{language}.txt").read_text("utf-8").splitlines()
        assert len(listed) >= 30, article.number
        assert len(listed) == len({line.casefold() for line in listed}), article.number
        assert all(line == " ".join(line.split()) != "" for line in listed), article.number


def test_an_article_of_a_desk_s_own_is_found_beside_all_that_was_learned(tmp_path: Path) -> None:
    folder = tmp_path / "7001"
    folder.mkdir()
    (folder / "en.md").write_text(
        '+++\nnumber = "7001"\ntitle = "Coffee machine on the second floor"\n'
        'summary = "Descale it on Fridays; the tablets lie in the drawer."\nlanguage = "en"\n'
        'tags = ["kitchen"]\nplatforms = []\nversions = "All"\nlast_verified = 2026-01-01\n'
        "related = []\nsupersedes = []\nchecks = []\nfixes = []\n+++\n\n"
        "The machine asks for it.\n\n## When the machine blinks {#blinks}\n\nPut a tablet in.\n",
        encoding="utf-8",
    )
    library = Library.open(own=tmp_path)
    for asked in (
        "coffee machine",
        "machine blinks",
        "the machine on the second floor blinks",
        "descaling tablets",
        "how do I descale the machine on the second floor",
    ):
        assert library.search(asked, "en")[0].number == "7001", asked


def test_a_library_that_learned_nothing_still_answers(tmp_path: Path) -> None:
    (tmp_path / "2323").mkdir()
    for text in (articles_folder() / "2323").glob("*.md"):
        (tmp_path / "2323" / text.name).write_bytes(text.read_bytes())
    found = Library.open(tmp_path, own=tmp_path / "none").search("restore settings", "en")
    assert [each.number for each in found] == ["2323"]
