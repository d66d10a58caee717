"""The listed findings have their sections, and those that turn up in a run are not missed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from deskside.foundation import registry
from deskside.foundation.audit.verifier import SAYINGS
from deskside.knowledge.library import articles_folder, read_shelf
from deskside.knowledge.lint import lint
from deskside.knowledge.service import Library
from deskside.network.causes import WORDS
from deskside.workspace.document.safety import LIMITS_OFF, SECRET
from deskside.workspace.document.safety_rules import RULES

from .findings_seen import SEEN, Seen, unexplained


def test_every_code_on_a_list_has_its_section() -> None:
    checks = map(registry.check, registry.ids(registry.CHECKS))
    listed = {code for check in checks for code in getattr(check, "codes", ())}
    listed |= WORDS.keys() | SAYINGS.keys() | {rule.code for rule in (*RULES, SECRET, LIMITS_OFF)}
    assert len(listed) > 100
    assert unexplained({(code, None, ()) for code in listed}) == []


def test_every_fix_is_a_step_of_an_article() -> None:
    library = Library.open(own=Path("/nowhere"))
    named = {fix for article in library.articles("en") for fix in article.fixes}
    assert named == set(registry.ids(registry.FIXES))


@pytest.mark.parametrize(
    "seen",
    [
        ("no-such-finding", None, ()),
        ("port-dropped", "2816#no-such-anchor", ()),
        ("port-dropped", "7777", ()),
    ],
)
def test_a_finding_without_its_section_is_told(seen: Seen) -> None:
    sound = {("port-dropped", "2816#port-dropped", ("ports",)), ("port-reset", "2816", ())}
    told = unexplained({seen, *sound})
    assert [line.partition(":")[0] for line in told] == [seen[0]] * 2


def test_evidence_without_words_is_told() -> None:
    told = unexplained({("port-reset", "2816", ("ports", "no_such_name", "useRemoteSettings"))})
    assert told == ["port-reset: no_such_name has no words"]


def test_what_the_product_finds_is_noted() -> None:
    lint(read_shelf(articles_folder()), date(2026, 12, 1))
    assert ("articles-sound", None) in {(code, article) for code, article, _names in SEEN}
