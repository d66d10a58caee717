"""Runs a proxy script: a process that reads one JSON document and writes one.

A script is a stranger's program. It runs in QuickJS, which has no files and no network, with
bounds on memory and stack; in a process with bounds of the system's, which is ended when its
time is up. Names are looked up for it, a few.

    in:  {"script": "…", "questions": [["http://host:port/", "host"], …], "own": "192.0.2.7"}
    out: {"answers": ["PROXY …", …]} or {"problem": "…", "said": "…"}
"""

from __future__ import annotations

import json
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

MEMORY, STACK = 64 << 20, 512 << 10
"""Bytes for the script."""

PROCESS_MEMORY, PROCESS_SECONDS = 1 << 30, 4
"""For all of the process, where the system can bound it."""

LOOK_UPS = 24
LONGEST_ANSWER = 500
FUNCTIONS = Path(__file__).with_name("functions.js")


def main() -> None:
    """Answer."""
    asked = json.load(sys.stdin.buffer)
    _bound()
    told: dict[str, Any]
    try:
        told = {"answers": answers(asked["script"], asked["questions"], asked["own"])}
    except Unusable as error:
        told = {"problem": error.problem, "said": error.said}
    json.dump(told, sys.stdout)


class Unusable(Exception):
    """A script that cannot be used; `said` is the engine's own word."""

    def __init__(self, problem: str, said: str = "") -> None:
        super().__init__(problem)
        self.problem, self.said = problem, said


def answers(script: str, questions: list[list[str]], own: str) -> list[str]:
    """The script's answer for each address and host."""
    import quickjs

    context = quickjs.Context()
    context.set_memory_limit(MEMORY)
    context.set_max_stack_size(STACK)
    context.add_callable("lookUp", _LookUps().address)
    context.set("ownAddress", own)
    try:
        context.eval(FUNCTIONS.read_text(encoding="utf-8"))
        context.eval(script)
        if context.eval("typeof FindProxyForURL") != "function":
            raise Unusable("no-function")
        return [_answer(context, url, host) for url, host in questions]
    except quickjs.StackOverflow as error:
        raise Unusable("recursion") from error
    except quickjs.JSException as error:
        said = str(error).partition("\n")[0][:120]
        said = "".join(sign if sign.isprintable() else " " for sign in said).strip()
        memory = "out of memory" in said
        raise Unusable("memory" if memory else "error", said) from error


def _answer(context: Any, url: str, host: str) -> str:
    told = context.eval(f"FindProxyForURL({json.dumps(url)}, {json.dumps(host)})")
    return told[:LONGEST_ANSWER] if isinstance(told, str) else ""


class _LookUps:
    def __init__(self) -> None:
        self._known: dict[str, str | None] = {}

    def address(self, name: str) -> str | None:
        if name not in self._known:
            if len(self._known) >= LOOK_UPS:
                return None
            self._known[name] = None
            with suppress(OSError, UnicodeError):
                entries = socket.getaddrinfo(name, None, socket.AF_INET, socket.SOCK_STREAM)
                self._known[name] = str(entries[0][4][0])
        return self._known[name]


def _bound() -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    for what, most in (
        (resource.RLIMIT_AS, PROCESS_MEMORY),
        (resource.RLIMIT_CPU, PROCESS_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))


if __name__ == "__main__":
    main()
