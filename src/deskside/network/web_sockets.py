"""The responder's way of talking with browsers: a WebSocket that brings one signed line.

A page cannot open a raw connection, but it can open a WebSocket (RFC 6455) to any port. It asks
by the path, `/deskside/1/NONCE`, gets the line that a tester gets, and the connection ends.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    CloseConnection,
    RejectConnection,
    Request,
    TextMessage,
)
from wsproto.utilities import RemoteProtocolError

MAX_HEAD = 8192
"""Bytes of a request's head that are read."""

FIRST = b"GET "
"""What the first line of a browser's request begins with."""

_PATH = re.compile(r"/deskside/1/([0-9a-f]{64})")


class Greeting:
    """One request of a browser, fed as it arrives.

    Args:
        answer: gives the line for a nonce; None where it may not be answered now.
    """

    def __init__(self, answer: Callable[[str], bytes | None]) -> None:
        self._connection = WSConnection(ConnectionType.SERVER)
        self._answer = answer
        self._read = 0

    def feed(self, received: bytes) -> bytes | None:
        """What to send before hanging up; None where the request is not whole yet.

        An empty answer where it is no WebSocket's request.
        """
        self._read += len(received)
        try:
            self._connection.receive_data(received)
            for event in self._connection.events():
                if isinstance(event, Request):
                    return self._greet(event.target)
        except RemoteProtocolError:
            return b""
        return b"" if self._read > MAX_HEAD else None

    def _greet(self, target: str) -> bytes:
        asked = _PATH.fullmatch(target)
        if asked is None:
            return self._connection.send(RejectConnection(status_code=404))
        line = self._answer(asked[1])
        if line is None:
            return self._connection.send(RejectConnection(status_code=429))
        return b"".join(
            self._connection.send(event)
            for event in (
                AcceptConnection(),
                TextMessage(data=line.decode("ascii")),
                CloseConnection(code=1000),
            )
        )
