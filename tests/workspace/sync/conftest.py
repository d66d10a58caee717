"""Computers with TWS settings, and a real portal behind a gate that can fail in every way.

portal   the address of a portal for all tests of a module; each test logs in as somebody else
gate     a proxy before it, of the test's own: closed, cut, damaging, or losing answers
desk     a computer that is logged in through the gate
laptop   another one
"""

from __future__ import annotations

import hashlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from deskside.foundation.errors import DesksideError
from deskside.foundation.portal_client import (
    PortalClient,
    StoredSession,
    load_session,
    store_session,
)
from deskside.workspace.commands import settings
from deskside.workspace.model import Workspace
from deskside.workspace.sync.client import store_address
from deskside.workspace.workstation import Workstation

from .portal_process import USER, portal_app, portal_server, tws

Rewrite = Callable[[bytes], bytes]


def same(data: bytes) -> bytes:
    return data


class Gate:
    """A proxy before the portal.

    Attributes:
        open: whether it lets anybody in.
        answers: what it makes of every stretch of bytes on the way back; less, and it hangs up.
        losing: whether answers to pushes are lost, once the portal has given them.
    """

    def __init__(self, portal: str) -> None:
        self.open = True
        self.answers: Rewrite = same
        self.losing = False
        self._target = ("127.0.0.1", int(portal.rpartition(":")[2]))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                inner, _address = self._listener.accept()
            except OSError:
                return
            if not self.open:
                inner.close()
                continue
            threading.Thread(target=self._serve, args=(inner,), daemon=True).start()

    def _serve(self, inner: socket.socket) -> None:
        with inner, socket.create_connection(self._target) as outer, suppress(OSError):
            asked = bytearray()
            back = threading.Thread(target=self._back, args=(outer, inner, asked), daemon=True)
            back.start()
            while data := inner.recv(1 << 16):
                asked[:] = data if data[:4] in (b"GET ", b"POST", b"PUT ", b"DELE") else asked
                outer.sendall(data)
            outer.shutdown(socket.SHUT_WR)
            back.join()

    def _back(self, outer: socket.socket, inner: socket.socket, asked: bytearray) -> None:
        with suppress(OSError):
            while data := outer.recv(1 << 16):
                if self.losing and asked.startswith(b"POST"):
                    break
                told = self.answers(data)
                inner.sendall(told)
                if len(told) < len(data):
                    break
            inner.shutdown(socket.SHUT_RDWR)


class Computer:
    """A computer with TWS settings, logged in to the portal."""

    def __init__(self, folder: Path, portal: str, token: str, patch: pytest.MonkeyPatch) -> None:
        self.data, self.token, self._patch = folder / "data", token, patch
        self.live = folder / "Jts" / USER / "tws.xml"
        self.live.parent.mkdir(parents=True)
        self.live.write_bytes(tws(layout="default"))
        self.log_in(portal, token)

    @property
    def here(self) -> Workstation:
        return Workstation(self.data)

    @property
    def workspace(self) -> Workspace:
        return Workspace(self.live.resolve())

    def log_in(self, portal: str, token: str) -> None:
        with self._patch.context() as context:
            context.setenv("DESKSIDE_DATA", str(self.data))
            store_session(StoredSession(portal, token, token, "2030-01-01T00:00:00+00:00"))

    def run(self, *arguments: str, code: int = 0, stdin: str = "") -> Any:
        """Run `deskside settings … --json` here; what it prints, or the code of its error."""
        result = self._invoke([*arguments, "--json"], stdin)
        if isinstance(result.exception, DesksideError):
            return result.exception.code
        assert result.exit_code == code, (result.exit_code, result.output, result.exception)
        return json.loads(result.stdout)

    def say(self, *arguments: str, stdin: str = "") -> str:
        """Run `deskside settings …` here; all that a person sees."""
        result = self._invoke([*arguments], stdin)
        if isinstance(result.exception, DesksideError):
            raise result.exception
        return str(result.output)

    def set(self, **values: object) -> None:
        """The program writes its settings."""
        self.live.write_bytes(tws(**values))

    def called(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call something here, with this computer's data folder."""
        with self._patch.context() as context:
            context.setenv("DESKSIDE_DATA", str(self.data))
            return function(*arguments)

    def _invoke(self, arguments: list[str], stdin: str) -> Any:
        placed = arguments[0] not in ("encryption", "show")
        place = ["--root", str(self.live.parent)] if placed else []
        with self._patch.context() as context:
            context.setenv("DESKSIDE_DATA", str(self.data))
            return CliRunner().invoke(settings, [*arguments, *place], input=stdin)


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.socket() as listener, portal_app(tmp_path_factory.mktemp("portal")) as app:
        listener.bind(("127.0.0.1", 0))
        server = portal_server(app)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture
def token(request: pytest.FixtureRequest) -> str:
    """The session of a user of this test alone."""
    return hashlib.sha256(request.node.name.encode()).hexdigest()[:13]


@pytest.fixture
def gate(portal: str) -> Iterator[Gate]:
    made = Gate(portal)
    yield made
    made.close()


@pytest.fixture
def desk(tmp_path: Path, gate: Gate, token: str, monkeypatch: pytest.MonkeyPatch) -> Computer:
    return Computer(tmp_path / "desk", gate.address, token, monkeypatch)


@pytest.fixture
def laptop(tmp_path: Path, gate: Gate, token: str, monkeypatch: pytest.MonkeyPatch) -> Computer:
    return Computer(tmp_path / "laptop", gate.address, token, monkeypatch)


@pytest.fixture
def api(portal: str, token: str) -> Iterator[PortalClient]:
    """The API by hand, past the gate."""
    with PortalClient(portal, token) as client:
        yield client


def versions(api: PortalClient, name: str = f"{USER}.tws") -> list[dict[str, Any]]:
    """What the portal holds, the latest first."""
    listed: list[dict[str, Any]] = api.data("GET", f"/me/settings/{name}/snapshots")["snapshots"]
    return listed


def content(api: PortalClient, version: str = "latest", name: str = f"{USER}.tws") -> bytes:
    """What the portal keeps of one version, as it keeps it."""
    headers = {"deskside-accept-format": "2"}
    path = f"/me/settings/{name}/snapshots/{version}"
    return bytes(api.request("GET", path, headers=headers).content)


def store() -> str:
    """Whose store on which portal; called on a computer."""
    session = load_session()
    assert session
    return store_address(session.portal, session.user_name)
