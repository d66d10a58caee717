"""The first bytes of the TWS API: as far as the server's version, and never an order.

The client says `API\\0` and a range of versions; the program answers with its own version and its
time. Every message has its length before it, in four bytes. Nothing is asked for behind that
unless a client id is to be tried: then the session is begun under that id, and ended at once.
"""

from __future__ import annotations

import socket
import ssl
import struct
import time
from dataclasses import dataclass
from enum import StrEnum

from deskside.workstation.doctor.connections import waiting

OLDEST, NEWEST = 100, 226
"""Versions that we offer: the oldest with this beginning, the newest that is known."""

LARGEST = 65_536
_START_API, _ERROR, _NEXT_VALID_ID = "71", "4", "9"
_IN_USE = "326"


class Answer(StrEnum):
    """How the far end answered; each but the last two is a section of the article."""

    OK = "api-ok"
    REFUSED = "api-closed"
    ADDRESS_REFUSED = "api-address-refused"
    HANGING = "api-hanging"
    NO_ANSWER = "api-no-answer"
    NOT_TWS = "api-not-tws"
    CLIENT_ID_IN_USE = "api-client-id-in-use"


@dataclass(frozen=True, slots=True)
class Shaken:
    """What came of it.

    Attributes:
        version: of the server; 0 where it told none.
        at: the program's own time, as it writes it.
        seen: the first bytes of what is no TWS.
    """

    answer: Answer
    version: int = 0
    at: str = ""
    seen: str = ""


def shake(host: str, port: int, *, seconds: float = 3.0, client: int | None = None) -> Shaken:
    """Greet what listens at an address.

    Args:
        seconds: for everything together; a far end that drips bytes gains nothing by it.
        client: a client id to be tried; None begins no session.
    """
    deadline = time.monotonic() + seconds
    try:
        with socket.create_connection((host, port), timeout=seconds) as line:
            line.sendall(b"API\0" + _framed(f"v{OLDEST}..{NEWEST}"))
            told = _greeted(line, deadline, client)
            if told.answer is Answer.NO_ANSWER and waiting(port):
                return Shaken(Answer.HANGING)  # we are in the queue ourselves
    except ConnectionRefusedError:
        return Shaken(Answer.REFUSED)
    except TimeoutError:  # nobody takes what the system has let in
        return Shaken(Answer.HANGING)
    except OSError:
        return Shaken(Answer.ADDRESS_REFUSED)
    if told.answer is Answer.ADDRESS_REFUSED and _speaks_tls(host, port, deadline):
        return Shaken(Answer.NOT_TWS, seen="TLS")
    return told


def _speaks_tls(host: str, port: int, deadline: float) -> bool:
    """Whether a TLS server listens there: it, too, closes at once when it is greeted as a TWS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # nothing is sent, and nobody is believed
    try:
        left = max(deadline - time.monotonic(), 0.1)
        line = socket.create_connection((host, port), timeout=left)
        with line, context.wrap_socket(line):
            return True
    except OSError:
        return False


def _greeted(line: socket.socket, deadline: float, client: int | None) -> Shaken:
    try:
        head = _read(line, 4, deadline)
        if not head:
            return Shaken(Answer.ADDRESS_REFUSED)
        length = int.from_bytes(head, "big")
        if len(head) < 4 or not 0 < length <= LARGEST:
            return Shaken(Answer.NOT_TWS, seen=_printable(head))
        fields = _read(line, length, deadline).split(b"\0")
    except TimeoutError:
        return Shaken(Answer.NO_ANSWER)
    if len(fields) < 2 or not fields[0].isdigit() or len(fields[0]) > 5:
        return Shaken(Answer.NOT_TWS, seen=_printable(b"\0".join(fields)))
    told = Shaken(Answer.OK, int(fields[0]), _printable(fields[1]))
    if client is not None and _in_use(line, client, deadline):
        return Shaken(Answer.CLIENT_ID_IN_USE, told.version, told.at)
    return told


def _in_use(line: socket.socket, client: int, deadline: float) -> bool:
    """Whether a session under a client id is refused, since another client has it."""
    line.sendall(_framed(f"{_START_API}\0002\0{client}\0\0"))
    try:
        while True:
            head = _read(line, 4, deadline)
            length = int.from_bytes(head, "big")
            if len(head) < 4 or not 0 < length <= LARGEST:
                return False
            fields = _read(line, length, deadline).decode("utf-8", "replace").split("\0")
            if fields[0] == _ERROR and _IN_USE in fields[1:4]:
                return True
            if fields[0] == _NEXT_VALID_ID:
                return False
    except TimeoutError:
        return False


def _read(line: socket.socket, count: int, deadline: float) -> bytes:
    """So many bytes; fewer where the far end closes."""
    read = b""
    while len(read) < count:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        line.settimeout(left)
        try:
            piece = line.recv(count - len(read))
        except ConnectionError:
            break
        if not piece:
            break
        read += piece
    return read


def _framed(text: str) -> bytes:
    content = text.encode()
    return struct.pack(">I", len(content)) + content


def _printable(raw: bytes) -> str:
    return "".join(c if c.isprintable() else "." for c in raw[:60].decode("latin-1"))
