"""Many at once, and some who never finish: nobody else waits for them."""

from __future__ import annotations

import json
import selectors
import socket
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from deskside.secure_login.passwords import MEMORY_KIB
from tests.abuse.wire import FORM, JSON, checked, connect, host, read, send
from tests.prove.client import Client
from tests.system.conftest import Portal

CROWD, SLOW = 200, 100
PATIENCE = 60.0
ROOM = 128 * 1024
"""KiB that connections, threads and the allocator may take beside the hashes."""


def test_half_requests_hold_nobody_up(portal: Portal, client: Client) -> None:
    ours, more = f"Host: {host(portal)}\r\n", "Content-Length: 60\r\n\r\n"
    halves = [
        f"GET / HTTP/1.1\r\n{ours}X: ",
        f"POST /login HTTP/1.1\r\n{ours}{FORM}\r\n{more}username=",
        f"POST /api/v1/login HTTP/1.1\r\n{ours}{JSON}\r\n{more}",
        "G",
    ]
    with ExitStack() as stack:
        wires = [stack.enter_context(connect(portal)) for _number in range(SLOW)]
        for number, wire in enumerate(wires):
            wire.sendall(halves[number % len(halves)].encode())
        assert send(portal, "GET", "/healthz").status == 200
        assert send(portal, "GET", "/kb").status == 200
        assert client.who(client.log_in()) == "alba"
        # They still wait: nothing was answered, nothing was closed.
        for wire in wires:
            wire.setblocking(False)
        assert all(is_silent(wire) for wire in wires)


def test_a_crowd_of_wrong_passwords(portal: Portal) -> None:
    """Whoever asks for something else is served before the crowd is through."""
    cores = max(1, len(list(Path("/sys/devices/system/cpu").glob("cpu[0-9]*"))))
    before = peak_memory(portal)
    with ExitStack() as stack, selectors.DefaultSelector() as waiting:
        for number in range(CROWD):
            wire = stack.enter_context(connect(portal))
            body = json.dumps({"username": f"stranger{number}", "password": "wrong"}).encode()
            head = f"POST /api/v1/login HTTP/1.1\r\nHost: {host(portal)}\r\n{JSON}\r\n"
            wire.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            waiting.register(wire, selectors.EVENT_READ, "log-in")
        bystander = stack.enter_context(connect(portal))
        bystander.sendall(f"GET /healthz HTTP/1.1\r\nHost: {host(portal)}\r\n\r\n".encode())
        waiting.register(bystander, selectors.EVENT_READ, "bystander")

        order, replies = [], Counter[int]()
        while waiting.get_map():
            ready = waiting.select(PATIENCE)
            assert ready, f"no answer any more after {len(order)}"
            for key, _events in ready:
                assert isinstance(key.fileobj, socket.socket)
                reply = checked(read(key.fileobj))
                order.append(key.data)
                replies[reply.status] += key.data == "log-in"
                waiting.unregister(key.fileobj)
    assert replies[401] + replies[503] == CROWD
    assert replies[401] > cores
    assert order.index("bystander") < len(order) - 1
    grown = peak_memory(portal) - before
    assert grown < cores * MEMORY_KIB + ROOM, f"{grown} KiB more"
    assert send(portal, "GET", "/readyz").status == 200


def is_silent(wire: socket.socket) -> bool:
    """Whether a connection is open and has nothing to say."""
    try:
        wire.recv(1)
    except BlockingIOError:
        return True
    return False


def peak_memory(portal: Portal) -> int:
    """KiB that the portal has had in memory at most."""
    status = Path(f"/proc/{portal.process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0])
