"""`jts.ini`: read and edited key by key, with every other byte as it was."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskside.foundation.errors import Refused
from deskside.workspace.model import Mode, Workspace
from deskside.workspace.places.about import about, described, ini_of, root_of, users_in
from deskside.workspace.places.jts_ini import JtsIni
from deskside.workspace.places.remote_store import RemoteStore, remote_store, switched_off

REAL = (Path(__file__).parent.parent / "samples" / "jts_gateway_2021_mit.ini").read_bytes()
LONG = "abcdefghijklmnop"[:8] * 5

names = st.text(st.characters(codec="latin-1", exclude_characters="\r\n=[];#"), min_size=1).filter(
    lambda name: name == name.strip(" \t\x0b\x0c\0")
)
values = st.text(st.characters(codec="latin-1", exclude_characters="\r\n")).map(
    lambda value: value.strip(" \t\x0b\x0c\0")
)
blanks = st.sampled_from(["", " ", "\t"])
line_ends = st.sampled_from(["\r\n", "\n", "\r"])
lines = st.one_of(
    st.tuples(blanks, names, blanks, blanks, values, blanks).map(
        lambda t: f"{t[0]}{t[1]}{t[2]}={t[3]}{t[4]}{t[5]}"
    ),
    names.map("[{}]".format),
    st.sampled_from(["[Logon]", "[ns]", "; remark", "# remark=1", "", "nonsense", "a=1", "b=2"]),
)


@st.composite
def inis(draw: st.DrawFn) -> bytes:
    text = "".join(line + draw(line_ends) for line in draw(st.lists(lines)))
    return (text + draw(st.sampled_from(["", "a=last", "[Logon]", " "]))).encode("latin-1")


def test_a_real_file_is_read() -> None:
    ini = JtsIni(REAL)
    assert ini.sections() == ("IBGateway", "Logon", "ns", "Communication")
    assert ini.value("Communication", "SettingsDir") == "/root/Jts"
    assert ini.section("ns") == {"darykq": "1"}
    assert ini.value("Logon", "nothing") is None
    assert ini.flag("Logon", "s3store")
    assert not ini.flag("Logon", "useRemoteSettings")


@given(st.one_of(inis(), st.binary(max_size=200)))
def test_every_value_stands_where_it_is_said_to_stand(content: bytes) -> None:
    for entry in JtsIni(content).entries:
        assert content[entry.start : entry.end].decode("latin-1") == entry.value


@given(inis(), st.data(), values)
def test_an_edit_changes_the_bytes_of_that_value_and_no_others(
    content: bytes, data: st.DataObject, value: str
) -> None:
    ini = JtsIni(content)
    if not ini.entries:
        return
    chosen = data.draw(st.sampled_from(ini.entries))
    made = ini.with_value(chosen.section, chosen.key, value)
    assert JtsIni(made).value(chosen.section, chosen.key) == value
    spans = [e for e in ini.entries if (e.section, e.key) == (chosen.section, chosen.key)]
    expected, last = b"", 0
    for entry in spans:
        expected += content[last : entry.start] + value.encode("latin-1")
        last = entry.end
    assert made == expected + content[last:]


@given(inis(), names, names, values)
def test_what_is_added_is_added_to_what_is_there(
    content: bytes, section: str, key: str, value: str
) -> None:
    before = JtsIni(content)
    if before.value(section, key) is not None:
        return
    made = before.with_value(section, key, value)
    after = JtsIni(made)
    told = [(e.section, e.key, e.value) for e in after.entries]
    told.remove((section, key, value))
    assert told == [(e.section, e.key, e.value) for e in before.entries]
    assert after.sections() == tuple(dict.fromkeys((*before.sections(), section)))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", b"[Logon]\r\nk=v\r\n"),
        (b"[Logon]\na=1\n", b"[Logon]\na=1\nk=v\n"),
        (b"[Logon]\r\na=1", b"[Logon]\r\na=1\r\nk=v\r\n"),
        (b"[Logon]\na=1\n\n[ns]\nb=1\n", b"[Logon]\na=1\nk=v\n\n[ns]\nb=1\n"),
        (b"[ns]\nb=1\n", b"[ns]\nb=1\n[Logon]\nk=v\n"),
        (b"\xef\xbb\xbf[Logon]\nk=1\n", b"\xef\xbb\xbf[Logon]\nk=v\n"),
        (b"[Logon]\nk=1\n[Logon]\nk=2\n", b"[Logon]\nk=v\n[Logon]\nk=v\n"),
        (b"[Logon]\nK=1\n", b"[Logon]\nK=1\nk=v\n"),
        (b"[Logon]\nk = caf\xe9 \n", b"[Logon]\nk = v \n"),
    ],
)
def test_edits_by_example(content: bytes, expected: bytes) -> None:
    assert JtsIni(content).with_value("Logon", "k", "v") == expected


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("Logon", "k", "two\nlines"),
        ("Logon", "k", "☕"),
        ("Logon", "k", " blank "),
        ("Logon", "a=b", "v"),
        ("Logon", "#k", "v"),
        ("Logon", "[k", "v]"),
        ("a]\n[b", "k", "v"),
    ],
)
def test_what_the_file_cannot_hold_is_refused(section: str, key: str, value: str) -> None:
    with pytest.raises(Refused) as refused:
        JtsIni(REAL).with_value(section, key, value)
    assert refused.value.code == "ini-value"


# The vendor's server.


def test_the_store_is_switched_off_byte_for_byte() -> None:
    on = REAL.replace(b"useRemoteSettings=false", b"useRemoteSettings=True")
    assert switched_off(on) == REAL
    assert switched_off(REAL) == REAL
    assert switched_off(b"[Logon]\nLocale=en") == b"[Logon]\nLocale=en"
    twice = b"[Logon]\nuseRemoteSettings=true\nuseRemoteSettings=false\n"
    assert switched_off(twice) == twice.replace(b"true", b"false")


def test_the_store_of_a_workspace(root: Path, workspace: Workspace) -> None:
    assert remote_store(workspace) == RemoteStore(offered=False, on=False, ini=None)
    ini = root / "jts.ini"
    ini.write_bytes(REAL.replace(b"useRemoteSettings=false", b"useRemoteSettings=true"))
    assert remote_store(workspace) == RemoteStore(offered=True, on=True, ini=ini)
    ini.write_bytes(REAL)
    assert remote_store(workspace) == RemoteStore(offered=True, on=False, ini=ini)


# What it tells of a user.


@pytest.mark.parametrize(
    ("folder", "ini", "mode"),
    [
        ("darykq", "", Mode.DEMO),
        (LONG, "", None),
        (LONG, f"[Logon]\ntradingMode=p\nUserNameToDirectory={LONG},{LONG}\n", Mode.PAPER),
        (LONG, f"[Logon]\ntradingMode=l\n[ns]\ndarykq=1\n[settings]\n{LONG}=1\n", Mode.LIVE),
        (LONG, f"[Logon]\ntradingMode=r\nUserNameToDirectory=Ij4=,{LONG}\n", None),
        (LONG, f"[Logon]\ntradingMode=p\nUserNameToDirectory=a,{LONG};b,dgmgqticxk\n", None),
        (LONG, f"[Logon]\ntradingMode=p\n[settings]\n{LONG}=5\ndgmgqticxk=4\n", Mode.PAPER),
        ("dgmgqticxk", f"[Logon]\ntradingMode=p\n[settings]\n{LONG}=5\ndgmgqticxk=4\n", None),
    ],
)
def test_live_paper_or_demonstration(folder: str, ini: str, mode: Mode | None) -> None:
    assert about(folder, ini.encode()).mode is mode


def test_when_a_user_was_last_there() -> None:
    used = about(LONG, f"[settings]\n{LONG}=1606000000000\n".encode()).used
    assert used is not None
    assert used.isoformat() == "2020-11-21T23:06:40+00:00"
    for nonsense in ("never", "9" * 40):
        assert about(LONG, f"[settings]\n{LONG}={nonsense}\n".encode()).used is None


def test_all_users_that_it_knows_of() -> None:
    ini = f"[Logon]\nUserNameToDirectory=x,aaaaaaaaaa\n[ns]\ndarykq=1\n[u:{LONG}]\nAutoRestart=1\n"
    assert users_in(JtsIni(ini.encode())) == {"aaaaaaaaaa", "darykq", LONG}


def test_names_say_what_is_known_and_keys_stay(root: Path) -> None:
    paper = Workspace(root / LONG / "tws.xml")
    (root / "jts.ini").write_text(f"[Logon]\ntradingMode=p\n[settings]\n{LONG}=1\n")
    named = described(paper)
    assert named == paper
    assert named.key == paper.key == f"{LONG}.tws"
    assert named.name == "Trader Workstation, paper trading, user folder abcdefgh…"
    assert paper.name == "Trader Workstation, user folder abcdefgh…"
    assert named.answers_to("paper")
    assert not paper.answers_to("paper")


def test_gateway_keeps_its_file_beside_the_folders_of_each_build(root: Path) -> None:
    profile = Workspace(root / "ibgateway" / "1045" / "dgmgqticxk" / "ibg.xml")
    (root / "jts.ini").touch()
    assert root_of(profile) == root
    nearer = root / "ibgateway" / "1045"
    nearer.mkdir(parents=True)
    (nearer / "jts.ini").touch()
    assert ini_of(profile) == nearer / "jts.ini"
    assert profile.name == "IB Gateway 1045, user folder dgmgqticxk"
