"""What is bound to a person or a computer is listed, and never goes along by itself."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from deskside.foundation.errors import Refused
from deskside.workspace.document.bound import BoundKind, Treatment, is_secret
from deskside.workspace.document.difference import difference
from deskside.workspace.document.personal import MASKED, adapt, bound_items
from deskside.workspace.document.tree import parse
from tests.work import lines_run

from .conftest import SAMPLE, document
from .document_writer import Node, writer

REAL = SAMPLE.read_bytes()
FOLDER = "abcdefghijklmnopabcdefghijklmnopabcdefgh"
SOURCE = document(
    '<SystemSettings varName="system" exportDir="C:\\Users\\ann\\Jts\\" password="s3cret-word">'
    "<lastAccount>U1234567</lastAccount></SystemSettings>"
    '<ApiSettings varName="api" port="7496"><ListOfStrings varName="trustedIPAddresses">'
    "<String>127.0.0.1</String><String>10.0.0.9</String></ListOfStrings></ApiSettings>"
    '<TraderSettings varName="traderSettings"><TickerPageSetting name="P" account="U1234567"/>'
    '<Note text="buy in U1234567 only"/></TraderSettings>'
    '<AccountMap varName="byAccount"><String>U1234567</String><V size="1"/>'
    "<String>All</String><V size='2'/></AccountMap>"
    '<WorkspaceCollection varName="workspaceCollection">'
    '<WindowConfiguration id="1" x="5" y="6" width="70" height="80"/></WorkspaceCollection>'
    f'<Mail varName="mail" address="ann@example.org" peer="ndc1.ibllc.com:4001" f="{FOLDER}"/>'
)
TARGET = document(
    '<SystemSettings varName="system" exportDir="/home/bob/Jts/"><lastAccount>DU7654321'
    "</lastAccount></SystemSettings>"
    '<ApiSettings varName="api" port="7497"><ListOfStrings varName="trustedIPAddresses">'
    "<String>192.168.7.7</String></ListOfStrings></ApiSettings>"
    '<Mail varName="mail" address="bob@example.org" peer="zdc1.ibllc.com:4001"/>'
)


def test_everything_bound_is_listed() -> None:
    items = bound_items(SOURCE)
    kinds = {item.kind for item in items}
    assert kinds == set(BoundKind)
    assert [item.where for item in items if item.kind is BoundKind.ACCOUNT] == [
        ("General", "Last account"),
        ("Trading pages", "Page P", "Account"),
        ("Trading pages", "Note", "Text"),
        ("By account",),
    ]
    assert [item.value for item in items if item.kind is BoundKind.TRUSTED] == ["10.0.0.9"]
    copied = {item.kind for item in items if item.treatment is Treatment.COPY}
    assert copied == {BoundKind.GEOMETRY}


def test_secrets_are_never_shown() -> None:
    (secret,) = [item for item in bound_items(SOURCE) if item.kind is BoundKind.SECRET]
    assert secret.value == MASKED
    assert "s3cret" not in str([item.as_json() for item in bound_items(SOURCE)])


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("password", "hunter22", True),
        ("accessToken", "abcdef", True),
        ("apiKey", "abcdef", True),
        ("password", "", False),
        ("savePassword", "true", False),
        ("keyCode", "117117", False),
        ("key", "STK_1", False),
        ("workspaceKey", "abcdef", False),
    ],
)
def test_what_counts_as_a_secret(name: str, value: str, secret: bool) -> None:
    assert is_secret(name, value) is secret


def test_a_real_file_holds_paths_and_a_port_and_no_account() -> None:
    kinds = {item.kind for item in bound_items(REAL)}
    assert kinds == {BoundKind.PATH, BoundKind.PORT, BoundKind.SERVER}
    adapted = adapt(REAL, None)
    assert b"/root/" not in adapted
    assert b'port="4002"' not in adapted
    assert {c.what for c in difference(REAL, adapted).changes} == {
        "exportDir",
        "executionSummaryExportDir",
        "autoExportDirectory",
        "exportDirectory",
        "port",
        "host",
    }


def test_the_target_keeps_its_own() -> None:
    adapted = adapt(SOURCE, TARGET)
    text = adapted.decode()
    assert "U1234567" not in text.replace("DU7654321", "")
    for own in ("/home/bob/Jts/", "DU7654321", "192.168.7.7", "bob@example.org", 'port="7497"'):
        assert own in text
    for gone in ("10.0.0.9", "ann", "s3cret-word", "ndc1", FOLDER):
        assert gone not in text
    assert 'text="buy in DU7654321 only"' in text
    assert 'x="5" y="6" width="70" height="80"' in text


def test_without_a_target_it_is_left_out() -> None:
    text = adapt(SOURCE, None).decode()
    for gone in ("U1234567", "10.0.0.9", "ann", "s3cret-word", FOLDER, "7496"):
        assert gone not in text
    assert "127.0.0.1" in text
    assert "<String>All</String><V size='2'/></AccountMap>" in text
    assert '<V size="1"/>' not in text


def test_a_mapping_wins() -> None:
    mapping = {"U1234567": "DU1234567", "C:\\Users\\ann": "D:\\Bob", FOLDER: "f" * 40}
    text = adapt(SOURCE, TARGET, mapping).decode()
    assert "D:\\Bob\\Jts\\" in text
    assert "<lastAccount>DU1234567</lastAccount>" in text
    assert "<String>DU1234567</String>" in text
    assert "f" * 40 in text


def test_two_accounts_may_change_places() -> None:
    source = document('<S varName="s" account="U1111111"/><T varName="t" account="U2222222"/>')
    swapped = adapt(source, None, {"U1111111": "U2222222", "U2222222": "U1111111"})
    assert b'<S varName="s" account="U2222222"/><T varName="t" account="U1111111"/>' in swapped


def test_a_choice_may_be_made_by_kind_or_by_item() -> None:
    assert b'port="7496"' in adapt(SOURCE, TARGET, treatments={"port": Treatment.COPY})
    text = adapt(SOURCE, TARGET, treatments={"window-geometry": Treatment.KEEP_OUT}).decode()
    assert '<WindowConfiguration id="1"/>' in text
    raw = "TraderSettings[traderSettings]/TickerPageSetting[P]/@account"
    assert raw in {item.raw for item in bound_items(SOURCE)}
    assert b"U1234567" in adapt(SOURCE, None, treatments={"account-number": Treatment.COPY})


def test_a_number_outside_of_any_value_is_refused_rather_than_leaked() -> None:
    commented = SOURCE.replace(b"<ApiSettings", b"<!-- U1234567 --><ApiSettings")
    with pytest.raises(Refused) as refused:
        adapt(commented, TARGET)
    assert refused.value.code == "settings-account-remains"


account = st.from_regex(r"\A(?:D?U\d{5,9}|D?F\d{6,9}|[A-Z]{2}\d{7})\Z")


@profile(max_examples=100, deadline=None)
@given(st.lists(account, min_size=1, max_size=4), st.integers(0, 2**32), st.booleans())
def test_no_account_of_the_source_is_anywhere(
    accounts: list[str], seed: int, for_somebody: bool
) -> None:
    chance = Random(seed)
    root = Node("Settings", {"mode": "TWS"})
    for number, one in enumerate(accounts):
        root.children.append(Node("Page", {"id": str(number), "account": one}))
        glued = chance.choice(["", "x", "é", '"', "&", ","])
        other = chance.choice(accounts)
        root.children.append(Node("Note", {"id": str(number), "t": f"{glued}{other}{one}"}))
        root.children.append(Node("String", {}, f" {one} ", holds_text=True))
    source = writer(seed % 10).write(root)
    target = document('<Page id="0" account="DU9876543"/>') if for_somebody else None
    adapted = adapt(source, target).decode()
    values = [adapted]
    waiting = [parse(adapted.encode()).root]
    while waiting:
        element = waiting.pop()
        values += [*element.attributes.values(), element.text]
        waiting += element.children
    for value in values:
        rest = value.replace("DU9876543", "")
        assert not any(one in rest for one in accounts if one not in "DU9876543")


@profile(max_examples=50, deadline=None)
@given(st.integers(0, 2**32))
def test_settings_without_anything_bound_stay_as_they_are(seed: int) -> None:
    root = Node("Settings", {"mode": "TWS"}, children=[Node("W", {"id": str(seed)})])
    content = writer(seed % 10).write(root)
    assert bound_items(content) == ()
    assert adapt(content, None) == content


def test_work_on_large_settings_grows_with_their_size() -> None:
    inside = REAL.split(b"\n", 2)[2].rpartition(b"</Settings>")[0]

    def large(parts: int) -> bytes:
        body = b"".join(b'<Part id="%d">\n%s</Part>\n' % (part, inside) for part in range(parts))
        return b'<Settings mode="TWS">\n' + body + b"</Settings>\n"

    few, more = large(1), large(3)
    assert lines_run(lambda: adapt(more, REAL)) < 4 * lines_run(lambda: adapt(few, REAL))
