"""What readers tell the desk about its articles, on purpose and by searching in vain.

Nobody's name is kept. Where an opinion came from is a keyed hash that lives for as long as the
limit on opinions counts it; comments lie sealed; a search is kept without what looks like a secret
(`rules.py`). All of it is forgotten after a time, and none of it grows without bound.
"""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

from sqlalchemy import Connection, Integer, case, cast, delete, func, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from deskside.foundation import logs
from deskside.foundation.audit.service import Audit
from deskside.foundation.clock import Clock
from deskside.foundation.database import Database, exclusive, new_id
from deskside.foundation.errors import DesksideError, NotFound, Unavailable
from deskside.foundation.keyring import Keyring
from deskside.foundation.recurring import Recurring
from deskside.foundation.text import _
from deskside.foundation.upsert import dialect_insert
from deskside.knowledge.feedback.model import Comment, Helpfulness, MissedSearch
from deskside.knowledge.feedback.rules import comment as cleaned
from deskside.knowledge.feedback.rules import neighbourhood, search_words
from deskside.knowledge.feedback.store import article_opinion, missed_search

AN_HOUR = timedelta(hours=1)
OPINIONS_AN_HOUR = 20
"""Opinions an hour of one visitor."""

MOST_OPINIONS = 50_000
MOST_SEARCHES = 2_000
"""Rows at a time: whoever sends without end fills no disk."""

SEARCHES_A_MINUTE = 60
"""Searches that one process writes down: one that is flooded has nothing to tell an operator."""


class TooManyOpinions(Unavailable):
    """One visitor has said enough for the moment."""

    http_status = 429


class Feedback:
    """What readers say of articles.

    Args:
        kept: after how long it is forgotten.
    """

    def __init__(
        self, database: Database, keyring: Keyring, clock: Clock, audit: Audit, kept: timedelta
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._clock = clock
        self._audit = audit
        self._kept = kept
        self._turn = threading.Lock()
        self._minute = clock.now()
        self._written = 0

    # What readers do

    def give(
        self, number: str, language: str, *, helped: bool, comment: str = "", visitor: str = ""
    ) -> None:
        """Take one opinion on a text of an article.

        Args:
            visitor: who or where it comes from: the id of a user name, or a network address.

        Raises:
            UsageProblem: `comment-too-long`.
            TooManyOpinions: `opinions-too-often`.
            Unavailable: `opinions-full`: too many are kept already.
        """
        now, text, identifier = self._clock.now(), cleaned(comment), new_id()
        source = self._keyring.keyed_hash("article opinion", neighbourhood(visitor).encode())
        sealed = self._keyring.seal(text.encode(), context=_context(identifier)) if text else None
        with self._database.write() as connection:
            exclusive(connection, "article-opinion")
            self._forget(connection, now)
            self._refuse_many(connection, source, now)
            connection.execute(
                insert(article_opinion).values(
                    id=identifier,
                    number=number,
                    language=language,
                    helped=helped,
                    at=now,
                    comment=sealed,
                    visitor=source,
                )
            )

    def missed(self, asked: str, language: str) -> None:
        """Write down that nothing was found; never a reason for a search to fail."""
        words = search_words(asked)
        if not words or not self._may_write():
            return
        try:
            with self._database.write() as connection:
                self._count(connection, words, language)
        except (DesksideError, SQLAlchemyError) as error:
            logs.event("missed-search-failed", level="warning", error=error)

    # What operators see

    def articles(self) -> list[Helpfulness]:
        """Every text that somebody has an opinion on, the least helpful first."""
        helped = func.sum(cast(article_opinion.c.helped, Integer))
        not_helped = func.sum(case((article_opinion.c.helped, 0), else_=1))
        query = (
            select(
                article_opinion.c.number,
                article_opinion.c.language,
                helped,
                not_helped,
                func.count(article_opinion.c.comment),
            )
            .where(article_opinion.c.at > self._clock.now() - self._kept)
            .group_by(article_opinion.c.number, article_opinion.c.language)
            .order_by(not_helped.desc(), helped, article_opinion.c.number)
        )
        with self._database.read() as connection:
            return [Helpfulness(*row) for row in connection.execute(query)]

    def comments(self, most: int | None = None) -> list[Comment]:
        """The comments, the newest first."""
        query = (
            select(article_opinion)
            .where(article_opinion.c.comment.is_not(None))
            .where(article_opinion.c.at > self._clock.now() - self._kept)
            .order_by(article_opinion.c.at.desc(), article_opinion.c.id)
            .limit(most)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return [
            Comment(
                row.id,
                row.at,
                row.number,
                row.language,
                row.helped,
                self._keyring.open_sealed(row.comment, context=_context(row.id)).decode(),
            )
            for row in rows
        ]

    def searches(self, most: int | None = None) -> list[MissedSearch]:
        """What was searched for in vain, the most frequent first."""
        table = missed_search.c
        query = (
            select(table.words, table.language, table.times, table.last_seen)
            .where(table.last_seen > self._clock.now() - self._kept)
            .order_by(table.times.desc(), table.last_seen.desc(), table.words)
            .limit(most)
        )
        with self._database.read() as connection:
            return [MissedSearch(*row) for row in connection.execute(query)]

    def remove_comment(self, identifier: str, actor: str) -> None:
        """Take the words of a comment away; the opinion stays.

        Raises:
            NotFound: `unknown-comment`.
        """
        with self._database.write() as connection:
            found = connection.execute(
                update(article_opinion)
                .where(article_opinion.c.id == identifier, article_opinion.c.comment.is_not(None))
                .values(comment=None)
            )
            if found.rowcount != 1:
                raise NotFound("unknown-comment", _("There is no such comment any more."))
            self._audit.record(
                connection, "knowledge.comment-removed", actor=actor, subject=identifier
            )

    def exported(self, what: str, actor: str) -> None:
        """Write down that somebody takes a file of it away."""
        with self._database.write() as connection:
            self._audit.record(
                connection, "desk.exported", actor=actor, subject=None, detail={"what": what}
            )

    # What is forgotten

    def forgetting(self) -> AbstractContextManager[None]:
        """Forget what is old, in the background, while the block runs; any node may."""
        return Recurring("feedback.forget", self.forget, AN_HOUR.total_seconds()).running()

    def forget(self) -> None:
        """Forget what is old, once."""
        with self._database.write() as connection:
            self._forget(connection, self._clock.now())

    def _forget(self, connection: Connection, now: datetime) -> None:
        old = now - self._kept
        connection.execute(delete(article_opinion).where(article_opinion.c.at <= old))
        connection.execute(delete(missed_search).where(missed_search.c.last_seen <= old))
        connection.execute(
            update(article_opinion)
            .where(article_opinion.c.visitor.is_not(None), article_opinion.c.at <= now - AN_HOUR)
            .values(visitor=None)
        )

    def _refuse_many(self, connection: Connection, source: bytes, now: datetime) -> None:
        counted = select(func.count()).select_from(article_opinion)
        lately = (article_opinion.c.visitor == source) & (article_opinion.c.at > now - AN_HOUR)
        if (connection.scalar(counted.where(lately)) or 0) >= OPINIONS_AN_HOUR:
            raise TooManyOpinions(
                "opinions-too-often",
                _("You have rated many articles within an hour."),
                hint=_("Wait an hour and try again. What you said before was kept."),
            )
        if (connection.scalar(counted) or 0) >= MOST_OPINIONS:
            raise Unavailable(
                "opinions-full",
                _("The desk takes no more opinions at present."),
                hint=_("Tell your desk by other means."),
            )

    def _may_write(self) -> bool:
        """Whether this minute has room for one more search."""
        now = self._clock.now()
        with self._turn:
            if now - self._minute >= timedelta(minutes=1):
                self._minute, self._written = now, 0
            self._written += 1
            return self._written <= SEARCHES_A_MINUTE

    def _count(self, connection: Connection, words: str, language: str) -> None:
        now = self._clock.now()
        first = dialect_insert(connection, missed_search).values(
            language=language, words=words, times=1, last_seen=now
        )
        again = {"times": missed_search.c.times + 1, "last_seen": now}
        connection.execute(
            first.on_conflict_do_update(index_elements=["language", "words"], set_=again)
        )
        _make_room(connection, keep=(language, words))


def _make_room(connection: Connection, keep: tuple[str, str]) -> None:
    """Let the rarest searches go, of these the oldest, where there are too many."""
    table = missed_search.c
    surplus = (connection.scalar(select(func.count()).select_from(missed_search)) or 0) - (
        MOST_SEARCHES
    )
    if surplus <= 0:
        return
    others = select(table.language, table.words).where(
        (table.language != keep[0]) | (table.words != keep[1])
    )
    rare = others.order_by(table.times, table.last_seen).limit(surplus)
    for language, words in connection.execute(rare).all():
        connection.execute(
            delete(missed_search).where(table.language == language, table.words == words)
        )


def _context(identifier: str) -> str:
    return f"article opinion {identifier}"
