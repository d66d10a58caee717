"""Settings as a tree that knows its bytes, however they are written."""

from __future__ import annotations

from pathlib import Path
from random import Random
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskside.foundation.errors import Refused
from deskside.workspace.document.tree import DEEPEST, MOST_TAGS, Document, Element, parse
from deskside.workspace.rules import kind_of
from tests.workspace.document_writer import Node, settings, writer

SAMPLE = Path(__file__).parent.parent / "samples" / "ibg_2021_mit.xml"
seeds = st.integers(0, 2**32)


def everyone(element: Element) -> list[Element]:
    return [element, *(each for child in element.children for each in everyone(child))]


def said(node: Node | Element) -> object:
    return (node.tag, node.attributes, node.text, [said(child) for child in node.children])


def check_spans(document: Document) -> None:
    """Every element and every attribute, read by itself, is what the tree says."""
    for element in everyone(document.root):
        alone = ET.fromstring(document.source(element))
        assert (alone.tag, alone.attrib) == (element.tag, element.attributes)
        assert len(alone) == len(element.children)
        written = document.source(element)
        start = document.content[element.start : element.open_end]
        assert element.closes_itself == start.endswith(b"/>") == (written == start)
        spans = document.attribute_spans(element)
        assert list(spans) == list(element.attributes)
        for name, span in spans.items():
            one = document.content[span.start : span.end]
            assert ET.fromstring(b"<a" + one + b"/>").attrib == {name: element.attributes[name]}
            assert document.content[span.value : span.value + 1] in (b'"', b"'")


@given(seeds, seeds)
def test_reads_what_was_written_in_whatever_manner(seed: int, manner: int) -> None:
    root = settings(Random(seed), marked=False)
    document = parse(writer(manner).write(root))
    assert said(document.root) == said(root)
    check_spans(document)


@given(seeds, seeds, seeds)
def test_what_means_the_same_has_the_same_digest(seed: int, one: int, other: int) -> None:
    root = settings(Random(seed), marked=False)
    assert (
        parse(writer(one).write(root)).root.digest == parse(writer(other).write(root)).root.digest
    )


def test_the_real_file() -> None:
    check_spans(parse(SAMPLE.read_bytes()))


def test_a_mark_of_byte_order_counts_among_the_bytes() -> None:
    check_spans(parse(b"\xef\xbb\xbf<Settings><a b='c'/></Settings>"))


def root_of(inside: str) -> Element:
    return parse(f"<Settings>{inside}</Settings>".encode()).root


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("<a/>", "<a></a>"),
        ("<a/>", "<a>\n\t</a>"),
        ("<a b='1' c='2'/>", '<a c="2"  b = "1"/>'),
        ("<a>x&amp;y</a>", "<a><![CDATA[x&y]]></a>"),
        ("<a>xy</a>", "<a>x<!-- no -->y</a>"),
        ("<a/><b/>", "\n<a/>\n<!-- no --><?no?><b/>\n"),
        ("<a>x\ny</a>", "<a>x\r\ny</a>"),
    ],
)
def test_layout_says_nothing(one: str, other: str) -> None:
    assert root_of(one).digest == root_of(other).digest


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("<a/>", "<a> </a>"),
        ("<a/>", "<a>&#10;</a>"),
        ("<a b=''/>", "<a/>"),
        ("<a/><b/>", "<b/><a/>"),
        ("<a><b/></a>", "<a/><b/>"),
        ("<a>x<b/></a>", "<a><b/>x</a>"),
        ("<a b='1\0c=2'/>".replace("\0", "&#9;"), "<a b='1' c='2'/>"),
        ("<a b='t'>x</a>", "<a b='x'>t</a>"),
    ],
)
def test_these_are_not_the_same(one: str, other: str) -> None:
    assert root_of(one).digest != root_of(other).digest


def test_text_beside_children_is_kept_as_it_is_written() -> None:
    (mixed,) = root_of("<a>one <b/> two<c/></a>").children
    assert mixed.text == "one <b/> two<c/>"
    assert [child.tag for child in mixed.children] == ["b", "c"]


DOCTYPE = b'<!DOCTYPE Settings [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><Settings>&b;</Settings>'


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" \n",
        b"hello",
        b"\0" * 9,
        b"<Settings>",
        b"<Settings><a></Settings>",
        b"<Settings a='1' a='2'/>",
        b"<Settings>&nope;</Settings>",
        b"<Settings/><more/>",
        b"<Other/>",
        b"IBGZENC",
        "<Settings a='\xe9'/>".encode("latin-1"),
        b'<?xml version="1.0" encoding="klingon"?><Settings/>',
        b'<!DOCTYPE Settings SYSTEM "file:///etc/passwd"><Settings/>',
        DOCTYPE,
    ],
)
def test_refuses_as_saving_does(content: bytes) -> None:
    with pytest.raises(Refused) as here:
        parse(content)
    if here.value.code != "settings-encoding":
        with pytest.raises(Refused) as there:
            kind_of(content)
        assert (here.value.code, here.value.message) == (there.value.code, there.value.message)


@pytest.mark.parametrize("declared", ["UTF-16", "ISO-8859-1", "windows-1252", "US-ASCII"])
def test_other_encodings_are_left_whole(declared: str) -> None:
    text = f'<?xml version="1.0" encoding="{declared}"?><Settings/>'
    with pytest.raises(Refused, match=declared) as refused:
        parse(text.encode(declared))
    assert refused.value.code == "settings-encoding"
    with pytest.raises(Refused, match="UTF-16"):
        parse("<Settings a='é'/>".encode("utf-16"))


def test_depth_is_bounded() -> None:
    def nested(levels: int) -> bytes:
        return b"<Settings>" + b"<a>" * (levels - 1) + b"</a>" * (levels - 1) + b"</Settings>"

    assert parse(nested(DEEPEST)).root.digest
    for levels in (DEEPEST + 1, 100_000):
        with pytest.raises(Refused) as refused:
            parse(nested(levels))
        assert refused.value.code == "settings-too-deep"


def test_size_is_bounded() -> None:
    with pytest.raises(Refused) as refused:
        parse(b"<Settings>" + b"<a/>" * MOST_TAGS + b"</Settings>")
    assert refused.value.code == "settings-too-large"


def test_three_megabytes_of_one_attribute() -> None:
    (element,) = root_of(f"<a b='{'x' * 3_000_000}' c='d>e'/>").children
    assert len(element.attributes["b"]) == 3_000_000
    assert element.end - element.start == 3_000_017


def test_many_pieces_of_text() -> None:
    (element,) = root_of("<a>" + "x<!---->" * 100_000 + "</a>").children
    assert element.text == "x" * 100_000
