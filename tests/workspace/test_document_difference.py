"""What differs between two settings: complete, in words, without order and noise."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from deskside.foundation.errors import NotFound, Refused
from deskside.workspace.document.difference import Change, ChangeKind, difference
from deskside.workspace.document.merge import merge
from deskside.workspace.document.rendering import view
from deskside.workspace.document.tree import Element, parse
from tests.work import lines_run

from .conftest import SAMPLE, document
from .document_writer import Hand, writer
from .document_writer import settings as invented

seeds = st.integers(0, 2**32)
REAL = SAMPLE.read_bytes()


def only(old: bytes, new: bytes) -> Change:
    (change,) = difference(old, new).changes
    return change


def versions(seed: int) -> tuple[bytes, bytes]:
    chance = Random(seed)
    old = invented(chance, marked=False)
    new = old.copy()
    Hand("m", Random(seed), None).change(new, chance.randint(0, 6))
    return writer(chance.randint(0, 9)).write(old), writer(chance.randint(0, 9)).write(new)


def said(element: Element) -> object:
    children = [said(child) for child in element.children]
    return element.tag, sorted(element.attributes.items()), element.text, children


@profile(max_examples=150, deadline=None)
@given(seeds)
def test_nothing_differs_exactly_where_both_say_the_same(seed: int) -> None:
    old, new = versions(seed)
    found = difference(old, new, everything=True)
    same = said(parse(old).root) == said(parse(new).root)
    assert (not found.changes) == same
    assert found.hidden == 0


@profile(max_examples=100, deadline=None)
@given(seeds)
def test_what_is_hidden_is_counted(seed: int) -> None:
    old, new = versions(seed)
    shown = difference(old, new)
    everything = difference(old, new, everything=True)
    assert len(shown.changes) + shown.hidden == len(everything.changes)
    assert set(shown.changes) <= set(everything.changes)
    assert view(everything).count == len(everything.changes)


@profile(max_examples=100, deadline=None)
@given(seeds)
def test_it_agrees_with_the_merge(seed: int) -> None:
    old, new = versions(seed)
    merged = merge(old, old, new).content
    assert merged is not None
    assert difference(new, merged).changes == ()


def test_a_file_does_not_differ_from_itself() -> None:
    assert difference(REAL, REAL).changes == ()
    assert difference(REAL, REAL.replace(b"\t", b"    ")).changes == ()


def test_an_attribute_in_the_program_s_words() -> None:
    change = only(REAL, REAL.replace(b'readOnlyApi="false"', b'readOnlyApi="true"'))
    assert change.where == ("API", "Read-Only API")
    assert (change.kind, change.what) == (ChangeKind.CHANGED, "readOnlyApi")
    assert (change.old, change.new) == ("false", "true")
    assert change.raw == "ApiSettings[api]/@readOnlyApi"
    assert change.safety


def test_a_text_of_a_preset_and_an_unknown_name() -> None:
    change = only(REAL, REAL.replace(b">LMT</closingPosOrderType>", b">MKT</closingPosOrderType>"))
    assert change.where == ("Orders", "Order type for closing positions")
    change = only(REAL, REAL.replace(b'timeInForce="DAY"', b'timeInForce="GTC"', 1))
    assert change.where == ("Presets", "All instruments", "Time in force")
    change = only(REAL, REAL.replace(b'filterRfq="true"', b'filterRfq="false"'))
    assert change.where == ("Orders", "Filter rfq (filterRfq)")


def test_entries_of_watchlists_come_and_go_by_contract() -> None:
    line = '<TickerEntry conid="{}" symbol="{}" exchange="SMART" row="{}"/>'
    frame = '<WatchlistList varName="watchlistList"><Watchlist id="1" name="Tech">{}</Watchlist>'
    frame += "</WatchlistList>"
    old = document(frame.format(line.format(1, "AAPL", 0) + line.format(2, "IBM", 1)))
    new = document(frame.format(line.format(2, "IBM", 0) + line.format(3, "MSFT", 1)))
    found = difference(old, new)
    assert [(c.path, c.kind.value, c.old or c.new) for c in found.changes] == [
        (("Watchlists", "Tech", "AAPL"), "removed", "AAPL (SMART)"),
        (("Watchlists", "Tech", "MSFT"), "added", "MSFT (SMART)"),
    ]
    assert found.hidden == 1


def test_entries_of_maps_are_known_by_their_key() -> None:
    entry = "<String>{}</String><Value size='{}'/>"
    frame = '<MiscSettings varName="miscSettings"><SizeMap varName="sizes">{}</SizeMap>'
    frame += "</MiscSettings>"
    old = document(frame.format(entry.format("IBM", 1) + entry.format("AAPL", 2)))
    new = document(frame.format(entry.format("AAPL", 3) + entry.format("IBM", 1)))
    found = difference(old, new)
    (change,) = found.changes
    assert change.where == ("Miscellaneous", "AAPL", "Size")
    assert (change.old, change.new) == ("2", "3")
    assert found.hidden == 1
    assert [c.kind.value for c in difference(old, new, everything=True).changes] == [
        "changed",
        "moved",
    ]


def test_a_section_that_matters_is_said_switch_by_switch() -> None:
    api = '<ApiSettings varName="api" allowOnlyLocalhost="false" port="7496"/>'
    found = difference(document(), document(api))
    assert {c.what for c in found.changes} == {None, "allowOnlyLocalhost", "port"}
    assert all(c.safety and c.kind is ChangeKind.ADDED for c in found.changes)


def test_one_part_only() -> None:
    new = REAL.replace(b'readOnlyApi="false"', b'readOnlyApi="true"')
    new = new.replace(b'filterRfq="true"', b'filterRfq="false"').replace(b'mode="TWS"', b'mode="X"')
    assert len(difference(REAL, new).changes) == 3
    assert [c.what for c in difference(REAL, new, part="api").changes] == ["readOnlyApi"]
    assert difference(REAL, new, part="watchlists").changes == ()
    with pytest.raises(NotFound) as refused:
        difference(REAL, new, part="socks")
    assert "api" in refused.value.hint


def test_an_upgrade_is_one_line_for_each_thing_that_it_added() -> None:
    new = REAL.replace(b"<ColumnInfo ", b'<ColumnInfo pinned="false" ')
    found = difference(REAL, new)
    assert len(found.changes) > 100
    lines = [line for group in view(found).groups for line in group.lines]
    assert [(line.label, line.new) for line in lines] == [("Pinned", "off")] * len(lines)
    assert len(lines) < 10
    assert sum(line.times for line in lines) == len(found.changes)


def test_what_the_program_encrypted_is_refused_with_the_way_out() -> None:
    with pytest.raises(Refused) as refused:
        difference(b"IBGZENC\0....", REAL)
    assert refused.value.code == "settings-opaque"
    assert "Save Decrypted Settings As" in refused.value.hint


def test_work_on_large_versions_grows_with_their_size() -> None:
    inside = REAL.split(b"\n", 2)[2].rpartition(b"</Settings>")[0]

    def versions(parts: int) -> tuple[bytes, bytes]:
        body = b"".join(b'<Part id="%d">\n%s</Part>\n' % (part, inside) for part in range(parts))
        old = b'<Settings mode="TWS">\n' + body + b"</Settings>\n"
        return old, old.replace(b'enabled="true"', b'enabled="false"')

    old, new = versions(7)
    assert len(old) > 1_500_000
    assert len(difference(old, new).changes) == old.count(b'enabled="true"') == 189
    few, more = versions(1), versions(3)
    assert lines_run(lambda: difference(*more)) < 4 * lines_run(lambda: difference(*few))
