"""The demonstration's card on the screen. It exists only while the demonstration runs."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from litestar import get, post
from litestar.response import Response

from deskside.foundation.clock import Clock, SystemRandomness
from deskside.foundation.config import Config
from deskside.foundation.errors import NotFound
from deskside.foundation.text import _
from deskside.secure_login import cookies
from deskside.secure_login.card.machine import KEYS, OFF, Stage, State, advance, at
from deskside.secure_login.card.sealed import StateError, seal, unseal
from deskside.secure_login.demo import DemoCard, demo_cards
from deskside.secure_login.dependencies import TheClock, TheConfig, TheLogin
from deskside.secure_login.service import LoginFailed, LoginService
from deskside.secure_login.threads import in_thread
from deskside.secure_login.values import LoginStep
from deskside.web.service import AnyRequest, form, page

ADDRESS = "/demo/card"


def demo_pages() -> list[Any]:
    """The addresses."""
    return [show_card, press_key]


@get(ADDRESS, include_in_schema=False)
async def show_card(
    request: AnyRequest, secure_login: TheLogin, config: TheConfig, clock: TheClock
) -> Response[Any]:
    """The card of the person who is logging in, switched off."""
    return await in_thread(_show, request, secure_login, config, OFF, clock)


@post(ADDRESS, status_code=200, include_in_schema=False)
async def press_key(
    request: AnyRequest, secure_login: TheLogin, config: TheConfig, clock: TheClock
) -> Response[Any]:
    """One key pressed."""
    fields = await form(request)

    def press() -> Response[Any]:
        cards = _cards(request, config)
        chosen = _choose(request, cards, _pending(request, secure_login), secure_login)
        try:
            state = at(unseal(chosen.card, fields.get("state", "")), clock.now())
        except StateError:
            state = OFF
        key = fields.get("key", "").lower()
        if key in KEYS:
            state = advance(chosen.card, state, key, clock.now())
        return _show(request, secure_login, config, state, clock)

    return await in_thread(press)


def _show(
    request: AnyRequest, secure_login: LoginService, config: Config, state: State, clock: Clock
) -> Response[str]:
    cards = _cards(request, config)
    pending = _pending(request, secure_login)
    chosen = _choose(request, cards, pending, secure_login)
    return page(
        request,
        "pages/demo_card.html",
        card={
            "display": state.display,
            "state": seal(chosen.card, state, SystemRandomness()),
            "step": state.stage.value,
            "waiting": state.stage in (Stage.PIN, Stage.CHALLENGE),
            "label": chosen.serial,
        },
        action=_address(chosen),
        pin=chosen.pin,
        challenge=pending.challenge.question if pending and pending.challenge else "",
        return_href="/login/factor" if pending else "",
        cards=[
            {"href": _address(card), "label": card.label, "current": card is chosen}
            for card in cards
        ],
    )


def _cards(request: AnyRequest, config: Config) -> list[DemoCard]:
    cards = demo_cards(config.data_folder()) if request.app.state.shell.demo else []
    if not cards:
        raise NotFound("no-demo", _("There is no page at this address."))
    return cards


def _choose(
    request: AnyRequest,
    cards: list[DemoCard],
    pending: LoginStep | None,
    secure_login: LoginService,
) -> DemoCard:
    """The card that is named in the address, else the one that is being asked, else the first."""
    serial = request.query_params.get("card", "")
    if not serial and pending is not None and pending.challenge is not None:
        asked = secure_login.list_devices(serial=pending.challenge.device)
        serial = asked[0].serial if asked else ""
    return next((card for card in cards if card.serial == serial), cards[0])


def _pending(request: AnyRequest, secure_login: LoginService) -> LoginStep | None:
    try:
        return secure_login.progress(cookies.login_secret(request))
    except LoginFailed:
        return None


def _address(card: DemoCard) -> str:
    return f"{ADDRESS}?card={quote(card.serial)}"
