"""Bytes over a connected socket, plain or through TLS, with nothing kept that is not needed.

TLS goes through memory buffers: that costs a tenth of asyncio's TLS streams in memory, and it
shows the raw first bytes of a far end that does not speak TLS at all.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import Protocol

CHUNK = 16_384


class Channel(Protocol):
    """Sends and receives bytes."""

    async def send(self, data: bytes) -> None:
        """Send all of it."""
        ...

    async def receive(self) -> bytes:
        """Some bytes, or none at the end."""
        ...


class PlainChannel:
    """Bytes over TCP."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected

    async def send(self, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self._socket, data)

    async def receive(self) -> bytes:
        return await self.receive_at_most(CHUNK)

    async def receive_at_most(self, count: int) -> bytes:
        """No more bytes than asked for, so that what follows stays for the next protocol."""
        return await asyncio.get_running_loop().sock_recv(self._socket, count)

    async def receive_exactly(self, count: int) -> bytes:
        """So many bytes; raises `EOFError` where the far end hangs up before."""
        received = b""
        while len(received) < count:
            data = await self.receive_at_most(count - len(received))
            if not data:
                raise EOFError
            received += data
        return received


class TlsChannel:
    """Bytes over TLS over another channel.

    Attributes:
        tls: the TLS object, for the certificate and the version.
        opening: the far end's first bytes as they came.
    """

    def __init__(self, below: Channel, context: ssl.SSLContext, name: str | None) -> None:
        self._below = below
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name)
        self.opening = b""

    async def handshake(self) -> None:
        """Agree on keys; raises `ssl.SSLError`, or `EOFError` where the far end hangs up."""
        while True:
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
                await self._feed()
            else:
                await self._flush()
                return

    async def send(self, data: bytes) -> None:
        self.tls.write(data)
        await self._flush()

    async def receive(self) -> bytes:
        while True:
            try:
                return self.tls.read(CHUNK)
            except ssl.SSLWantReadError:
                try:
                    await self._feed()
                except EOFError:
                    return b""
            except ssl.SSLZeroReturnError:
                return b""

    async def _flush(self) -> None:
        if self._outgoing.pending:
            await self._below.send(self._outgoing.read())

    async def _feed(self) -> None:
        data = await self._below.receive()
        if not data:
            raise EOFError
        if len(self.opening) < 64:
            self.opening += data[:64]
        self._incoming.write(data)
