"""What counts as settings, and what is refused with a reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskside.foundation.errors import Refused
from deskside.workspace.model import Kind
from deskside.workspace.rules import kind_of

from .conftest import SAMPLE, document, sealed

WHOLE = SAMPLE.read_bytes()


def code(content: bytes) -> str:
    with pytest.raises(Refused) as refused:
        kind_of(content)
    assert refused.value.message
    assert refused.value.hint
    return refused.value.code


def test_a_real_file_is_xml() -> None:
    assert kind_of(WHOLE) is Kind.XML


@given(sealed)
def test_a_sealed_file_is_opaque_whatever_it_holds(content: bytes) -> None:
    assert kind_of(content) is Kind.OPAQUE


@given(st.integers(1, len(WHOLE.rstrip()) - 1))
def test_a_file_cut_short_anywhere_is_refused(length: int) -> None:
    assert code(WHOLE[:length]) in ("settings-damaged", "settings-not-xml")


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_accepted_as_settings_or_refused_with_a_reason(content: bytes) -> None:
    try:
        kind_of(content)
    except Refused as refused:
        assert refused.code in ("settings-damaged", "settings-not-xml")  # noqa: PT017


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "settings-damaged"),
        (b" \n\t ", "settings-damaged"),
        (bytes(5000), "settings-not-xml"),
        (b"IBGZ", "settings-damaged"),
        (b"IBGZENC\0", "settings-damaged"),
        (b"IBGZENC1 something", "settings-not-xml"),
        (b"[Logon]\nLocale=en\n", "settings-not-xml"),
        (b"PK\x03\x04 a zip", "settings-not-xml"),
        (b"<ServerSettings/>", "settings-not-xml"),
        (b"<settings/>", "settings-not-xml"),
        (WHOLE + WHOLE, "settings-damaged"),
        (WHOLE.replace(b"</Settings>", b"</Setting>"), "settings-damaged"),
        (b'<?xml version="1.0" encoding="klingon"?><Settings/>', "settings-damaged"),
        (b"<!DOCTYPE Settings><Settings/>", "settings-not-xml"),
        (b'<!DOCTYPE Settings SYSTEM "file:///etc/passwd"><Settings/>', "settings-not-xml"),
        (b'<!DOCTYPE a [<!ENTITY e "x"><!ENTITY f "&e;&e;">]><Settings>&f;</Settings>', None),
    ],
)
def test_what_is_refused(content: bytes, expected: str | None) -> None:
    assert code(content) == (expected or "settings-not-xml")


@pytest.mark.parametrize(
    "content",
    [
        b"<Settings/>",
        b"\xef\xbb\xbf<Settings/>",
        document("caffè ☕"),
        '<?xml version="1.0" encoding="UTF-16"?><Settings a="é"/>'.encode("utf-16"),
        b"<Settings>" + b"<a>" * 20_000 + b"</a>" * 20_000 + b"</Settings>",
    ],
)
def test_unusual_but_valid_files_are_accepted(content: bytes) -> None:
    assert kind_of(content) is Kind.XML
