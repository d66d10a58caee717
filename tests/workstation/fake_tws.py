"""A small TWS that speaks the first bytes of its API, in good health or in any sick state."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator


def framed(text: str) -> bytes:
    content = text.encode()
    return struct.pack(">I", len(content)) + content


def _greeting(line: socket.socket) -> None:
    read = b""
    while b"v100.." not in read or len(read) < 8:
        piece = line.recv(4096)
        if not piece:
            return
        read += piece


def _answering(text: str, after: str = "") -> Callable[[socket.socket], None]:
    def answer(line: socket.socket) -> None:
        _greeting(line)
        line.sendall(framed(text))
        if after:
            line.recv(4096)
            line.sendall(framed(after))
        with contextlib.suppress(OSError):
            line.recv(4096)

    return answer


def _raw(content: bytes) -> Callable[[socket.socket], None]:
    def answer(line: socket.socket) -> None:
        line.sendall(content)
        _greeting(line)

    return answer


def _dripping(line: socket.socket) -> None:
    with contextlib.suppress(OSError):
        line.sendall(struct.pack(">I", 60_000))
        while True:
            line.sendall(b"1")
            threading.Event().wait(0.02)


STATES: dict[str, Callable[[socket.socket], None]] = {
    "healthy": _answering("203\x0020261126 21:00:00 UTC\0"),
    "old": _answering("150\x0020261126 21:00:00 UTC\0"),
    "id in use": _answering(
        "203\x0020261126 21:00:00 UTC\0", "4\x002\0-1\x00326\0Unable to connect as the client id\0"
    ),
    "id free": _answering("203\x0020261126 21:00:00 UTC\0", "9\x001\x001\0"),
    "closes": lambda _line: None,
    "silent": lambda line: _raw(b"")(line) or (line.recv(4096) and None),
    "web server": _raw(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "tls": _raw(b"\x15\x03\x01\x00\x02\x02\x46"),
    "huge length": _raw(b"\x7f\xff\xff\xff"),
    "no version": _answering("hello\0"),
    "drips": _dripping,
}


@contextlib.contextmanager
def fake_tws(state: str) -> Iterator[int]:
    """A TWS in a state; yields its port on loopback.

    `wedged` has a full queue, `deaf` one with room; neither takes a connection.
    """
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0 if state == "wedged" else 8)
        port: int = listener.getsockname()[1]
        fillers = []
        if state == "wedged":
            for _number in range(3):
                filler = socket.socket()
                filler.setblocking(False)
                filler.connect_ex(("127.0.0.1", port))
                fillers.append(filler)
            yield port
        elif state == "deaf":
            yield port
        else:
            ended = threading.Event()
            thread = threading.Thread(target=_serve, args=(listener, state, ended), daemon=True)
            thread.start()
            yield port
            ended.set()
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                pass
            thread.join(5)
        for filler in fillers:
            filler.close()


def _serve(listener: socket.socket, state: str, ended: threading.Event) -> None:
    while True:
        line, _address = listener.accept()
        with line, contextlib.suppress(OSError):
            if ended.is_set():
                return
            STATES[state](line)
