"""Questions put directly: to a name server, by ping, and to addresses where nobody is."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from deskside.network.line_observations import AnswersSeen
from deskside.network.observations import Echo
from deskside.network.probes import absent, answers, listeners
from deskside.network.probes.ping import ping

from .conftest import LOOPBACK, far_end, http_server

Reply = Callable[[dns.message.Message, int], list[bytes]]
"""A question, and the how manyth it is, to the packets that come back."""


@contextlib.contextmanager
def name_server(reply: Reply) -> Iterator[int]:
    """A name server on loopback that answers so."""
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.bind((LOOPBACK, 0))
    port: int = opened.getsockname()[1]

    def serve() -> None:
        count = 0
        while True:
            packet, peer = opened.recvfrom(4096)
            if packet == b"end":
                return
            count += 1
            for one in reply(dns.message.from_wire(packet), count):
                opened.sendto(one, peer)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield port
    finally:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"end", (LOOPBACK, port))
        thread.join()
        opened.close()


def said(question: dns.message.Message, *addresses: str, absent_name: bool = False) -> bytes:
    answer = dns.message.make_response(question)
    if absent_name:
        answer.set_rcode(dns.rcode.NXDOMAIN)
    if addresses:
        answer.answer.append(
            dns.rrset.from_text(question.question[0].name, 60, "IN", "A", *addresses)
        )
    return answer.to_wire()


def asked(reply: Reply, name: str = "gate.example") -> AnswersSeen:
    with name_server(reply) as port:
        (seen,) = asyncio.run(answers.ask_all([name], LOOPBACK, port))
    return seen


def test_one_answer_is_one_answer() -> None:
    seen = asked(lambda question, _count: [said(question, "192.0.2.2", "192.0.2.1")])
    assert seen.answers == (("192.0.2.1", "192.0.2.2"),)


def test_a_forged_answer_is_seen_beside_the_true_one() -> None:
    seen = asked(
        lambda question, _count: [said(question, "203.0.113.9"), said(question, "192.0.2.1")]
    )
    assert seen.answers == (("203.0.113.9",), ("192.0.2.1",))


def test_a_name_that_does_not_exist_has_an_empty_answer() -> None:
    assert asked(lambda question, _count: [said(question, absent_name=True)]).answers == ((),)


def test_a_lost_question_is_asked_again() -> None:
    seen = asked(lambda question, count: [said(question, "192.0.2.1")] if count > 1 else [])
    assert seen.answers == (("192.0.2.1",),)


def test_what_is_no_answer_to_the_question_is_passed_over() -> None:
    def reply(question: dns.message.Message, _count: int) -> list[bytes]:
        other = dns.message.make_query("gate.example", "A", id=question.id ^ 1)
        return [b"", b"\x00" * 5, said(other, "203.0.113.9"), said(question, "192.0.2.1")]

    assert asked(reply).answers == (("192.0.2.1",),)


@pytest.mark.parametrize("name", ["a" * 64 + ".example", "..", "\udc80.example"])
def test_a_name_that_cannot_be_asked_for(name: str) -> None:
    assert asked(lambda _question, _count: [], name).answers == ()


def test_a_server_that_is_not_there() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as held:
        held.bind((LOOPBACK, 0))
        port = held.getsockname()[1]
    assert asyncio.run(answers.ask("gate.example", LOOPBACK, port)).answers == ()


def test_ping() -> None:
    trips = asyncio.run(ping(LOOPBACK, 5, apart=0.001))
    assert len(trips) == 5
    assert all(trip >= 0 for trip in trips)
    assert asyncio.run(ping("::1", 2, apart=0.001))


def test_bursts_side_by_side_do_not_take_each_other_s_answers() -> None:
    async def several() -> list[list[float]]:
        return await asyncio.gather(*(ping(f"127.0.0.{n}", 4, apart=0.001) for n in range(1, 9)))

    assert [len(trips) for trips in asyncio.run(several())] == [4] * 8


def test_ping_without_an_answer_and_without_a_way() -> None:
    assert asyncio.run(ping("255.255.255.255", 1, patience=0.05)) == []
    assert asyncio.run(ping("0.0.0.1", 1, patience=0.05)) == []


REFUSED = """
import asyncio
from deskside.network.probes.ping import NotPermitted, ping
try:
    print(asyncio.run(ping("127.0.0.1", 1)))
except NotPermitted:
    print("not permitted")
"""


def test_who_may_not_ping_is_told() -> None:
    """In a user namespace whose groups the system lets send no echo request."""
    command = ["unshare", "--user", "--net", "setpriv", "--inh-caps=-all", "--bounding-set=-all"]
    done = subprocess.run(
        [*command, sys.executable, "-c", REFUSED],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PATH": "/usr/sbin:/sbin:/usr/bin:/bin"},
    )
    assert done.stdout.strip() == "not permitted", done.stderr


def test_addresses_that_are_nobodys() -> None:
    assert len(absent.addresses([])) == 3
    chosen = absent.addresses(["192.0.2.77", "10.0.0.1"])
    assert len(chosen) == 2
    assert not [one for one in chosen if one.startswith("192.0.2.")]


def test_who_answers_for_absent_hosts_is_asked_who_it_is() -> None:
    with far_end(http_server) as port:
        seen = asyncio.run(absent.try_port(port, ("127.0.0.1", "127.0.0.2")))
    assert seen.accepted == ("127.0.0.1",)
    assert seen.answer is Echo.HTTP
    assert seen.opening.startswith("HTTP/1.1 400")
    closed = asyncio.run(absent.try_port(port, ("127.0.0.1",)))
    assert (closed.accepted, closed.answer) == ((), None)


LISTENING = """
import socket, sys
with socket.create_server(("127.0.0.1", 7496)):
    print("ready", flush=True)
    sys.stdin.read()
"""
LISTENERS = """
import json, subprocess, sys
from deskside.network.probes.listeners import listeners
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
other = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdin=-1, stdout=-1)
other.stdout.readline()
told = [listeners([]), listeners([("127.0.0.1", 7496)]), listeners([("127.0.0.1", 4001)])]
print(json.dumps([[(one.port, one.program) for one in each] for each in told]))
other.communicate(b"")
"""


def test_who_has_the_ports_of_the_api() -> None:
    done = subprocess.run(
        [
            "unshare",
            "--user",
            "--map-root-user",
            "--net",
            sys.executable,
            "-c",
            LISTENERS,
            LISTENING,
        ],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PATH": "/usr/sbin:/sbin:/usr/bin:/bin"},
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert [[port for port, _program in each] for each in seen] == [[7496], [], [7496]]
    assert seen[0][0][1].startswith("python")


def test_the_ports_of_the_api_are_those_of_the_article() -> None:
    assert sorted(listeners.API_PORTS) == [4001, 4002, 7496, 7497]
