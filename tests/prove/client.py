"""A client that remembers every word a portal gave it."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx2

from deskside.secure_login.card import file as device_file
from deskside.secure_login.card.device import VirtualCard

WORKSPACE = "tws-prove.xml"


@dataclass(frozen=True)
class Person:
    """Somebody who can log in."""

    name: str
    password: str
    card: VirtualCard
    pin: str

    @classmethod
    def of(cls, user: dict[str, Any]) -> Person:
        """A user of `demo.json`."""
        device = user["devices"][0]
        card = VirtualCard.from_document(device_file.read(Path(device["file"])))
        return cls(user["username"], user["password"], card, device["pin"])


@dataclass(frozen=True)
class Answer:
    """The right answer to one challenge, ready to be submitted again."""

    person: Person
    login: str
    device: str
    text: str

    @property
    def body(self) -> dict[str, str]:
        return {"device": self.device, "answer": self.text}


@dataclass
class Ledger:
    """What the portal acknowledged to one person, and what it left open when it died."""

    person: Person
    sessions: list[str] = field(default_factory=list)
    snapshots: dict[str, str] = field(default_factory=dict)
    answered: list[Answer] = field(default_factory=list)
    unclear: list[Answer] = field(default_factory=list)


class Client:
    """Logs one person in and pushes settings, over REST."""

    def __init__(self, address: str, ledger: Ledger) -> None:
        self.http = httpx2.Client(base_url=f"{address}/api/v1", timeout=30)
        self.ledger = ledger

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.http.close()

    def begin(self) -> Answer:
        """Give the password; the right answer to the challenge that follows."""
        person = self.ledger.person
        body = {"username": person.name, "password": person.password}
        step = self._ok(self.http.post("/login", json=body))
        asked = step["challenge"]
        text = person.card.respond(asked["question"], person.pin)
        return Answer(person, step["login"], asked["device"], text)

    def submit(self, answer: Answer, text: str = "") -> httpx2.Response:
        """Submit an answer, or another text in its place."""
        body = answer.body | ({"answer": text} if text else {})
        return self.http.post(f"/login/{answer.login}/answer", json=body)

    def log_in(self) -> str:
        """All the way; the session is acknowledged, or the answer's fate is unclear."""
        answer = self.begin()
        self.ledger.unclear.append(answer)
        token = str(self._ok(self.submit(answer))["session"])
        self.ledger.sessions.append(token)
        self.ledger.answered.append(self.ledger.unclear.pop())
        return token

    def guess_wrong(self) -> None:
        """Spend a challenge on a wrong answer."""
        answer = self.begin()
        wrong = f"{(int(answer.text) + 1) % 10**8:08d}"
        assert self.submit(answer, wrong).status_code == 401
        self.ledger.answered.append(answer)

    def push(self, token: str, rng: random.Random) -> None:
        """Push a new version on top of the latest."""
        content = b"<Settings n='%d'/>" % rng.randrange(10**12)
        digest = hashlib.sha256(content).hexdigest()
        headers = self.bearer(token) | {
            "deskside-sha256": digest,
            "deskside-base": self._base(token),
        }
        address = f"/me/settings/{WORKSPACE}/snapshots"
        pushed = self._ok(self.http.post(address, headers=headers, content=content))
        self.ledger.snapshots[pushed["snapshot"]] = digest

    def who(self, token: str) -> str:
        """Whose session a token is; empty for nobody's."""
        answer = self.http.get("/me", headers=self.bearer(token))
        return str(answer.json()["username"]) if answer.status_code == 200 else ""

    def digest_of(self, token: str, snapshot: str) -> str:
        """Digest of what the portal gives back for a snapshot."""
        address = f"/me/settings/{WORKSPACE}/snapshots/{snapshot}"
        answer = self.http.get(address, headers=self.bearer(token))
        return hashlib.sha256(answer.content).hexdigest() if answer.status_code == 200 else ""

    @staticmethod
    def bearer(token: str) -> dict[str, str]:
        return {"authorization": f"Bearer {token}", "content-type": "application/octet-stream"}

    def _base(self, token: str) -> str:
        address = f"/me/settings/{WORKSPACE}/snapshots"
        answer = self.http.get(address, headers=self.bearer(token))
        if answer.status_code == 404:
            return ""
        return str(self._ok(answer)["snapshots"][0]["id"])

    @staticmethod
    def _ok(answer: httpx2.Response) -> Any:
        assert answer.status_code == 200, f"{answer.status_code}: {answer.text}"
        return answer.json()
