"""The three-way merge by element: what it promises, on invented settings and on a real file."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from deskside.foundation.errors import Refused, UsageProblem
from deskside.workspace.document.merge import Merge, Side, merge
from deskside.workspace.document.merge_model import Clash, Doing
from deskside.workspace.document.noise import is_noise
from deskside.workspace.document.tree import Element, parse
from tests.workspace.document_writer import Hand, writer
from tests.workspace.document_writer import settings as invented
from tests.workspace.trading_days import TradingDays

SAMPLE = Path(__file__).parent.parent / "samples" / "ibg_2021_mit.xml"
seeds = st.integers(0, 2**32)


def versions(seed: int, *, apart: bool = False) -> tuple[bytes, bytes, bytes, set[str]]:
    """A base, two versions of it, and the marks that only the first touched if `apart`."""
    chance = Random(seed)
    base = invented(chance, marked=apart)
    marks = [node.attributes["mark"] for node in base.all() if "mark" in node.attributes]
    chance.shuffle(marks)
    of_mine, of_theirs = set(marks[::3]), set(marks[1::3])
    mine, theirs = base.copy(), base.copy()
    times = chance.randint(0, 15), chance.randint(0, 15)
    left, right = Random(chance.random()), Random(chance.random())
    Hand("m", left, of_mine if apart else None, of_theirs).change(mine, times[0])
    Hand("t", right, of_theirs if apart else None, of_mine).change(theirs, times[1])
    written = [writer(chance.randint(0, 9)).write(node) for node in (base, mine, theirs)]
    return written[0], written[1], written[2], of_mine


def whole(merged: Merge) -> Element:
    assert merged.content is not None
    return parse(merged.content).root


def marked(element: Element, parent: str = "") -> list[tuple[str, object]]:
    """Every marked element with what it says itself and below which element it stands."""
    mark = element.attributes.get("mark", "")
    own = [(mark, (element.tag, element.attributes, element.text, parent))] if mark else []
    return own + [each for child in element.children for each in marked(child, mark)]


def everyone(element: Element) -> list[Element]:
    return [element, *(each for child in element.children for each in everyone(child))]


def without_noise(element: Element) -> object:
    own = sorted(item for item in element.attributes.items() if not is_noise(element, item[0]))
    return (element.tag, own, element.text, [without_noise(child) for child in element.children])


@given(seeds)
def test_a_merge_with_itself_changes_nothing(seed: int) -> None:
    base, mine, theirs, _of_mine = versions(seed)
    for one in (base, mine, theirs):
        assert merge(one, one, one).content == one
        assert merge(base, one, one).content == one
        assert merge(base, one, one).conflicts == ()


@given(seeds)
def test_what_only_one_side_touched_is_that_side(seed: int) -> None:
    base, mine, theirs, _of_mine = versions(seed)
    assert merge(base, mine, base).content == mine
    assert merge(base, base, theirs).content == theirs


@given(seeds, seeds)
def test_a_change_of_layout_on_one_side_takes_nothing_from_the_other(seed: int, way: int) -> None:
    chance = Random(seed)
    base = invented(chance, marked=False)
    changed = base.copy()
    Hand("t", chance).change(changed, 6)
    first, again, other = (
        writer(way + n).write(node) for n, node in enumerate((base, base, changed))
    )
    for merged in (merge(first, again, other), merge(first, other, again)):
        assert not merged.conflicts
        assert whole(merged).digest == parse(other).root.digest


@settings(max_examples=300)
@given(seeds)
def test_what_the_sides_touch_apart_comes_together(seed: int) -> None:
    """Nothing is dropped, nothing doubled, and everything says what its owner made it say."""
    base, mine, theirs, of_mine = versions(seed, apart=True)
    merged = merge(base, mine, theirs)
    assert not merged.conflicts
    was, own, other = (dict(marked(parse(one).root)) for one in (base, mine, theirs))
    expected = {}
    for mark in {**was, **own, **other}:
        owner = own if mark.startswith("m") or mark in of_mine else other
        if mark in owner:
            expected[mark] = owner[mark]
    assert sorted(marked(whole(merged)), key=repr) == sorted(expected.items(), key=repr)


@settings(max_examples=200)
@given(seeds, st.sampled_from(Side))
def test_what_both_sides_kept_is_kept_once_whatever_is_chosen(seed: int, side: Side) -> None:
    chance = Random(seed)
    base = invented(chance, marked=True, named=True)
    mine, theirs = base.copy(), base.copy()
    Hand("m", chance).change(mine, 12)
    Hand("t", chance).change(theirs, 12)
    written = [writer(seed + n).write(node) for n, node in enumerate((base, mine, theirs))]
    choices = {conflict.id: side for conflict in merge(*written).conflicts}
    found = Counter(mark for mark, _said in marked(whole(merge(*written, choices))))
    own, other = (dict(marked(parse(each).root)) for each in written[1:])
    for mark, _said in marked(parse(written[0]).root):
        assert found[mark] <= 1
        assert found[mark] == 1 or mark not in own or mark not in other


@settings(max_examples=200)
@example(6403, Side.BASE)
@given(seeds, st.sampled_from(Side))
def test_exchanging_the_sides_exchanges_the_choices_only(seed: int, side: Side) -> None:
    base, mine, theirs, _of_mine = versions(seed)
    one, other = merge(base, mine, theirs), merge(base, theirs, mine)
    assert {conflict.id for conflict in one.conflicts} == {c.id for c in other.conflicts}
    turned = {Side.MINE: Side.THEIRS, Side.THEIRS: Side.MINE, Side.BASE: Side.BASE}[side]
    chosen = merge(base, mine, theirs, {conflict.id: side for conflict in one.conflicts})
    exchanged = merge(base, theirs, mine, {conflict.id: turned for conflict in one.conflicts})
    assert without_noise(whole(chosen)) == without_noise(whole(exchanged))


@settings(max_examples=200)
@given(seeds, st.data())
def test_every_conflict_can_be_settled_by_itself(seed: int, data: st.DataObject) -> None:
    base, mine, theirs, _of_mine = versions(seed)
    merged = merge(base, mine, theirs)
    ids = [conflict.id for conflict in merged.conflicts]
    assert len(set(ids)) == len(ids)
    assert (merged.content is None) == bool(ids)
    choices = {one: data.draw(st.sampled_from(Side)) for one in ids}
    settled = merge(base, mine, theirs, choices)
    assert [conflict.id for conflict in settled.conflicts] == ids
    assert settled.open == ()
    whole(settled)
    for one in ids:
        rest = {other: side for other, side in choices.items() if other != one}
        assert [conflict.id for conflict in merge(base, mine, theirs, rest).open] == [one]


@given(seeds)
def test_merging_the_result_again_changes_nothing(seed: int) -> None:
    base, mine, theirs, _of_mine = versions(seed, apart=True)
    merged = merge(base, mine, theirs).content
    assert merged is not None
    assert merge(mine, merged, mine).content == merged
    assert whole(merge(theirs, merged, theirs)).digest == parse(merged).root.digest


BASE = """<?xml version="1.0" encoding="UTF-8"?>
<Settings mode="TWS">
	<ApiSettings varName="api" port="7496" readOnlyApi="true">
		<ListOfStrings varName="trustedIPAddresses">
			<String>127.0.0.1</String>
		</ListOfStrings>
	</ApiSettings>
	<SystemSettings varName="system" autoLockTimeout="0">
		<exportType>DEFAULT</exportType>
		<browser></browser>
	</SystemSettings>
	<WindowMap varName="windows">
		<String>Anchor Window|1</String>
		<WindowConfiguration id="1" x="0" title="Main"/>
		<String>Chart|2</String>
		<WindowConfiguration id="2" x="0" title="Chart"/>
	</WindowMap>
	<Empty varName="empty"/>
	<FeatureUsage varName="usage" lastUsedTime="1"/>
</Settings>
"""


def merged(mine: tuple[str, str], theirs: tuple[str, str], **choice: Side) -> Merge:
    """Both sides replace something in `BASE`; `choice` is made for all conflicts."""
    assert mine[0] in BASE
    assert theirs[0] in BASE
    versions = [each.encode() for each in (BASE, BASE.replace(*mine), BASE.replace(*theirs))]
    conflicts = merge(*versions).conflicts
    return merge(*versions, {one.id: choice["choice"] for one in conflicts} if choice else {})


def replaced(*changes: tuple[str, str]) -> bytes:
    text = BASE
    for old, new in changes:
        text = text.replace(old, new)
    return text.encode()


PORT = ('port="7496"', 'port="7497"')
READ_ONLY = (' readOnlyApi="true"', ' readOnlyApi="false"')


def test_two_attributes_of_one_element_merge() -> None:
    assert merged(PORT, READ_ONLY).content == replaced(PORT, READ_ONLY)


def test_an_attribute_is_added_and_another_removed() -> None:
    gone, come = (READ_ONLY[0], ""), (PORT[0], "port='7496' socketClient = 'true'")
    assert b"port=\"7496\" socketClient = 'true'>" in (merged(gone, come).content or b"")
    assert b"port='7496' socketClient = 'true'>" in (merged(come, gone).content or b"")


def test_the_same_change_on_both_sides_is_no_conflict() -> None:
    result = merged(PORT, PORT)
    assert (result.content, result.conflicts) == (replaced(PORT), ())


def test_one_attribute_set_differently_is_a_conflict() -> None:
    other = ('port="7496"', 'port="4001"')
    result = merged(PORT, other)
    (conflict,) = result.conflicts
    assert result.content is None
    assert (conflict.clash, conflict.what, conflict.raw) == (
        Clash.ATTRIBUTE,
        "port",
        "ApiSettings[api]/@port",
    )
    assert (conflict.base, conflict.mine, conflict.theirs) == ("7496", "7497", "4001")
    assert merged(PORT, other, choice=Side.MINE).content == replaced(PORT)
    assert merged(PORT, other, choice=Side.THEIRS).content == replaced(other)
    assert merged(PORT, other, choice=Side.BASE).content == BASE.encode()


def test_text_set_differently_is_a_conflict() -> None:
    mine, theirs = ("DEFAULT", "CSV"), ("DEFAULT", "a&amp;b")
    (conflict,) = merged(mine, theirs).conflicts
    assert (conflict.clash, conflict.base, conflict.mine) == (Clash.CONTENT, "DEFAULT", "CSV")
    assert merged(mine, theirs, choice=Side.THEIRS).content == replaced(theirs)


def test_removed_here_and_changed_there_is_a_conflict() -> None:
    start = BASE.index("\t<ApiSettings")
    section = BASE[start : BASE.index("\t<SystemSettings")]
    for mine, theirs in (((section, ""), PORT), (PORT, (section, ""))):
        (conflict,) = merged(mine, theirs).conflicts
        assert conflict.clash is Clash.REMOVED
        assert merged(mine, theirs, choice=Side.MINE).content == replaced(mine)
        assert merged(mine, theirs, choice=Side.THEIRS).content == replaced(theirs)
        assert merged(mine, theirs, choice=Side.BASE).content == BASE.encode()


def test_removed_here_and_touched_by_noise_there_is_removed() -> None:
    usage = '\t<FeatureUsage varName="usage" lastUsedTime="1"/>\n'
    stamp = ('lastUsedTime="1"', 'lastUsedTime="2"')
    for mine, theirs in (((usage, ""), stamp), (stamp, (usage, ""))):
        assert merged(mine, theirs).content == replaced((usage, ""))


def test_noise_is_never_a_conflict_and_mine_wins() -> None:
    mine, theirs = (
        ('lastUsedTime="1"', 'lastUsedTime="2"'),
        ('lastUsedTime="1"', 'lastUsedTime="3"'),
    )
    assert merged(mine, theirs).content == replaced(mine)
    assert merged(PORT, theirs).content == replaced(PORT, theirs)


def test_both_add_to_a_list() -> None:
    mine, theirs = (
        ("127.0.0.1</String>", f"127.0.0.1</String>\n\t\t\t<String>{host}</String>")
        for host in ("10.0.0.1", "10.0.0.2")
    )
    for result in (merged(mine, theirs), merged(theirs, mine)):
        strings = [e.text for e in everyone(whole(result)) if e.tag == "String"][:3]
        assert sorted(strings) == ["10.0.0.1", "10.0.0.2", "127.0.0.1"]
        assert strings[0] == "127.0.0.1"
    assert merged(mine, theirs).content == merged(theirs, mine).content


def test_both_add_the_same_name_with_other_content() -> None:
    mine, theirs = (
        ('<Empty varName="empty"/>', f'<Empty varName="empty"><Tab id="1" on="{on}"/></Empty>')
        for on in ("a", "b")
    )
    (conflict,) = merged(mine, theirs).conflicts
    assert (conflict.clash, conflict.base) == (Clash.ADDED, None)
    assert merged(mine, theirs, choice=Side.MINE).content == replaced(mine)
    assert merged(mine, theirs, choice=Side.THEIRS).content == replaced(theirs)
    assert b"Tab" not in (merged(mine, theirs, choice=Side.BASE).content or b"Tab")


def test_both_add_different_things_to_an_empty_element() -> None:
    empty = '<Empty varName="empty"/>'
    mine = (empty, '<Empty varName="empty"><Tab id="1"/></Empty>')
    theirs = (empty, '<Empty varName="empty"><Tab id="2"/></Empty>')
    result = whole(merged(mine, theirs))
    assert [e.attributes["id"] for e in everyone(result) if e.tag == "Tab"] == ["1", "2"]


def test_entries_of_a_map_pair_by_their_key() -> None:
    swapped = BASE[BASE.index("\t\t<String>Anchor") : BASE.index("\t</WindowMap")]
    lines = swapped.splitlines(keepends=True)
    turned = (swapped, "".join(lines[2:] + lines[:2]))
    title = ('title="Main"', 'title="Home"')
    assert merged(turned, title).content == replaced(turned, title)
    assert merged(title, turned).content == replaced(turned, title)


def test_an_entry_that_one_side_removed_goes_with_its_key() -> None:
    gone = (BASE[BASE.index("\t\t<String>Chart") : BASE.index("\t</WindowMap")], "")
    title = ('title="Main"', 'title="Home"')
    assert merged(gone, title).content == replaced(gone, title)
    assert merged(title, gone).content == replaced(gone, title)


def test_a_map_that_lost_its_rhythm_is_taken_or_left_as_a_whole() -> None:
    broken = ("\t\t<String>Chart|2</String>\n", "")
    title = ('title="Main"', 'title="Home"')
    assert merged(broken, ("DEFAULT", "CSV")).content == replaced(broken, ("DEFAULT", "CSV"))
    (conflict,) = merged(broken, title).conflicts
    assert conflict.clash is Clash.CONTENT
    assert merged(broken, title, choice=Side.THEIRS).content == replaced(title)


def test_order_merges_where_each_side_moved_something_else() -> None:
    def listed(order: str) -> bytes:
        rows = "".join(f'<Column id="{name}"/>' for name in order)
        return f"<Settings><Columns varName='c'>{rows}</Columns></Settings>".encode()

    def order(content: bytes | None) -> str:
        return "".join(e.attributes["id"] for e in parse(content or b"").root.children[0].children)

    assert order(merge(listed("abcdef"), listed("bacdef"), listed("abcdfe")).content) == "bacdfe"
    assert order(merge(listed("abcdef"), listed("bcdefa"), listed("fabcde")).content) in (
        "fbcdea",
        "bcdeaf",
    )
    both = order(merge(listed("abc"), listed("cba"), listed("bca")).content)
    assert sorted(both) == list("abc")
    assert both == order(merge(listed("abc"), listed("bca"), listed("cba")).content)


def test_comments_of_mine_stay_and_none_is_doubled() -> None:
    note = ("\t<Empty ", "\t<!-- mine -->\n\t<Empty ")
    new = ("\t<Empty ", '\t<!-- theirs -->\n\t<New varName="new"/>\n\t<Empty ')
    gone = ('\t<Empty varName="empty"/>\n', "")
    result = merged(note, new).content or b""
    assert (result.count(b"<!-- mine"), result.count(b"<!-- theirs")) == (1, 1)
    assert b"<!-- mine -->" in (merged(note, gone).content or b"")


def test_says_what_it_took_from_each_side() -> None:
    taken = {(each.side, each.doing, each.raw) for each in merged(PORT, READ_ONLY).taken}
    assert taken == {
        (Side.MINE, Doing.CHANGED, "ApiSettings[api]/@port"),
        (Side.THEIRS, Doing.CHANGED, "ApiSettings[api]/@readOnlyApi"),
    }


def test_a_choice_for_no_conflict_is_wrong_usage() -> None:
    with pytest.raises(UsageProblem, match="no conflict 123"):
        merge(BASE.encode(), BASE.encode(), BASE.encode(), {"123": Side.MINE})
    with pytest.raises(UsageProblem, match="base, mine, theirs"):
        merge(BASE.encode(), BASE.encode(), BASE.encode(), {"123": "ours"})


def test_sealed_settings_are_refused_with_the_way_out() -> None:
    with pytest.raises(Refused, match="encrypted") as refused:
        merge(BASE.encode(), b"IBGZENC\0abc", BASE.encode())
    assert refused.value.code == "settings-opaque"
    assert "Save Decrypted Settings As" in refused.value.hint


def test_the_real_file_takes_what_both_sides_touched() -> None:
    base = SAMPLE.read_bytes()
    mine = base.replace(b'port="4002"', b'port="4001"')
    theirs = base.replace(b'<Product secType="WAR"/>', b'<Product secType="WAX"/>').replace(
        b'readOnlyApi="false"', b'readOnlyApi="true"'
    )
    merged = merge(base, mine, theirs)
    assert merged.content == theirs.replace(b'port="4002"', b'port="4001"')
    assert merge(base, theirs, mine).content == merged.content


BY_HAND = [
    ('port="7496"', 'port="4001"'),
    ('readOnlyApi="true"', 'readOnlyApi="false" socketClient="true"'),
    ('key="OPT" orderType="LMT"', 'key="OPT" orderType="MKT"'),
    (">Ask<", ">Bid<"),
]


@given(seeds, st.integers(0, 6), st.booleans())
def test_days_of_work_here_and_changes_by_hand_there(seed: int, days: int, upgraded: bool) -> None:
    """Neither loses a thing, and nothing is asked."""
    desk = TradingDays(seed)
    desk.pass_by(3)
    base = desk.written()
    if upgraded:
        desk.upgrade()
    worked = desk.pass_by(days)
    edited, expected = base.decode(), worked.decode()
    for old, new in BY_HAND:
        edited, expected = edited.replace(old, new), expected.replace(old, new)
    assert merge(base, worked, edited.encode()).content == expected.encode()
    other = merge(base, edited.encode(), worked)
    assert whole(other).digest == parse(expected.encode()).root.digest


@given(seeds)
def test_days_of_work_on_two_computers(seed: int) -> None:
    """All windows and tickers that either opened are there; those that either closed are not."""
    versions = []
    for computer in range(3):
        desk = TradingDays(seed)
        desk.pass_by(3)
        desk.chance = Random(seed + computer)
        versions.append(desk.pass_by(4 if computer else 0))
    merged = merge(*versions)
    chosen = merge(*versions, {conflict.id: Side.MINE for conflict in merged.conflicts})
    assert all(conflict.clash is not Clash.REMOVED for conflict in merged.conflicts)
    was, own, other = (things(parse(version).root) for version in versions)
    assert things(whole(chosen)) == was + (own - was) + (other - was) - (was - own | was - other)


def things(root: Element) -> Counter[tuple[str, str]]:
    """The windows of settings, and the tickers by list."""
    windows = [("", e.attributes["id"]) for e in everyone(root) if e.tag == "WindowConfiguration"]
    lists = [e for e in everyone(root) if e.tag == "Watchlist"]
    rows = [(e.attributes["id"], row.attributes["conid"]) for e in lists for row in e.children]
    return Counter([*windows, *rows])
