"""What readers say is counted, and neither they nor what they should not have typed is kept."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from deskside.cli import main
from deskside.foundation.audit.service import Audit, latest
from deskside.foundation.clock import FrozenClock
from deskside.foundation.database import Database
from deskside.foundation.errors import NotFound, Unavailable, UsageProblem
from deskside.foundation.keyring import Keyring
from deskside.knowledge.feedback import rules, service
from deskside.knowledge.feedback.service import Feedback, TooManyOpinions
from deskside.knowledge.feedback.store import article_opinion, missed_search
from deskside.knowledge.service import Library

from .reader import ask, portal

KEPT = timedelta(days=30)


@pytest.fixture
def feedback(database: Database, tmp_path: Path, clock: FrozenClock) -> Feedback:
    return over(database, tmp_path, clock)


@pytest.fixture
def small(sqlite_database: Database, tmp_path: Path, clock: FrozenClock) -> Feedback:
    return over(sqlite_database, tmp_path, clock)


def over(database: Database, folder: Path, clock: FrozenClock) -> Feedback:
    keyring = Keyring.open(database, folder / "keys", clock=clock)
    return Feedback(database, keyring, clock, Audit(clock), KEPT)


@pytest.fixture(scope="module")
def library() -> Library:
    return Library.open()


@pytest.fixture
def app(library: Library, small: Feedback) -> Any:
    return portal(library, small)


# What is counted


def test_opinions_are_counted_by_text_the_least_helpful_first(feedback: Feedback) -> None:
    for number, language, helped, comment in (
        ("2323", "en", True, ""),
        ("2323", "it", False, "manca un passo"),
        ("2323", "it", True, ""),
        ("2816", "en", False, "which\r\nport?"),
        ("2816", "en", False, ""),
    ):
        feedback.give(number, language, helped=helped, comment=comment)
    assert [
        (t.name, t.language, t.helped, t.not_helped, t.comments) for t in feedback.articles()
    ] == [
        ("KB2816", "en", 0, 2, 1),
        ("KB2323", "it", 1, 1, 1),
        ("KB2323", "en", 1, 0, 0),
    ]
    assert {c.text for c in feedback.comments()} == {"manca un passo", "which\nport?"}
    assert len(feedback.comments(1)) == 1


def test_searches_are_counted_the_most_frequent_first(
    feedback: Feedback, clock: FrozenClock
) -> None:
    feedback.missed("Zebra  crossing", "en")
    clock.advance(timedelta(seconds=1))
    for asked in ("zebra CROSSING ", "giraffe"):
        feedback.missed(asked, "en")
    feedback.missed("giraffe", "it")
    found = [(s.words, s.language, s.count) for s in feedback.searches()]
    assert found[0] == ("zebra crossing", "en", 2)
    assert sorted(found[1:]) == [("giraffe", "en", 1), ("giraffe", "it", 1)]
    assert feedback.searches(1)[0].last_seen == clock.now()


def test_a_comment_is_removed_and_its_opinion_stays(feedback: Feedback, database: Database) -> None:
    feedback.give("2323", "en", helped=False, comment="my password is hunter2")
    (comment,) = feedback.comments()
    feedback.remove_comment(comment.id, "an-operator")
    assert feedback.comments() == []
    assert feedback.articles()[0].not_helped == 1
    ((row, _position),) = latest(database, event="knowledge.comment-removed")
    assert (row.actor, row.subject) == ("an-operator", comment.id)
    with pytest.raises(NotFound):
        feedback.remove_comment(comment.id, "an-operator")


# What is refused


def test_a_visitor_says_only_so_much_an_hour(feedback: Feedback, clock: FrozenClock) -> None:
    for _each in range(service.OPINIONS_AN_HOUR):
        feedback.give("2323", "en", helped=True, visitor="2001:db8::1")
    with pytest.raises(TooManyOpinions) as refused:
        feedback.give("2816", "en", helped=True, visitor="2001:db8::ffff")
    assert refused.value.http_status == 429
    feedback.give("2816", "en", helped=True, visitor="2001:db8:0:1::1")
    clock.advance(timedelta(hours=1))
    feedback.give("2816", "en", helped=True, visitor="2001:db8::1")


def test_nothing_grows_without_bound(small: Feedback, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MOST_OPINIONS", 2)
    monkeypatch.setattr(service, "MOST_SEARCHES", 3)
    small.give("2323", "en", helped=True, visitor="a")
    small.give("2323", "en", helped=True, visitor="b")
    with pytest.raises(Unavailable, match="no more opinions"):
        small.give("2323", "en", helped=True, visitor="c")
    for asked in ("often", "often", "first", "second", "third", "fourth"):
        small.missed(asked, "en")
    kept = {search.words for search in small.searches()}
    assert len(kept) == 3
    assert {"often", "fourth"} <= kept


def test_a_flood_of_searches_is_not_written_down(small: Feedback, clock: FrozenClock) -> None:
    for number in range(service.SEARCHES_A_MINUTE + 20):
        small.missed("zebra " + "x" * (number % 25), "en")
    assert sum(search.count for search in small.searches()) == service.SEARCHES_A_MINUTE
    clock.advance(timedelta(minutes=1))
    small.missed("giraffe", "en")
    assert "giraffe" in {search.words for search in small.searches()}


def test_a_search_does_not_fail_for_a_database_that_does(
    library: Library, small: Feedback, sqlite_database: Database
) -> None:
    with sqlite_database.write() as connection:
        connection.exec_driver_sql("DROP TABLE missed_search")
    assert "No article found" in ask(portal(library, small), "/kb?q=zebra").text


@given(st.text(max_size=1_500))
def test_a_comment_is_kept_whole_or_refused(text: str) -> None:
    try:
        kept = rules.comment(text)
    except UsageProblem:
        assert len(text) > rules.LONGEST_COMMENT
    else:
        assert len(kept) <= rules.LONGEST_COMMENT
        assert "\r" not in kept
        assert "\x00" not in kept
        assert rules.comment(kept) == kept


# What is not kept


def test_where_an_opinion_came_from_is_forgotten_first_then_all_of_it(
    feedback: Feedback, database: Database, clock: FrozenClock
) -> None:
    feedback.give("2323", "en", helped=False, comment="no picture", visitor="192.0.2.7")
    feedback.missed("zebra", "en")
    stored = everything(database)
    for personal in ("192.0.2.7", "no picture"):
        assert personal not in stored
    clock.advance(timedelta(hours=1))
    feedback.forget()
    with database.read() as connection:
        assert connection.scalar(select(article_opinion.c.visitor)) is None
    clock.advance(KEPT)
    assert not [*feedback.articles(), *feedback.comments(), *feedback.searches()]
    feedback.forget()
    with database.read() as connection:
        for table in (article_opinion, missed_search):
            assert connection.execute(select(table)).all() == []


def everything(database: Database) -> str:
    with database.read() as connection:
        tables = (article_opinion, missed_search)
        return repr([connection.execute(select(table)).all() for table in tables])


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ("  Where IS\tthe\nlayout ", "where is the layout"),
        ("ﬁle not found", "file not found"),
        ("code 017 203", "code <digits>"),
        ("my response 12 34 56 78", "my response <digits>"),
        ("pin 7391", "pin <digits>"),
        ("a1b c2d", "<code>"),
        ("mail olivia@example.org please", "mail <mail 1> please"),
        ("account U1234567", "account <account 1>"),
        ("k7h2m9qx", "<code>"),
        ("pwd=abcdef PASSWORD: hunter2", "pwd=<code> password: <code>"),
        ("forgot my password", "forgot my password"),
        ("password refused: what now", "password refused: what now"),
        ("from 203.0.113.9", "from <address 1>"),
        ("x" * 31, "<code>"),
        ("error 10197", "error 10197"),
        ("errore codice 502 porta 7497", "errore codice 502 porta 7497"),
        ("error 123456", "error <digits>"),
        ("kb9999 dbcapi64.dll 0x80070005", "kb9999 dbcapi64.dll 0x80070005"),
        ("", ""),
        ("\x00\x1b[31m", "[31m"),
    ],
)
def test_what_looks_like_a_secret_is_replaced(asked: str, kept: str) -> None:
    assert rules.search_words(asked) == kept


WORDS = st.lists(st.text("abcdefgh ", max_size=12), max_size=4).map(" ".join)


@given(
    WORDS,
    st.integers(4, 12).flatmap(lambda n: st.text("0123456789", min_size=n, max_size=n)),
    WORDS,
)
def test_no_code_is_kept_however_it_is_typed(before: str, code: str, after: str) -> None:
    for typed in (code, " ".join(code), "-".join(code), f"{code[:3]} {code[3:]}"):
        kept = rules.search_words(f"{before} {typed} {after}")
        assert not re.search(r"[0-9]", kept.replace("<address 1>", ""))


@given(st.text(max_size=3_000))
def test_what_is_kept_of_a_search_is_short_plain_and_stable(asked: str) -> None:
    kept = rules.search_words(asked)
    assert len(kept) <= rules.LONGEST_SEARCH
    assert kept.isprintable()
    assert "  " not in kept


def test_a_token_that_was_pasted_is_not_cut_into_something_that_stays() -> None:
    kept = rules.search_words("word " * 30 + "Zm9vYmFyMTIzNDU2" * 100)
    assert kept == " ".join(["word"] * 24)
    assert rules.search_words("q" * 100_000) == "<code>"


# The portal's pages


def test_an_article_asks_and_takes_an_answer_without_scripts(app: Any, small: Feedback) -> None:
    page = ask(app, "/kb/2323?lang=it").text
    assert "Was this article helpful?" not in page
    action = re.search(r'action="(/kb/2323/opinion[^"]*)"', page)
    assert action
    told = ask(app, action[1], form={"helpful": "no", "comment": "manca un passo"})
    assert told.status_code == 303
    assert told.headers["location"] == "/kb/2323/thanks?lang=it"
    assert ask(app, told.headers["location"]).status_code == 200
    (article,) = small.articles()
    assert (article.number, article.language, article.not_helped) == ("2323", "it", 1)
    assert [c.text for c in small.comments()] == ["manca un passo"]


def test_a_mistake_keeps_what_was_written(app: Any, small: Feedback) -> None:
    long = ask(app, "/kb/2323/opinion", form={"helpful": "yes", "comment": "x" * 1_001})
    assert long.status_code == 400
    assert "x" * 1_001 in long.text
    assert "longer than 1000 characters" in long.text
    neither = ask(app, "/kb/2323/opinion", form={"comment": "<b>kept</b>"})
    assert neither.status_code == 400
    assert "&lt;b&gt;kept" in neither.text
    assert ask(app, "/kb/7777/opinion", form={"helpful": "yes"}).status_code == 404
    assert small.articles() == []


def test_another_site_says_nothing_in_a_visitor_s_name(app: Any, small: Feedback) -> None:
    sent = ask(app, "/kb/2323/opinion", form={"helpful": "no"}, sec_fetch_site="cross-site")
    assert sent.status_code == 403
    assert small.articles() == []


def test_limits_are_by_address_or_by_user_name(app: Any) -> None:
    def say(**who: str) -> int:
        return ask(app, "/kb/2323/opinion", form={"helpful": "yes"}, **who).status_code

    assert {say() for _each in range(service.OPINIONS_AN_HOUR)} == {303}
    assert say() == 429
    assert say(client="192.0.2.8") == 303
    assert say(who="tessa+trader") == 303


def test_a_search_in_vain_is_written_down_once_it_is_meant(app: Any, small: Feedback) -> None:
    for typed in ("zeb", "zebra", "zebracro"):
        assert "No article found" in ask(app, f"/kb?q={typed}", hx_request="true").text
    assert small.searches() == []
    left = ask(app, "/kb?q=zebracrossing&settled=1", hx_request="true")
    assert (left.status_code, left.text) == (204, "")
    ask(app, "/kb?q=quaggas+7159+3826&lang=it")
    ask(app, "/kb?q=firewall")
    assert sorted((s.words, s.language) for s in small.searches()) == [
        ("quaggas <digits>", "it"),
        ("zebracrossing", "en"),
    ]


def test_results_alone_come_while_a_person_types(app: Any) -> None:
    found = ask(app, "/kb?q=port-dropped", hx_request="true")
    assert "<html" not in found.text
    assert "KB2816" in found.text
    assert 'id="found-status" hx-swap-oob="innerHTML"' in found.text
    assert found.headers["hx-replace-url"] == "/kb?q=port-dropped"
    whole = ask(app, "/kb?q=port-dropped")
    assert "<html" in whole.text
    assert "hx-replace-url" not in whole.headers


# The operator's page and files


def test_operators_see_all_of_it_and_nobody_else_does(app: Any, small: Feedback) -> None:
    small.give("2323", "en", helped=False, comment="=HYPERLINK(1)")
    small.missed("zebra", "en")
    page = ask(app, "/desk/knowledge", who="olga+operator").text
    for words in ("KB2323", "=HYPERLINK(1)", "zebra"):
        assert words in page
    for path in ("/desk/knowledge", "/desk/knowledge/articles/csv"):
        assert ask(app, path).status_code in {303, 401}
        for role in ("trader", "helpdesk", "reviewer", "security-officer"):
            assert ask(app, path, who=f"somebody+{role}").status_code == 403
    remove = f"/desk/knowledge/remove/{small.comments()[0].id}"
    assert ask(app, remove, form={}).status_code == 401
    assert ask(app, remove, form={}, who="rita+reviewer").status_code == 403
    assert ask(app, remove, form={}, who="olga+operator").status_code == 303
    assert small.comments() == []


def test_files(app: Any, small: Feedback, sqlite_database: Database) -> None:
    small.give("2323", "en", helped=False, comment="=HYPERLINK(1)")
    small.missed("zebra", "en")

    def file(path: str) -> str:
        got = ask(app, f"/desk/knowledge/{path}", who="olga+operator")
        assert got.status_code == 200
        assert "attachment" in got.headers["content-disposition"]
        assert got.headers["cache-control"] == "no-store"
        return str(got.text)

    (comment,) = csv.DictReader(io.StringIO(file("comments/csv")))
    assert comment["text"] == "'=HYPERLINK(1)"
    (search,) = json.loads(file("searches/json"))
    assert (search["words"], search["count"]) == ("zebra", 1)
    (article,) = json.loads(file("articles/json"))
    assert article["not_helped"] == 1
    exports = latest(sqlite_database, event="desk.exported")
    assert [row.fields["what"] for row, _position in exports] == [
        "knowledge-articles",
        "knowledge-searches",
        "knowledge-comments",
    ]
    for unknown in ("articles/xml", "secrets/csv"):
        assert ask(app, f"/desk/knowledge/{unknown}", who="olga+operator").status_code == 404


# The command


def test_the_command_says_the_same(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = tmp_path / "portal"
    database = Database.open(folder / "deskside.sqlite3")
    database.migrate()
    told = over(database, folder, FrozenClock())
    told.give("2323", "it", helped=False, comment="manca\nun passo")
    told.missed("zebra", "en")
    database.close()
    monkeypatch.setenv("DESKSIDE_KNOWLEDGE_REMEMBER", "99999 d")

    def run(*words: str) -> str:
        monkeypatch.setattr(sys, "argv", ["deskside", "admin", "feedback", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 0
        return capsys.readouterr().out

    document = json.loads(run("--data", str(folder), "--json"))
    assert document["articles"][0]["not_helped"] == 1
    assert document["comments"][0]["text"] == "manca\nun passo"
    assert document["searches"][0]["words"] == "zebra"
    shown = run("--data", str(folder))
    for words in ("KB2323", "manca un passo", "zebra"):
        assert words in shown
