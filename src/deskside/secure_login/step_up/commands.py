"""Verifying one's identity at the terminal, where the portal asks for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from deskside.foundation.console import note
from deskside.foundation.errors import NotAllowed, Refused
from deskside.foundation.text import _

if TYPE_CHECKING:
    from deskside.foundation.portal_client import PortalClient


def with_proof(client: PortalClient, task: str, act: Callable[[], Any]) -> Any:
    """Do something at the portal; where it asks who one is, prove that and do it again."""
    try:
        return act()
    except NotAllowed as error:
        if error.code != "step-up-needed":
            raise
    _prove(client, task)
    return act()


def _prove(client: PortalClient, task: str) -> None:
    note(_("Verify your identity first."))
    while True:
        begun = client.data("POST", "/me/proofs", json={"task": task})
        if begun["means"] == "password":
            password = click.prompt(_("Your password"), hide_input=True, err=True)
            given = {"task": task, "password": password}
            client.request("POST", "/me/proofs/password", json=given)
            return
        if (asked := begun["challenge"]) is None:
            return
        if asked["question"]:
            note(_("Challenge: {question}").format(question=asked["question"]))
        given = {
            "task": task,
            "device": asked["device"],
            "challenge": asked["challenge"],
            "answer": click.prompt(_("Response"), err=True),
        }
        try:
            client.request("POST", "/me/proofs/answer", json=given)
        except Refused as error:
            if error.code != "device-not-proved":
                raise
            note(_("That was not accepted. Here is a new challenge."))
        else:
            return
