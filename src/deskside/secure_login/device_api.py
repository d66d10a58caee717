"""One's own devices over REST: made, activated, reported lost, their PIN changed. Below `/me`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from litestar import get, post
from litestar.params import FromPath, JSONBody

from deskside.secure_login.dependencies import TheDirectory, TheLogin
from deskside.secure_login.device_pages import personal_digits
from deskside.secure_login.life import Asked
from deskside.secure_login.step_up.rules import Task
from deskside.secure_login.values import DeviceInfo
from deskside.web.service import AnyRequest, require_visitor

OWN: dict[str, Any] = {"sync_to_thread": True, "tags": ["devices"], "security": [{"bearer": []}]}
ACT: dict[str, Any] = {**OWN, "status_code": 200, "request_max_body_size": 8192}


class NewDevice(msgspec.Struct, forbid_unknown_fields=True):
    """The kind of device to make, one of those that `GET /me/devices/kinds` names."""

    kind: str


class NewPin(msgspec.Struct, forbid_unknown_fields=True):
    """The PIN wanted."""

    pin: str


class DeviceAnswer(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """An answer of the device; `pin_change` as it came with the question, for a new PIN."""

    challenge: str
    answer: str
    pin_change: str = ""


class Kinds(msgspec.Struct):
    """What the visitor may make now."""

    kinds: list[str]


class Made(msgspec.Struct):
    """A new device. `shown` is what its holder keeps; it is told only here."""

    device: str
    kind: str
    serial: str
    status: str
    shown: dict[str, str]


class Question(msgspec.Struct, omit_defaults=True):
    """A question to a device; `pin_change` is to be sent back with the answer."""

    challenge: str
    question: str
    expires: datetime
    pin_change: str = ""


class State(msgspec.Struct):
    """A device after what was done."""

    device: str
    status: str


@get("/me/devices/kinds", summary="What may be made", **OWN)
def kinds(request: AnyRequest, secure_login: TheLogin) -> Kinds:
    """The kinds that the visitor may make now."""
    return Kinds(secure_login.lives.may_make(require_visitor(request)))


@post("/me/devices", summary="Make a device", **{**OWN, "status_code": 201})
def make(
    request: AnyRequest, data: JSONBody[NewDevice], secure_login: TheLogin, directory: TheDirectory
) -> Made:
    """Make a device; it is shown once."""
    visitor = require_visitor(request)
    owner = directory.find(visitor.user_name)
    with secure_login.step_up.spending(visitor, Task.DEVICE):
        info, issued = secure_login.lives.make(visitor, owner, data.kind)
    return Made(
        info.id, info.kind, info.serial, info.status.value, dict(issued.virtual_device or {})
    )


@post("/me/devices/{device_id:str}/challenge", summary="Ask a device", **ACT)
def ask(request: AnyRequest, device_id: FromPath[str], secure_login: TheLogin) -> Question:
    """A question to a device that waits for activation, or was lost and is found."""
    return _question(secure_login.lives.ask(require_visitor(request), device_id))


@post("/me/devices/{device_id:str}/activate", summary="Activate a device", **ACT)
def activate(
    request: AnyRequest,
    device_id: FromPath[str],
    data: JSONBody[DeviceAnswer],
    secure_login: TheLogin,
) -> State:
    """Take the device's answer; from now on it is asked for at log-ins."""
    visitor = require_visitor(request)
    return _state(secure_login.lives.activate(visitor, device_id, data.challenge, data.answer))


@post("/me/devices/{device_id:str}/lost", summary="Report a device lost", **ACT)
def lost(request: AnyRequest, device_id: FromPath[str], secure_login: TheLogin) -> State:
    """Report a device lost: it answers nothing from now on."""
    visitor = require_visitor(request)
    with secure_login.step_up.spending(visitor, Task.LOST):
        return _state(secure_login.lives.lose(visitor, device_id))


@post("/me/devices/{device_id:str}/pin", summary="Ask for a new PIN", **ACT)
def ask_pin(
    request: AnyRequest,
    device_id: FromPath[str],
    data: JSONBody[NewPin],
    secure_login: TheLogin,
    directory: TheDirectory,
) -> Question:
    """A question to be answered with the new PIN."""
    visitor = require_visitor(request)
    with secure_login.step_up.spending(visitor, Task.PIN):
        asked, sealed = secure_login.lives.ask_for_pin(
            visitor, device_id, data.pin, personal_digits(directory, visitor)
        )
    return _question(asked, sealed)


@post("/me/devices/{device_id:str}/pin/confirm", summary="Change the PIN", **ACT)
def change_pin(
    request: AnyRequest,
    device_id: FromPath[str],
    data: JSONBody[DeviceAnswer],
    secure_login: TheLogin,
) -> State:
    """Take the answer that was made with the new PIN."""
    visitor = require_visitor(request)
    secure_login.lives.change_pin(visitor, device_id, data.challenge, data.pin_change, data.answer)
    return State(device_id, "active")


def routes() -> list[Any]:
    """The handlers, relative to `/api/v1`."""
    return [kinds, make, ask, activate, lost, ask_pin, change_pin]


def _question(asked: Asked, sealed: str = "") -> Question:
    return Question(asked.challenge.id, asked.challenge.question, asked.challenge.expires, sealed)


def _state(info: DeviceInfo) -> State:
    return State(info.id, info.status.value)
