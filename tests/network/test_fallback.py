"""What a workstation tests against when its portal gives no catalogue that can be used."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deskside.foundation.errors import Refused
from deskside.foundation.paths import data_folder
from deskside.network import catalogue as catalogues
from deskside.network.model import Catalogue, Host
from deskside.network.service import NetworkService

from .conftest import far_end

Damage = Callable[[bytes], bytes]


def day(offset: int) -> str:
    return (datetime.now(UTC).date() + timedelta(days=offset)).isoformat()


@dataclass
class Portal:
    """A desk's portal that this computer is logged in to, and what it says at present."""

    key: Ed25519PrivateKey
    body: bytes = b""
    status: str = "200 OK"

    def serves(self, version: str, dated: str, key: Ed25519PrivateKey | None = None) -> Catalogue:
        rows = (Host(id="a", host="a.example", ports=(443,)),)
        served = catalogues.signed(
            Catalogue(version=version, date=dated, hosts=rows), key or self.key
        )
        self.body = catalogues.write(served).encode()
        return served

    def talk(self, connection: socket.socket) -> None:
        connection.recv(4096)
        head = f"HTTP/1.1 {self.status}\r\nContent-Length: {len(self.body)}\r\n"
        connection.sendall(head.encode() + b"Connection: close\r\n\r\n" + self.body)


@pytest.fixture
def portal(key: Ed25519PrivateKey) -> Iterator[Portal]:
    desk = Portal(key)
    with far_end(desk.talk) as port:
        log_in(f"http://127.0.0.1:{port}")
        yield desk


def log_in(portal: str) -> None:
    stored = {"portal": portal, "token": "t", "user_name": "u", "expires": ""}
    (data_folder() / "portal-session.json").write_text(json.dumps(stored))


def loaded() -> tuple[Catalogue, str]:
    said: list[str] = []
    return NetworkService().load(None, say=said.append), "\n".join(said)


def test_the_portals_catalogue_is_used_without_a_word(portal: Portal) -> None:
    served = portal.serves("1", day(-2))
    assert loaded() == (served, "")


def test_the_portal_is_gone(key: Ed25519PrivateKey) -> None:
    desk = Portal(key)
    served = desk.serves("1", day(-2))
    with far_end(desk.talk) as port:
        log_in(f"http://127.0.0.1:{port}")
        loaded()
    used, said = loaded()
    assert used == served
    assert "cannot be fetched" in said
    assert f"The copy of {day(-2)} is used." in said


DAMAGES: dict[str, Damage] = {
    "a changed host": lambda body: body.replace(b"a.example", b"e.example"),
    "another signature": lambda body: body.replace(b'signature = "', b'signature = "0', 1),
    "cut short": lambda body: body[:-20],
    "a log-in page instead": lambda _body: b"<!doctype html><title>Hotel Wi-Fi</title>",
    "nothing": lambda _body: b"",
    "a later format": lambda body: body.replace(b"format = 1", b"format = 2"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_what_comes_is_not_what_the_desk_signed(portal: Portal, damage: Damage) -> None:
    served = portal.serves("1", day(-2))
    loaded()
    portal.serves("2", day(-1))
    portal.body = damage(portal.body)
    used, said = loaded()
    assert used == served
    assert f"The copy of {day(-2)} is used." in said


def test_without_a_copy_the_hosts_that_ship_are_used(portal: Portal) -> None:
    portal.serves("1", day(-2))
    portal.body = portal.body.replace(b"a.example", b"e.example")
    used, said = loaded()
    assert used == catalogues.shipped()
    assert "not what its desk signed" in said
    assert "The hosts that ship are used." in said


def test_an_older_catalogue_does_not_replace_a_newer_one(portal: Portal) -> None:
    newer = portal.serves("2", day(-1))
    loaded()
    portal.serves("1", day(-30))
    used, said = loaded()
    assert used == newer
    assert f"is older ({day(-30)}) than the copy of {day(-1)}" in said
    copy = next((data_folder() / "network").glob("catalogue-*.toml"))
    assert str(copy) in said
    copy.unlink()
    assert loaded()[0].version == "1", "as the hint said"


def test_one_of_the_same_day_or_later_does(portal: Portal) -> None:
    portal.serves("1", day(-1))
    loaded()
    for version, dated in (("2", day(-1)), ("3", day(0))):
        served = portal.serves(version, dated)
        assert loaded() == (served, "")


def test_a_catalogue_from_the_future_is_not_used(portal: Portal) -> None:
    served = portal.serves("1", day(-2))
    loaded()
    portal.serves("2", day(5))
    used, said = loaded()
    assert used == served
    assert f"{day(5)} is still to come" in said


def test_a_copy_from_the_future_is_no_copy(portal: Portal) -> None:
    portal.serves("1", day(-2))
    loaded()
    future = catalogues.signed(replace(portal.serves("2", day(-2)), date=day(400)), portal.key)
    copy = next((data_folder() / "network").glob("catalogue-*.toml"))
    copy.write_text(catalogues.write(future))
    portal.status = "503 Service Unavailable"
    assert loaded()[0] == catalogues.shipped()


def test_another_key_is_used_by_nobody_unasked(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As from another computer: desks on this one are not pinned.
    monkeypatch.setattr("deskside.network.trust._on_this_computer", lambda _url: False)
    portal.serves("1", day(-2))
    loaded()
    portal.serves("2", day(-1), key=Ed25519PrivateKey.generate())
    with pytest.raises(Refused, match="a key that is not the desk's"):
        loaded()
    portal.body = b"[[host]]\nid = 'x'\nhost = 'x.example'\nports = [1]\n"
    with pytest.raises(Refused, match="is not signed; earlier ones were"):
        loaded()
