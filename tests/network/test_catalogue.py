"""Catalogues: what is shipped, what is refused, and that nothing is lost in writing one."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskside.foundation.errors import DesksideError, NotFound
from deskside.network import catalogue
from deskside.network.model import Catalogue, Host
from deskside.network.service import NetworkService

TODAY = date(2026, 6, 1)
ROW = '[[host]]\nid = "a"\nhost = "example.net"\nports = [4000]\n'


def refused(text: str) -> str:
    with pytest.raises(DesksideError) as caught:
        catalogue.parse(text.encode(), today=TODAY)
    return caught.value.message


def test_the_shipped_catalogue_is_whole() -> None:
    shipped = catalogue.shipped()
    hosts = {host.id: host for host in shipped.hosts}
    assert len(hosts) == 27
    assert all(host.source and host.date for host in shipped.hosts)
    assert {host.host for host in shipped.hosts if not host.ping} == {
        "www.interactivebrokers.co.in",
        "www.interactivebrokers.co.jp",
        "www.interactivebrokers.com.hk",
        "www.ibkr.com.cn",
    }
    assert hosts["tws-europe"].ports == (4000, 4001)
    assert hosts["tws-europe"].tls == (4001,)
    assert hosts["web-uk"].ports == (80, 443)
    assert hosts["tws-china-backup"].host == "mcgw1_hb1.ibllc.com.cn"
    assert "mcgw1-hb1.ibllc.com.cn" in hosts["tws-china-backup"].note
    assert "mainland China" in hosts["tws-china"].note
    assert catalogue.parse(catalogue.write(shipped).encode(), today=None) == shipped


def test_a_short_row_is_enough() -> None:
    parsed = catalogue.parse(ROW.encode(), today=TODAY)
    assert parsed.hosts == (Host(id="a", host="example.net", ports=(4000,)),)


@pytest.mark.parametrize(
    ("ports", "tls", "expected"),
    [
        ("[4000, 4001]", None, (4001,)),
        ("[80, 443]", "true", (443,)),
        ("[4000]", "true", (4000,)),
        ("[9000, 9001]", "true", (9000, 9001)),
        ("[443]", "false", ()),
        ("[9000, 9001]", "[9001]", (9001,)),
    ],
)
def test_which_ports_speak_tls(ports: str, tls: str | None, expected: tuple[int, ...]) -> None:
    text = ROW.replace("[4000]", ports) + (f"tls = {tls}\n" if tls else "")
    assert catalogue.parse(text.encode(), today=TODAY).hosts[0].tls == expected


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (ROW.replace("4000", "0"), "row 1 (a): 0 is no TCP port"),
        (ROW.replace("4000", "65536"), "from 1 to 65535"),
        (ROW.replace("4000", "true"), "no TCP port"),
        (ROW.replace("[4000]", "4000"), "list of port numbers"),
        (ROW.replace("[4000]", "[]"), "list of port numbers"),
        (ROW.replace("[4000]", "[4000, 4000]"), "names a port twice"),
        (ROW + ROW, "row 2 (a): another row has the same id"),
        (ROW + ROW.replace('"a"', '"b"'), "example.net port 4000 is already listed by a"),
        (ROW + 'prots = "x"\n', "did you mean ports?"),
        (ROW + 'colour = "red"\n', "there is no field"),
        (ROW.replace("example.net", "a" * 254), "longer than 253"),
        (ROW.replace("example.net", "a\\u0000b"), "no host name or address"),
        (ROW.replace("example.net", "a b"), "no host name or address"),
        (ROW.replace("example.net", "$(reboot)"), "no host name or address"),
        (ROW.replace("example.net", "1.2.3"), "no host name or address"),
        (ROW.replace("example.net", "fe80::1%eth0"), "no host name or address"),
        (ROW.replace('"a"', '"a b"'), "id must be"),
        (ROW + 'note = "a\\u001b[2J"\n', "note holds control characters"),
        (ROW + 'note = "\\u202Egnp"\n', "note holds control characters"),
        (ROW + "date = 2027-01-01\n", "still to come"),
        ("date = 2027-01-01\n" + ROW, "still to come"),
        (ROW + 'date = "soon"\n', "must be a date"),
        (ROW + "tls = [9]\n", "tls names a port that ports does not"),
        (ROW + 'role = "boss"\n', "role must be one of primary, backup, optional"),
        (ROW + "ping = 1\n", "ping must be true or false"),
        ("format = 2\n" + ROW, "format 2; this Deskside reads up to 1"),
        ("verison = '1'\n" + ROW, "did you mean version?"),
        ("responder_key = 'xyz'\n" + ROW, "64 lower-case hexadecimal"),
        ("version = '1'\n", "1 to 10000 hosts"),
        ("host = 'x'\n", "[[host]] tables"),
        ("= nonsense", "not valid TOML"),
        ('{"hosts": []}', "1 to 10000 hosts"),
        ('{"hosts": [', "not valid JSON"),
        ("[]", "not valid TOML"),
        ('{"catalogue": [], "hosts": []}', "JSON must be like"),
        ('{"host": []}', "JSON must be like"),
        ('{"hosts": 5}', "in JSON as objects"),
        (ROW.replace("example.net", "bücher.example"), "write it as xn--bcher-kva.example"),
        (ROW.replace("example.net", "ü" * 70), "no host name or address"),
        (ROW.replace('id = "a"\n', ""), "row 1: id is missing"),
        ("#" * (catalogue.MAX_BYTES + 1), "larger than"),
    ],
)
def test_a_bad_row_is_refused_and_named(broken: str, said: str) -> None:
    assert said in refused(broken)


def test_a_strange_region_is_said_and_read(tmp_path: Path) -> None:
    file = tmp_path / "hosts.toml"
    rows = [("a", "Europa"), ("b", "Europa"), ("c", "Milan office"), ("d", "Asia"), ("e", "")]
    file.write_text(
        "".join(
            f'[[host]]\nid = "{name}"\nhost = "{name}.example"\nports = [1]\nregion = "{region}"\n'
            for name, region in rows
        )
    )
    told: list[str] = []
    loaded = NetworkService().load(str(file), say=told.append)
    assert [host.region for host in loaded.hosts] == [region for _name, region in rows]
    assert told == [
        "Row a: the region Europa is not one of those that ship. Did you mean Europe?",
        "Row c: the region Milan office is not one of those that ship.",
    ]


def test_two_products_may_share_a_far_end() -> None:
    other = ROW.replace('"a"', '"b"') + 'product = "IB CAM"\n'
    assert len(catalogue.parse((ROW + other).encode(), today=TODAY).hosts) == 2


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="There is no catalogue file"):
        catalogue.load(tmp_path / "none.toml", today=TODAY)


text = st.text(st.characters(exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp")), max_size=60)
labels = st.from_regex(r"[a-z0-9_]([a-z0-9_-]{0,10}[a-z0-9_])?", fullmatch=True)
names = (
    st.lists(labels, min_size=1, max_size=4)
    .map(".".join)
    .filter(lambda name: not name.split(".")[-1].isdigit())
)
addresses = st.ip_addresses().map(str).filter(lambda address: "%" not in address)
ports = st.lists(st.integers(1, 65535), min_size=1, max_size=5, unique=True).map(tuple)


@st.composite
def rows(draw: st.DrawFn) -> Host:
    chosen = draw(ports)
    return Host(
        id=draw(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True)),
        host=draw(names | addresses),
        ports=chosen,
        tls=tuple(draw(st.lists(st.sampled_from(chosen), unique=True))),
        role=draw(st.sampled_from(["primary", "backup", "optional"])),
        ping=draw(st.booleans()),
        responder=draw(st.booleans()),
        region=draw(text),
        product=draw(text),
        note=draw(text),
        source=draw(text),
        date=draw(st.just("") | st.dates(max_value=TODAY).map(date.isoformat)),
    )


@given(
    st.lists(rows(), min_size=1, max_size=4, unique_by=(lambda h: h.id, lambda h: h.host)),
    text,
    st.none() | st.binary(min_size=32, max_size=32).map(bytes.hex),
)
def test_what_is_written_is_read_back(hosts: list[Host], version: str, key: str | None) -> None:
    made = Catalogue(version=version, date="", hosts=tuple(hosts), responder_key=key)
    assert catalogue.parse(catalogue.write(made).encode(), today=TODAY) == made


def complaint(raw: bytes) -> str:
    """What is said about a catalogue; nothing where it is fine."""
    try:
        catalogue.parse(raw, today=TODAY)
    except DesksideError as error:
        return error.message
    return ""


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_whatever_comes_is_read_or_refused(raw: bytes) -> None:
    assert complaint(raw).isprintable()


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
fields = st.sampled_from(["id", "host", "ports", "tls", "role", "date", "ping", "note", "x"])


@given(st.dictionaries(fields, values), st.booleans())
def test_a_hostile_row_is_read_or_refused(row: dict[str, object], whole: bool) -> None:
    row = {"id": "a", "host": "b", "ports": [1]} | row if whole else row
    assert complaint(json.dumps({"catalogue": {}, "hosts": [row]}).encode()).isprintable()
