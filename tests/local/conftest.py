"""A local server in a thread, and a browser of sorts: keeps cookies, follows to the same site."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from deskside.local import LocalServer
from tests.knowledge.conftest import library, plugin, rude, shelf, write

__all__ = ["library", "plugin", "rude", "shelf", "write"]

Browser = httpx2.Client
Open = Callable[..., tuple[LocalServer, Browser]]


@pytest.fixture(scope="session")
def threads() -> Iterator[list[threading.Thread]]:
    """The threads of all servers: they were told to end, and in the end all must have."""
    started: list[threading.Thread] = []
    yield started
    for thread in started:
        thread.join(10)
        assert not thread.is_alive()


@contextmanager
def running(server: LocalServer, threads: list[threading.Thread]) -> Iterator[threading.Thread]:
    """Run a server in a thread, and tell it to end afterwards."""
    thread = threading.Thread(target=server.run, daemon=True)
    threads.append(thread)
    thread.start()
    try:
        yield thread
    finally:
        server.stop()


@pytest.fixture
def serve(threads: list[threading.Thread]) -> Iterator[Open]:
    """Serve an application behind the gate; the server, and a browser that has not entered."""
    with ExitStack() as stack:

        def start(app: Any, **options: Any) -> tuple[LocalServer, Browser]:
            server = LocalServer(app, **options)
            stack.enter_context(running(server, threads))
            base = f"http://127.0.0.1:{server.port}"
            client = httpx2.Client(base_url=base, timeout=20, trust_env=False, verify=False)
            return server, stack.enter_context(client)

        yield start


def enter(server: LocalServer, browser: Browser, path: str = "/") -> httpx2.Response:
    """Open the address that the command prints, as the browser would."""
    parts = urlsplit(server.address(path))
    return browser.get(f"{parts.path}?{parts.query}")
