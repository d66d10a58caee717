"""Requests that no honest client sends: refused in plain words, and nothing breaks."""

from __future__ import annotations

import hashlib
import json

import pytest

from tests.abuse.wire import FORM, JSON, NO_HTTP, Reply, connect, exchange, host, send
from tests.prove.client import Client
from tests.system.conftest import Portal

BIG = b"a" * (1024 * 1024 + 1)


def problem(reply: Reply) -> str:
    """The type of a problem document."""
    assert reply.header("content-type").startswith("application/problem+json")
    return str(json.loads(reply.body)["type"])


# Too much


@pytest.mark.parametrize("size", [64 * 1024 + 1, 2 * 1024 * 1024])
def test_form_too_large(portal: Portal, size: int) -> None:
    assert send(portal, "POST", "/login", FORM, body=b"x" * size).status == 413


def test_form_too_large_in_chunks(portal: Portal) -> None:
    body = (b"10000\r\n" + b"a" * 0x10000 + b"\r\n") * 40 + b"0\r\n\r\n"
    reply = send(portal, "POST", "/login", FORM, "Transfer-Encoding: chunked", body=body)
    assert reply.status == 413


def test_json_too_large(portal: Portal) -> None:
    reply = send(portal, "POST", "/api/v1/login", JSON, body=b'"' + b"a" * 9000 + b'"')
    assert reply.status == 413
    assert problem(reply)


def test_many_fields(portal: Portal) -> None:
    body = "&".join(f"a{number}=" for number in range(5000)).encode()
    assert send(portal, "POST", "/login", FORM, body=body).status == 400


def test_settings_too_large_are_refused_unread(portal: Portal, client: Client) -> None:
    bearer = f"Authorization: Bearer {client.log_in()}"
    path = "/api/v1/me/settings/tws-big.xml/snapshots"
    for size in (64 * 1024 * 1024 + 1, 10**12):
        length = f"Content-Length: {size}"
        reply = send(portal, "POST", path, bearer, length, "deskside-sha256: x", body=b"<Settings")
        assert reply.status == 413


def test_settings_of_a_fair_size(portal: Portal, client: Client) -> None:
    """Three million bytes are what real files have at most."""
    content = b"<Settings>" + b"a" * 3_100_000 + b"</Settings>"
    digest = f"deskside-sha256: {hashlib.sha256(content).hexdigest()}"
    bearer = f"Authorization: Bearer {client.log_in()}"
    path = "/api/v1/me/settings/tws-fair.xml/snapshots"
    assert send(portal, "POST", path, bearer, digest, body=content).status == 200
    assert send(portal, "GET", f"{path}/latest", bearer).body == content


def test_body_without_a_session_is_refused_unread(portal: Portal) -> None:
    path = "/api/v1/me/settings/tws-big.xml/snapshots"
    reply = send(portal, "POST", path, "Content-Length: 1000000", "deskside-sha256: x", body=b"a")
    assert reply.status == 401


def test_address_too_long(portal: Portal) -> None:
    assert send(portal, "GET", "/" + "a" * 20_000).status in (404, 414)
    assert send(portal, "GET", "/static/" + "a" * 5_000).status == 404


ENDLESS = [
    "GET / HTTP/1.1\r\n{host}X: ",
    "GET /",
    "POST /login HTTP/1.1\r\n{host}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: ",
]


@pytest.mark.parametrize("start", ENDLESS, ids=["header", "address", "trailer"])
@pytest.mark.parametrize("filling", [b"a" * 65_536, b"a\r\nX: " * 10_000], ids=["one", "many"])
def test_no_end_of_headers(portal: Portal, start: str, filling: bytes) -> None:
    """Somebody who never comes to the point is cut off long before memory runs out."""
    with connect(portal) as wire:
        wire.sendall(start.format(host=f"Host: {host(portal)}\r\n").encode())
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            wire.sendall(filling * 1000)
    assert send(portal, "GET", "/healthz").status == 200


def test_headers_of_a_fair_size(portal: Portal) -> None:
    assert send(portal, "GET", "/healthz", "X: " + "a" * 30_000).status == 200


# The wrong kind


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=a", "text/plain", "", JSON[14:]])
def test_form_of_another_type(portal: Portal, kind: str) -> None:
    reply = send(portal, "POST", "/login", f"Content-Type: {kind}", body=b"username=a&password=b")
    assert reply.status == 415


@pytest.mark.parametrize("kind", [FORM[14:], "text/plain", "", "application/jsonp", "text/json"])
def test_json_of_another_type(portal: Portal, kind: str) -> None:
    body = b'{"username": "a", "password": "b"}'
    reply = send(portal, "POST", "/api/v1/login", f"Content-Type: {kind}", body=body)
    assert reply.status == 415
    assert problem(reply)


MALFORMED = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'"x"',
    b"1e999",
    b"[" * 4000,
    b'{"username": "a"}',
    b'{"username": 1, "password": "b"}',
    b'{"username": "a", "password": null}',
    b'{"username": "a", "password": "b", "admin": true}',
    b'{"username": "\xff", "password": "b"}',
    b'\xef\xbb\xbf{"username": "a", "password": "b"}',
    '{"username": "a", "password": "b"}'.encode("utf-16"),
]


@pytest.mark.parametrize("body", MALFORMED, ids=range(len(MALFORMED)))
def test_malformed_json(portal: Portal, body: bytes) -> None:
    reply = send(portal, "POST", "/api/v1/login", JSON, f"Content-Length: {len(body)}", body=body)
    assert reply.status == 400
    assert problem(reply)


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_json_without_a_bottom(portal: Portal, opening: bytes) -> None:
    """Where anything may stand, as in the evidence of a finding; no defect of ours is reported."""
    finding = b'{"code": "a", "status": "ok", "evidence": {"a": ' + opening * 20_000
    body = b'{"token": "x", "article": "2323", "findings": [' + finding
    reply = send(portal, "POST", "/api/v1/results", JSON, f"Content-Length: {len(body)}", body=body)
    assert reply.status == 400
    assert problem(reply) == "bad-request"


STRANGE = ["\0", "a\0b", "\ud800", "\u202e", "../..", "' OR 1=1 --", "{{7*7}}", "a" * 3000, " "]


@pytest.mark.parametrize("text", STRANGE, ids=range(len(STRANGE)))
def test_strange_texts_are_no_user_names(portal: Portal, text: str) -> None:
    body = json.dumps({"username": text, "password": text}).encode()
    assert send(portal, "POST", "/api/v1/login", JSON, body=body).status in (400, 401)
    body = json.dumps({"device": text, "answer": text}).encode()
    for path in ("answer", "challenge"):
        reply = send(portal, "POST", f"/api/v1/login/abc/{path}", JSON, body=body)
        assert reply.status in (400, 401)


@pytest.mark.parametrize("body", [b"username=\xff&password=b", b"username=%ff&password=b"])
def test_form_that_is_not_unicode(portal: Portal, body: bytes) -> None:
    assert send(portal, "POST", "/login", FORM, body=body).status == 400


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "BREW", "get"])
@pytest.mark.parametrize("path", ["/", "/login", "/healthz", "/api/v1/me", "/api/v1/login"])
def test_wrong_method(portal: Portal, method: str, path: str) -> None:
    reply = send(portal, method, path)
    if reply.body == NO_HTTP:
        assert method in ("BREW", "get")
        return
    assert reply.status == 405
    assert reply.header("allow")
    if path.startswith("/api"):
        assert problem(reply) == "method-not-allowed"


@pytest.mark.parametrize("path", ["/logout", "/login/factor/new", "/account/sessions/end"])
def test_nothing_is_changed_by_a_link(portal: Portal, path: str) -> None:
    assert send(portal, "GET", path).status == 405


@pytest.mark.parametrize("path", ["/", "/login", "/healthz", "/readyz", "/kb", "/account", "/nope"])
def test_head_is_get_without_content(portal: Portal, path: str) -> None:
    asked, told = send(portal, "GET", path), send(portal, "HEAD", path)
    assert told.status == asked.status
    assert told.header("content-type") == asked.header("content-type")
    assert told.body == b""


@pytest.mark.parametrize("path", ["/", "/login", "/api/v1/me"])
def test_options(portal: Portal, path: str) -> None:
    reply = send(portal, "OPTIONS", path, "Origin: http://evil.example")
    assert reply.status == 204
    assert "GET" in reply.header("allow")
    assert reply.header("access-control-allow-origin") == ""


# The wrong place


TRAVERSALS = [
    "../../../../etc/passwd",
    "%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "..%2f..%2f..%2fetc/passwd",
    "..%5c..%5cpyproject.toml",
    "....//....//etc/passwd",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "..%252f..%252fetc/passwd",
    "../middleware.py",
    "%00",
    "theme.css%00.png",
    "%ff",
    "",
    ".",
]


@pytest.mark.parametrize("path", TRAVERSALS)
def test_static_files_only(portal: Portal, path: str) -> None:
    reply = send(portal, "GET", f"/static/{path}")
    assert reply.status == 404
    assert b"root:" not in reply.body


@pytest.mark.parametrize(
    "path",
    ["/kb/%00", "/kb?q=%00%ff", "/api/v1/login/%00", "/%ff", "//evil.example/x", "/reset/%00"],
)
def test_strange_paths(portal: Portal, path: str) -> None:
    assert send(portal, "GET", path).status < 500


@pytest.mark.parametrize("path", ["/api/v1", "/api/v1/", "/api/v1/nope", "/api/v1/a/b/c"])
def test_unknown_addresses_of_the_api_are_problems_too(portal: Portal, path: str) -> None:
    reply = send(portal, "GET", path)
    assert reply.status == 404
    assert problem(reply) == "not-found"


FOREIGN = [
    "evil.example",
    "localhost.evil.example",
    "localhost@evil.example",
    "evil@localhost",
    "127.0.0.1.evil.example",
    "127.1",
    "0.0.0.0",
    "",
    "localhost.",
    "[::1",
    "[",
    "[zz]",
    "localhost:x",
    "localhost:99999",
    "localhost/evil",
    "localhost?evil",
    "localhost#evil",
    "localhost, evil.example",
    "\xe9",
]


@pytest.mark.parametrize("name", FOREIGN, ids=range(len(FOREIGN)))
@pytest.mark.parametrize("path", ["/", "/healthz", "/api/v1/me", "/static/x"])
def test_only_our_own_host_names(portal: Portal, name: str, path: str) -> None:
    """DNS rebinding."""
    assert send(portal, "GET", path, names=name).status == 421


def test_own_host_names(portal: Portal) -> None:
    port = host(portal).rpartition(":")[2]
    for name in (f"localhost:{port}", f"LocalHost:{port}", f"127.0.0.1:{port}", f"[::1]:{port}"):
        assert send(portal, "GET", "/healthz", names=name).status == 200


def test_two_host_names(portal: Portal) -> None:
    request = f"GET /healthz HTTP/1.1\r\nHost: {host(portal)}\r\nHost: evil.example\r\n"
    reply = exchange(portal, f"{request}Connection: close\r\n\r\n".encode())
    assert reply.status in (400, 421)


# From elsewhere


CROSS_SITE = [
    ["Sec-Fetch-Site: cross-site"],
    ["Sec-Fetch-Site: same-site"],
    ["Sec-Fetch-Site: nonsense"],
    ["Origin: http://evil.example"],
    ["Origin: null"],
    ["Origin: http://["],
    ["Origin: http://localhost:1"],
    ["Origin: \xff"],
    ["Cookie: __Host-session=abc"],
    ["Cookie: a=b; __Host-browser=abc"],
]


@pytest.mark.parametrize("headers", CROSS_SITE, ids=range(len(CROSS_SITE)))
@pytest.mark.parametrize("path", ["/login", "/logout", "/language", "/api/v1/login"])
def test_cross_site_post(portal: Portal, headers: list[str], path: str) -> None:
    reply = send(portal, "POST", path, FORM, *headers, body=b"username=a&password=b")
    assert reply.status == 403
    assert reply.header("set-cookie") == ""


def test_own_post(portal: Portal) -> None:
    for headers in (["Sec-Fetch-Site: same-origin"], [f"Origin: {portal.address}"], []):
        reply = send(portal, "POST", "/language", FORM, *headers, body=b"language=it&next=/kb")
        assert (reply.status, reply.header("location")) == (303, "/kb")


GOALS = [
    "//evil.example",
    "/\\evil.example",
    "https://evil.example",
    "javascript:alert(1)",
    "/%0d%0aSet-Cookie:a=b",
    "%2f%2fevil.example",
    "/\t/evil.example",
    "",
]


@pytest.mark.parametrize("goal", GOALS)
def test_no_way_out_and_no_header_of_theirs(portal: Portal, goal: str) -> None:
    reply = send(portal, "POST", "/language", FORM, body=f"language=en&next={goal}".encode())
    assert reply.status == 303
    target = reply.header("location")
    assert target.startswith("/")
    assert not target.startswith(("//", "/\\"))
    assert "\t" not in target
    assert reply.header("set-cookie").count("=") <= 5
    assert "a=b" not in reply.header("set-cookie")


def test_request_ids_are_our_own(portal: Portal) -> None:
    reply = send(portal, "GET", "/", "X-Request-Id: aaaaaaaaaaaa", "X-Forwarded-Host: evil.example")
    assert reply.header("x-request-id") != "aaaaaaaaaaaa"
    assert b"evil.example" not in reply.body


def test_what_is_no_http(portal: Portal) -> None:
    for garbage in (
        b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
        b"GET\r\n\r\n",
        b"\0" * 100 + b"\r\n\r\n",
    ):
        reply = exchange(portal, garbage)
        assert reply.status == 400
        assert b"Traceback" not in reply.body


# Cookies


COOKIES = [
    ";;;===,,,",
    "=",
    "__Host-session",
    "__Host-session=",
    "__Host-session=" + "A" * 43,
    "__Host-session=" + "A" * 6000,
    '__Host-session="\\012\\"; a',
    "__Host-session=\xff\xfe\xe9",
    "__Host-session=%00%0d%0a",
    "__Host-session=a; __Host-session=b",
    "__Host-login=" + "A" * 43,
    "__Host-browser=' OR 1=1",
    "__Host-language=../../../etc/passwd",
    "__Host-language=it\xff",
    "a=" + "b" * 6000,
    "\xff" * 500,
    "; ".join(f"c{number}=d" for number in range(800)),
]


@pytest.mark.parametrize("cookie", COOKIES, ids=range(len(COOKIES)))
def test_broken_cookies_are_no_session(portal: Portal, cookie: str) -> None:
    line = f"Cookie: {cookie}"
    assert send(portal, "GET", "/", line).status == 200
    assert send(portal, "GET", "/account", line).header("location").startswith("/login")
    assert send(portal, "GET", "/login/factor", line).status == 401
    assert send(portal, "GET", "/api/v1/me", line).status == 401


BEARERS = ["", " ", "\xff", "A" * 43, "A" * 6000, "a b c", "null", "\x7f"]


@pytest.mark.parametrize("token", BEARERS, ids=range(len(BEARERS)))
def test_broken_bearers_are_no_session(portal: Portal, token: str) -> None:
    for header in (f"Authorization: Bearer {token}", f"Authorization: {token}"):
        assert send(portal, "GET", "/api/v1/me", header).status in (400, 401)


def test_session_that_has_ended(portal: Portal, client: Client) -> None:
    token = client.log_in()
    bearer, cookie = f"Authorization: Bearer {token}", f"Cookie: __Host-session={token}"
    assert send(portal, "GET", "/api/v1/me", bearer).status == 200
    assert send(portal, "GET", "/account", cookie).status == 200
    assert send(portal, "POST", "/api/v1/logout", bearer).status == 204
    assert send(portal, "GET", "/api/v1/me", bearer).status == 401
    assert send(portal, "GET", "/account", cookie).status == 303
    assert send(portal, "POST", "/api/v1/logout", bearer).status == 401
