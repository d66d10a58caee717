"""Taking a part: it alone changes, every other byte stays, and what is not there is refused."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from deskside.foundation.errors import NotFound, Refused
from deskside.workspace.document.difference import difference
from deskside.workspace.document.parts import PARTS, parts_of, take_part
from deskside.workspace.document.tree import parse

from .conftest import SAMPLE, document
from .document_writer import Node, element, writer

REAL = SAMPLE.read_bytes()
SECTIONS = [
    ("ApiSettings", "api"),
    ("WatchlistList", "watchlistList"),
    ("WatchlistList", "individualWatchlistList"),
    ("WorkspaceCollection", "workspaceCollection"),
    ("UISettings", "ui"),
    ("TraderSettings", "traderSettings"),
    ("MainWinHotkeyMgr", "hotkeyMgr"),
    ("OrderDefaultNode", "orderDefaultRoot"),
    ("MiscSettings", "miscSettings"),
]


def invented(seed: int) -> bytes:
    chance = Random(seed)
    root = Node("Settings", {"mode": "TWS"})
    for tag, name in chance.sample(SECTIONS, chance.randint(0, len(SECTIONS))):
        children = [element(chance, f"n{number}") for number in range(chance.randint(0, 3))]
        if tag == "TraderSettings" and chance.random() < 0.5:
            children.append(Node("TickerPageSetting", {"name": "Page"}))
        root.children.append(Node(tag, {"varName": name}, children=children))
    return writer(seed % 10).write(root)


def sections(content: bytes) -> dict[tuple[str, str], bytes]:
    read = parse(content)
    return {
        (one.tag, one.attributes.get("varName", "")): read.source(one) for one in read.root.children
    }


@profile(max_examples=200, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 2**32), st.sampled_from(sorted(PARTS)))
def test_only_the_part_changes(one: int, other: int, name: str) -> None:
    present, source = invented(one), invented(other)
    if name not in parts_of(source):
        with pytest.raises(Refused) as refused:
            take_part(present, source, name)
        assert refused.value.code == "settings-part-missing"
        return
    result = take_part(present, source, name)
    before, taken, after = sections(present), sections(source), sections(result)
    assert set(before) <= set(after) <= set(before) | set(taken)
    moved = [key for key in after if after[key] != before.get(key)]
    assert all(after[key] == taken[key] for key in moved)
    assert difference(source, result, part=name).changes == () or set(before) - set(taken)
    rest = [key for key in before if key not in moved]
    assert all(after[key] == before[key] for key in rest)
    assert take_part(result, source, name) == result


@profile(max_examples=100, deadline=None)
@given(st.integers(0, 2**32))
def test_taking_from_itself_changes_no_byte(seed: int) -> None:
    content = invented(seed)
    for name in parts_of(content):
        assert take_part(content, content, name) == content


def test_the_rest_of_a_real_file_stays_byte_for_byte() -> None:
    changed = REAL.replace(b'port="4002"', b'port="7497"').replace(b'filterRfq="true"', b"")
    taken = take_part(REAL, changed, "api")
    assert taken == REAL.replace(b'port="4002"', b'port="7497"')
    assert parts_of(REAL) == ("api", "watchlists", "layout", "windows", "columns", "presets")


def test_a_section_that_is_not_there_is_put_where_it_belongs() -> None:
    read = parse(REAL)
    (api,) = [one for one in read.root.children if one.tag == "ApiSettings"]
    before = REAL[: api.start].rstrip()
    without = before + REAL[api.end :]
    assert take_part(without, REAL, "api") == REAL
    assert sections(take_part(document(), REAL, "api"))["ApiSettings", "api"] == read.source(api)
    bare = b'<Settings mode="TWS"/>'
    assert sections(take_part(bare, REAL, "api")) == {("ApiSettings", "api"): read.source(api)}


def test_a_section_of_the_present_alone_is_not_lost() -> None:
    mine = document(
        '<WatchlistList varName="individualWatchlistList"><W name="mine"/></WatchlistList>'
    )
    source = document('<WatchlistList varName="watchlistList"/>')
    assert set(sections(take_part(mine, source, "watchlists"))) == {
        ("WatchlistList", "watchlistList"),
        ("WatchlistList", "individualWatchlistList"),
    }


def test_trading_pages_are_layout_and_bare_presets_are_presets() -> None:
    pages = document('<TraderSettings varName="t"><TickerPageSetting name="P"/></TraderSettings>')
    bare = document('<TraderSettings varName="t"><OrderCreator key="STK"/></TraderSettings>')
    assert parts_of(pages) == ("layout",)
    assert parts_of(bare) == ("presets",)


def test_an_unknown_part_and_an_unreadable_file() -> None:
    with pytest.raises(NotFound):
        take_part(REAL, REAL, "socks")
    with pytest.raises(Refused) as refused:
        take_part(REAL, b"IBGZENC\0xx", "api")
    assert refused.value.code == "settings-opaque"
