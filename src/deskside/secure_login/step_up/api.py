"""Verifying one's identity over REST: `/me/proofs`.

A proof stays with the session that gave it: the task that needs it finds it there.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from litestar import post
from litestar.params import JSONBody

from deskside.secure_login.dependencies import TheLogin
from deskside.secure_login.model import Challenge
from deskside.secure_login.step_up.rules import Means
from deskside.secure_login.step_up.service import OnlyTheDesk, Proven, task_named
from deskside.secure_login.values import Origin
from deskside.web.service import AnyRequest, require_visitor

OWN: dict[str, Any] = {
    "tags": ["step-up"],
    "security": [{"bearer": []}],
    "status_code": 200,
    "request_max_body_size": 8192,
}


class AskedProof(msgspec.Struct, forbid_unknown_fields=True):
    """The kind of task, as listed among the rights; and perhaps which device to ask."""

    task: str
    device: str = ""


class ProofFactor(msgspec.Struct):
    """A device that may answer."""

    device: str
    kind: str
    label: str
    protection_level: int


class ProofQuestion(msgspec.Struct):
    """A question to a device, open until `expires` (UTC) or its first answer."""

    challenge: str
    device: str
    question: str
    expires: datetime


class ProofBegun(msgspec.Struct):
    """How to prove it: `means` is `device`, `password` or `nothing`."""

    task: str
    means: str
    factors: list[ProofFactor]
    challenge: ProofQuestion | None


class ProofAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """What the device answered."""

    task: str
    device: str
    challenge: str
    answer: str


class ProofPassword(msgspec.Struct, forbid_unknown_fields=True):
    """The visitor's password, where no device is due."""

    task: str
    password: str


class ProofOut(msgspec.Struct):
    """A proof for one kind of task, kept with the session until `expires`."""

    proof: str
    task: str
    expires: datetime
    protection_level: int


@post("/me/proofs", sync_to_thread=True, summary="Begin to verify your identity", **OWN)
def begin(request: AnyRequest, data: JSONBody[AskedProof], secure_login: TheLogin) -> ProofBegun:
    """What it takes; where a device must answer, with a question to it."""
    visitor, task = require_visitor(request), task_named(data.task)
    wanted, factors = secure_login.step_up.means(visitor, task)
    if wanted is Means.DESK:
        raise OnlyTheDesk
    asked = None
    if wanted is Means.DEVICE:
        asked = secure_login.step_up.ask(visitor, task, data.device or factors[0].device)
    return ProofBegun(
        task.value,
        wanted.value,
        [ProofFactor(f.device, f.kind, f.label, f.protection_level) for f in factors]
        if wanted is Means.DEVICE
        else [],
        _question(asked) if asked else None,
    )


@post("/me/proofs/answer", sync_to_thread=True, summary="Answer with the device", **OWN)
def answer(request: AnyRequest, data: JSONBody[ProofAnswer], secure_login: TheLogin) -> ProofOut:
    """Take the device's answer."""
    return _proof(
        secure_login.step_up.answer(
            require_visitor(request),
            task_named(data.task),
            data.device,
            data.challenge,
            data.answer,
        )
    )


@post("/me/proofs/password", summary="Give the password", **OWN)
async def password(
    request: AnyRequest, data: JSONBody[ProofPassword], secure_login: TheLogin
) -> ProofOut:
    """Take the password."""
    visitor, task = require_visitor(request), task_named(data.task)
    address = request.client.host if request.client else ""
    origin = Origin(address=address, agent=request.headers.get("user-agent", ""))
    return _proof(
        await secure_login.pool.run(
            secure_login.step_up.password, visitor, task, data.password, origin
        )
    )


def routes() -> list[Any]:
    """The handlers, relative to `/api/v1`."""
    return [begin, answer, password]


def _question(asked: Challenge) -> ProofQuestion:
    return ProofQuestion(asked.id, asked.device, asked.question, asked.expires)


def _proof(proven: Proven) -> ProofOut:
    return ProofOut(proven.id, proven.task.value, proven.expires, proven.level)
