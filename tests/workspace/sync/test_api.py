"""The settings API by hand, as another client would use it, and the portal's page of it."""

from __future__ import annotations

import hashlib
import re

import httpx2

from tests.workspace.conftest import SAMPLE, document

from .portal_process import ENDED


class Api:
    """The API by hand."""

    def __init__(self, portal: str, token: str) -> None:
        self.base = f"{portal}/api/v1/me/settings"
        self.headers = {"authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str = "") -> httpx2.Response:
        return httpx2.get(self.base + path, headers=self.headers)

    def push(self, name: str, content: bytes, **headers: str) -> httpx2.Response:
        sent = {k.replace("_", "-"): v for k, v in headers.items()} | self.headers
        return httpx2.post(f"{self.base}/{name}/snapshots", content=content, headers=sent)


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_the_api(portal: str, token: str) -> None:
    api, content = Api(portal, token), SAMPLE.read_bytes()
    made = api.push("darykq.ibg", content, deskside_sha256=sha(content), deskside_note="caff%C3%A8")
    assert made.status_code == 200
    assert made.json()["changed"] is True
    (workspace,) = api.get().json()["workspaces"]
    assert workspace["latest"]["id"] == made.json()["snapshot"]
    assert workspace["latest"]["note"] == "caffè"
    (listed,) = api.get("/darykq.ibg/snapshots").json()["snapshots"]
    got = api.get(f"/darykq.ibg/snapshots/{listed['id']}")
    assert got.content == content
    assert got.headers["content-type"].startswith("application/octet-stream")
    assert got.headers["cache-control"] == "no-store"


def test_what_the_api_refuses(portal: str, token: str) -> None:
    api, content = Api(portal, token), document()
    assert Api(portal, "").get().status_code == 401
    ENDED.add("bad")
    assert Api(portal, "bad").get().status_code == 401
    assert Api(portal, "").push("a.tws", content, deskside_sha256=sha(content)).status_code == 401
    assert api.push("a.tws", content).status_code == 400
    damaged = api.push("a.tws", content, deskside_sha256=sha(b"other"))
    assert (damaged.status_code, damaged.json()["type"]) == (400, "content-damaged")
    garbage = api.push("a.tws", b"garbage", deskside_sha256=sha(b"garbage"))
    assert (garbage.status_code, garbage.json()["type"]) == (409, "settings-not-xml")
    assert api.get("/a.tws/snapshots").status_code == 404
    api.push("a.tws", content, deskside_sha256=sha(content))
    other = document("2")
    conflict = api.push("a.tws", other, deskside_sha256=sha(other), deskside_base="stale")
    assert (conflict.status_code, conflict.json()["type"]) == (409, "settings-conflict")
    assert Api(portal, "stranger").get("/a.tws/snapshots").status_code == 404


def test_more_than_a_portal_takes(portal: str, token: str) -> None:
    content = b"IBGZENC\0" + bytes(64 * 1024 * 1024)
    assert (
        Api(portal, token).push("a.tws", content, deskside_sha256=sha(content)).status_code == 413
    )


def test_the_portal_page_shows_what_is_stored_and_lets_it_be_had(portal: str, token: str) -> None:
    content = SAMPLE.read_bytes()
    Api(portal, token).push("darykq.ibg", content, deskside_sha256=sha(content))
    cookies = {"authorization": f"Bearer {token}"}
    page = httpx2.get(f"{portal}/settings", headers=cookies)
    assert page.status_code == 200
    assert "darykq.ibg" in page.text
    assert "225,057 bytes" in page.text
    whole = httpx2.get(f"{portal}/settings/darykq.ibg", headers=cookies)
    link = re.findall(r'href="/settings/darykq.ibg/([0-9a-z]+)"', whole.text)[0]
    got = httpx2.get(f"{portal}/settings/darykq.ibg/{link}", headers=cookies)
    assert got.content == SAMPLE.read_bytes()
    assert "attachment" in got.headers["content-disposition"]
    stranger = httpx2.get(f"{portal}/settings", headers={"authorization": "Bearer stranger"})
    assert "darykq" not in stranger.text
    assert httpx2.get(f"{portal}/settings").status_code == 303
