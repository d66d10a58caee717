"""Verifying one's identity at the terminal: at a portal that asks for it, or at the desk's own
computer, where nothing is done in another's name either."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from deskside.foundation.console import note
from deskside.foundation.errors import NotAllowed, Refused
from deskside.foundation.text import _

if TYPE_CHECKING:
    from deskside.foundation.portal_client import PortalClient
    from deskside.secure_login.service import LoginService
    from deskside.secure_login.step_up.rules import Task
    from deskside.web.model import Visitor


def with_proof(client: PortalClient, task: str, act: Callable[[], Any]) -> Any:
    """Do something at the portal; where it asks who one is, prove that and do it again."""
    try:
        return act()
    except NotAllowed as error:
        if error.code != "step-up-needed":
            raise
    _prove(client, task)
    return act()


@contextmanager
def proving_here(secure_login: LoginService, visitor: Visitor, task: Task) -> Iterator[None]:
    """Do something with the database at hand: password and device are asked as at the portal.

    Raises:
        LoginFailed, TooManyAttempts: as at a log-in, and counted so.
        OnlyTheDesk: none of the visitor's devices works.
    """
    from deskside.secure_login.step_up.rules import Means
    from deskside.secure_login.step_up.service import OnlyTheDesk
    from deskside.secure_login.values import Origin

    proofs = secure_login.step_up
    means, factors = proofs.means(visitor, task)
    password = click.prompt(_("Your password"), hide_input=True, err=True)
    if means is Means.PASSWORD:
        proofs.password(visitor, task, password, Origin())
    else:
        secure_login.password_step.confirm(visitor.user_name, password, Origin())
        if means is Means.DESK:
            raise OnlyTheDesk
        device = _chosen([(factor.device, factor.label) for factor in factors])
        _prove_here(secure_login, visitor, task, device)
    with proofs.spending(visitor, task):
        yield


def _prove_here(secure_login: LoginService, visitor: Visitor, task: Task, device: str) -> None:
    from deskside.secure_login.authenticators import MalformedAnswer
    from deskside.secure_login.proof import NotProved

    proofs = secure_login.step_up
    while True:
        asked = proofs.ask(visitor, task, device)
        try:
            proofs.answer(visitor, task, device, asked.id, _response(asked.question))
        except (MalformedAnswer, NotProved):
            _again()
        else:
            return


def _prove(client: PortalClient, task: str) -> None:
    note(_("Verify your identity first."))
    device = ""
    while True:
        begun = client.data("POST", "/me/proofs", json={"task": task, "device": device})
        if begun["means"] == "password":
            password = click.prompt(_("Your password"), hide_input=True, err=True)
            given = {"task": task, "password": password}
            client.request("POST", "/me/proofs/password", json=given)
            return
        if begun["challenge"] is None:
            return
        if not device:
            device = _chosen([(each["device"], each["label"]) for each in begun["factors"]])
            if device != begun["challenge"]["device"]:
                continue
        asked = begun["challenge"]
        given = {
            "task": task,
            "device": asked["device"],
            "challenge": asked["challenge"],
            "answer": _response(asked["question"]),
        }
        try:
            client.request("POST", "/me/proofs/answer", json=given)
        except Refused as error:
            if error.code != "device-not-proved":
                raise
            _again()
        else:
            return


def _chosen(factors: Sequence[tuple[str, str]]) -> str:
    """Which device answers, by id; asked only where there are several, the strongest first."""
    if len(factors) == 1:
        return factors[0][0]
    for number, (_device, label) in enumerate(factors, 1):
        note(f"{number}  {label}")
    number = click.prompt(
        _("Which device answers?"), type=click.IntRange(1, len(factors)), default=1, err=True
    )
    return factors[number - 1][0]


def _response(question: str) -> str:
    if question:
        note(_("Challenge: {question}").format(question=question))
    return str(click.prompt(_("Response"), err=True))


def _again() -> None:
    note(_("That was not accepted. Here is a new challenge."))
