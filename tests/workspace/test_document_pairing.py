"""Which sibling is which: by name, by content, by likeness, by order."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskside.workspace.document.pairing import (
    Entry,
    Pairing,
    entries,
    is_map,
    key_of,
    longest_rising,
    pair,
)
from deskside.workspace.document.tree import Element, parse
from tests.work import lines_run
from tests.workspace.document_writer import settings, writer

names = st.lists(st.sampled_from("abcd"), max_size=12)


def inside(content: str) -> Element:
    return parse(f"<Settings>{content}</Settings>".encode()).root


def texts(content: list[str]) -> list[Element]:
    return inside("".join(f"<String>{name}</String>" for name in content)).children


def paired(left: str, right: str) -> Pairing[Element]:
    return pair(inside(left).children, inside(right).children)


def shown(pairing: Pairing[Element]) -> list[tuple[str, str]]:
    return [(one.attributes["is"], other.attributes["is"]) for one, other in pairing.matched]


@pytest.mark.parametrize(
    ("element", "key"),
    [
        ("<a/>", ("a",)),
        ("<a b='1'/>", ("a",)),
        ("<a id='1' varName='x' b='2'/>", ("a", "varName=x", "id=1")),
        ("<ColumnInfo width='1' colId='7'/>", ("ColumnInfo", "colId=7")),
    ],
)
def test_names_say_which_sibling(element: str, key: tuple[str, ...]) -> None:
    assert key_of(inside(element).children[0]) == key


def test_names_pair_across_a_new_order() -> None:
    pairing = paired(
        "<a id='1' is='A'/><a id='2' is='B'/><a id='3' is='C'/>",
        "<a id='3' is='c'/><a id='1' is='a'/><a id='4' is='d'/>",
    )
    assert shown(pairing) == [("A", "a"), ("C", "c")]
    assert [e.attributes["is"] for e in pairing.left_only] == ["B"]
    assert [e.attributes["is"] for e in pairing.right_only] == ["d"]
    assert len(pairing.moved) == 1


def test_the_nameless_pair_by_content_then_in_order_between() -> None:
    pairing = paired(
        "<a is='1'/><a is='2'/><a is='3'/><a is='4'/>", "<a is='1'/><a is='x'/><a is='3'/>"
    )
    assert shown(pairing) == [("1", "1"), ("2", "x"), ("3", "3")]
    assert [e.attributes["is"] for e in pairing.left_only] == ["4"]


def test_the_nameless_pair_by_likeness_where_their_number_changed() -> None:
    pairing = paired("<a is='1' n='one' m='1'/>", "<a is='x'/><a is='2' n='one' m='1'/><a is='y'/>")
    assert shown(pairing) == [("1", "2")]
    pairing = paired(
        "<a is='0'/><a is='1'><b k='v'/></a><a is='2'><b k='w'/></a>",
        "<a is='3'><b k='v'/></a><a is='4'><b k='w'/></a>",
    )
    assert shown(pairing) == [("1", "3"), ("2", "4")]


MAP = (
    "<WindowMap>"
    "<String>Main</String><Window x='1'/><String>Chart</String><Window x='2'/>"
    "</WindowMap>"
)


def test_a_map_is_read_as_entries() -> None:
    (main, chart) = entries(inside(MAP).children[0])
    assert (main.key.text, main.value.attributes) == ("Main", {"x": "1"})
    assert chart.start == chart.key.start
    assert chart.end == chart.value.end


def test_entries_pair_by_the_content_of_their_key() -> None:
    turned = (
        "<WindowMap>"
        "<String>Chart</String><Window x='9'/><String>New</String><Window x='1'/>"
        "</WindowMap>"
    )
    left, right = entries(inside(MAP).children[0]), entries(inside(turned).children[0])
    pairing: Pairing[Entry] = pair(left, right)
    assert [(a.value.attributes, b.value.attributes) for a, b in pairing.matched] == [
        ({"x": "2"}, {"x": "9"})
    ]
    assert [entry.key.text for entry in pairing.left_only] == ["Main"]
    assert [entry.key.text for entry in pairing.right_only] == ["New"]


@pytest.mark.parametrize(
    "element",
    [
        "<WindowMap><String>odd</String></WindowMap>",
        "<WindowMap><a varName='field'/><b varName='other'/></WindowMap>",
        "<WindowMap><a/><b/><c/><d/></WindowMap>",
        "<MapOfStrings><Entry key='a'/><Entry key='b'/></MapOfStrings>",
    ],
)
def test_what_is_no_map(element: str) -> None:
    assert not is_map(inside(element).children[0])
    assert entries(inside(element).children[0]) == ()


def test_an_empty_map_is_one() -> None:
    assert is_map(inside("<WindowMap/>").children[0])


@given(names, names)
def test_everything_is_paired_once_or_left_over(left: list[str], right: list[str]) -> None:
    one, other = texts(left), texts(right)
    pairing = pair(one, other)
    for side, items, rest in ((0, one, pairing.left_only), (1, other, pairing.right_only)):
        found = [each[side] for each in pairing.matched] + list(rest)
        assert {item.start for item in found} == {item.start for item in items}
        assert len(found) == len(items)
    assert set(pairing.moved) <= set(pairing.matched)


@given(names, names)
def test_what_is_equal_is_paired_as_often_as_both_have_it(
    left: list[str], right: list[str]
) -> None:
    common = Counter(left) & Counter(right)
    for one, other in ((left, right), (right, left)):
        pairing = pair(texts(one), texts(other))
        assert Counter(a.text for a, b in pairing.matched if a.text == b.text) == common


@given(st.integers(0, 2**32), st.integers(0, 9))
def test_a_file_pairs_with_itself(seed: int, manner: int) -> None:
    root = settings(Random(seed), marked=False)
    one, other = (parse(writer(manner + n).write(root)).root for n in range(2))
    pairing = pair(one.children, other.children)
    assert [(a.digest == b.digest) for a, b in pairing.matched] == [True] * len(one.children)
    assert not pairing.left_only + pairing.right_only + pairing.moved


@given(st.lists(st.integers(0, 40), unique=True, max_size=9))
def test_the_longest_rising_run_is_the_longest(numbers: list[int]) -> None:
    found = longest_rising(numbers)
    chosen = [numbers[at] for at in sorted(found)]
    assert chosen == sorted(chosen)
    best = max((length_from(numbers, at) for at in range(len(numbers))), default=0)
    assert len(found) == best


def length_from(numbers: list[int], at: int) -> int:
    later = [n for n in range(at + 1, len(numbers)) if numbers[n] > numbers[at]]
    return 1 + max((length_from(numbers, n) for n in later), default=0)


@pytest.mark.parametrize("row", ["<a/>", "<a id='{}'/>", "<a>{}</a>"])
def test_many_siblings_pair_in_near_linear_time(row: str) -> None:
    def work(many: int) -> int:
        left = inside("".join(row.format(n) for n in range(many))).children
        right = inside("".join(row.format(n) for n in range(many // 2, 3 * many // 2))).children
        return lines_run(lambda: pair(left, right))

    assert work(8_000) < 12 * work(1_000)
