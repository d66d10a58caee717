"""The REST of log-in: its shapes, and what it says to bad input."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx2
import pytest

from deskside.directory.model import Role
from tests.secure_login.browser import portal
from tests.secure_login.desk import PASSWORD, Desk, filled_pool


@pytest.fixture
def http(small_desk: Desk) -> Iterator[httpx2.Client]:
    small_desk.person("anna", roles=frozenset({Role.TRADER, Role.REVIEWER}))
    with portal(small_desk) as address, httpx2.Client(base_url=f"{address}/api/v1") as client:
        yield client


def begin(http: httpx2.Client, username: str = "anna", password: str = PASSWORD) -> Any:
    return http.post("/login", json={"username": username, "password": password})


def test_the_whole_way(http: httpx2.Client, small_desk: Desk) -> None:
    step = begin(http).json()
    assert set(step) == {"login", "factors", "challenge"}
    (factor,) = step["factors"]
    assert set(factor) == {"device", "kind", "label", "protection_level"}
    assert set(step["challenge"]) == {"device", "kind", "question", "expires"}
    assert step["challenge"]["kind"] == "dsc-plus"
    assert datetime.fromisoformat(step["challenge"]["expires"]).utcoffset() is not None
    here = f"/login/{step['login']}"
    assert http.get(here).json() == {"status": "waiting"}
    asked = http.post(f"{here}/challenge", json={"device": factor["device"]}).json()
    assert set(asked) == {"challenge"}
    assert asked["challenge"]["question"] != step["challenge"]["question"]
    response = small_desk.respond("anna", asked["challenge"]["question"])
    answered = http.post(f"{here}/answer", json={"device": factor["device"], "answer": response})
    assert answered.status_code == 200
    granted = answered.json()
    assert set(granted) == {"session", "expires", "protection_level", "amr", "scope"}
    assert granted["scope"] == "full"
    assert http.get(here).json() == {"status": "approved"}
    bearer = {"authorization": f"Bearer {granted['session']}"}
    me = http.get("/me", headers=bearer).json()
    assert me["username"] == "anna"
    assert me["display_name"] == "Anna"
    assert me["roles"] == ["reviewer", "trader"]
    assert [device["kind"] for device in me["devices"]] == ["dsc-plus"]
    assert http.post("/logout", headers=bearer).status_code == 204
    assert http.get("/me", headers=bearer).status_code == 401


def test_where_no_device_is_due(http: httpx2.Client, small_desk: Desk) -> None:
    small_desk.person("nora", card=False)
    step = begin(http, "nora").json()
    assert step["factors"] == []
    assert "challenge" not in step
    assert http.get("/me", headers={"authorization": f"Bearer {step['session']}"}).is_success


def test_all_failures_have_one_face(http: httpx2.Client, small_desk: Desk) -> None:
    step = begin(http).json()
    here, device = f"/login/{step['login']}", step["challenge"]["device"]
    question = step["challenge"]["question"]
    right = small_desk.respond("anna", question)
    answers = [
        begin(http, password="wrong"),
        begin(http, "nobody"),
        begin(http, "Anna"),
        begin(http, "anna\x00"),
        begin(http, ""),
        http.post(f"{here}/answer", json={"device": device, "answer": "abc"}),
        http.post(f"{here}/answer", json={"device": device, "answer": "١٢٣٤٥٦٧٨"}),
        http.post(f"{here}/answer", json={"device": "other", "answer": right}),
        http.post(f"{here}x/answer", json={"device": device, "answer": right}),
        http.post(
            f"{here}/answer",
            json={"device": device, "answer": small_desk.wrong("anna", question)},
        ),
        http.post(f"{here}/answer", json={"device": device, "answer": right}),
        http.post(f"{here}/challenge", json={"device": "other"}),
        http.get("/login/unknown"),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
    assert {answer.headers["content-type"] for answer in answers} == {"application/problem+json"}


JSON = "application/json"
GOOD = b'{"username": "anna", "password": "x"}'
MALFORMED = [
    (GOOD, "text/plain", 415),
    (b"username=anna&password=x", "application/x-www-form-urlencoded", 415),
    (GOOD, "", 415),
    (GOOD[:-1], JSON, 400),
    (b"", JSON, 400),
    (b"[]", JSON, 400),
    (b"null", JSON, 400),
    (b'{"username": "anna"}', JSON, 400),
    (b'{"username": 5, "password": "x"}', JSON, 400),
    (b'{"username": "anna", "password": "x", "admin": true}', JSON, 400),
    (b'{"username": "\xff", "password": "x"}', JSON, 400),
    (b'{"username": "\\ud800", "password": "x"}', JSON, 400),
    (b'{"username": ' + b"[" * 5000, JSON, 400),
    (b"[" * 5000, JSON, 400),
    (b'{"username": "anna", "password": "' + b"x" * 9000 + b'"}', JSON, 413),
]


def test_malformed_requests(http: httpx2.Client, small_desk: Desk) -> None:
    for content, kind, status in MALFORMED:
        answer = http.post("/login", content=content, headers={"content-type": kind})
        assert answer.status_code == status, (content[:60], answer.text)
        assert answer.headers["content-type"].startswith("application/problem+json")
        problem = answer.json()
        assert problem["status"] == status
        assert problem["title"]
        assert "Traceback" not in answer.text
    assert small_desk.count("guesses") == 0
    assert begin(http).status_code == 200


def test_a_form_of_another_site_cannot_log_anybody_in(http: httpx2.Client) -> None:
    answer = http.post(
        "/login",
        json={"username": "anna", "password": PASSWORD},
        headers={"sec-fetch-site": "cross-site"},
    )
    assert answer.status_code == 403


def test_no_other_header_is_a_session(http: httpx2.Client) -> None:
    for header in ("Bearer", "Bearer x", "Bearer " + "a" * 43, "Basic YTpi"):
        answer = http.get("/me", headers={"authorization": header})
        assert answer.status_code == 401
        assert answer.headers["content-type"].startswith("application/problem+json")


def test_a_full_queue_says_when_to_come_back(http: httpx2.Client, small_desk: Desk) -> None:
    with filled_pool(small_desk):
        answer = begin(http)
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json()["type"] == "login-busy"
    assert begin(http).status_code == 200


def test_the_routes_are_documented(http: httpx2.Client) -> None:
    paths = http.get("/openapi.json").json()["paths"]
    for path in ("/login", "/login/{login_id}", "/login/{login_id}/answer", "/me", "/logout"):
        assert f"/api/v1{path}" in paths
