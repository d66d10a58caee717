"""Who waits at a local port, and who is connected to it, as far as the system tells."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

LISTENING = "0A"
TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
"""Linux's tables of TCP sockets (proc(5)); other systems have no such thing to read."""


def waiting(port: int) -> int | None:
    """Connections that the system has let in and the program has not taken; None if not told."""
    queues = [queue for table in TABLES for here, queue in _queues(_content(table)) if here == port]
    return sum(queues) if queues else None


def clients(port: int) -> list[str]:
    """Programs of this computer that are connected to a port of it, each with its process id.

    Another user's programs show only with that user's rights, or an administrator's.
    """
    import psutil

    return _programs(
        one
        for one in _connections()
        if one.status == psutil.CONN_ESTABLISHED
        and one.laddr
        and one.raddr
        and one.raddr.port == port
        and one.laddr.ip == one.raddr.ip  # to this computer itself
    )


def listeners(port: int) -> list[str]:
    """Programs that listen at a port of this computer, as in `clients`."""
    return _programs(one for one in _listening() if one.laddr.port == port)


def open_ports() -> set[int]:
    """Ports of this computer at which somebody listens."""
    return {one.laddr.port for one in _listening()}


def _listening() -> list[Any]:
    import psutil

    return [one for one in _connections() if one.status == psutil.CONN_LISTEN and one.laddr]


def _connections() -> list[Any]:
    import psutil

    try:
        return list(psutil.net_connections("tcp"))
    except (psutil.Error, OSError):
        return []


def _programs(connections: Iterable[Any]) -> list[str]:
    ids = {one.pid for one in connections if one.pid}
    return [f"{_program(number)} ({number})" for number in sorted(ids)]


def _program(number: int) -> str:
    import psutil

    try:
        return psutil.Process(number).name()
    except psutil.Error:
        return "?"


def _queues(table: str) -> list[tuple[int, int]]:
    """Port and length of the queue of each listening socket."""
    rows = [line.split() for line in table.splitlines()[1:]]
    return [
        (int(row[1].rpartition(":")[2], 16), int(row[4].rpartition(":")[2], 16))
        for row in rows
        if len(row) > 4 and row[3] == LISTENING
    ]


def _content(table: Path) -> str:
    try:
        return table.read_text("ascii")
    except OSError:
        return ""
