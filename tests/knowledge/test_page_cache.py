"""The page cache: the same answers as without it, to everybody, at any time, only sooner."""

from __future__ import annotations

import gzip
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from deskside.foundation.audit.service import Audit
from deskside.foundation.clock import FrozenClock
from deskside.foundation.config import Config
from deskside.foundation.database import Database
from deskside.foundation.keyring import Keyring
from deskside.foundation.text import use_language
from deskside.knowledge import own as module
from deskside.knowledge.feedback.service import Feedback
from deskside.knowledge.service import Library
from deskside.knowledge.shared_pages import SharedPages
from deskside.web.page_cache import PageCache, takes_gzip

from .conftest import text
from .reader import ask, portal

KEEP = 2**20
VISITORS = ("", "tessa+trader", "olga+operator", "nobody", "moved")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(module, "LOOK_EVERY", 0.0)
    return tmp_path


@pytest.fixture
def library(folder: Path) -> Library:
    return small_library(folder)


@pytest.fixture
def feedback(sqlite_database: Database, tmp_path: Path, clock: FrozenClock) -> Feedback:
    return quiet_feedback(sqlite_database, tmp_path, clock)


def quiet_feedback(database: Database, folder: Path, clock: FrozenClock) -> Feedback:
    keyring = Keyring.open(database, folder / "keys", clock=clock)
    return Feedback(database, keyring, clock, Audit(clock), timedelta(days=30))


def small_library(folder: Path) -> Library:
    shelf = folder / "shelf"
    for number, language, title in (
        ("7001", "en", "A greeting"),
        ("7001", "it", "Un saluto"),
        ("7002", "en", "Only in English"),
    ):
        place = shelf / number / f"{language}.md"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text(number, language, title=title, related='["7001"]'))
    return Library.open(shelf, own=folder / "own")


class Pages:
    """An application with a cache, and what its cache holds."""

    def __init__(self, library: Library, feedback: Feedback, keep: int = KEEP) -> None:
        self.app = portal(library, feedback, shared=[(SharedPages(library), keep)])
        self.cache = innermost(self.app, SharedPages)

    def get(self, path: str, **how: Any) -> httpx2.Response:
        return ask(self.app, path, **how)


def innermost(app: Any, kind: type) -> PageCache:
    """The cache with a kind of policy, behind whatever stands before it."""
    while not (isinstance(app, PageCache) and isinstance(app._policy, kind)):
        app = app.app
    return app


@pytest.fixture
def pages(library: Library, feedback: Feedback) -> Pages:
    return Pages(library, feedback)


# Exactly what there would be without it


class SameAnswers(RuleBasedStateMachine):
    """Any questions and changes in any order: a twin without a cache says the same."""

    def __init__(self) -> None:
        super().__init__()
        self.look_every, module.LOOK_EVERY = module.LOOK_EVERY, 0.0
        self.folder = Path(tempfile.mkdtemp())
        self.database = Database.open(self.folder / "d.sqlite3")
        self.database.migrate()
        self.library = small_library(self.folder)
        feedback = quiet_feedback(self.database, self.folder, FrozenClock())
        # So small that pages push one another out.
        self.pages = Pages(self.library, feedback, keep=60_000)
        self.twin = portal(self.library, feedback)
        self.known: list[str] = []
        self.count = 0

    def teardown(self) -> None:
        module.LOOK_EVERY = self.look_every
        self.database.close()
        shutil.rmtree(self.folder)
        use_language("en")

    @rule(
        path=st.sampled_from(
            [
                *("/kb", "/kb/7001", "/kb/7002", "/kb/KB7001", "/kb/9999"),
                *("/kb/7001/opinion", "/kb/7001/thanks"),
                *("/kb/feed.atom", "/kb/feed.rss", "/sitemap.xml"),
            ]
        ),
        query=st.sampled_from(["", "lang=it", "lang=en", "lang=xx", "x=1", "q=greeting", "page=2"]),
        who=st.sampled_from(VISITORS),
        language=st.sampled_from(["en", "it-CH", "de"]),
        host=st.sampled_from(["localhost", "localhost:99", "127.0.0.1"]),
        coding=st.sampled_from(["gzip", "identity"]),
        typing=st.booleans(),
        data=st.data(),
    )
    def asked(
        self,
        path: str,
        query: str,
        who: str,
        language: str,
        host: str,
        coding: str,
        typing: bool,
        data: st.DataObject,
    ) -> None:
        how = {"accept_language": language, "host": host, "accept_encoding": coding}
        how |= {"hx_request": "true"} if typing else {}
        address = f"{path}?{query}" if query else path
        truth = ask(self.twin, address, who=who, **how)
        known = data.draw(st.sampled_from(["", *self.known]))
        given = how | ({"if_none_match": known} if known else {})
        answer = self.pages.get(address, who=who, **given)
        if answer.status_code == 304:
            # What the browser has under that tag is what it would be given.
            fresh = self.pages.get(address, who=who, **how)
            assert fresh.headers["etag"] == known
            answer = fresh
        assert (answer.status_code, words(answer)) == (truth.status_code, words(truth))
        assert answer.headers["content-type"] == truth.headers["content-type"]
        assert answer.headers["content-security-policy"] == truth.headers["content-security-policy"]
        if "etag" in answer.headers:
            assert who in ("", "nobody")
            self.known = [*self.known[-5:], answer.headers["etag"]]
        else:
            assert answer.headers["cache-control"] == "no-store"

    @rule(number=st.sampled_from(["7001", "7002", "8001"]), language=st.sampled_from(["en", "it"]))
    def changed(self, number: str, language: str) -> None:
        self.count += 1
        place = self.folder / "own" / number / f"{language}.md"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text(number, language, title="Own " + "x" * self.count))

    @rule(number=st.sampled_from(["7001", "7002", "8001"]), language=st.sampled_from(["en", "it"]))
    def restored_or_taken_away(self, number: str, language: str) -> None:
        kept = self.library.history(number, language)
        if len(kept) > 1:
            self.library.restore(number, language, kept[0].count)
        else:
            (self.folder / "own" / number / f"{language}.md").unlink(missing_ok=True)

    @invariant()
    def nothing_kept_is_somebodys_and_it_stays_small(self) -> None:
        cache = self.pages.cache
        assert cache.weight == sum(page.weight for page in cache._pages.values()) <= 60_000
        for page in cache._pages.values():
            assert not [key for key, _value in page.headers if key == b"set-cookie"]
            for name in ("Tessa", "Olga", "/logout", "203.0.113.9"):
                assert name.encode() not in page.body


def words(answer: httpx2.Response) -> str:
    """What a page says, without the name of the request that it was asked for by."""
    return answer.text.replace(answer.headers["x-request-id"], "")


TestSameAnswers = SameAnswers.TestCase
TestSameAnswers.settings = settings(max_examples=8, stateful_step_count=14, deadline=None)


# Who is served from it


def test_a_page_is_made_once_for_everybody_and_anew_for_whoever_is_logged_in(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = pages.get("/kb/7001")
    made = count_made(pages.cache, monkeypatch)
    assert pages.get("/kb/7001").content == first.content
    assert made == []
    for who in ("tessa+trader", "olga+operator"):
        own = pages.get("/kb/7001", who=who)
        assert "Log out" in own.text
        assert own.headers["cache-control"] == "no-store"
        assert not {"etag", "last-modified"} & set(own.headers)
    assert len(made) == 2
    assert pages.get("/kb/7001").content == first.content
    assert len(made) == 2


def count_made(cache: PageCache, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    made: list[str] = []
    behind = cache.app

    async def counted(scope: Any, receive: Any, send: Any) -> None:
        made.append(scope["path"])
        await behind(scope, receive, send)

    monkeypatch.setattr(cache, "app", counted)
    return made


def test_a_tag_of_everybody_s_page_is_nothing_to_whoever_is_logged_in(pages: Pages) -> None:
    shared = pages.get("/kb/7001")
    own = pages.get("/kb/7001", who="tessa+trader", if_none_match=shared.headers["etag"])
    assert own.status_code == 200
    assert "Log out" in own.text
    assert "Cookie" in shared.headers["vary"]
    assert shared.headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/kb?q=greeting",
        "/kb?tag=sample",
        "/kb/7001?lang=xx",
        "/kb/7001?lang=en&lang=it",
        "/kb/7001?x=<script>",
        "/kb/KB7001",
        "/kb/7001/result",
        "/kb/7001/opinion",
        "/kb/7001/thanks",
        "/kb/7001/check",
        "/login",
        "/account",
        "/desk/knowledge",
        "/api/v1/me",
    ],
)
def test_what_depends_on_more_than_its_address_is_never_shared(library: Library, path: str) -> None:
    plain, _mark, query = path.partition("?")
    scope = {"path": plain, "query_string": query.encode(), "headers": [], "scheme": "http"}
    assert SharedPages(library).page(scope) is None


def test_a_response_that_sets_a_cookie_or_fails_is_not_kept(pages: Pages) -> None:
    assert pages.get("/kb/9999").status_code == 404
    assert len(pages.cache) == 0

    async def hands_out(_scope: Any, _receive: Any, send: Any) -> None:
        headers = [(b"content-type", b"text/html"), (b"set-cookie", b"a=secret")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"yours"})

    pages.cache.app = hands_out
    assert pages.get("/kb/7001").headers["set-cookie"] == "a=secret"
    assert len(pages.cache) == 0


def test_whose_session_has_moved_gets_a_page_of_their_own(pages: Pages) -> None:
    shared = pages.get("/kb/7001")
    for _again in range(2):
        told = pages.get("/kb/7001", who="moved", if_none_match=shared.headers["etag"])
        assert (told.status_code, told.headers["cache-control"]) == (200, "no-store")
        assert pages.get("/kb/7001").content == shared.content


# Languages, appearances, hosts


def test_each_language_has_its_own(pages: Pages) -> None:
    for _again in range(2):
        assert "A greeting" in pages.get("/kb/7001", accept_language="en").text
        assert "Un saluto" in pages.get("/kb/7001", accept_language="it").text
        assert "Un saluto" in pages.get("/kb/7001?lang=it", accept_language="en").text
        chosen = pages.get("/kb/7001", accept_language="en", cookie="__Host-language=it")
        assert "Un saluto" in chosen.text
    tags = {pages.get("/kb/7001", accept_language=tag).headers["etag"] for tag in ("en", "it")}
    assert len(tags) == 2


def test_an_appearance_is_the_browser_s_own_matter(pages: Pages) -> None:
    """One page for light and dark: the choice lies in the browser and is never sent."""
    page = pages.get("/kb/7001").text
    assert "data-theme=" not in page
    for chosen in ("dark", "light"):
        same = pages.get("/kb/7001", cookie=f"theme={chosen}", sec_ch_prefers_color_scheme=chosen)
        assert same.text == page


def test_each_name_of_the_host_has_its_own(pages: Pages) -> None:
    for host in ("localhost:1234", "127.0.0.1", "localhost:1234"):
        page = pages.get("/kb/7001", host=host).text
        assert f'rel="canonical" href="http://{host}/kb/7001?lang=en"' in page


# Validators and codings


def test_a_page_that_is_known_is_not_sent_again(pages: Pages) -> None:
    page = pages.get("/kb/7001", accept_encoding="identity")
    tag, since = page.headers["etag"], page.headers["last-modified"]
    for condition in (
        {"if_none_match": tag},
        {"if_none_match": f'"other", W/{tag}'},
        {"if_none_match": "*"},
        {"if_modified_since": since},
    ):
        known = pages.get("/kb/7001", accept_encoding="identity", **condition)
        assert (known.status_code, known.content) == (304, b""), condition
        assert known.headers["etag"] == tag
        assert known.headers["vary"] == page.headers["vary"]
        assert known.headers["cache-control"] == "private, no-cache"
        assert "content-security-policy" in known.headers
    for condition in (
        {"if_none_match": '"other"', "if_modified_since": since},
        {"if_modified_since": "Fri, 31 Dec 2100 00:00:00 GMT"},
        {"if_modified_since": "yesterday"},
    ):
        assert pages.get("/kb/7001", accept_encoding="identity", **condition).status_code == 200


def test_a_page_is_small_for_whoever_reads_gzip(pages: Pages) -> None:
    plain = pages.get("/kb/7001", accept_encoding="identity")
    packed = pages.get("/kb/7001", accept_encoding="br;q=1.0, gzip;q=0.8")
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.text == plain.text
    assert int(packed.headers["content-length"]) < len(plain.content) / 2
    assert packed.headers["etag"] != plain.headers["etag"]
    own = pages.get("/kb/7001", who="tessa+trader", accept_encoding="gzip")
    assert own.headers["content-encoding"] == "gzip"
    # An address that reflects what it is asked for would tell secrets by its length.
    wild = pages.get("/kb/7001?x=1", who="tessa+trader", accept_encoding="gzip")
    assert "content-encoding" not in wild.headers


@pytest.mark.parametrize(
    ("offered", "taken"),
    [
        ("gzip", True),
        ("*", True),
        ("br, GZIP;q=0.1", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("br", False),
        ("", False),
        ("gzipped", False),
    ],
)
def test_who_reads_gzip(offered: str, taken: bool) -> None:
    assert takes_gzip({"headers": [(b"accept-encoding", offered.encode())]}) is taken


def test_static_files_are_small_and_kept_for_ever(pages: Pages) -> None:
    style = pages.get("/static/deskside.css?v=1", accept_encoding="gzip")
    assert style.headers["content-encoding"] == "gzip"
    assert style.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert int(style.headers["content-length"]) < 30_000
    again = pages.get("/static/deskside.css", if_none_match=style.headers["etag"])
    assert again.status_code == 304
    font = pages.get("/static/fonts/geist.woff2", accept_encoding="gzip")
    assert "content-encoding" not in font.headers
    assert pages.get("/static/nothing.css").status_code == 404


def test_head_is_answered_as_get(pages: Pages) -> None:
    async def asked() -> httpx2.Response:
        transport = httpx2.ASGITransport(app=pages.app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as http:
            return await http.head("/kb/7001")

    assert anyio.run(asked).headers["etag"] == pages.get("/kb/7001").headers["etag"]


# Live, and bounded


def test_a_changed_and_a_restored_article_are_live(
    pages: Pages, library: Library, folder: Path
) -> None:
    place = folder / "own" / "7001" / "en.md"
    place.parent.mkdir(parents=True)
    tags = [pages.get("/kb/7001").headers["etag"]]
    for title in ("The desk's first", "The desk's second, longer"):
        place.write_text(text("7001", title=title))
        page = pages.get("/kb/7001", if_none_match=tags[-1])
        assert page.status_code == 200
        assert title.replace("'", "&#39;") in page.text
        # Pages that only name the article know its new title, too.
        assert title.replace("'", "&#39;") in pages.get("/kb/7002").text
        tags.append(page.headers["etag"])
    library.restore("7001", "en", 1)
    back = pages.get("/kb/7001", if_none_match=tags[-1])
    assert back.headers["etag"] == tags[1]
    assert "first" in back.text
    place.unlink()
    assert pages.get("/kb/7001").headers["etag"] == tags[0]


def test_no_two_editions_share_a_moment(pages: Pages, folder: Path) -> None:
    moments = []
    place = folder / "own" / "7001" / "en.md"
    place.parent.mkdir(parents=True)
    for count in range(4):
        place.write_text(text("7001", title="Title " + "x" * count))
        moments.append(pages.get("/kb/7001").headers["last-modified"])
    assert len(set(moments)) == 4


def test_an_old_page_that_is_late_is_not_kept(pages: Pages, library: Library, folder: Path) -> None:
    """An article changes while its page is being made."""
    place = folder / "own" / "7001" / "en.md"
    place.parent.mkdir(parents=True)
    behind = pages.cache.app

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await behind(scope, receive, send)
        place.write_text(text("7001", title="Newer"))

    pages.cache.app = slow
    assert "A greeting" in pages.get("/kb/7001").text
    pages.cache.app = behind
    assert "Newer" in pages.get("/kb/7001").text


@pytest.mark.parametrize("keep", [0, 30_000])
def test_memory_is_bounded(library: Library, feedback: Feedback, keep: int) -> None:
    pages = Pages(library, feedback, keep)
    for number in range(30):
        assert pages.get("/kb/7001", host=f"localhost:{number + 1}").status_code == 200
        assert pages.cache.weight <= keep
    assert (len(pages.cache) > 0) is (keep > 0)


def test_the_setting_is_in_megabytes() -> None:
    assert Config.load().number("knowledge.keep") == 16


def test_the_same_page_is_the_same_bytes_on_every_node(
    library: Library, feedback: Feedback
) -> None:
    one, other = Pages(library, feedback), Pages(library, feedback)
    headers = [each.get("/kb/7001", accept_encoding="gzip").headers for each in (one, other)]
    assert headers[0]["etag"] == headers[1]["etag"]
    raw = [next(iter(each.cache._pages.values())) for each in (one, other)]
    assert raw[0].packed == raw[1].packed
    assert gzip.decompress(raw[0].packed) == raw[0].body
