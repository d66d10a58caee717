"""Articles, guides and what the product says are spelled as the dictionaries have it."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from deskside.knowledge.model import Article
from deskside.knowledge.service import Library

from .spelling import prose, terms, unknown, words

ROOT = Path(__file__).parent.parent
GUIDES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
BOTH = ROOT / "docs" / "glossary.md"
"""The page that names each thing in both languages."""

CATALOGUE = ROOT / "src/deskside/locale/it/LC_MESSAGES/deskside.po"
FILLED_IN = re.compile(r"\{[^}]*\}|%\(\w+\)s?|<[^>]+>|&\w+;|`[^`]*`|deskside [a-z-]+(?: [a-z-]+)*")
"""What a message does not say by itself: values, elements, commands."""

Places = dict[str, set[str]]
"""For each word the places in which it stands."""


def article_words(article: Article) -> set[str]:
    head = (article.title, article.summary, article.versions, *article.asked)
    return words("\n".join([*head, prose(article.body)]))


def add(places: Places, found: set[str], place: str) -> None:
    for word in found:
        places[word].add(place)


@pytest.fixture(scope="module")
def written() -> dict[str, Places]:
    """Every word of every text, by the language that it is written in."""
    written: dict[str, Places] = {"en": defaultdict(set), "it": defaultdict(set)}
    library = Library.open(own=Path("/nowhere"))
    for language, places in written.items():
        for article in library.articles(language):
            add(places, article_words(article), f"{article.number}/{language}.md")
    for page in GUIDES:
        language = "it" if page == BOTH else "en"
        add(written[language], words(prose(page.read_text(encoding="utf-8"))), page.name)
    with CATALOGUE.open("rb") as file:
        for message in filter(lambda message: message.id, read_po(file)):
            for language, said in (("en", message.id), ("it", message.string)):
                forms = [said] if isinstance(said, str) else said
                text = FILLED_IN.sub(" ", "\n".join(forms))
                add(written[language], words(text), f"message “{text[:40].strip()}”")
    return written


@pytest.mark.parametrize("language", ["en", "it"])
def test_every_word_is_spelled_as_the_dictionary_has_it(
    written: dict[str, Places], language: str
) -> None:
    places = written[language]
    assert len(places) > 3000
    wrong = unknown(places, language)
    where = {word: {p for w in places if word in w.split("'") for p in places[w]} for word in wrong}
    assert where == {}


def test_the_field_s_own_words_are_few_sorted_and_used(written: dict[str, Places]) -> None:
    listed = terms()
    assert listed == sorted(set(listed), key=lambda word: (word.lower(), word))
    assert len(listed) <= 120
    used = {part for places in written.values() for word in places for part in word.split("'")}
    assert [word for word in listed if not {word, word.capitalize()} & used] == []


@pytest.mark.parametrize(
    ("language", "text", "wrong"),
    [
        ("en", "The settngs of TWS, and the color of them.", {"settngs", "color"}),
        ("en", "Run `deskside foo`, see https://exmple.org/x and ports 4000.", set()),
        ("en", "## A titel {#anchr}\n\n    indentd code\n", {"titel"}),
        ("it", "Dall'acesso dell'app al *Global Configuration* di TWS.", {"acesso"}),
        ("it", "Perchè e perché.", {"Perchè"}),
    ],
)
def test_mistakes_are_found_and_code_is_none(language: str, text: str, wrong: set[str]) -> None:
    assert unknown(words(prose(text)), language) == wrong
