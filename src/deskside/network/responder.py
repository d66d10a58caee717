"""The responder: the far end of a connection test, which proves who it is.

It answers a nonce with a line signed by the desk's key that tells the address it saw and the
certificate it served; to a browser it says the same by a WebSocket. TCP only, one short answer to
one short question, and everything about a peer is bounded, so that it is of no use to anyone else.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import ssl
import threading
import time
from collections.abc import Awaitable, Sequence
from ipaddress import ip_address
from itertools import chain
from pathlib import Path
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deskside.foundation.errors import Unavailable
from deskside.foundation.text import _
from deskside.network import certificates, protocol, web_sockets
from deskside.network.limits import Limits
from deskside.network.model import OWN_REGION, Door, Host

PLAIN = (("127.0.0.1", 4000),)
TLS = (("127.0.0.1", 4001),)
IDLE = 10.0
"""Seconds that a peer may take for a line, or to read its answer."""

KEPT = 900.0
"""Seconds that a peer that has asked once may stay quiet before it asks again: how long
equipment on the way keeps quiet connections is one of the things tested."""

MAX_REQUESTS = 16
"""Requests on one connection."""

PARTING, MOST_PARTING = 1.0, 64
"""Seconds for which a connection that finds no room stays open to be told so, and how many do."""

Address = tuple[str, int]
T = TypeVar("T")


class Responder:
    """Plain and TLS listeners on a thread of their own.

    Args:
        signing_key: the desk's key; catalogues pin its public half.
        folder: where the TLS key and certificate are kept (0600).
        plain: where plain ports listen; port 0 for a free one.
        tls: where TLS ports listen.
        web: where TLS ports for browsers listen.
        web_certificate: files of the certificate chain and key (PEM) that browsers trust.
        any_port: take a free port where the one asked for is taken; `notes` says so.
        name: host name that `rows` gives out; needed where it listens on every address.
    """

    def __init__(
        self,
        signing_key: Ed25519PrivateKey,
        folder: Path,
        *,
        plain: Sequence[Address] = PLAIN,
        tls: Sequence[Address] = TLS,
        web: Sequence[Address] = (),
        web_certificate: tuple[Path, Path] | None = None,
        any_port: bool = False,
        name: str | None = None,
    ) -> None:
        self._key = signing_key
        self._folder = folder
        self._wanted = {"plain": plain, "tls": tls, "web": web if web_certificate else ()}
        self._web_certificate = web_certificate
        self._any_port = any_port
        self._name = name
        self._limits = Limits()
        self._sockets: dict[str, list[socket.socket]] = {}
        self._fingerprint = protocol.NO_TLS
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._talking: set[asyncio.Task[None]] = set()
        self._parting: set[socket.socket] = set()
        self.notes: list[str] = []

    @property
    def public_key(self) -> str:
        """The Ed25519 public key that signs the answers, in hexadecimal."""
        return protocol.public_key(self._key)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the TLS certificate, or `-` where there is no TLS port."""
        return self._fingerprint

    def addresses(self, kind: str) -> list[Address]:
        """Where the `plain`, `tls` or `web` ports listen."""
        return [listening.getsockname()[:2] for listening in self._sockets.get(kind, ())]

    def address(self, kind: str) -> Address | None:
        """Where the first of them listens; None where none does."""
        return next(iter(self.addresses(kind)), None)

    def start(self) -> None:
        """Listen and answer, until `stop`.

        Raises:
            Unavailable: an address cannot be listened on.
        """
        if self._thread:
            return
        contexts = {"tls": self._context(), "web": self._web_context()}
        try:
            for kind, wanted in self._wanted.items():
                for address in wanted:
                    self._sockets.setdefault(kind, []).append(self._listen(kind, address))
        except Unavailable:
            self._close()
            raise
        ready = threading.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve(contexts, ready)),
            name="deskside-responder",
            daemon=True,
        )
        self._thread.start()
        ready.wait()

    def stop(self) -> None:
        """Stop listening and drop every connection; may be called twice."""
        if self._thread and self._loop and self._stopping:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join()
        self._thread = None
        self._close()

    def rows(self) -> list[Host]:
        """The rows that a catalogue needs to test against this responder."""
        return [
            Host(
                id=f"responder-{kind}" if number == 1 else f"responder-{kind}-{number}",
                region=OWN_REGION,
                product="Deskside responder",
                host=host,
                ports=(port,),
                tls=(port,) if kind == "tls" else (),
                note="Stands for the TLS port of TWS."
                if kind == "tls"
                else "Stands for the plain port of TWS.",
                source="this desk",
                responder=True,
            )
            for kind in ("plain", "tls")
            for number, (host, port) in enumerate(self._far_ends(kind), 1)
        ]

    def doors(self) -> list[Door]:
        """Where a browser opens a WebSocket to each port."""
        return [Door(kind, *end) for kind in self._wanted for end in self._far_ends(kind)]

    def _far_ends(self, kind: str) -> list[Address]:
        """As others know them: two addresses of this computer may be one under its name."""
        listening = self.addresses(kind)
        return list(dict.fromkeys((self._public_host(host), port) for host, port in listening))

    def _public_host(self, listening: str) -> str:
        if self._name:
            return self._name
        return socket.getfqdn() if ip_address(listening).is_unspecified else listening

    def _close(self) -> None:
        for listening in chain.from_iterable(self._sockets.values()):
            listening.close()
        self._sockets = {}

    def _context(self) -> ssl.SSLContext | None:
        if not self._wanted["tls"]:
            return None
        path, self._fingerprint = certificates.tls_certificate(self._folder, self._key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(path)
        return context

    def _web_context(self) -> ssl.SSLContext | None:
        if not (self._wanted["web"] and self._web_certificate):
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(*self._web_certificate)
        return context

    def _listen(self, kind: str, wanted: Address) -> socket.socket:
        try:
            return _bound(wanted)
        except OSError as error:
            if error.errno == errno.EADDRINUSE and self._any_port:
                listening = _bound((wanted[0], 0))
                self.notes.append(
                    _("Port {port} is taken; the {kind} responder listens on {free}.").format(
                        port=wanted[1], kind=kind, free=listening.getsockname()[1]
                    )
                )
                return listening
            raise Unavailable(
                "cannot-listen",
                _("The responder cannot listen on {host} port {port}: {reason}.").format(
                    host=wanted[0], port=wanted[1], reason=error.strerror or str(error)
                ),
                hint=_("Stop what uses that port, or choose another with --plain and --tls."),
            ) from error

    async def _serve(
        self, contexts: dict[str, ssl.SSLContext | None], ready: threading.Event
    ) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        accepting = [
            asyncio.create_task(self._accept(kind, listening, contexts.get(kind)))
            for kind, several in self._sockets.items()
            for listening in several
        ]
        ready.set()
        await self._stopping.wait()
        for task in [*accepting, *self._talking]:
            task.cancel()
        await asyncio.gather(*accepting, *self._talking, return_exceptions=True)
        for parting in self._parting:
            parting.close()
        self._parting.clear()

    async def _accept(
        self, kind: str, listening: socket.socket, context: ssl.SSLContext | None
    ) -> None:
        # Counted before the TLS handshake, so that half-open handshakes cannot use up the
        # descriptors of the portal that this may run in.
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, peer = await loop.sock_accept(listening)
            except OSError:
                await asyncio.sleep(0.1)
                continue
            address = _plain_address(peer)
            if not self._limits.enter(address[0]):
                self._turn_away(kind, accepted)
                continue
            task = asyncio.create_task(self._greet(kind, accepted, address, context))
            self._talking.add(task)
            task.add_done_callback(self._talking.discard)

    def _turn_away(self, kind: str, accepted: socket.socket) -> None:
        """Say that there is no room, where that takes no handshake: who hears nothing would blame
        the way. The line stays open for a moment, or a question under way would cut it off."""
        if kind != "plain" or len(self._parting) >= MOST_PARTING:
            accepted.close()
            return

        def part() -> None:
            self._parting.discard(accepted)
            accepted.close()

        self._parting.add(accepted)
        with contextlib.suppress(OSError):
            accepted.send(protocol.error("rate-limited"))
            accepted.shutdown(socket.SHUT_WR)
        asyncio.get_running_loop().call_later(PARTING, part)

    async def _greet(
        self,
        kind: str,
        accepted: socket.socket,
        address: Address,
        context: ssl.SSLContext | None,
    ) -> None:
        transport: asyncio.Transport | None = None
        reader = asyncio.StreamReader(limit=protocol.MAX_LINE)
        stream = asyncio.StreamReaderProtocol(reader)
        loop = asyncio.get_running_loop()
        try:
            transport, _same = await loop.connect_accepted_socket(
                lambda: stream,
                accepted,
                ssl=context,
                ssl_handshake_timeout=IDLE if context else None,
                ssl_shutdown_timeout=1.0 if context else None,
            )
            writer = asyncio.StreamWriter(transport, stream, reader, loop)
            await self._converse(reader, writer, address, secure=kind == "tls")
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            self._limits.leave(address[0])
            if transport:
                transport.close()
            else:
                accepted.close()

    async def _converse(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        address: Address,
        *,
        secure: bool,
    ) -> None:
        for turn in range(MAX_REQUESTS):
            patience = KEPT if turn and self._limits.has_room() else IDLE
            line = await asyncio.wait_for(reader.readuntil(b"\n"), patience)
            if not turn and line.startswith(web_sockets.FIRST):
                await self._tell_browser(line, reader, writer, address, secure)
                return
            asked = protocol.read_request(line)
            if asked is None:
                writer.write(protocol.error("not-understood"))
                return
            if not self._limits.take(address[0], time.monotonic()):
                writer.write(protocol.error("rate-limited"))
                return
            nonce, padding = asked
            brought = await _soon(reader.readexactly(padding))
            writer.write(self._answer(nonce, address, secure) + brought)
            await _soon(writer.drain())

    async def _tell_browser(
        self,
        received: bytes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        address: Address,
        secure: bool,
    ) -> None:
        def answer(nonce: str) -> bytes | None:
            allowed = self._limits.take(address[0], time.monotonic())
            return self._answer(nonce, address, secure) if allowed else None

        greeting = web_sockets.Greeting(answer)
        while (reply := greeting.feed(received)) is None:
            received = await _soon(reader.read(protocol.MAX_LINE))
            if not received:
                return
        writer.write(reply)
        await _soon(writer.drain())

    def _answer(self, nonce: str, address: Address, secure: bool) -> bytes:
        reply = protocol.Reply(
            nonce=nonce,
            address=address[0],
            port=address[1],
            fingerprint=self._fingerprint if secure else protocol.NO_TLS,
            time=int(time.time()),
            key=self.public_key,
        )
        return protocol.sign(reply, self._key)


async def _soon(work: Awaitable[T]) -> T:
    return await asyncio.wait_for(work, IDLE)


def _bound(address: Address) -> socket.socket:
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            # On Windows SO_REUSEADDR would let another program take the port over.
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(128)
        listening.setblocking(False)
    except OSError:
        listening.close()
        raise
    return listening


def _plain_address(peer: tuple[str, int] | tuple[str, int, int, int]) -> Address:
    host = peer[0].partition("%")[0]
    return host.removeprefix("::ffff:"), peer[1]
