"""Metrics for Prometheus: at an address of this computer, or in a file for node_exporter."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from deskside.foundation.errors import DesksideError, Unavailable, UsageProblem
from deskside.foundation.paths import write_private
from deskside.foundation.text import _
from deskside.network.monitor.history import History
from deskside.network.monitor.metrics import CONTENT_TYPE, Figures, exposition

PATH = "/metrics"
PATIENCE = 10
"""Seconds that a client may keep us waiting."""


def metrics_of(file: Path) -> str:
    """The metrics of a history.

    Raises:
        DesksideError: there is none, or it cannot be used.
    """
    with History.read(file) as history:
        return exposition(
            Figures(
                last=history.last_run(),
                standing=history.standing(),
                tallies=history.tallies(),
                waiting=history.waiting(),
            )
        )


def write_textfile(file: Path, text: str) -> None:
    """Put the metrics into a file for the textfile collector of node_exporter, which is another
    user: whole or not at all, and readable by all.
    """
    write_private(file, text.encode())
    file.chmod(0o644)


@contextmanager
def serving(address: tuple[str, int], file: Path) -> Iterator[str]:
    """Answer scrapes while the block runs; yields the address to scrape.

    Raises:
        UsageProblem: others could reach it (`monitor-metrics-address`).
        Unavailable: the port is taken.
    """
    host, port = address
    if not _is_loopback(host):
        raise UsageProblem(
            "monitor-metrics-address",
            _("Metrics are served to this computer only, not at {host}.").format(host=host),
            hint=_("Give it as 127.0.0.1:9100; the portal's /metrics serves other computers."),
        )
    try:
        server = _Server((host, port), file)
    except OSError as error:
        raise Unavailable(
            "port-taken",
            _("Port {port} of this computer cannot be used.").format(port=port),
            hint=_("Choose another with --metrics."),
            detail=repr(error),
        ) from error
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
    thread.start()
    try:
        yield f"http://{server.name}{PATH}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], file: Path) -> None:
        import socket

        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.file = file
        super().__init__(address, _Answer)
        host = f"[{address[0]}]" if ":" in address[0] else address[0]
        self.name = f"{host}:{self.server_address[1]}"

    def server_bind(self) -> None:
        # The library's own asks the resolver for this computer's name.
        import socketserver

        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "", self.server_address[1]

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that breaks off is no event."""


class _Answer(BaseHTTPRequestHandler):
    timeout = PATIENCE
    server_version = "deskside"
    sys_version = ""
    server: _Server

    def do_GET(self) -> None:
        if not _is_loopback(_name(self.headers.get("host", ""))):
            self._say(421, "This server answers to its own address only.\n")
        elif self.path.partition("?")[0] != PATH:
            self._say(404, f"See {PATH}\n")
        else:
            try:
                self._say(200, metrics_of(self.server.file), CONTENT_TYPE)
            except DesksideError as error:
                self._say(503, f"{error.code}\n")

    def _say(self, status: int, text: str, kind: str = "text/plain; charset=utf-8") -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.send_header("x-content-type-options", "nosniff")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Scrapes are no events."""


def _name(host: str) -> str:
    """The name in a Host header, without the port."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
