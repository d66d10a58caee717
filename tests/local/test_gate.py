from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from http.cookies import SimpleCookie
from typing import Any

import pytest

from deskside.foundation.clock import FrozenClock
from deskside.foundation.errors import Refused
from deskside.local import LocalServer

from .conftest import Open, enter, running

SEEN: list[str] = []


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers what it was asked."""
    if scope["type"] != "http":
        return
    text = f"{scope['method']} {scope['path']}?{scope['query_string'].decode()}".encode()
    SEEN.append(text.decode())
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": text})


def test_the_token_opens_once_and_leads_away_from_itself(serve: Open) -> None:
    server, browser = serve(echo)
    assert browser.get("/").status_code == 403
    first = enter(server, browser, "/kb/2323")
    assert first.status_code == 303
    assert first.headers["location"] == "/kb/2323"
    cookie = first.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert browser.get("/kb/2323").text == "GET /kb/2323?"
    browser.cookies.clear()
    again = enter(server, browser, "/kb/2323")
    assert again.status_code == 403
    assert "opens once" in again.text


def test_other_parameters_stay_in_the_address(serve: Open) -> None:
    server, browser = serve(echo)
    address = server.address("/kb/2323") + "&root=C%3A%5CJts+new"
    first = browser.get(address)
    assert first.headers["location"] == "/kb/2323?root=C%3A%5CJts+new"


def test_nobody_is_led_to_another_site(serve: Open) -> None:
    server, browser = serve(echo)
    first = browser.get(server.address("/").replace("/?", "//evil.example/?"))
    assert first.headers["location"] == "/evil.example/"


@pytest.mark.parametrize("token", ["", "wrong", "é", "%00"])
def test_a_wrong_token_opens_nothing_and_uses_up_nothing(serve: Open, token: str) -> None:
    server, browser = serve(echo)
    assert browser.get(f"/?token={token}").status_code == 403
    assert browser.get("/?" + "token=x&" * 100).status_code == 403
    assert enter(server, browser).status_code == 303


def test_the_token_opens_by_get_only(serve: Open) -> None:
    server, browser = serve(echo)
    assert browser.post(server.address()).status_code == 403
    assert enter(server, browser).status_code == 303


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "localhost", "localhost:1", "127.0.0.2:{port}"]
)
def test_other_host_names_are_refused_even_with_the_cookie(serve: Open, host: str) -> None:
    server, browser = serve(echo)
    enter(server, browser)
    SEEN.clear()
    refused = browser.get("/", headers={"host": host.format(port=server.port)})
    assert refused.status_code == 421
    assert SEEN == []


def test_a_request_without_a_host_is_refused(serve: Open) -> None:
    server, _browser = serve(echo)
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as plain:
        plain.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert plain.recv(1000).split()[1] == b"421"


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "https://127.0.0.1:{port}", "http://127.0.0.1:1"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_other_origins_are_refused_even_with_the_cookie(
    serve: Open, origin: str, method: str
) -> None:
    server, browser = serve(echo)
    enter(server, browser)
    SEEN.clear()
    headers = {"origin": origin.format(port=server.port)}
    assert browser.request(method, "/", headers=headers).status_code == 403
    assert SEEN == []


def test_our_own_pages_may_post(serve: Open) -> None:
    server, browser = serve(echo)
    enter(server, browser)
    own = {"origin": f"http://127.0.0.1:{server.port}"}
    assert browser.post("/x", headers=own).text == "POST /x?"
    named = {"origin": f"http://localhost:{server.port}", "host": f"localhost:{server.port}"}
    assert browser.post("/x", headers=named).text == "POST /x?"


def test_one_server_s_cookie_does_not_open_another(serve: Open) -> None:
    one, browser = serve(echo)
    two, other = serve(echo)
    held = SimpleCookie(enter(one, browser).headers["set-cookie"])
    [secret] = [morsel.value for morsel in held.values()]
    assert other.get("/", headers={"cookie": f"deskside-local-{two.port}={secret}"}).is_error


def test_it_listens_on_loopback_only(serve: Open) -> None:
    server, _browser = serve(echo)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        address = probe.getsockname()[0]
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((address, server.port), timeout=2)


def test_a_port_that_is_taken_is_refused_clearly() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        with pytest.raises(Refused, match="cannot be used"):
            LocalServer(echo, port=holder.getsockname()[1])


class WatchedClock(FrozenClock):
    """A clock that knows how often the server has looked at it."""

    looks = 0

    def now(self) -> datetime:
        self.looks += 1
        return super().now()

    def let_it_look(self) -> None:
        """Wait until the server has certainly judged the present time."""
        target = self.looks + 3
        deadline = time.monotonic() + 10
        while self.looks < target and time.monotonic() < deadline:
            time.sleep(0.01)
        assert self.looks >= target


@pytest.fixture
def clock() -> WatchedClock:
    return WatchedClock()


def ended(thread: threading.Thread) -> bool:
    thread.join(5)
    return not thread.is_alive()


def test_it_ends_when_nobody_has_used_it_for_a_while(
    clock: WatchedClock, threads: list[threading.Thread]
) -> None:
    server = LocalServer(echo, idle=timedelta(minutes=15), clock=clock)
    with running(server, threads) as thread:
        clock.advance(timedelta(minutes=14))
        clock.let_it_look()
        assert thread.is_alive()
        clock.advance(timedelta(minutes=1))
        assert ended(thread)


def test_a_request_starts_the_wait_anew(serve: Open, clock: WatchedClock) -> None:
    server, browser = serve(echo, idle=timedelta(minutes=15), clock=clock)
    clock.advance(timedelta(minutes=14))
    enter(server, browser)
    clock.advance(timedelta(minutes=14))
    clock.let_it_look()
    assert browser.get("/").status_code == 200


def test_it_does_not_end_while_it_answers(serve: Open, clock: WatchedClock) -> None:
    arrived, release = threading.Event(), threading.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        import anyio.to_thread

        if scope["type"] == "http" and scope["path"] == "/slow":
            clock.advance(timedelta(hours=1))
            arrived.set()
            await anyio.to_thread.run_sync(release.wait, 10)
            await echo(scope, receive, send)

    server, browser = serve(slow, idle=timedelta(minutes=15), clock=clock)
    enter(server, browser)
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(browser.get, "/slow")
        assert arrived.wait(5)
        clock.let_it_look()
        release.set()
        assert answer.result(10).text == "GET /slow?"
