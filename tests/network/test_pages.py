"""The page and the API, over the real shell."""

from __future__ import annotations

import re
from typing import Any

import pytest
from litestar.testing import TestClient

from deskside.network import catalogue as catalogues
from deskside.network import pages
from deskside.network.responder import Responder
from deskside.network.service import NetworkService

from .documents import CHECKED
from .shell import BEARER, SAME_SITE, client


def test_the_page_needs_a_log_in(portal: TestClient[Any]) -> None:
    seen = portal.get("/network", follow_redirects=False)
    assert seen.status_code == 303
    assert seen.headers["location"].startswith("/login")
    assert portal.post("/api/v1/network/tests").status_code == 401


def test_the_page_says_what_it_cannot_see(portal: TestClient[Any]) -> None:
    # Without its elements: a command may hold places where its line may break.
    text = re.sub(r"<[^>]*>", "", portal.get("/network", headers=BEARER).text)
    assert "What a browser cannot see" in text
    assert "deskside network test --catalogue http://testserver.local" in text
    assert "The desk sees this browser at the address" in text


def test_the_page_tests_the_responder(portal: TestClient[Any]) -> None:
    seen = portal.post("/network", headers=BEARER | SAME_SITE)
    assert seen.status_code == 200
    assert "Success" in seen.text
    assert "from the portal&#39;s own computer" in seen.text
    assert "127.0.0.1 (responder-tls): reachable" in seen.text


def test_the_api_tests_the_responder(portal: TestClient[Any]) -> None:
    report = portal.post("/api/v1/network/tests", headers=BEARER).json()
    assert report["verdict"] == "success"
    assert report["redacted"] is False
    CHECKED.validate(report)
    report = portal.post("/api/v1/network/tests?redact=true", headers=BEARER).json()
    assert report["redacted"] is True
    CHECKED.validate(report)


@pytest.mark.parametrize("accept", ["text/plain", "application/json", "*/*"])
def test_the_catalogue_is_served_in_both_forms(
    portal: TestClient[Any], responder: Responder, accept: str
) -> None:
    seen = portal.get("/api/v1/network/catalogue", headers={"accept": accept})
    assert seen.headers["content-type"].startswith(accept.replace("*/*", "application/json"))
    listed = catalogues.parse(seen.content, today=None)
    assert listed.responder_key == responder.public_key
    assert [host.responder for host in listed.hosts] == [True, True]


def test_the_local_page_tests_from_here(responder: Responder, monkeypatch: Any) -> None:
    desk = NetworkService(responder=responder, vendor_hosts=False)
    monkeypatch.setattr(NetworkService, "load", lambda _self, _source: desk.catalogue())
    with client(pages.local_pages(), None, local=True) as opened:
        assert "Start the test" in opened.get("/network").text
        text = opened.post("/network", headers=SAME_SITE).text
    assert "Success" in text
    assert "from this computer" in text
