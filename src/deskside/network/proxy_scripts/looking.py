"""Fetches a proxy script, and asks it about every far end: bounded in size and time."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import time
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from deskside.network.line_observations import ScriptSeen
from deskside.network.proxy_scripts.engine import Unusable

MAX_SCRIPT = 1 << 20
"""Bytes; browsers take no more either."""

FETCHING, RUNNING = 3.0, 5.0
"""Seconds for each."""

Question = tuple[str, int, bool]
"""Host, port, and whether the port speaks TLS."""


@dataclass(frozen=True, slots=True)
class Script:
    """Where a script is.

    Attributes:
        source: where it is configured.
        named: whether somebody named it; where this computer only looks for one (WPAD), there
            need be none.
    """

    address: str
    source: str
    named: bool = True


async def look(script: Script, questions: Sequence[Question]) -> ScriptSeen | None:
    """What the script gives for each far end, or why it cannot be used; None where there is
    none, and need be none."""
    try:
        text = await asyncio.to_thread(fetch, script.address)
        told = await ask(text, questions)
    except Unusable as error:
        if error.problem == "unreachable" and not script.named:
            return None
        return ScriptSeen(
            address=script.address, source=script.source, problem=error.problem, said=error.said
        )
    given: dict[str, list[str]] = {}
    for (host, port, _secure), answer in zip(questions, told, strict=True):
        given.setdefault(answer, []).append(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
    return ScriptSeen(
        address=script.address,
        source=script.source,
        given={answer: tuple(ends) for answer, ends in given.items()},
    )


def fetch(address: str) -> str:
    """The script's text.

    Raises:
        Unusable: it cannot be read, or is too large.
    """
    end = time.monotonic() + FETCHING
    try:
        if address.startswith(("http://", "https://")):
            # Asked for directly: the script is what says which proxy there is.
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(address, timeout=FETCHING) as answer:
                raw = bytearray()
                while (data := answer.read1(65_536)) and len(raw) <= MAX_SCRIPT:
                    raw += data
                    if time.monotonic() > end:
                        raise Unusable("unreachable", "timed out")
        else:
            with _path(address).open("rb") as file:
                raw = bytearray(file.read(MAX_SCRIPT + 1))
    except (OSError, ValueError) as error:
        said = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
        raise Unusable("unreachable", str(said)[:120]) from error
    if len(raw) > MAX_SCRIPT:
        raise Unusable("too-large")
    return raw.decode("utf-8", "replace").removeprefix("\ufeff")


async def ask(text: str, questions: Sequence[Question]) -> list[str]:
    """The script's answer to each question, in their order.

    Raises:
        Unusable: it never ends, takes too much memory, or is no script at all.
    """
    asked = {
        "script": text,
        "questions": [[_url(*question), question[0]] for question in questions],
        "own": _own_address(),
    }
    engine = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-m", "deskside.network.proxy_scripts.engine"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=_environment(os.environ),
    )
    try:
        written, _nothing = await asyncio.wait_for(
            engine.communicate(json.dumps(asked).encode()), RUNNING
        )
    except TimeoutError:
        raise Unusable("too-slow") from None
    finally:
        if engine.returncode is None:
            engine.kill()
            await engine.wait()
    return _read(written, len(questions))


def _read(written: bytes, count: int) -> list[str]:
    try:
        told = json.loads(written)
        if "problem" in told:
            raise Unusable(str(told["problem"]), str(told["said"]))
        answers = [str(one) for one in told["answers"]]
    except (ValueError, TypeError, KeyError):
        # The system ended it: it was at one of its bounds.
        raise Unusable("too-slow") from None
    if len(answers) != count:
        raise Unusable("error")
    return answers


def _url(host: str, port: int, secure: bool) -> str:
    """As browsers write it: a script sees no path of TLS, and no port that goes without saying."""
    scheme, usual = ("https", 443) if secure else ("http", 80)
    name = f"[{host}]" if ":" in host else host
    return f"{scheme}://{name}/" if port == usual else f"{scheme}://{name}:{port}/"


def _path(address: str) -> Path:
    if not address.startswith("file:"):
        return Path(address)
    path = unquote(urlsplit(address).path)
    return Path(path.lstrip("/") if sys.platform == "win32" else path)


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    """No more than Windows needs to start a program."""
    return {name: variables[name] for name in ("SYSTEMROOT",) if name in variables}


def _own_address() -> str:
    """This computer's address on the way out; nothing is sent."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(("192.0.2.1", 9))
            return str(probe.getsockname()[0])
    except OSError:
        return "127.0.0.1"
