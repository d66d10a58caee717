"""The check of the local TWS API: does it answer, and if not, why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from deskside.foundation.errors import UsageProblem
from deskside.foundation.findings import Finding, Status
from deskside.foundation.registry import Situation
from deskside.foundation.text import _, mark
from deskside.workstation.doctor.api_settings import ApiSettings, all_settings
from deskside.workstation.doctor.connections import clients, listeners, open_ports, waiting
from deskside.workstation.doctor.handshake import Answer, Shaken, shake

ARTICLE = "9004"
HOST = "127.0.0.1"
USUAL = {
    7496: mark("TWS, live"),
    7497: mark("TWS, paper trading"),
    4001: mark("IB Gateway, live"),
    4002: mark("IB Gateway, paper trading"),
}
OLD_VERSION = 187
"""Below it the program is older than what the vendor still supports."""

_WORDS: dict[Answer, tuple[Status, str, str, str]] = {
    Answer.ADDRESS_REFUSED: (
        Status.FAILURE,
        mark("the API closes the connection at once"),
        mark("The address is not among those that the program trusts, or somebody said no."),
        mark("Add this address under Configure, API, Settings, Trusted IPs; then connect again."),
    ),
    Answer.HANGING: (
        Status.FAILURE,
        mark("the port is open, but nobody takes connections"),
        mark("The queue of connections is full: the program hangs, or is overloaded."),
        mark("Close clients that are not needed; if it stays so, restart the program."),
    ),
    Answer.NO_ANSWER: (
        Status.FAILURE,
        mark("the connection is taken, but there is no answer"),
        mark("The program waits for somebody to accept the connection in a window, or it hangs."),
        mark("Look for a question of the program on its screen; else restart it."),
    ),
    Answer.NOT_TWS: (
        Status.WARNING,
        mark("another program has this port"),
        mark("What answers does not speak the language of the TWS API."),
        mark("End that program, or choose another port in TWS under Configure, API, Settings."),
    ),
    Answer.CLIENT_ID_IN_USE: (
        Status.WARNING,
        mark("this client id is in use"),
        mark("Another program is connected under the same number."),
        mark("Give each program a client id of its own, or end the one that is left over."),
    ),
}


class LocalApi:
    """Whether the API of TWS or IB Gateway on this computer answers."""

    id = "doctor.api"
    title = mark("Local TWS API")
    options: tuple[str, ...] = ("root", "port", "client-id")
    codes = (*(a.value for a in Answer), "api-disabled", "api-read-only", "api-version-old")

    def applies(self, situation: Situation) -> bool:
        return bool(situation.option("port") or _settings(situation) or USUAL.keys() & open_ports())

    def run(self, situation: Situation) -> Iterator[Finding]:
        settings = _settings(situation)
        named = _number(situation, "port")
        client = _number(situation, "client-id")
        ports = {named} if named else {one.port for one in settings if one.port} | set(USUAL)
        answers = {port: shake(HOST, port, client=client) for port in sorted(ports)}
        heard = {p: shaken for p, shaken in answers.items() if shaken.answer is not Answer.REFUSED}
        for port, shaken in heard.items():
            yield _answered(port, shaken)
        if not heard:
            yield _closed(sorted(ports), settings, named=named is not None)
        for one in settings:
            if one.read_only and one.enabled:
                yield _read_only(one)


def _settings(situation: Situation) -> list[ApiSettings]:
    root = situation.option("root")
    return all_settings(Path(root) if root else None)


def _number(situation: Situation, name: str) -> int | None:
    given = situation.option(name)
    if given is None:
        return None
    if not given.isdigit() or int(given) > 65_535:
        raise UsageProblem("wrong-number", _("{name} must be a number.").format(name=name))
    return int(given)


def _place(port: int) -> str:
    known = USUAL.get(port)
    return f"{HOST}:{port}" + (f" ({_(known)})" if known else "")


def _answered(port: int, shaken: Shaken) -> Finding:
    seen: dict[str, object] = {"port": port}
    if shaken.version:
        seen |= {"server_version": shaken.version, "program_time": shaken.at}
    if shaken.seen:
        seen["seen"] = shaken.seen
    if holding := listeners(port):
        seen["listening"] = holding
    if queue := waiting(port):
        seen["waiting"] = queue
    if connected := clients(port):
        seen["connected"] = connected
    code = shaken.answer.value
    if shaken.answer in _WORDS:
        status, title, cause, remedy = _WORDS[shaken.answer]
    elif shaken.version < OLD_VERSION:
        code, status = "api-version-old", Status.WARNING
        title = mark("the program is an old one")
        cause = mark("Its version of the API is older than those that the vendor supports.")
        remedy = mark("Update the program.")
    else:
        status, title, cause, remedy = Status.OK, mark("the API answers"), "", ""
    return Finding(
        code=code,
        status=status,
        subject=f"{HOST}:{port}",
        title=f"{_place(port)}: {_(title)}",
        evidence=seen,
        cause=_(cause) if cause else "",
        remedy=_(remedy) if remedy else "",
        article=f"{ARTICLE}#{code}",
    )


def _closed(ports: list[int], settings: list[ApiSettings], *, named: bool) -> Finding:
    disabled = [one for one in settings if not one.enabled]
    off = bool(settings) and len(disabled) == len(settings) and not named
    code = "api-disabled" if off else Answer.REFUSED.value
    return Finding(
        code=code,
        status=Status.FAILURE if named else Status.NOTICE,
        subject=HOST,
        title=_("The API is switched off in the settings") if off else _("No API listens here"),
        evidence={"ports": ports},
        cause=_("Enable ActiveX and Socket Clients is not ticked.")
        if off
        else _("Neither TWS nor IB Gateway is running, or its API is off or at another port."),
        remedy=_("In TWS: Configure, API, Settings, tick Enable ActiveX and Socket Clients.")
        if off
        else _("Start the program and log in; then compare the port under Configure, API."),
        article=f"{ARTICLE}#{code}",
    )


def _read_only(one: ApiSettings) -> Finding:
    return Finding(
        code="api-read-only",
        status=Status.NOTICE,
        subject=one.file,
        title=f"{one.name}: {_('the API may read only')}",
        evidence={"port": one.port},
        cause=_("Read-Only API is ticked: orders of programs are refused with error 321."),
        remedy=_("Leave it so unless a program is meant to trade."),
        article=f"{ARTICLE}#api-read-only",
    )
