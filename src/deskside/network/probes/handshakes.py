"""A TLS handshake on a socket that never waits, step by step.

It goes through memory buffers: on a socket of its own, OpenSSL reads each record in two calls.
"""

from __future__ import annotations

import selectors
import socket
import ssl

from deskside.network.observations import Shake

_CHUNK = 16_384
_WRONG_NAME = {62, 63, 64}
_OUT_OF_DATE = {9, 10}
"""X509_V_ERR_* of OpenSSL: host name, e-mail and address mismatch; not yet valid, expired."""

_NOT_TLS = frozenset(
    {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "UNEXPECTED_MESSAGE"}
)
"""OpenSSL's words for a first record that is none."""


class Handshake:
    """One handshake.

    Attributes:
        wanted: what the socket must be ready for before the next step.
    """

    __slots__ = ("_incoming", "_outgoing", "_tls", "wanted")

    def __init__(self, context: ssl.SSLContext, name: str) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name)
        self.wanted = selectors.EVENT_WRITE

    @property
    def protocol(self) -> str:
        """The version agreed on; empty before that."""
        return self._tls.version() or ""

    def go_on(self, opened: socket.socket) -> tuple[Shake, str] | None:
        """How it ended, and the problem in OpenSSL's or the system's words; None where the far
        end has to answer first."""
        try:
            return (Shake.TRUSTED, "") if self._step(opened) else None
        except ssl.SSLCertVerificationError as error:
            return distrust(error), error.verify_message
        except EOFError:
            return Shake.CLOSED, ""
        except ssl.SSLError as error:
            problem = error.reason or str(error)
            return (Shake.NOT_TLS if problem in _NOT_TLS else Shake.FAILED), problem
        except OSError as error:
            return Shake.RESET, error.strerror or ""

    def _step(self, opened: socket.socket) -> bool:
        if self.wanted == selectors.EVENT_READ:
            try:
                data = opened.recv(_CHUNK)
            except BlockingIOError:
                return False
            if not data:
                raise EOFError
            self._incoming.write(data)
        self.wanted = selectors.EVENT_READ
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            done = False
        else:
            done = True
        if self._outgoing.pending:
            # A handshake's few packets always fit into the buffer of a fresh connection.
            opened.send(self._outgoing.read())
        return done


def distrust(error: ssl.SSLCertVerificationError) -> Shake:
    """Why a certificate was not trusted."""
    if error.verify_code in _WRONG_NAME:
        return Shake.WRONG_NAME
    return Shake.EXPIRED if error.verify_code in _OUT_OF_DATE else Shake.UNTRUSTED
