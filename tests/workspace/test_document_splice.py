"""Bytes replaced at places, and no other byte touched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskside.workspace.document.splice import Edit, splice


@given(st.lists(st.tuples(st.binary(max_size=5), st.binary(max_size=5), st.binary(max_size=5))))
def test_replaces_stretches_and_keeps_the_rest(parts: list[tuple[bytes, bytes, bytes]]) -> None:
    content = expected = b""
    edits = []
    for kept, old, new in parts:
        start = len(content) + len(kept)
        edits.append(Edit(start, start + len(old), new))
        content += kept + old
        expected += kept + new
    assert splice(content, edits) == expected


@given(st.binary())
def test_without_edits_nothing_changes(content: bytes) -> None:
    assert splice(content, []) == content


def test_what_is_put_in_at_one_place_keeps_its_order() -> None:
    edits = [Edit(1, 2, b"X"), Edit(1, 1, b"1"), Edit(1, 1, b"2"), Edit(2, 2, b"3")]
    assert splice(b"abc", edits) == b"a12X3c"


@pytest.mark.parametrize(
    "edits",
    [
        [Edit(0, 2, b""), Edit(1, 3, b"")],
        [Edit(0, 2, b""), Edit(1, 1, b"x")],
        [Edit(0, 2, b""), Edit(0, 2, b"")],
        [Edit(2, 1, b"")],
        [Edit(2, 4, b"")],
        [Edit(-1, 1, b"")],
    ],
)
def test_overlapping_or_outside_is_refused(edits: list[Edit]) -> None:
    with pytest.raises(ValueError, match="overlaps or is outside"):
        splice(b"abc", edits)
