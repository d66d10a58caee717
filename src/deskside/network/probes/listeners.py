"""The ports on this computer where TWS and IB Gateway offer their API, and who has them."""

from __future__ import annotations

from collections.abc import Collection

from deskside.network.line_observations import ListenerSeen

API_PORTS = {7496: "TWS", 7497: "TWS, paper", 4001: "IB Gateway", 4002: "IB Gateway, paper"}
"""KB2816 names 4001 as a remote port too: as a local one it is IB Gateway's own."""


def listeners(known: Collection[tuple[str, int]]) -> list[ListenerSeen]:
    """Who listens on the API ports, without the far ends of this very test.

    Args:
        known: addresses and ports of the far ends.
    """
    import psutil

    seen: dict[int, ListenerSeen] = {}
    try:
        connections = psutil.net_connections("tcp")
    except (psutil.AccessDenied, OSError):
        return []
    for one in connections:
        if one.status != psutil.CONN_LISTEN or not one.laddr or one.laddr.port not in API_PORTS:
            continue
        if any(port == one.laddr.port and _same(one.laddr.ip, address) for address, port in known):
            continue
        seen.setdefault(
            one.laddr.port, ListenerSeen(port=one.laddr.port, program=_program(one.pid))
        )
    return [seen[port] for port in sorted(seen)]


def _same(listening: str, address: str) -> bool:
    return listening == address or (
        listening in ("0.0.0.0", "::") and (address.startswith("127.") or address == "::1")  # noqa: S104 -- compared, not bound
    )


def _program(pid: int | None) -> str:
    import psutil

    try:
        process = psutil.Process(pid) if pid else None
        # A responder of Deskside's is there on purpose.
        if process is None or any("deskside" in word for word in process.cmdline()[:3]):
            return ""
        return process.name()
    except psutil.Error:
        return ""
