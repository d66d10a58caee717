"""Requests to a portal leave nothing open behind them."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor

from deskside.foundation.portal_client import PortalClient

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"


def serve_until_closed(listener: socket.socket) -> int:
    """Answer every request of one connection; how many there were when it was closed."""
    connection, _address = listener.accept()
    connection.settimeout(20)
    answered = 0
    with connection:
        while connection.recv(65_536):
            connection.sendall(ANSWER)
            answered += 1
    return answered


def test_the_connection_is_kept_for_a_command_and_closed_at_its_end() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as pool:
        served = pool.submit(serve_until_closed, listener)
        with PortalClient(f"http://127.0.0.1:{listener.getsockname()[1]}") as client:
            for _request in range(2):
                assert client.request("GET", "/me").json() == {}
            assert not served.done()
        assert served.result(20) == 2
