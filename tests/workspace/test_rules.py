"""What counts as settings, and what is refused with a reason."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskside.foundation.errors import Refused
from deskside.workspace import rules
from deskside.workspace.model import Kind
from deskside.workspace.rules import Version, kind_of, kind_of_pieces, settings_version

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


@given(st.one_of(sealed, st.binary(max_size=300), st.just(WHOLE[:2000])), st.integers(1, 310))
def test_pieces_come_to_the_same_as_the_whole(content: bytes, size: int) -> None:
    pieces = [content[at : at + size] for at in range(0, len(content), size)]

    def answer(look: Callable[[], Kind]) -> str:
        try:
            return look()
        except Refused as refused:
            return refused.code

    assert answer(lambda: kind_of_pieces(pieces, len(content))) == answer(lambda: kind_of(content))


def endless(piece: bytes) -> Iterator[bytes]:
    """Settings that begin well and never end."""
    yield b"<Settings>"
    while True:
        yield piece


@pytest.mark.parametrize(
    "piece",
    [
        b"<a>" * 20_000,
        b'<a b="' + b"x" * 60_000,
        b"<!--" + b"x" * 60_000,
    ],
)
def test_what_would_fill_the_memory_is_refused_before_it_does(piece: bytes) -> None:
    """More than a hundred times a real file; refused after a fraction of it."""
    counted = Counted(endless(piece))
    with pytest.raises(Refused) as refused:
        kind_of_pieces(counted, rules.LARGEST)
    assert refused.value.code in ("settings-not-xml", "settings-damaged")
    assert counted.length < 20_000_000


def test_names_without_end_are_refused() -> None:
    names = (f"<n{number}/>".encode() for number in itertools.count())
    with pytest.raises(Refused, match="unlike any settings"):
        kind_of_pieces(itertools.chain([b"<Settings>"], names), rules.LARGEST)


def test_large_but_sound_settings_are_accepted() -> None:
    content = document("<a b='c'>text</a>" * 300_000)
    assert len(content) > rules.UNUSUAL
    assert kind_of(content) is Kind.XML


class Counted:
    """Pieces, and how much of them was taken."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self.length = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self.length += len(piece)
            yield piece


@pytest.mark.parametrize(
    ("tag", "version"),
    [
        ('<SettingsVersion varName="version" majorVersion="978" minorVersion="2"/>', (978, 2)),
        ('<SettingsVersion minorVersion="1" majorVersion="1045"/>', (1045, 1)),
        ('<SettingsVersion majorVersion="1045"><a minorVersion="7"/></SettingsVersion>', (1045, 0)),
        ('<SettingsVersion varName="version"/>', None),
        ('<SettingsVersion majorVersion="many"/>', None),
        ("", None),
    ],
)
def test_the_version_of_the_program(tag: str, version: tuple[int, int] | None) -> None:
    assert settings_version(document(f"<a/>{tag}<b/>")) == version


def test_versions_in_words_and_in_order() -> None:
    assert settings_version(WHOLE) == Version(978, 2)
    assert Version(978, 2) < Version(1019, 1) < Version(1045, 0)
    assert str(Version(978, 2)) == "978.2"
    assert (Version(978, 2).words, Version(1045, 1).words) == ("978", "10.45")
    assert not Version(1045, 1).is_newer_than_known
    assert Version(rules.NEWEST_KNOWN + 1, 0).is_newer_than_known
    assert settings_version(b"IBGZENC\0anything") is None
