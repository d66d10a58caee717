"""The bulk probe: thousands of targets, none of them called what it is not."""

from __future__ import annotations

import json
import os
import resource
import selectors
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from deskside.network.observations import Reach, Shake
from deskside.network.probes.bulk import Target, sweep

from .conftest import (
    LOOPBACK,
    authority,
    closed_port,
    far_end,
    http_server,
    issue,
    silent_port,
    tls_server,
)

ROOT = Path(__file__).parents[2]


def judging(issuer: x509.Certificate) -> ssl.SSLContext:
    """Trusts one authority alone."""
    pem = issuer.public_bytes(serialization.Encoding.PEM).decode()
    return ssl.create_default_context(cadata=pem)


def test_open_refused_and_silent_are_told_apart() -> None:
    with far_end(lambda _connection: None) as opened, silent_port() as silent:
        targets = [Target(LOOPBACK, port) for port in (opened, closed_port(), silent)]
        seen = sweep(targets, patience=0.5)
    assert [one.connect.result for one in seen] == [Reach.CONNECTED, Reach.RESET, Reach.SILENT]
    assert all(one.finished and one.tls is None for one in seen)
    assert seen[2].connect.attempts == 6


def test_each_way_for_tls_to_be_wrong(tmp_path: Path) -> None:
    root, stranger = authority(), authority()
    name = x509.DNSName("gateway.example")
    good = tls_server(issue(tmp_path, root, name), lambda secure: secure.recv(1) and None)
    with (
        far_end(good) as trusted,
        far_end(tls_server(issue(tmp_path, stranger, name))) as untrusted,
        far_end(tls_server(issue(tmp_path, root, x509.DNSName("other.example")))) as other,
        far_end(tls_server(issue(tmp_path, root, name, days=-1))) as expired,
        far_end(http_server) as http,
        far_end(lambda connection: connection.recv(1) and None) as closing,
        far_end(lambda connection: connection.recv(9999) and connection.recv(1) and None) as mute,
    ):
        ports = (trusted, untrusted, other, expired, http, closing, mute, closed_port())
        targets = [Target(LOOPBACK, port, "gateway.example") for port in ports]
        seen = sweep(targets, context=judging(root[0]), handshake=1.5)
    results = [one.tls.result if one.tls else None for one in seen]
    assert results[:5] == [
        Shake.TRUSTED,
        Shake.UNTRUSTED,
        Shake.WRONG_NAME,
        Shake.EXPIRED,
        Shake.NOT_TLS,
    ]
    assert results[5] in (Shake.RESET, Shake.CLOSED)
    assert results[6:] == [Shake.SILENT, None]
    assert seen[0].tls
    assert seen[0].tls.protocol == "TLSv1.3"
    assert all(one.finished for one in seen)


def test_what_the_time_did_not_suffice_for_is_not_finished() -> None:
    with silent_port() as silent:
        seen = sweep([Target(LOOPBACK, silent)] * 3, deadline=0.2)
    assert [one.finished for one in seen] == [False] * 3


def test_few_descriptors_only_make_it_slower() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = len(list(Path("/proc/self/fd").iterdir()))
    with far_end(lambda _connection: None) as opened:
        resource.setrlimit(resource.RLIMIT_NOFILE, (used + 90, hard))
        try:
            seen = sweep([Target(LOOPBACK, opened)] * 200, at_once=10)
            assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == used + 90
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert {one.connect.result for one in seen} == {Reach.CONNECTED}


def test_its_own_delay_is_told_from_the_lines() -> None:
    def stall(_finished: int) -> bool:
        time.sleep(0.4)
        return True

    with far_end(lambda _connection: None) as opened:
        held = sweep([Target(LOOPBACK, opened)], goes_on=stall)[0]
        free = sweep([Target(LOOPBACK, opened)])[0]
    assert held.connect.milliseconds > 350
    assert held.connect.milliseconds - held.late * 1000 < 50
    assert free.late < 0.1


class _SeenLateAndLastFirst(selectors.DefaultSelector):
    """Tells after 0.4 s what is ready, the latest first: a long line."""

    def __init__(self) -> None:
        super().__init__()
        self.began = time.monotonic()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        left = self.began + 0.4 - time.monotonic()
        if left > 0:
            time.sleep(min(timeout or 0, left))
            return []
        return super().select(timeout)[::-1]


def test_an_attempt_that_was_accepted_too_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selectors, "DefaultSelector", _SeenLateAndLastFirst)
    with far_end(lambda connection: connection.recv(1) and None) as opened:
        seen = sweep([Target(LOOPBACK, opened)])[0]
    connect = seen.connect
    assert (connect.result, connect.attempts, connect.unanswered) == (Reach.CONNECTED, 2, 0)
    assert seen.late < 0.1, "waiting is not its own delay"


def test_an_address_without_a_way_is_no_crash() -> None:
    seen = sweep([Target("255.255.255.255", 4000), Target("no address", 4000)], patience=0.1)
    assert all(one.connect.result not in (Reach.CONNECTED, Reach.SILENT) for one in seen)


LOSSY = """
import json, subprocess, sys
from bench import network_farm as farm
from deskside.network.probes.bulk import Target, sweep
rules = farm.RULES + (
    "table inet loss {\\n chain input {\\n type filter hook input priority 1\\n"
    " tcp dport 4000 numgen random mod 100 < 20 drop\\n"
    " tcp sport 4000 numgen random mod 100 < 20 drop\\n }\\n}\\n"
)
farm.prepare(rules)
import socket, threading
listening = socket.create_server(("0.0.0.0", 4000), backlog=4096)
def accept():
    while True:
        listening.accept()[0].close()
threading.Thread(target=accept, daemon=True).start()
rows = farm.targets("tcp", 1400)
seen = sweep([Target(a, p) for a, p, _t in rows], at_once=2000)
wrong = [(t, s.connect.result) for (_a, _p, t), s in zip(rows, seen)
         if (t == "open") != (s.connect.result == "connected")]
print(json.dumps([len(rows), wrong]))
"""


def test_a_fifth_of_all_packets_lost_blocks_nobody() -> None:
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--net", sys.executable, "-c", LOSSY],
        cwd=ROOT,
        env=os.environ | {"PATH": "/usr/sbin:/sbin:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [1400, []]


def test_ipv6() -> None:
    with far_end(lambda _connection: None, "::1") as port:
        assert sweep([Target("::1", port)])[0].connect.result is Reach.CONNECTED
