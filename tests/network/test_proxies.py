"""Which proxies this computer is told to use, and what each says when it is asked for a far end."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path

import dns.message
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskside.network.line_observations import Passage, ProxySeen
from deskside.network.observations import Reach
from deskside.network.probes import proxies, through
from deskside.network.probes.channel import PlainChannel
from deskside.network.probes.dns import Resolver
from deskside.network.probes.proxies import Proxy
from deskside.network.proxy_scripts.looking import Script

from .conftest import LOOPBACK, Talk, closed_port, far_end

FAR = "gate.example"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("p.example:3128", ("http", "p.example", 3128, None)),
        ("http://p.example", ("http", "p.example", 8080, None)),
        ("https://p.example:443", ("http", "p.example", 443, None)),
        ("socks5h://s.example", ("socks5", "s.example", 1080, None)),
        ("http://anna:p%40ss@p.example:1", ("http", "p.example", 1, ("anna", "p@ss"))),
        ("http://[2001:db8::1]:8080", ("http", "2001:db8::1", 8080, None)),
        ("p.example:99999", None),
        ("http://[broken", None),
        ("http://", None),
    ],
)
def test_how_an_address_is_read(text: str, found: tuple[object, ...] | None) -> None:
    proxy = proxies.parse(text, "here")
    assert (proxy and (proxy.kind, proxy.host, proxy.port, proxy.credentials)) == found


@given(st.text(max_size=80))
def test_no_address_is_a_crash(text: str) -> None:
    proxy = proxies.parse(text, "here")
    assert proxy is None or proxy.host


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A computer that knows of no proxy: programs and home are the test's own."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(tmp_path))
    gnome(tmp_path, "org.gnome.system.proxy mode 'none'")
    return tmp_path


def gnome(home: Path, *lines: str) -> None:
    program = home / "bin" / "gsettings"
    program.write_text("#!/bin/sh\ncat <<'END'\n" + "\n".join(lines) + "\nEND\n")
    program.chmod(0o755)


def places(environment: dict[str, str]) -> list[tuple[str, str, int, str]]:
    found, _scripts = proxies.configured(environment)
    return [(one.kind, one.host, one.port, one.source) for one in found]


@pytest.mark.usefixtures("bare")
def test_the_environment() -> None:
    environment = {
        "HTTPS_PROXY": "http://p.example:3128",
        "http_proxy": "p.example:3128",
        "all_proxy": "socks5://s.example:1080",
        "SOCKS_PROXY": "t.example",
        "no_proxy": "localhost",
        "ftp_proxy": " ",
    }
    assert places(environment) == [
        ("socks5", "s.example", 1080, "all_proxy"),
        ("http", "p.example", 3128, "HTTPS_PROXY"),
        ("socks5", "t.example", 1080, "SOCKS_PROXY"),
    ]
    assert places({}) == []


def test_gnome_names_proxies_by_hand(bare: Path) -> None:
    gnome(
        bare,
        "org.gnome.system.proxy mode 'manual'",
        "org.gnome.system.proxy.http host 'p.example'",
        "org.gnome.system.proxy.http port 3128",
        "org.gnome.system.proxy.socks host 's.example'",
        "org.gnome.system.proxy.socks port 1080",
        "org.gnome.system.proxy.https host ''",
        "org.gnome.system.proxy.https port 0",
    )
    assert places({}) == [
        ("http", "p.example", 3128, "GNOME"),
        ("socks5", "s.example", 1080, "GNOME"),
    ]


@pytest.mark.parametrize(
    ("line", "script"),
    [
        (
            "org.gnome.system.proxy autoconfig-url 'http://p.example/a.pac'",
            Script("http://p.example/a.pac", "GNOME"),
        ),
        (
            "org.gnome.system.proxy autoconfig-url ''",
            Script("http://wpad/wpad.dat", "GNOME, WPAD", named=False),
        ),
    ],
)
def test_gnome_names_a_script_or_looks_for_one(bare: Path, line: str, script: Script) -> None:
    gnome(bare, "org.gnome.system.proxy mode 'auto'", line)
    assert proxies.configured({}) == ([], [script])


def test_the_program_s_own_settings(bare: Path) -> None:
    (bare / "Jts").mkdir()
    (bare / "Jts" / "jts.ini").write_text(
        "[IBGateway]\nLocalServerPort=4000\n[Communication]\nProxyHost=p.example\nProxyPort=3128\n"
        "socksProxyHost=s.example\nsocksProxyPort=1080\nUseProxy=true\n"
    )
    assert places({}) == [
        ("http", "p.example", 3128, "jts.ini"),
        ("socks5", "s.example", 1080, "jts.ini"),
    ]


def test_a_shown_proxy_tells_no_password() -> None:
    proxy = proxies.parse("http://anna:secret@p.example:1", "here")
    assert proxy
    assert proxy.basic == "YW5uYTpzZWNyZXQ="  # RFC 7617: base64 of user:password


def passage(
    talk: Talk,
    *,
    kind: str = "http",
    credentials: tuple[str, str] | None = None,
    far: str = FAR,
    proved: bool = False,
) -> Passage:
    """What a proxy that talks so is taken to have said of port 4000."""

    async def prove(_channel: PlainChannel, _port: int) -> bool:
        return proved

    async def ask(port: int) -> ProxySeen:
        proxy = Proxy(kind, LOOPBACK, port, "here", credentials)
        return await through.try_proxy(proxy, far, [4000], prove, Resolver())

    with far_end(talk) as port:
        seen = asyncio.run(ask(port))
    assert seen.reach is Reach.CONNECTED
    return seen.passages[4000]


def http(answer: bytes, heard: list[bytes] | None = None) -> Talk:
    def talk(connection: socket.socket) -> None:
        asked = connection.recv(4096)
        if asked and heard is not None:
            heard.append(asked)
        connection.sendall(answer)

    return talk


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"HTTP/1.1 200 Connection established\r\n\r\n", Passage.OPENED),
        (b"HTTP/1.0 204 x\r\nVia: y\r\n\r\n", Passage.OPENED),
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", Passage.AUTHENTICATE),
        (b"HTTP/1.1 401 Unauthorized\r\n\r\n", Passage.AUTHENTICATE),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", Passage.DENIED),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", Passage.UNREACHED),
        (b"HTTP/1.1 503 x\r\n\r\n", Passage.UNREACHED),
        (b"SSH-2.0-OpenSSH\r\n\r\n", Passage.STRANGE),
        (b"x" * 20_000, Passage.STRANGE),
        (b"", Passage.STRANGE),
    ],
)
def test_what_a_web_proxy_says(answer: bytes, told: Passage) -> None:
    assert passage(http(answer)) is told


def test_a_web_proxy_is_asked_as_the_standard_wants_it() -> None:
    heard: list[bytes] = []
    opened = b"HTTP/1.1 200 x\r\n\r\n"
    assert passage(http(opened, heard), proved=True) is Passage.PROVED
    assert heard[-1] == b"CONNECT gate.example:4000 HTTP/1.1\r\nHost: gate.example:4000\r\n\r\n"
    passage(http(opened, heard), credentials=("anna", "secret"), far="2001:db8::1")
    assert heard[-1].startswith(b"CONNECT [2001:db8::1]:4000 HTTP/1.1\r\n")
    assert b"\r\nProxy-Authorization: Basic YW5uYTpzZWNyZXQ=\r\n" in heard[-1]


def test_a_proxy_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(through, "PATIENCE", 0.2)

    def silent(connection: socket.socket) -> None:
        while connection.recv(4096):
            pass

    assert passage(silent) is Passage.SILENT
    assert passage(silent, kind="socks5") is Passage.SILENT


def test_a_proxy_that_is_not_there() -> None:
    async def ask(host: str, port: int) -> ProxySeen:
        async def prove(_channel: PlainChannel, _port: int) -> bool:
            return True

        proxy = Proxy("http", host, port, "here")
        return await through.try_proxy(proxy, FAR, [4000], prove, Resolver())

    closed = asyncio.run(ask(LOOPBACK, closed_port()))
    assert (closed.reach, closed.passages) == (Reach.RESET, {})
    absent = asyncio.run(ask("nowhere.invalid", 8080))
    assert (absent.reach, absent.passages) == (Reach.FAILED, {})


def socks(*replies: bytes, heard: list[bytes] | None = None) -> Talk:
    """A SOCKS server that reads, then says the next of its replies."""

    def talk(connection: socket.socket) -> None:
        for reply in replies:
            asked = connection.recv(600)
            if heard is not None:
                heard.append(asked)
            connection.sendall(reply)

    return talk


NO_LOGIN, LOGIN = b"\x05\x00", b"\x05\x02"
DONE = b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"


@pytest.mark.parametrize(
    ("replies", "told"),
    [
        ((NO_LOGIN, DONE), Passage.OPENED),
        ((NO_LOGIN, b"\x05\x00\x00\x03\x04name\x00\x50"), Passage.OPENED),
        ((NO_LOGIN, b"\x05\x00\x00\x04" + bytes(18)), Passage.OPENED),
        ((NO_LOGIN, b"\x05\x02\x00\x01" + bytes(6)), Passage.DENIED),
        ((NO_LOGIN, b"\x05\x05\x00\x01" + bytes(6)), Passage.UNREACHED),
        ((LOGIN,), Passage.AUTHENTICATE),
        ((b"\x05\xff",), Passage.AUTHENTICATE),
        ((b"HT",), Passage.STRANGE),
        ((b"\x05",), Passage.STRANGE),
        ((NO_LOGIN, b"\x05\x00"), Passage.STRANGE),
    ],
)
def test_what_a_socks_proxy_says(replies: tuple[bytes, ...], told: Passage) -> None:
    assert passage(socks(*replies), kind="socks5") is told


def test_a_socks_proxy_is_asked_as_the_standard_wants_it() -> None:
    heard: list[bytes] = []
    passage(socks(NO_LOGIN, DONE, heard=heard), kind="socks5", far="192.0.2.7")
    assert [one for one in heard if one][-2:] == [
        b"\x05\x01\x00",
        b"\x05\x01\x00\x01\xc0\x00\x02\x07\x0f\xa0",
    ]
    heard.clear()
    passage(socks(NO_LOGIN, DONE, heard=heard), kind="socks5", far="2001:db8::1")
    assert [one for one in heard if one][-1][3:4] == b"\x04"
    heard.clear()
    passage(socks(NO_LOGIN, DONE, heard=heard), kind="socks5")
    assert [one for one in heard if one][-1] == b"\x05\x01\x00\x03\x0cgate.example\x0f\xa0"


def test_a_socks_proxy_that_speaks_and_does_not_get_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(through, "OPENING", 0.2)

    def waits(connection: socket.socket) -> None:
        connection.recv(600)
        connection.sendall(NO_LOGIN)
        while connection.recv(600):
            pass

    assert passage(waits, kind="socks5") is Passage.UNREACHED, "it is not dead"


def name_server(*addresses: str, broken: bool = False) -> Talk:
    """A SOCKS proxy, and a name server behind it (RFC 7766)."""

    def talk(connection: socket.socket) -> None:
        for reply in (NO_LOGIN, DONE):
            connection.recv(600)
            connection.sendall(reply)
        asked = dns.message.from_wire(connection.recv(600)[2:])
        told = dns.message.make_response(asked)
        if addresses:
            name = asked.question[0].name
            told.answer.append(dns.rrset.from_text(name, 60, "IN", "A", *addresses))
        wire = b"no answer" if broken else told.to_wire()
        connection.sendall(len(wire).to_bytes(2, "big") + wire)

    return talk


@pytest.mark.parametrize(
    ("talk", "told"),
    [
        (name_server("192.0.2.7", "192.0.2.9"), ("192.0.2.7", "192.0.2.9")),
        (name_server(), ()),
        (name_server("192.0.2.7", broken=True), ()),
        (socks(NO_LOGIN, b"\x05\x05\x00\x01" + bytes(6)), ()),
        (socks(NO_LOGIN, DONE), ()),
    ],
)
def test_a_name_server_behind_a_socks_proxy(talk: Talk, told: tuple[str, ...]) -> None:
    with far_end(talk) as port:
        proxy = Proxy("socks5", LOOPBACK, port, "here")
        asked = through.ask_name_server(proxy, LOOPBACK, "192.0.2.53", "gate.example")
        assert asyncio.run(asked) == told


def test_user_and_password_for_socks() -> None:
    heard: list[bytes] = []
    secret = ("anna", "secret")
    opened = socks(LOGIN, b"\x01\x00", DONE, heard=heard)
    assert passage(opened, kind="socks5", credentials=secret) is Passage.OPENED
    assert [one for one in heard if one][:2] == [b"\x05\x02\x00\x02", b"\x01\x04anna\x06secret"]
    refused = socks(LOGIN, b"\x01\x01")
    assert passage(refused, kind="socks5", credentials=secret) is Passage.AUTHENTICATE
