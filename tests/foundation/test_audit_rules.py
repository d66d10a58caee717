"""The rules of the audit trail: what a row's digest says, and that no change goes unseen."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskside.foundation.audit.model import Head, Row, digest, head_from_json
from deskside.foundation.audit.rules import examine

from .audit_chains import chained

IDS = st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=1, max_size=26)
ROWS = st.builds(
    Row,
    id=IDS,
    at=st.datetimes(min_value=datetime(1, 1, 2), timezones=st.just(UTC)),  # noqa: DTZ001
    event=st.sampled_from(["login.succeeded", "login.failed"]),
    actor=st.none() | IDS,
    subject=st.none() | IDS,
    detail=st.sampled_from(["{}", '{"a":1}']),
)


@given(st.lists(ROWS, min_size=1, max_size=12, unique_by=lambda row: row.id), st.data())
def test_any_change_to_any_chain_is_found(rows: list[Row], data: st.DataObject) -> None:
    chain = chained(rows)
    end = Head(
        position=len(chain), link=chain[-1].link, at=rows[0].at, public_key="", signature=b"s"
    )
    assert examine(chain, [end], [end], lambda _head: None) == (len(chain), [])
    place = data.draw(st.integers(0, len(chain) - 1))
    other = data.draw(st.integers(0, len(chain) - 1))
    kind = data.draw(st.sampled_from(["edit", "remove", "swap", "cut"]))
    tampered = list(chain)
    if kind == "edit":
        tampered[place] = replace(chain[place], row=replace(rows[place], event="x"))
    elif kind == "remove":
        del tampered[place]
    elif kind == "cut":
        del tampered[place:]
    elif place != other:
        tampered[place] = replace(chain[other], position=place + 1)
        tampered[other] = replace(chain[place], position=other + 1)
    if tampered != chain:
        assert examine(tampered, [end], [end], lambda _head: None)[1]


@given(ROWS, ROWS)
def test_the_canonical_form_tells_rows_apart(one: Row, two: Row) -> None:
    assert (digest(one) == digest(two)) == (one == two)


def test_the_canonical_form_does_not_change() -> None:
    """Trails that were sealed by an earlier release must verify for ever."""
    row = Row(
        id="a2",
        at=datetime(2026, 1, 5, 9, tzinfo=UTC),
        event="login.succeeded",
        actor=None,
        subject="b3",
        detail='{"n":1}',
    )
    text_form = (
        b'{"actor":null,"at":"2026-01-05T09:00:00.000000Z","detail":"{\\"n\\":1}",'
        b'"event":"login.succeeded","id":"a2","subject":"b3"}'
    )
    assert digest(row) == sha256(text_form).digest()


@given(st.binary(max_size=80) | st.sampled_from([b"{}", b"null", b"1", b'{"position":"x"}']))
def test_a_malformed_line_of_heads_is_a_value_error(line: bytes) -> None:
    with pytest.raises(ValueError):
        head_from_json(line)
