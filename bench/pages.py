"""Article pages of the portal: from the cache, and made anew, in one run.

The first two rows are whole HTTP requests through the application, in this process: a browser's
headers in, the compressed page out, all articles in both languages in turn. Requests a second of
CPU is what one core serves. Then, as information, a real client over sockets, whose server is a
process of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil

from bench.measure import DESKSIDE, show, verdict
from deskside.foundation.config import Config
from deskside.knowledge.service import Library
from deskside.portal import create_app, open_services

BOUND = 2_000
ROUNDS = 5
CACHED, UNCACHED = 3_000, 150
"""Requests of a round."""
CONNECTIONS = 8
SECONDS = 5.0

BROWSER = (
    (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    (b"accept", b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    (b"accept-language", b"it-IT,it;q=0.8,en-US;q=0.5,en;q=0.3"),
    (b"accept-encoding", b"gzip, deflate, br, zstd"),
    (b"sec-fetch-dest", b"document"),
    (b"sec-fetch-mode", b"navigate"),
    (b"sec-fetch-site", b"none"),
    (b"connection", b"keep-alive"),
)


def places() -> list[str]:
    """Every article in every language."""
    library = Library.open()
    return [
        f"/kb/{article.number}?lang={tag}"
        for article in library.articles()
        for tag in library.languages(article.number)
    ]


def run(*, peers: bool) -> None:
    """Print the table."""
    asked = places()
    made, sizes = _in_process(asked, UNCACHED, keep=0)
    ready, _sizes = _in_process(asked, CACHED, keep=16)
    wall, cpu = _over_sockets(asked)
    show(
        f"Article pages: {len(asked)} of them, {statistics.median(sizes) / 1024:.1f} KiB compressed"
        f" each (largest {max(sizes) / 1024:.1f})",
        ["", "a second of CPU", "bound", "within"],
        [
            ("from the cache, in process", ready, f">= {BOUND}", _verdict(ready)),
            ("made anew, in process", made, "", ""),
            (f"from the cache, over {CONNECTIONS} connections, of the server", cpu, "", ""),
            ("the same by the clock, client on the same machine", wall, "", ""),
        ],
    )
    print(f"\nThe cache serves {ready / made:.0f} times as many.")


def _verdict(measured: float) -> str:
    return verdict(measured, BOUND, at_least=True)


def _in_process(asked: Sequence[str], count: int, *, keep: int) -> tuple[float, list[int]]:
    """Requests a second of CPU, the median of the rounds; and the sizes of all pages."""
    with tempfile.TemporaryDirectory() as folder:
        config = Config.load(flags={"portal.data": folder, "knowledge.keep": keep})
        with open_services(config, Path(folder)) as services:
            return asyncio.run(_rounds(create_app(services), asked, count))


async def _rounds(app: Any, asked: Sequence[str], count: int) -> tuple[float, list[int]]:
    sizes = [await _ask(app, place) for place in asked]
    rates = []
    for _round in range(ROUNDS):
        started = time.process_time()
        for number in range(count):
            await _ask(app, asked[number % len(asked)])
        rates.append(count / (time.process_time() - started))
    return statistics.median(rates), sizes


async def _ask(app: Any, place: str) -> int:
    """One request; bytes of what came, which must be a whole page."""
    path, _mark, query = place.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(b"host", b"localhost"), *BROWSER],
        "client": ("127.0.0.1", 50_000),
        "server": ("localhost", 80),
        "state": {},
    }
    status, size = 0, 0

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        nonlocal status, size
        status = message.get("status", status)
        size += len(message.get("body", b""))

    await app(scope, receive, send)
    assert status == 200, (place, status)
    assert size > 1_000, place
    return size


def _over_sockets(asked: Sequence[str]) -> tuple[float, float]:
    """Requests a second by the clock, and a second of the server's CPU."""
    with _served() as (port, server):
        used, started = _cpu(server), time.perf_counter()
        count = asyncio.run(_clients(port, asked, SECONDS))
        return count / (time.perf_counter() - started), count / (_cpu(server) - used)


@contextlib.contextmanager
def _served() -> Iterator[tuple[int, psutil.Process]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        command = [DESKSIDE, "serve", "--listen", f"localhost:{port}", "--data", folder]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            while "Ctrl+C" not in process.stdout.readline():
                assert process.poll() is None
            with urllib.request.urlopen(f"http://localhost:{port}/readyz", timeout=30):
                pass
            try:
                yield port, psutil.Process(process.pid)
            finally:
                process.terminate()


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


async def _clients(port: int, asked: Sequence[str], seconds: float) -> int:
    until = time.perf_counter() + seconds
    return sum(await asyncio.gather(*(_client(port, asked, until) for _each in range(CONNECTIONS))))


async def _client(port: int, asked: Sequence[str], until: float) -> int:
    """Ask over one connection, one page after the other."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    fields = b"".join(b"%s: %s\r\n" % pair for pair in BROWSER)
    count = 0
    while time.perf_counter() < until:
        place = asked[count % len(asked)].encode()
        writer.write(b"GET %s HTTP/1.1\r\nhost: localhost:%d\r\n%s\r\n" % (place, port, fields))
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        length = next(
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length")
        )
        await reader.readexactly(length)
        count += 1
    writer.close()
    return count
