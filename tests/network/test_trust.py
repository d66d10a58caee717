"""Signed catalogues: what is pinned at first, refused later, and kept for when it is needed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deskside.foundation.errors import Refused
from deskside.network import catalogue as catalogues
from deskside.network.model import Catalogue, Host
from deskside.network.service import NetworkService
from deskside.network.trust import Kept

URL = "https://desk.example/api/v1/network/catalogue"
TODAY = date(2026, 11, 26)


@pytest.fixture
def own(key: Ed25519PrivateKey) -> Catalogue:
    rows = (
        Host(id="a", host="a.example", ports=(443,), aliases=("b_c.example",), note='»quoted"'),
    )
    return catalogues.signed(Catalogue(version="7", date="2026-11-01", hosts=rows), key)


def test_a_catalogue_with_one_sign_changed_is_refused(own: Catalogue) -> None:
    text = catalogues.write(own)
    assert catalogues.parse(text.encode(), today=TODAY) == own
    for old, new in [
        ("a.example", "e.example"),
        ("443", "444"),
        ('version = "7"', 'version = "8"'),
    ]:
        with pytest.raises(Refused, match="not what its desk signed"):
            catalogues.parse(text.replace(old, new, 1).encode(), today=TODAY)
    other = catalogues.signed(own, Ed25519PrivateKey.generate())
    swapped = replace(own, responder_key=other.responder_key)
    with pytest.raises(Refused, match="not what its desk signed"):
        catalogues.parse(catalogues.write(swapped).encode(), today=TODAY)


def test_json_carries_the_same_signature(own: Catalogue) -> None:
    raw = json.dumps(own.as_json()).encode()
    assert catalogues.parse(raw, today=TODAY) == own
    with pytest.raises(Refused, match="not what its desk signed"):
        catalogues.parse(raw.replace(b"b_c", b"b-c"), today=TODAY)


def test_the_key_of_first_use_is_the_only_one(own: Catalogue, tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    assert kept.admit(URL, own) == own
    assert kept.admit(URL, own) == own
    with pytest.raises(Refused, match="signed by a key that is not the desk's") as refusal:
        kept.admit(URL, catalogues.signed(own, Ed25519PrivateKey.generate()))
    assert str(tmp_path / "known-desks.json") in refusal.value.hint
    with pytest.raises(Refused, match="is not signed; earlier ones were"):
        kept.admit(URL + "?other=path", replace(own, signature=None))
    assert kept.copy(URL, today=TODAY) == own, "what was refused has replaced nothing"


def test_damaged_pins_are_not_taken_for_none(own: Catalogue, tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.admit(URL, own)
    (tmp_path / "known-desks.json").write_text("{")
    with pytest.raises(Refused, match="damaged"):
        kept.admit(URL, own)


def test_a_damaged_copy_is_no_copy(own: Catalogue, tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.admit(URL, own)
    assert kept.copy("https://other.example", today=TODAY) is None
    copy = next(tmp_path.glob("catalogue-*.toml"))
    copy.write_text(copy.read_text().replace("443", "444"))
    assert kept.copy(URL, today=TODAY) is None


def test_the_desk_adds_its_own_rows(key: Ed25519PrivateKey, tmp_path: Path) -> None:
    file = tmp_path / "hosts.toml"
    file.write_text(
        'version = "desk 3"\n[[host]]\nid = "office"\nhost = "office.example"\nports = [8443]\n'
    )
    served = NetworkService(hosts_file=file, signing_key=key).catalogue()
    assert served.hosts[0].id == "office"
    assert {host.id for host in catalogues.shipped().hosts} < {host.id for host in served.hosts}
    assert catalogues.is_signed(served)
    assert served.version.endswith("+desk 3")
    assert catalogues.parse(catalogues.write(served).encode(), today=TODAY) == served


def test_own_rows_that_clash_are_refused_at_the_start(tmp_path: Path) -> None:
    file = tmp_path / "hosts.toml"
    file.write_text('[[host]]\nid = "tws-europe"\nhost = "office.example"\nports = [8443]\n')
    with pytest.raises(Refused, match="another row has the same id"):
        NetworkService(hosts_file=file)
